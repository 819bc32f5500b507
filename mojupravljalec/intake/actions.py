"""Taking a file in, trying it, importing it, taking it back. Nothing here commits.

The long part is done by the worker: a check writes nothing, an import writes all of it
together with the row of its upload, or nothing.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from sqlalchemy import select

from .. import identity, storage
from ..audit.actions import record
from ..extensions import db
from ..imports.actions import BadCells, Outcome, Refused, calm_collector, import_tables, undo_last
from ..imports.archive import Wish
from ..imports.changes import changes_of
from ..imports.guessing import Guess, fit, given_for, guess
from ..imports.models import ImportBatch
from ..imports.queries import last_batch
from ..imports.rejected import RejectedFiles
from ..imports.table_file import Unreadable, UnsureEncoding
from ..jobs.actions import GivenUp, Task, ask
from ..jobs.models import Job
from ..storage import Shelf
from ..transactions import NO_KEY_UPDATE
from ..values import clock
from . import queries
from .models import HeadingMap, Upload, UploadState
from .report import MOST_CHANGES, Report

INSPECT, CHECK, IMPORT, UNDO = "import-inspect", "import-check", "import-write", "import-undo"
LONGEST_NAME = 100
KEPT = timedelta(days=30)  # a file, after all is done with it
ORPHANS_KEPT = timedelta(days=1)  # a file without an upload: one may be about to be written


class NotNow(Exception):
    """The file is busy, or done with; nothing happened."""


class Who(NamedTuple):
    """Who brings a file: as batches call them, and their account if they have one."""

    by: str
    account_id: int | None = None


class NamedFile(NamedTuple):
    """A file that comes in, under the name it had."""

    name: str
    content: BinaryIO


def receive(files: Sequence[NamedFile], who: Who) -> Upload:
    """Keep one file, or several as one ZIP, without looking into it."""
    path = storage.fresh_path(Shelf.UPLOADS, "bin")
    files = [NamedFile(tidy_name(one.name), one.content) for one in files]
    name = ", ".join(one.name for one in files)
    try:
        _write(path, files)
        upload = _new_upload(path, name, who)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    record(
        "upload.received",
        account_id=who.account_id,
        subject=f"upload:{upload.id}",
        file=name,
        sha256=upload.sha256,
        by=who.by,
    )
    return upload


def tidy_name(name: str) -> str:
    """The name that somebody gave a file, without folders and signs that cannot be shown.

    >>> tidy_name("izvoz/stranke.csv")
    'stranke.csv'
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(sign for sign in last if sign.isprintable())[:LONGEST_NAME] or "datoteka"


def _write(path: Path, files: Sequence[NamedFile]) -> None:
    if len(files) == 1:
        with path.open("wb") as kept:
            shutil.copyfileobj(files[0].content, kept)
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as together:
        for one in files:
            with together.open(one.name, "w") as kept:
                shutil.copyfileobj(one.content, kept)


def _new_upload(path: Path, name: str, who: Who) -> Upload:
    upload = Upload(
        file_name=name,
        stored=path.name,
        size_bytes=path.stat().st_size,
        sha256=_sha256(path),
        received_at=clock.now(),
        by=who.by,
        account_id=who.account_id,
        kind="",
        encoding="",
        separator="",
        headings=[],
        sample=[],
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inspect(upload: Upload, who: Who, *, kind: str = "", encoding: str = "") -> None:
    """Let the worker find out what the file is, or read it as one of ``kind``. Raises NotNow.

    ``encoding`` is one of `text_encoding.ENCODINGS`, or "" where it is to be found out.
    """
    begin(upload, UploadState.READING, INSPECT, who, as_kind=kind)
    upload.chosen_encoding = encoding


def check(upload: Upload, who: Who) -> None:
    """Let the worker try the file without writing. Raises NotNow."""
    begin(upload, UploadState.CHECKING, CHECK, who)


def begin_import(upload: Upload, who: Who) -> None:
    """Let the worker import the file. Raises NotNow."""
    begin(upload, UploadState.IMPORTING, IMPORT, who)


def begin(upload: Upload, state: UploadState, job_kind: str, who: Who, **arguments: object) -> None:
    """Queue a job about the file, which is in ``state`` until then. Raises NotNow."""
    db.session.flush()
    db.session.refresh(upload, with_for_update=NO_KEY_UPDATE)  # of two presses one is the first
    if not queries.is_open(upload):
        raise NotNow
    upload.state, upload.trouble, upload.report = state, "", {}
    upload.job_id = ask(job_kind, upload.id, who.account_id, by=who.by, **arguments).id


def change(
    upload: Upload, kind: str, mapping: Mapping[str, str], *, skip_bad: bool, accept_sums: bool
) -> None:
    """What a person said of the file, before it is tried. Raises NotNow."""
    if not queries.is_open(upload):
        raise NotNow
    upload.kind, upload.mapping = kind, dict(mapping)
    upload.skip_bad, upload.accept_sums = skip_bad, accept_sums


def discard(upload: Upload, who: Who) -> None:
    """The file goes, unread. Raises NotNow."""
    db.session.refresh(upload, with_for_update=NO_KEY_UPDATE)  # of two presses one is the first
    if not queries.is_open(upload):
        raise NotNow
    upload.state, upload.finished_at = UploadState.DISCARDED, clock.now()
    storage.discard(Shelf.UPLOADS, upload.stored)
    upload.stored = ""
    record("upload.discarded", account_id=who.account_id, subject=f"upload:{upload.id}")


def keep_mapping(kind: str, name: str, mapping: Mapping[str, str]) -> None:
    """Remember how these headings are called, under a name; the same name anew replaces it."""
    present = db.session.scalar(select(HeadingMap).filter_by(kind=kind, name=name))
    if present:
        present.mapping, present.saved_at = dict(mapping), clock.now()
    else:
        db.session.add(
            HeadingMap(kind=kind, name=name, mapping=dict(mapping), saved_at=clock.now())
        )


def forget_mapping(mapping: HeadingMap) -> None:
    """The headings are mapped anew next time; the name is free again."""
    db.session.delete(mapping)


def ask_undo(batch: ImportBatch, who: Who) -> Job:
    """Let the worker take a batch back."""
    return ask(UNDO, batch.id, who.account_id, by=who.by)


def look_into(upload_id: int, kind: str) -> Upload:
    """Find out what a file is, or read it as one of ``kind`` unless that is "".

    Nothing is held in the database meanwhile. Raises Unreadable.
    """
    upload = db.session.get_one(Upload, upload_id)
    path = storage.path_of(Shelf.UPLOADS, upload.stored)
    name, encoding = upload.file_name, upload.chosen_encoding
    db.session.rollback()
    found = fit(path, name, kind, encoding) if kind else guess(path, name, encoding)
    upload = db.session.get_one(Upload, upload_id)
    note_guess(upload, found)
    return upload


def note_guess(upload: Upload, found: Guess) -> None:
    """Keep what a file was found to be: now a person says what becomes of it."""
    upload.state, upload.trouble = UploadState.RECEIVED, ""
    upload.kind, upload.mapping = found.kind, dict(found.mapping)
    upload.encoding, upload.separator = found.encoding, found.separator
    upload.headings = list(found.headings)
    upload.sample = [list(row) for row in found.sample]


def refuse(upload: Upload, error: Unreadable) -> None:
    """Note why the file cannot be read. It goes, unless another encoding or kind may help."""
    upload.state, upload.trouble = UploadState.REFUSED, f"{error}."
    if not upload.encoding and not isinstance(error, UnsureEncoding):
        storage.discard(Shelf.UPLOADS, upload.stored)
        upload.stored, upload.finished_at = "", clock.now()


def run_inspect(job: Job, _task: Task) -> None:
    """Find out what the file is."""
    upload_id = job.subject_id
    try:
        look_into(upload_id, str(job.arguments["as_kind"]))
    except Unreadable as error:
        refuse(db.session.get_one(Upload, upload_id), error)


@dataclass
class _Trial:
    """One run of an upload through the importer, and what it said."""

    upload: Upload
    by: str
    task: Task
    report: Report
    keep: bool

    def run(self) -> tuple[Outcome, list[Path]]:
        """Read and write it all; the caller decides whether that stays. Raises Unreadable."""
        upload = self.upload
        path = storage.path_of(Shelf.UPLOADS, upload.stored)
        wish = Wish(upload.mapping, upload.accept_sums, self.keep, upload.chosen_encoding)
        aside = storage.path_of(Shelf.REJECTED, str(upload.id))
        aside.mkdir(exist_ok=True)
        with (
            given_for(path, upload.file_name, upload.kind, wish, aside) as (given, ignored),
            RejectedFiles() as rejected,
            calm_collector(),
        ):
            total = sum(one.source.size for one in given)
            outcome = import_tables(
                upload.kind,
                given,
                name=upload.file_name,
                by=self.by,
                mapping=upload.mapping,
                on_bad_row=self._noting(rejected),
                progress=_progress(self.task, total),
            )
            changes = changes_of(outcome.batch, MOST_CHANGES) if outcome.batch else []
            self.report.take(outcome, ignored, changes)
            return outcome, rejected.keep()

    def _noting(self, rejected: RejectedFiles) -> Callable[[BadCells], None]:
        def note(bad: BadCells) -> None:
            self.report.note_bad(bad)
            rejected.add(bad)

        return note


def _progress(task: Task, total: int) -> Callable[[int], None]:
    done = 0

    def more(read_bytes: int) -> None:
        nonlocal done
        done += read_bytes
        task.progress(done, total)

    return more


def run_check(job: Job, task: Task) -> None:
    """Try the file: everything is written and taken back, so that the answer is the true one."""
    upload, by = _upload_of(job)
    upload_id, report = upload.id, Report()
    try:
        _, rejected = _Trial(upload, by, task, report, keep=False).run()
    except Unreadable as error:
        raise GivenUp(f"{error}.") from None
    report.rejected_files = [path.name for path in rejected]
    db.session.rollback()
    upload = db.session.get_one(Upload, upload_id)
    upload.state, upload.report = UploadState.CHECKED, report.as_json()


def run_import(job: Job, task: Task) -> None:
    """Import the file; with a bad row that may not be skipped, nothing stays."""
    upload, by = _upload_of(job)
    upload_id, report = upload.id, Report()
    try:
        outcome, rejected = _Trial(upload, by, task, report, keep=True).run()
    except Unreadable as error:
        raise GivenUp(f"{error}.") from None
    report.rejected_files = [path.name for path in rejected]
    refused = outcome.counts.rejected and not upload.skip_bad
    if refused:
        db.session.rollback()
        upload = db.session.get_one(Upload, upload_id)
    upload.state = UploadState.REFUSED if refused else UploadState.IMPORTED
    upload.report, upload.finished_at = report.as_json(), clock.now()
    upload.batch_id = None if refused else outcome.batch


def run_undo(job: Job, _task: Task) -> None:
    """Take the batch back, if it is the last of its kind and nothing was built on it."""
    batch = db.session.get_one(ImportBatch, job.subject_id)
    if batch.undone_at is not None:
        return
    last = last_batch(batch.kind)
    if last is not None and last.id != batch.id:
        raise GivenUp(f"Najprej razveljavite poznejši uvoz {last.id} ({last.file_name}).")
    try:
        undo_last(batch.kind, by=job.arguments["by"])
    except Refused as refused:
        raise GivenUp(str(refused)) from None


def note_failure(job: Job, reason: str) -> None:
    """The upload shows why nothing came of it, and may be tried once more."""
    upload = db.session.get_one(Upload, job.subject_id)
    upload.state, upload.trouble = UploadState.REFUSED, reason


def note_nothing(_job: Job, _reason: str) -> None:
    """An undo that failed leaves the batch as it was; the job itself says why."""


def _upload_of(job: Job) -> tuple[Upload, str]:
    return db.session.get_one(Upload, job.subject_id), str(job.arguments["by"])


def clear_files() -> None:
    """Remove files that nobody has needed for a month, and quarantine those without an upload.

    Such are files of transactions that were rolled back, and of uploads that ended in a process of
    another folder.
    """
    if not identity.may_remove_files():
        return
    before = clock.now() - KEPT
    for upload in db.session.scalars(
        select(Upload).where(Upload.stored != "", Upload.received_at < before)
    ):
        storage.discard(Shelf.UPLOADS, upload.stored)
        shutil.rmtree(storage.path_of(Shelf.REJECTED, str(upload.id)), ignore_errors=True)
        upload.stored = ""
        if queries.is_open(upload):
            upload.state, upload.finished_at = UploadState.DISCARDED, clock.now()
    kept = db.session.execute(select(Upload.id, Upload.stored).where(Upload.stored != "")).all()
    storage.clean_up(Shelf.UPLOADS, {row.stored for row in kept}, ORPHANS_KEPT)
    storage.clean_up(Shelf.REJECTED, {str(row.id) for row in kept}, ORPHANS_KEPT)
