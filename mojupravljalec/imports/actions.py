"""Taking files in, and taking a batch back. Nothing here commits: the command or view does."""

import gc
import hashlib
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Table, select

from ..audit.actions import record
from ..customers.actions import summarize_codes
from ..extensions import db
from ..values import clock
from . import queries, targets
from .cards import is_news
from .customers import CUSTOMER
from .kind import Counts, Kind, RowReader, Trouble, row_reader
from .models import ImportBatch
from .readings import EARLIER, READING, restore
from .staging import Packed, Rows, clear, create, drop, fill, hold, packer, trouble
from .table_file import (
    Facts,
    Headings,
    Progress,
    Row,
    Source,
    Unreadable,
    examine,
    find_headings,
    opened,
    sha256_of,
)

BATCHES: Table = ImportBatch.metadata.tables["import_batch"]
CHUNK = 5000  # rows
AHEAD = 20  # chunks read while the database works on those before; about 25 MB
TROUBLE_CHUNK = 1000


class Refused(Exception):
    """Why something cannot be done, for a person to read."""


@dataclass(frozen=True)
class Given:
    """A file that somebody wants imported as a kind; bad rows may be put at ``rejected``.

    ``rows`` reads what is no table as if it were one; its first row are headings.
    """

    kind: Kind
    source: Source
    rejected: Path | None = None
    rows: Callable[[Source, Progress], Iterator[Row]] | None = None


@dataclass(frozen=True)
class BadCells:
    """One bad row: where it is, its cells as they stand in the file, and what is wrong."""

    given: Given
    headings: Headings
    line: int
    cells: list[str]
    troubles: list[Trouble]


@dataclass
class FileReport:
    """What a file did, and which of its columns nobody asked for."""

    given: Given
    unknown: list[str]
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True)
class Outcome:
    """What an import did. ``batch`` is its number, or None if it changed nothing."""

    files: list[FileReport]
    batch: int | None
    notes: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        return sum((report.counts for report in self.files), Counts())


@contextmanager
def calm_collector() -> Iterator[None]:
    """Let Python look for garbage less often: a third of the time of a million rows."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def import_tables(
    kind_name: str,
    given: Sequence[Given],
    *,
    name: str,
    by: str,
    mapping: Mapping[str, str] | None = None,
    on_bad_row: Callable[[BadCells], None],
    progress: Progress | None = None,
) -> Outcome:
    """Read ``given`` in turn as one batch called ``name`` and write every good row.

    Bad rows go to ``on_bad_row``, file by file in the order of their lines; if there were
    any, the caller decides whether to commit. ``progress`` gets bytes as they are read.
    Raises Unreadable.
    """
    looked_at = [(one, _examined(one)) for one in given]
    hold([BATCHES, *(table for one in given for table in one.kind.tables)])
    batch = _open_batch(kind_name, name, by, _fingerprint([facts for _, facts in looked_at]))
    job = _Job(batch.id, mapping or {}, on_bad_row, progress)
    # Once for the batch: what one file has confirmed, another may not change.
    scratch = {table.name: table for one in given for table in one.kind.scratch}.values()
    create(*scratch)
    reports = []
    for one, facts in looked_at:
        try:
            reports.append(job.run(one, facts))
        except Unreadable as error:
            raise Unreadable(f"{one.source.name}: {error}") from None
    notes = [note for finish in _finishers(given) for note in finish(batch.id)]
    drop(*scratch)
    if unused := set(job.mapping) - job.mapped:
        raise Unreadable(f"stolpca »{job.mapping[min(unused)]}« ni v nobeni datoteki")
    return _close_batch(batch, Outcome(reports, None, notes))


def _finishers(given: Sequence[Given]) -> dict[Callable[[int], list[str]], None]:
    """What is to be done once for the whole batch, each only once."""
    return dict.fromkeys(one.kind.finish for one in given if one.kind.finish)


def _examined(given: Given) -> Facts:
    try:
        return Facts("", sha256_of(given.source)) if given.rows else examine(given.source)
    except Unreadable as error:
        raise Unreadable(f"{given.source.name}: {error}") from None


def _fingerprint(facts: Sequence[Facts]) -> str:
    """The file's SHA-256; of several files, that of theirs one after the other."""
    if len(facts) == 1:
        return facts[0].sha256
    return hashlib.sha256("".join(one.sha256 for one in facts).encode()).hexdigest()


def _open_batch(kind_name: str, name: str, by: str, sha256: str) -> ImportBatch:
    batch = ImportBatch(
        kind=kind_name, file_name=name, sha256=sha256, imported_by=by, imported_at=clock.now()
    )
    db.session.add(batch)
    db.session.flush()
    return batch


def _close_batch(batch: ImportBatch, outcome: Outcome) -> Outcome:
    """Write the counts and the audit; a batch that changed nothing does not stay."""
    total = outcome.counts
    if not total.effect and not is_news(batch.id):
        db.session.delete(batch)
        db.session.flush()
        return outcome
    batch.new_rows, batch.changed_rows = total.new, total.changed
    batch.unchanged_rows, batch.rejected_rows = total.unchanged, total.rejected
    record(
        "import.done",
        subject=f"import_batch:{batch.id}",
        kind=batch.kind,
        file=batch.file_name,
        sha256=batch.sha256,
        by=batch.imported_by,
        **vars(total),
    )
    db.session.flush()
    return replace(outcome, batch=batch.id)


@dataclass(frozen=True)
class _Job:
    """What the files of one batch share. ``mapped``: the mappings that were of use."""

    batch_id: int
    mapping: Mapping[str, str]
    on_bad_row: Callable[[BadCells], None]
    progress: Progress | None
    mapped: set[str] = field(default_factory=set)

    def run(self, given: Given, facts: Facts) -> FileReport:
        """Stage, judge and write one file, part by part."""
        kind = given.kind
        create(kind.staged, trouble)
        with (
            _opened(given, facts, self.progress) as rows,
            _opened(given, facts) as again,
        ):
            headings = self._headings(given, next(rows)[1])
            read = row_reader(kind, headings.position, len(headings.written))
            report = FileReport(given, headings.unknown)
            with closing(_ahead(_checked(kind, read, rows, packer()))) as chunks:
                while _stage(kind, chunks):
                    counts = kind.load(kind.stated(list(headings.position)), self.batch_id)
                    if counts.rejected:
                        for bad in _bad_rows(given, headings, again):
                            self._note_bad(bad)
                    report.counts += counts
                    clear(kind.staged, trouble)
        drop(kind.staged, trouble)
        return report

    def _note_bad(self, bad: BadCells) -> None:
        self.on_bad_row(bad)
        kind = bad.given.kind
        if kind.note_bad:
            place = bad.headings.position[kind.columns[0].heading]
            kind.note_bad(bad.line, bad.cells[place].strip() if place < len(bad.cells) else "")

    def _headings(self, given: Given, written: list[str]) -> Headings:
        headings = find_headings(written, given.kind.wanted, self.mapping)
        self.mapped.update(headings.mapped)
        return headings


class _Chunk(NamedTuple):
    """Rows ready to be staged, how wide they are, and what is wrong with the others."""

    good: Packed
    width: int
    bad: Packed


@contextmanager
def _opened(
    given: Given, facts: Facts, progress: Progress | None = None
) -> Iterator[Iterator[Row]]:
    """The rows of a table, or of what is read as if it were one."""
    if given.rows is None:
        with opened(given.source, facts, progress) as rows:
            yield rows
    else:
        yield given.rows(given.source, progress or _silent)


def _silent(_bytes_read: int) -> None:
    """Nobody watches."""


def _checked(
    kind: Kind, read: RowReader, rows: Iterator[Row], pack: Callable[[Rows], Packed]
) -> Iterator[_Chunk]:
    """Each row checked by itself, chunk by chunk."""
    size = _chunk_size(kind)
    while chunk := [read(line, cells) for line, cells in islice(rows, size)]:
        good: Rows = [row for row in chunk if isinstance(row, tuple)]
        if kind.gather:
            good = kind.gather(good)
        bad = [trouble for row in chunk if isinstance(row, list) for trouble in row]
        yield _Chunk(pack(good), len(good[0]) if good else 0, pack(bad))


def _ahead(chunks: Iterator[_Chunk]) -> Generator[_Chunk]:
    """``chunks``, worked out in a thread of their own: the database need not wait for them."""
    reader = ThreadPoolExecutor(1)
    usual_s = sys.getswitchinterval()
    # Else each of the database's many short answers waits 5 ms for the reader to give way.
    sys.setswitchinterval(usual_s / 10)
    try:
        coming = deque(reader.submit(next, chunks, None) for _ in range(AHEAD))
        while chunk := coming.popleft().result():
            coming.append(reader.submit(next, chunks, None))
            yield chunk
    finally:
        reader.shutdown(cancel_futures=True)
        sys.setswitchinterval(usual_s)


def _chunk_size(kind: Kind) -> int:
    return min(CHUNK, kind.at_once or CHUNK)


def _stage(kind: Kind, chunks: Iterator[_Chunk]) -> bool:
    """Keep the rows of the next part, and what is wrong; whether there were any."""
    part = islice(chunks, kind.at_once and kind.at_once // _chunk_size(kind))
    any_rows = False
    for chunk in part:
        fill(kind.staged, chunk.width, chunk.good)
        fill(trouble, len(Trouble._fields), chunk.bad)
        any_rows = True
    return any_rows


def _bad_rows(given: Given, headings: Headings, again: Iterator[Row]) -> Iterator[BadCells]:
    """The bad rows with their cells; ``again`` reads the file once more, as far as needed."""
    for line, troubles in _troubles():
        cells = next(cells for at, cells in again if at == line)
        yield BadCells(given, headings, line, cells, troubles)


def _troubles() -> Iterator[tuple[int, list[Trouble]]]:
    query = select(trouble).order_by(trouble.c.line)
    streamed = {"stream_results": True, "yield_per": TROUBLE_CHUNK}
    rows = (Trouble(*row) for row in db.session.execute(query, execution_options=streamed))
    for line, group in groupby(rows, key=lambda row: row.line):
        yield line, list(group)


def undo_last(kind_name: str, *, by: str) -> ImportBatch:
    """Take back the last batch of a kind. Raises Refused, and then nothing has changed."""
    hold([BATCHES])
    batch = queries.last_batch(kind_name)
    later = queries.last_batch_touching(kind_name)
    if later and later is not batch:
        raise Refused(
            f"Najprej razveljavite poznejši uvoz {later.id} ({later.file_name}): "
            f"mojupravljalec undo {later.kind}"
        )
    if not batch:
        raise Refused(f"Ni uvoza vrste {kind_name}, ki bi ga bilo mogoče razveljaviti.")
    kinds = reversed(queries.kinds_of(kind_name))
    tables = list(dict.fromkeys(table for kind in kinds for table in kind.tables))
    hold(tables)
    if reason := queries.built_on(batch.id, tables):
        raise Refused(f"Uvoza {batch.id} ni mogoče razveljaviti; na njem so {reason}.")
    with ExitStack() as around:
        for enter in dict.fromkeys(kind.taking_back for kind in queries.kinds_of(kind_name)):
            around.enter_context(enter(batch.id))
        _take_back(batch.id, tables)
    if CUSTOMER in tables:
        summarize_codes()
    batch.undone_at = clock.now()
    record("import.undone", subject=f"import_batch:{batch.id}", kind=batch.kind, by=by)
    db.session.flush()
    return batch


def _take_back(batch_id: int, tables: Sequence[Table]) -> None:
    """Each table in turn, those that refer to others first."""
    if READING in tables:
        restore(batch_id)
    for table in tables:
        if table is not EARLIER:
            targets.take_back(table, batch_id)
