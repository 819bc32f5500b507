"""Every process of the portal makes files that only its own user can read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..browser.served import Portal


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_every_process_of_serve_makes_private_files(portal: Portal) -> None:
    with portal.served():
        umasks = _umasks(portal.folder)
        made = {path for path in portal.folder.iterdir() if path.name != "serve.log"}
        modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in made}
    assert len(umasks) >= 3  # the server, its page process, the worker
    assert set(umasks) == {"0077"}
    assert modes <= {(True, 0o700), (False, 0o600)}


def _umasks(folder: Path) -> list[str]:
    """Return the umask of each process of the portal in ``folder``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
            status = (process / "status").read_text()
        except OSError:  # it has ended, or is another user's
            continue
        if f"MOJUPRAVLJALEC_INSTANCE={folder}\0".encode() in environ:
            found += [line.split()[1] for line in status.splitlines() if line[:6] == "Umask:"]
    return found
