"""The terminal, and the little town that its files describe."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, text

from mojupravljalec.extensions import db
from mojupravljalec.imports.cli import import_files, undo

CUSTOMERS = """sifra_stranke;naziv;ulica;posta;kraj;koda_stranke
007;Ana Novak;Lipova ulica 7;2000;Podgorje;ANA-1
008;Gostilna Žvižgač;Šmarska cesta 3;2000;Čepovje;
"""
POINTS = """Šifra odjemnega mesta;Šifra stranke;Ulica;Osebe;Od
OM1;007;Lipova ulica 7;3;
OM2;008;Šmarska cesta 3;;1. 5. 2024
"""
METERS = """stevilka_vodomera;sifra_odjemnega_mesta;dn;mest;decimalk;vgrajen;zacetno_stanje;overjen
0018;OM1;20;;;14.05.2023;;2023
0019;OM2;20;6;3;2023-05-14;12,5;2023
"""
READINGS = """stevilka_vodomera;datum;stanje;vir
0018;30.09.2026;00455;odčitek
0018;31.10.2026;467;stranka
0019;31.10.2026;1.234,567;ocena
"""


@dataclass
class Terminal:
    """What the operator types, and what comes back."""

    folder: Path
    app: Flask

    def file(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    def import_(self, kind: str, content: str | Path, *options: str) -> Any:
        path = content if isinstance(content, Path) else self.file(f"{kind}.csv", content)
        return CliRunner().invoke(import_files, [kind, str(path), *options])

    def import_all(self, kind: str, *files: Path | str) -> Any:
        """Several files, and options, as one import."""
        return CliRunner().invoke(import_files, [kind, *map(str, files)])

    def bills(self, invoices: str, lines: str = "", *options: str) -> Any:
        """A table of invoices, and one of their lines."""
        files = [self.file("racuni.csv", invoices)]
        if lines:
            files.append(self.file("postavke.csv", lines))
        return self.import_all("invoices", *files, *options)

    def undo(self, kind: str) -> Any:
        return CliRunner().invoke(undo, [kind])

    def town(self) -> None:
        for kind, content in (
            ("customers", CUSTOMERS),
            ("supply-points", POINTS),
            ("meters", METERS),
            ("readings", READINGS),
        ):
            done = self.import_(kind, content)
            assert done.exit_code == 0, done.output

    def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        with self.app.app_context():
            return [tuple(row) for row in db.session.execute(text(query))]

    def run(self, statement: str) -> None:
        with self.app.app_context():
            db.session.execute(text(statement))
            db.session.commit()

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows but those of the audit and of batches."""
        with self.app.app_context():
            return {
                table.name: sorted(map(tuple, db.session.execute(select(table))), key=repr)
                for table in db.metadata.sorted_tables
                if table.name not in {"audit_entry", "import_batch", "import_change"}
            }


@pytest.fixture
def terminal(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    folder = tmp_path / "files"
    folder.mkdir()
    # Commands make a portal of their own; here it is the one with the test's database.
    monkeypatch.setattr("mojupravljalec.create_app", lambda: app)
    return Terminal(folder, app)
