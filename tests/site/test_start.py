"""What refuses to start says why in one line; a database out of reach as well."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from mojupravljalec.cli import main
from mojupravljalec.config import PREFIX, WrongSetting, load

from ..conftest import SECRET
from ..mail.server import free_port
from ..postgres import new_database

PASSWORD = "skrivna-lipa-9"


@pytest.fixture
def empty_database(database_uri: str, tmp_path: Path) -> str:
    if database_uri.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/portal.db"
    return new_database(database_uri)


@pytest.fixture
def environ(empty_database: str, tmp_path: Path) -> dict[str, str]:
    return _environ(tmp_path / "instance", empty_database)


def _environ(folder: Path, uri: str) -> dict[str, str]:
    settings = {"INSTANCE": folder, "SECRET_KEY": SECRET, "SQLALCHEMY_DATABASE_URI": uri}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**kept, **{PREFIX + name: str(value) for name, value in settings.items()}}


def _call(environ: dict[str, str], *arguments: object) -> Result:
    """Run a command of the terminal in this process."""
    return CliRunner(env=environ).invoke(main, list(map(str, arguments)))


def _run(environ: dict[str, str], *commands: Sequence[object]) -> list[tuple[int, str, str]]:
    """Run commands at once, in processes of their own: their status, output and errors."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "mojupravljalec", *map(str, command)],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        outputs = [process.communicate(timeout=120) for process in started]
    finally:
        for process in started:
            process.kill()
    return [(process.returncode, *output) for process, output in zip(started, outputs, strict=True)]


def _somewhere() -> tuple[str, str]:
    """Where `serve` is not in the way of another test."""
    return "--bind", f"127.0.0.1:{free_port()}"


@pytest.fixture
def upgraded(environ: dict[str, str]) -> dict[str, str]:
    done = _call(environ, "upgrade")
    assert (done.exit_code, done.output) == (0, "The database is up to date.\n")
    return environ


@pytest.fixture
def refusals(environ: dict[str, str], tmp_path: Path) -> Callable[[], set[str]]:
    """Start everything that runs for long; return the line of each refusal."""

    def refused() -> set[str]:
        done = _run(environ, ("serve", *_somewhere()), ("worker",))
        assert [(status, output) for status, output, _ in done] == [(1, "")] * 2
        texts = [errors for _, _, errors in done]
        for command in (("worker", "--once"), ("watch", tmp_path, "--once")):
            result = _call(environ, *command)
            assert result.exit_code == 1
            texts.append(result.output)
        assert [len(text.splitlines()) for text in texts] == [1] * 4
        return set(texts)

    return refused


@pytest.fixture
def write(empty_database: str) -> Iterator[Callable[[str], None]]:
    """Execute one statement past the portal."""
    engine = create_engine(empty_database)

    def execute(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    yield execute
    engine.dispose()


# ---------------------------------------------------------------- the schema


def test_no_start_without_a_schema(refusals):
    (line,) = refusals()
    assert "no schema yet. First: mojupravljalec upgrade" in line


@pytest.mark.usefixtures("upgraded")
def test_no_start_on_an_older_schema(refusals, write):
    write("UPDATE alembic_version SET version_num = '0003_office'")
    (line,) = refusals()
    assert "older schema 0003_office. First: mojupravljalec upgrade" in line


@pytest.mark.usefixtures("upgraded")
def test_no_start_on_a_schema_of_a_newer_version(refusals, write, environ):
    write("UPDATE alembic_version SET version_num = '9999_of_the_future'")
    (line,) = refusals()
    assert "schema 9999_of_the_future, which this version of the portal does not know" in line
    assert _call(environ, "upgrade").output == line


def test_other_commands_name_an_older_schema_when_they_fail(environ):
    done = _call(environ, "staff", "list")
    assert done.exit_code == 1
    assert done.output == ("Error: The database has no schema yet. First: mojupravljalec upgrade\n")


# ---------------------------------------------------------------- the folder


def test_no_start_beside_files_of_another_database_unless_told(refusals, environ, tmp_path):
    photo = tmp_path / "instance/photos/a.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a photo")
    done = _call(environ, "upgrade")
    assert (done.exit_code, done.stdout) == (0, "The database is up to date.\n")
    assert "mojupravljalec adopt-files" in done.stderr
    (line,) = refusals()
    assert f"The folder {tmp_path}/instance holds files" in line
    assert "mojupravljalec adopt-files" in line
    done = _call(environ, "adopt-files")
    assert (done.exit_code, done.output.count("\n")) == (0, 1)
    assert _call(environ, "worker", "--once").exit_code == 0
    assert photo.exists()


def test_the_demo_does_not_grow_beside_files_of_another_database(environ, tmp_path):
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance/portal_id").write_text("another\n")
    done = _call(environ, "serve", "--demo", *_somewhere())
    assert done.exit_code == 1
    assert "belongs to another database" in done.output
    assert not (tmp_path / "instance/demo").exists()


def test_two_upgrades_at_once_draw_one_identity(environ):
    done = _run(environ, ("upgrade",), ("upgrade",))
    assert done == [(0, "The database is up to date.\n", "")] * 2
    assert _call(environ, "worker", "--once").exit_code == 0


# ---------------------------------------------------------------- a database out of reach


@pytest.fixture(params=["postgres", "unknown-host", "wrong-option", "sqlite", "no-sqlite"])
def lost_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of a database that cannot be used."""
    (tmp_path / "text.db").write_text("This is no database, but it is long enough. " * 99)
    return {
        "postgres": f"postgresql+psycopg://portal:{PASSWORD}@127.0.0.1:{free_port()}/portal",
        "unknown-host": f"postgresql+psycopg://portal:{PASSWORD}@db.invalid/portal",
        "wrong-option": f"postgresql+psycopg://portal:{PASSWORD}@127.0.0.1/portal?nothing=1",
        "sqlite": f"sqlite:///{tmp_path}/missing/portal.db",
        "no-sqlite": f"sqlite:///{tmp_path}/text.db",
    }[request.param]


def test_a_database_out_of_reach_is_one_line_of_every_command(lost_database, tmp_path):
    (tmp_path / "stranke.csv").write_text("sifra_stranke;naziv\n1;Ana\n")
    commands = {
        "upgrade": (),
        "adopt-files": (),
        "serve": _somewhere(),
        "worker": ("--once",),
        "import": ("customers", tmp_path / "stranke.csv"),
        "undo": ("customers",),
        "watch": (tmp_path, "--once"),
        "export": ("readings", "--month", "2026-10", "--output", tmp_path / "odcitki.csv"),
        "notice": ("list",),
        "staff": ("list",),
        "demo": (),
    }
    assert set(commands) == set(main.commands)
    environ = _environ(tmp_path / "instance", lost_database)
    for command, arguments in commands.items():
        done = _call(environ, command, *arguments)
        assert isinstance(done.exception, SystemExit), (command, done.exception)
        assert done.exit_code == 1
        (line,) = done.output.splitlines()
        assert "cannot be used: " in line
        assert PASSWORD not in line


def test_a_database_out_of_reach_is_one_line_of_the_process(tmp_path):
    uri = f"postgresql+psycopg://portal:{PASSWORD}@127.0.0.1:{free_port()}/portal"
    ((status, output, line),) = _run(_environ(tmp_path, uri), ("worker",))
    assert (status, output, line.count("\n")) == (1, "", 1)
    assert "postgresql+psycopg://portal:***@127.0.0.1" in line
    assert "refused" in line


@pytest.mark.parametrize(
    "uri",
    [
        f"postgresql://portal:{PASSWORD}@host/name",
        f"postgresql+psycopg://portal:at@{PASSWORD}@host/name",
        f"postgresql+psycopg://portal@host:{PASSWORD}/name",
    ],
)
def test_a_wrong_address_of_the_database_is_not_printed(tmp_path, uri):
    environ = _environ(tmp_path, uri)
    with pytest.raises(WrongSetting, match="SQLALCHEMY_DATABASE_URI from the environment") as wrong:
        load(tmp_path, environ)
    assert PASSWORD not in str(wrong.value)


def test_a_broken_line_of_the_settings_is_not_printed(tmp_path):
    (tmp_path / "config.py").write_text(f"SQLALCHEMY_DATABASE_URI = '…:{PASSWORD}@host/name\n")
    with pytest.raises(WrongSetting, match=r"cannot be read: .*, line 1") as wrong:
        load(tmp_path, {PREFIX + "SECRET_KEY": SECRET})
    assert PASSWORD not in str(wrong.value)
