"""The portal as processes: served, starved, killed, on a database of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..browser.served import Portal
from ..postgres import new_database, running_server


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """The URI of an empty Postgres database."""
    return new_database(postgres_server)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of an empty database; the test runs once on each kind."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return f"sqlite:///{tmp_path}/portal.db"


@pytest.fixture
def portal(database: str, tmp_path: Path) -> Portal:
    """A portal with the current schema, not served yet."""
    made = Portal(tmp_path, database)
    made.run("upgrade")
    return made
