"""`python -m tests.bench`: everything, or the parts and sizes that are asked for."""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from . import busy, gateway, imports, office, pages, report, scale
from . import bytes as first_views
from .data import Size, build
from .databases import KINDS, databases, pin
from .serving import cores

PARTS = ("pages", "gateway", "imports", "bytes", "storm", "office")
FEW, MANY = 1_000, 100_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print; it judges nothing, so its status is 0."""
    asked = _asked(arguments)
    begun = time.monotonic()
    if (busy_with := os.getloadavg()[0]) > 0.7:
        report.note(f"The machine is busy already (load {busy_with:.1f}): trust only ratios.")
    if len(cores()[0] | cores()[1]) == 1:
        report.note("One core: the load and the server share it.")
    kinds = KINDS if asked.database == "both" else (asked.database,)
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            folder.chmod(0o755)  # Postgres may run as another user
            _one_database(kind, folder, asked, first=kind == kinds[0])
    report.note(f"\n{time.monotonic() - begun:.0f} seconds")


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--only", type=_parts, default=PARTS, help="of " + ",".join(PARTS))
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--customers", type=_numbers, default=(FEW, MANY), help="as 1000,100000")
    parser.add_argument("--rounds", type=int, default=3, help="of each page beside the bare one")
    parser.add_argument("--full", action="store_true", help="a million rows; takes long")
    return parser.parse_args(arguments)


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    if unknown := set(parts) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not of {', '.join(PARTS)}")
    return parts


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _one_database(kind: str, folder: Path, asked: argparse.Namespace, *, first: bool) -> None:
    with databases(kind, folder) as make:
        sixty = []
        every, server_core = cores()[0] | cores()[1], cores()[0]
        for customers in asked.customers if set(asked.only) - {"imports", "office"} else ():
            name = f"portal{customers}"
            invoices = 12 if customers <= FEW or asked.full else 1
            home, uri = folder / name, make(name)
            build(home, uri, Size(customers, invoices=invoices))
            smallest = customers == min(asked.customers)
            if "pages" in asked.only:
                report.heading(f"Pages: {kind}, {customers:,} customers")
                pin(kind, folder, server_core)
                pages.measure(home, uri, asked.rounds)
                pin(kind, folder, every)
                sixty.append(scale.last_sixty(home, uri))
            if "gateway" in asked.only and smallest and first:
                report.heading("The gateway")
                gateway.measure(home, uri)
            if "storm" in asked.only and smallest:
                report.heading(f"Busy: {kind}, {customers:,} customers")
                busy.measure(home, uri)
            if "bytes" in asked.only and smallest and first:
                report.heading("First views in Chromium")
                first_views.measure(home, uri)
        if sixty:
            report.heading(f"Tables that grow: {kind}")
            scale.compare(sixty)
        if "imports" in asked.only:
            report.heading(f"Imports: {kind}")
            amount = imports.FULL if asked.full else imports.Amount()
            imports.measure(kind, folder / "imports", make("imports"), amount)
        if "office" in asked.only:
            report.heading(f"The office: {kind}, {office.CUSTOMERS:,} customers")
            home = folder / "office"
            office.measure(home, make("office"), office.CUSTOMERS)


if __name__ == "__main__":
    main()
