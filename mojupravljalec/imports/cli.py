"""`mojupravljalec import` and `mojupravljalec undo`: what the operator's terminal can do."""

import gc
import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from ..command import in_portal
from ..extensions import db
from . import rejected
from .actions import BadCells, Given, Outcome, Refused, import_tables, undo_last
from .archive import Tables, rejected_beside, tables_in
from .kind import Counts, mapped_headings
from .kinds import ALL, KINDS
from .table_file import Unreadable, source_of

KIND = click.Choice([*KINDS, ALL])


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
@click.option("--dry-run", is_flag=True, help="Read, check and report; write nothing.")
@in_portal
def import_files(
    kind: str, files: tuple[Path, ...], pairs: tuple[str, ...], skip_bad: bool, dry_run: bool
) -> None:
    """Import tables of one KIND, or a folder or ZIP with `all`. Twice changes nothing.

    One bad row and nothing is written. Status 1: there were bad rows, or no table.
    """
    mapping = _mapping(kind, pairs)
    try:
        with _given(kind, files) as (given, ignored), rejected.RejectedFiles() as aside:
            with _calm_collector(), _progress(given) as progress:
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
    kinds = list(KINDS.values()) if kind == ALL else [KINDS[kind]]
    try:
        return mapped_headings(pairs, kinds)
    except ValueError as error:
        raise click.BadParameter(f"{error}: not HEADING=THEIRS with a heading of {kind}") from None


@contextmanager
def _given(kind: str, files: Sequence[Path]) -> Iterator[Tables]:
    if kind != ALL:
        if folder := next((file for file in files if file.is_dir()), None):
            raise click.UsageError(f"{folder} is a folder; import it with `all`")
        yield [Given(KINDS[kind], source_of(file), rejected_beside(file)) for file in files], []
        return
    if len(files) > 1:
        raise click.UsageError("`all` takes one folder or one ZIP")
    with tables_in(files[0]) as tables:
        yield tables


@contextmanager
def _calm_collector() -> Iterator[None]:
    """Let Python look for garbage less often: a third of the time of a million rows."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


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
    if ignored:
        click.echo(f"Prezrte datoteke: {', '.join(map(rejected.shown, ignored))}")


def _counted(counts: Counts) -> str:
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
