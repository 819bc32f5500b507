"""Every file of the instance is for the portal's own user, whatever the caller's umask."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from mojupravljalec import create_app
from mojupravljalec.cli import main
from mojupravljalec.config import PREFIX, ROOT
from mojupravljalec.extensions import db

from ..conftest import SECRET
from ..postgres import new_database

CUSTOMERS = "sifra_stranke;naziv\n901;Ana Čuk\n902;\n"


@pytest.fixture
def folder(tmp_path: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The instance folder of a portal, not made yet, beside a database without a table."""
    folder = tmp_path / "instance"
    is_sqlite = database_uri.startswith("sqlite")
    uri = f"sqlite:///{folder}/portal.db" if is_sqlite else new_database(database_uri)
    settings = {"INSTANCE": folder, "SECRET_KEY": SECRET, "SQLALCHEMY_DATABASE_URI": uri}
    for name, value in settings.items():
        monkeypatch.setenv(PREFIX + name, str(value))
    return folder


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """Start as most shells do: new files can be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def run(*arguments: object, status: int = 0) -> None:
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == status, done.output


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def modes(folder: Path) -> set[tuple[str, int]]:
    """Return the kinds of paths at and under ``folder`` with their permissions."""
    paths = [folder, *folder.rglob("*")]
    return {("folder" if path.is_dir() else "file", mode(path)) for path in paths}


def test_what_commands_make_in_the_instance_is_private(folder, tmp_path):
    run("upgrade")
    run("demo", "--customers", 60, "--months", 2)
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "stranke.csv").write_text(CUSTOMERS)
    run("watch", drop, "--once", "--quiet", 0, "--skip-bad")
    with zipfile.ZipFile(folder / "demo/racuni.zip") as invoices:
        stem = next(name for name in invoices.namelist() if name.endswith(".xml"))[:-4]
    with zipfile.ZipFile(folder / "demo/racuni.zip", "a") as invoices:
        invoices.writestr(f"{stem}.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
    run("import", "invoices", folder / "demo/racuni.zip")
    run("staff", "add", "cvetka@primer.si")
    run("worker", "--once")
    app = create_app()
    with app.app_context():
        db.session.execute(text("UPDATE notice SET title = title"))
        made = {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()}
        assert made >= {"demo", "invoices", "mail", "portal_id", "rejected", "uploads"}
        if db.engine.dialect.name == "sqlite":
            assert made >= {"portal.db", "portal.db-wal", "portal.db-shm"}
        assert modes(folder) == {("folder", 0o700), ("file", 0o600)}
        db.session.rollback()
        db.engine.dispose()


def test_what_others_are_to_read_follows_the_callers_umask(folder, tmp_path):
    """The billing program that fills a watched folder may be another user."""
    run("upgrade")
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "stranke.csv").write_text(CUSTOMERS)
    run("watch", drop, "--once", "--quiet", 0, "--skip-bad")
    assert modes(drop) == {("folder", 0o755), ("file", 0o644)}
    assert {path.name.split(".", 1)[-1] for path in drop.rglob("*.*")} >= {"csv.porocilo.txt"}
    (drop / "again.csv").write_text(CUSTOMERS)
    run("import", "customers", drop / "again.csv", "--skip-bad", status=1)
    assert mode(drop / "again.rejected.csv") == 0o644


def test_a_command_leaves_the_umask_as_it_was(folder):
    run("upgrade")
    assert os.umask(0o022) == 0o022


def _imports_wsgi() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import os, wsgi; print(oct(os.umask(0)))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_other_servers_make_private_files_too(folder):
    run("upgrade")
    assert _imports_wsgi().stdout == "0o77\n"


def test_other_servers_do_not_start_without_a_schema(folder):
    folder.mkdir()
    done = _imports_wsgi()
    assert (done.returncode, done.stdout) == (1, "")
    assert "mojupravljalec upgrade" in done.stderr.splitlines()[-1]
