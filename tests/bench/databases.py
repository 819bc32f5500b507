"""An empty database of the portal, on SQLite or on a Postgres of its own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..postgres import new_database, running_server

Make = Callable[[str], str]  # a folder's name in, the URI of a fresh database out
KINDS = ("sqlite", "postgres")


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Make]:
    """What makes databases of one kind, all in ``folder``."""
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{folder}/{name}.db"
        return
    with running_server(folder) as uri:
        yield partial(new_database, uri)


def pin(kind: str, folder: Path, to: set[int]) -> None:
    """Let what Postgres starts from now on run on these cores."""
    if kind == "postgres":
        postmaster = (folder / "postgres" / "postmaster.pid").read_text().split()[0]
        os.sched_setaffinity(int(postmaster), to)
