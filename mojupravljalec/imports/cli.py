"""`mojupravljalec import` and `mojupravljalec undo`: what the operator's terminal can do."""

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import click

from ..command import in_portal, outside_instance
from ..extensions import db
from . import invoice_lines, invoices, rejected, statements
from .actions import BadCells, Given, Outcome, Refused, calm_collector, import_tables, undo_last
from .archive import (
    Form,
    Tables,
    Wish,
    held_in,
    on_terminal,
    rejected_beside,
    table_of_invoices,
)
from .kind import Counts, mapped_headings
from .kinds import ALL, KINDS, TABLES
from .table_file import Unreadable, source_of
from .text_encoding import ENCODINGS

# Lines are imported with their invoices.
KIND = click.Choice([name for name in (*KINDS, ALL) if name != invoice_lines.KIND.name])


@click.command("import")
@click.argument("kind", type=KIND)
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, readable=True, path_type=Path),
)
@click.option(
    "--map",
    "pairs",
    metavar="HEADING=THEIRS",
    multiple=True,
    help="The portal's heading and the one that the file has instead. Repeat as needed.",
)
@click.option("--skip-bad", is_flag=True, help="Write the good rows; put the bad ones beside.")
@click.option("--accept-sums", is_flag=True, help="Let in and mark invoices that do not add up.")
@click.option("--dry-run", is_flag=True, help="Read, check and report; write nothing.")
@click.option(
    "--encoding",
    type=click.Choice(list(ENCODINGS)),
    help="Of tables in text, where it is not found out rightly.",
)
@in_portal
def import_files(
    kind: str,
    files: tuple[Path, ...],
    pairs: tuple[str, ...],
    skip_bad: bool,
    accept_sums: bool,
    dry_run: bool,
    encoding: str | None,
) -> None:
    """Import tables of one KIND, or a folder or ZIP with `all`. Twice changes nothing.

    `invoices` takes tables of invoices and of their lines, XML (e-SLOG 2.0, UBL, CII), and
    folders or ZIPs of these with PDFs beside; `statements` takes camt.053, also in a ZIP.
    One bad row and nothing is written. Status 1: there were bad rows, or no table.
    """
    mapping = _mapping(kind, pairs)
    wish = Wish(mapping, accept_sums, not dry_run, encoding or "")
    try:
        with (
            _given(kind, files, wish) as (given, ignored),
            rejected.RejectedFiles(outside_instance) as aside,
        ):
            with calm_collector(), _progress(given) as progress:
                outcome = import_tables(
                    kind,
                    given,
                    name=", ".join(_name(file) for file in files),
                    by=_who(),
                    mapping=mapping,
                    on_bad_row=_reporting(aside if skip_bad and not dry_run else None),
                    progress=progress,
                )
            written = not dry_run and (skip_bad or not outcome.counts.rejected)
            _finish(aside, written=written)
    except Unreadable as error:
        db.session.rollback()
        click.echo(f"{error}. Nič ni zapisano.", err=True)
        raise SystemExit(1) from None
    _summary(outcome, ignored)
    click.echo(_verdict(outcome, written=written, dry_run=dry_run))
    raise SystemExit(1 if outcome.counts.rejected else 0)


def _finish(aside: rejected.RejectedFiles, *, written: bool) -> None:
    if not written:
        db.session.rollback()
        return
    db.session.commit()
    for path in aside.keep():
        click.echo(f"Zavrnjene vrstice: {path}")


def _mapping(kind: str, pairs: Sequence[str]) -> dict[str, str]:
    kinds = list(TABLES) if kind == ALL else [KINDS[kind]]
    if kind == invoices.KIND.name:
        kinds.append(invoice_lines.KIND)
    try:
        return mapped_headings(pairs, kinds)
    except ValueError as error:
        raise click.BadParameter(f"{error}: not HEADING=THEIRS with a heading of {kind}") from None


@contextmanager
def _given(kind: str, files: Sequence[Path], wish: Wish) -> Iterator[Tables]:
    """What the files hold, in the order in which it is to be read."""
    if kind == ALL and len(files) > 1:
        raise click.UsageError("`all` takes one folder or one ZIP")
    order = list(KINDS)
    with ExitStack() as opened:
        found = [opened.enter_context(_given_in(file, kind, wish)) for file in files]
        given = [one for tables, _ in found for one in tables]
        given.sort(key=lambda one: order.index(one.kind.name))
        yield given, [name for _, others in found for name in others]


def _given_in(file: Path, kind: str, wish: Wish) -> AbstractContextManager[Tables]:
    place = on_terminal(file, wish.encoding)
    is_invoices = kind == invoices.KIND.name
    if kind in {ALL, statements.KIND.name} or (is_invoices and place.form is not Form.TABLE):
        return held_in(place, kind, wish)
    if is_invoices:
        return nullcontext(([table_of_invoices(file, wish)], []))
    if place.form is Form.FOLDER:
        raise click.UsageError(f"{file} is a folder; import it with `all`")
    return nullcontext(
        ([Given(KINDS[kind], source_of(file, wish.encoding), rejected_beside(file))], [])
    )


@contextmanager
def _progress(given: Sequence[Given]) -> Iterator[Callable[[int], None] | None]:
    """A bar by bytes read, where somebody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    size = sum(one.source.size for one in given)
    with click.progressbar(length=size, label="Berem", file=sys.stderr) as bar:
        yield bar.update


def _reporting(aside: rejected.RejectedFiles | None) -> Callable[[BadCells], None]:
    def report(bad: BadCells) -> None:
        for line in rejected.lines(bad):
            click.echo(line, err=True)
        if aside:
            aside.add(bad)

    return report


def _summary(outcome: Outcome, ignored: Sequence[str]) -> None:
    for file in outcome.files:
        click.echo(f"{file.given.source.name} ({file.given.kind.title}): {_counted(file.counts)}")
        if file.unknown:
            columns = ", ".join(map(rejected.shown, file.unknown))
            click.echo(f"{file.given.source.name}: neznani stolpci, prezrti: {columns}")
    for note in outcome.notes:
        click.echo(note)
    if ignored:
        click.echo(f"Prezrte datoteke: {', '.join(map(rejected.shown, ignored))}")


def _counted(counts: Counts) -> str:
    if counts.read:
        return f"prebranih {counts.read}, zavrnjenih {counts.rejected}"
    return (
        f"novih {counts.new}, spremenjenih {counts.changed}, "
        f"nespremenjenih {counts.unchanged}, zavrnjenih {counts.rejected}"
    )


def _verdict(outcome: Outcome, *, written: bool, dry_run: bool) -> str:
    if dry_run:
        return "Poskusni tek: nič ni zapisano."
    if not written:
        return "Nič ni zapisano. Popravite zavrnjene vrstice ali jih preskočite z --skip-bad."
    if outcome.batch is None:
        return "Ni sprememb: nič ni zapisano in uvoz nima številke."
    return f"Uvoz {outcome.batch} je zapisan."


def _who() -> str:
    try:
        return f"terminal: {getpass.getuser()}"
    except (KeyError, OSError):
        return f"terminal: {os.getuid()}"


def _name(file: Path) -> str:
    """The file's name, readable even where it is not UTF-8."""
    return os.fsencode(file.resolve().name).decode(errors="replace")


@click.command()
@click.argument("kind", type=KIND)
@in_portal
def undo(kind: str) -> None:
    """Take back the last import of KIND, unless something was built on it."""
    try:
        batch = undo_last(kind, by=_who())
    except Refused as refused:
        db.session.rollback()
        click.echo(str(refused), err=True)
        raise SystemExit(1) from None
    number, name = batch.id, batch.file_name
    db.session.commit()
    click.echo(f"Uvoz {number} ({name}) je razveljavljen.")
