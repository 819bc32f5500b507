"""Imports beside what the database takes without any check.

The work itself happens in a child process: `python -m tests.bench.imports KIND FILE…` in the
environment of a portal prints what it took, and the most memory that it ever had.
"""

import contextlib
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from mojupravljalec import create_app
from mojupravljalec.extensions import db
from mojupravljalec.imports.cli import import_files

from . import data, files, report
from .serving import ROOT, environ

BESIDE_RAW = {"sqlite": 0.85, "postgres": 0.70}
RAW = {"sqlite": "executemany", "postgres": "COPY"}


@dataclass(frozen=True)
class Amount:
    """How much is imported; readings are meters × days."""

    customers: int = 1_000
    days: int = 100
    invoices: int = 5_000
    rounds: int = 3


FULL = Amount(customers=10_000, days=100, invoices=100_000)


def measure(kind: str, folder: Path, uri: str, amount: Amount) -> None:
    """Print both tables for one database, which is made here at ``uri``."""
    data.build(folder, uri, data.Size(amount.customers, readings=0, invoices=0, card=0))
    path = folder / "odcitki.csv"
    files.readings(path, amount.customers, amount.days)
    facts = _child(folder, uri, "beside-raw", path, amount.customers, amount.days, amount.rounds)
    _report_readings(kind, facts["pairs"], amount.customers * amount.days)
    _measure_documents(folder, uri, amount)


def _report_readings(kind: str, pairs: list[list[float]], rows: int) -> None:
    ratios = [raw / ours for raw, ours in pairs]
    rate = [f"{rows / median(pair[side] for pair in pairs):,.0f}" for side in (1, 0)]
    target = BESIDE_RAW[kind]
    reached = report.at_least(median(ratios), target)
    row = [f"readings, {rows:,}", *rate, report.spread(ratios), f"{target:.2f}", reached]
    report.table(["import", "rows/s", f"raw {RAW[kind]}", "÷ raw", "target", ""], [row])


def _measure_documents(folder: Path, uri: str, amount: Amount) -> None:
    many = amount.invoices
    heads, items = folder / "racuni.csv", folder / "postavke.csv"
    archive, paid = folder / "racuni.zip", folder / "izpisek.xml"
    files.invoices(heads, items, many, amount.customers)
    files.documents(archive, many, amount.customers)
    files.statement(paid, many)
    rows = []
    for name, kind, given in (
        ("invoices, CSV with 8 lines each", "invoices", (heads, items)),
        ("invoices, ZIP of e-SLOG", "invoices", (archive,)),
        ("payments, camt.053", "statements", (paid,)),
    ):
        facts = _child(folder, uri, kind, *given)
        size = sum(one.stat().st_size for one in given) / 1e6
        each = f"{many / facts['seconds']:,.0f}"
        rows.append([f"{name}: {many:,}", f"{size:.1f}", each, f"{facts['peak_mb']:.0f}"])
    report.table(["import", "file MB", "a second", "peak memory MB"], rows)


def _child(folder: Path, uri: str, *arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.imports", *map(str, arguments)],
        cwd=ROOT,
        env=environ(folder, uri),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


# ---------------------------------------------------------------- in the child


def _import(kind: str, *paths: Path) -> float:
    """Seconds of the command without its start."""
    command: Any = import_files.callback
    inside = command.__wrapped__  # the portal around it is ours
    said, begun = io.StringIO(), time.perf_counter()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            inside(kind, paths, pairs=(), skip_bad=False, accept_sums=False, dry_run=False)
    except SystemExit as end:
        taken = time.perf_counter() - begun
        if end.code:
            raise RuntimeError(said.getvalue()[:2000]) from None
        return taken
    raise AssertionError("the command ends with a status")


def _beside_raw(path: Path, meters: int, days: int, rounds: int) -> list[list[float]]:
    """Seconds without and with checks, in turn, each into the same empty table."""
    raw = _raw(meters, days)
    pairs = []
    for _ in range(rounds):
        _emptied()
        begun = time.perf_counter()
        raw()
        alone = time.perf_counter() - begun
        _emptied()
        pairs.append([alone, _import("readings", path)])
    return pairs


def _raw(meters: int, days: int) -> Callable[[], None]:
    """What writes the same rows with nothing looked up, read or checked: they lie ready."""
    ready = [
        (meter, day.isoformat(), shown * 1000, "collector", "accepted", 1, "", "", "")
        for meter, day, shown in files.reading_rows(meters, days)
    ]
    columns = "installation_id, taken_on, value_l, source, status, batch_id, reason, doubts, photo"
    if db.engine.dialect.name == "sqlite":
        insert = f"INSERT INTO reading ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        return lambda: _written(lambda driver: driver.executemany(insert, ready))
    block = "".join("\t".join(map(str, row)) + "\n" for row in ready)

    def copy(driver: Any) -> None:
        with driver.cursor() as cursor, cursor.copy(f"COPY reading ({columns}) FROM STDIN") as to:
            to.write(block)

    return lambda: _written(copy)


def _written(write: Callable[[Any], None]) -> None:
    with db.engine.begin() as connection:
        write(connection.connection.driver_connection)


def _emptied() -> None:
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DELETE FROM earlier_reading"))
            connection.execute(text("DELETE FROM reading"))
        else:
            connection.execute(text("TRUNCATE reading, earlier_reading"))


def _peak_mb() -> float:
    """The most memory that this process ever had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _work(what: str, *given: str) -> dict[str, Any]:
    with create_app().app_context():
        if what == "beside-raw":
            path, *numbers = given
            return {"pairs": _beside_raw(Path(path), *map(int, numbers))}
        return {"seconds": _import(what, *map(Path, given)), "peak_mb": _peak_mb()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_work(*sys.argv[1:])))
