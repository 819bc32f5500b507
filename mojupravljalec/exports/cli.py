"""`mojupravljalec export`: readings out for the billing program."""

import getpass
import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click
from werkzeug.exceptions import NotFound

from ..command import in_portal, outside_instance
from ..extensions import db
from ..web.numbers import LARGEST
from . import actions, files, queries
from .files import Ending, Kept
from .rules import OUR_HEADINGS, Choice

DAY = click.DateTime(["%Y-%m-%d", "%d.%m.%Y"])
STANDARD_OUTPUT = Path("-")


@click.group()
def export() -> None:
    """Readings that residents sent, for the billing program."""


@export.command()
@click.option("--month", type=click.DateTime(["%Y-%m"]), help="Readings for this month's bill.")
@click.option("--from", "from_on", type=DAY, help="Readings taken on this day or later.")
@click.option("--to", "to_on", type=DAY, help="Readings taken on this day or earlier.")
@click.option("--layout", metavar="NAME", help="Headings as they are kept under NAME.")
@click.option("--include-doubtful", is_flag=True, help="Also those that wait for review.")
@click.option(
    "--format",
    "ending",
    type=click.Choice([ending.value for ending in Ending]),
    default=Ending.CSV.value,
    show_default=True,
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Where to; - is the standard output. odcitki-NUMBER.csv unless given.",
)
@click.option(
    "--again",
    metavar="NUMBER",
    type=click.IntRange(1, LARGEST),
    help="Write the export NUMBER once more, byte for byte.",
)
@in_portal
def readings(
    month: datetime | None,
    from_on: datetime | None,
    to_on: datetime | None,
    layout: str | None,
    include_doubtful: bool,
    ending: str,
    output: Path | None,
    again: int | None,
) -> None:
    """Write readings to a file and lock them, so that residents cannot change them any more.

    Say which ones with --month, or with --from and --to; --again writes an earlier export.
    Status 1: no reading waits, or the file cannot be written; then nothing is exported.
    """
    chosen = (month, from_on, to_on, layout, include_doubtful or None)
    if again is not None and any(chosen):
        raise click.UsageError("--again goes only with --format and --output")
    said = f"Izvoz {again}"
    if again is None:
        choice = _choice(month, from_on, to_on, with_doubtful=include_doubtful)
        made = _make(choice, _headings(layout))
        again, said = made.number, f"Izvoz {made.number}"
        if made.left_out:
            said += f", dvomljivih, ki čakajo na pregled in so izpuščeni: {made.left_out}"
    kept = _take_out(again, Ending(ending))
    path = output or Path(kept.name(Ending(ending)))
    _deliver(files.written(kept, Ending(ending)), path)
    click.echo(f"{said}, odčitkov: {kept.rows}, datoteka: {path}", err=path == STANDARD_OUTPUT)


def _choice(
    month: datetime | None,
    from_on: datetime | None,
    to_on: datetime | None,
    *,
    with_doubtful: bool,
) -> Choice:
    if month and not (from_on or to_on):
        return Choice(counts_for=month.date(), with_doubtful=with_doubtful)
    if month or not (from_on and to_on):
        raise click.UsageError("give either --month, or --from and --to, or --again")
    if to_on < from_on:
        raise click.BadParameter("the last day lies before the first", param_hint="--to")
    return Choice(from_on=from_on.date(), to_on=to_on.date(), with_doubtful=with_doubtful)


def _headings(layout: str | None) -> dict[str, str]:
    if layout is None:
        return OUR_HEADINGS
    found = queries.layout_named(layout)
    if found is None:
        raise click.BadParameter(f"there is no layout {layout}", param_hint="--layout")
    return found.headings


def _make(choice: Choice, headings: dict[str, str]) -> actions.Made:
    try:
        return actions.make(choice, headings, by=_who())
    except actions.NothingWaits as nothing:
        db.session.rollback()
        said = "Noben odčitek ne čaka na izvoz."
        if nothing.doubtful:
            said += f" Dvomljivih, ki čakajo na pregled: {nothing.doubtful}."
        _stop(said)


def _take_out(number: int, ending: Ending) -> Kept:
    try:
        return actions.take_out(number, ending, by=_who())
    except NotFound:
        _stop(f"Izvoza {number} ni.")
    except files.TooManyRows:
        db.session.rollback()
        _stop("Za XLSX je odčitkov preveč. Izberite CSV.")


def _deliver(data: bytes, path: Path) -> None:
    """Commit, with the file there whole; without the file, nothing is exported."""
    if path == STANDARD_OUTPUT:
        db.session.commit()
        sys.stdout.buffer.write(data)
        return
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            aside = Path(folder) / path.name
            with outside_instance():
                aside.write_bytes(data)
            db.session.commit()
            aside.replace(path)
    except OSError as error:
        db.session.rollback()
        _stop(f"Datoteke {path} ni mogoče zapisati: {error.strerror}.")


def _stop(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    raise SystemExit(1)


def _who() -> str:
    try:
        return f"terminal: {getpass.getuser()}"
    except (KeyError, OSError):
        return f"terminal: {os.getuid()}"
