"""Letters with codes: chosen, made by the worker, taken out, deleted. Nothing here commits.

A pile with new codes is all or nothing: the letters are printed first, then every code is
written together with the pile's row. Whatever is cut off before has changed no code.
"""

import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from .. import identity, storage
from ..audit.actions import record
from ..customers.actions import summarize_codes
from ..customers.models import Customer
from ..customers.rules import code_key, new_access_code
from ..extensions import db
from ..jobs.actions import GivenUp, Task, ask
from ..jobs.models import Job
from ..storage import Shelf
from ..transactions import NO_KEY_UPDATE, TableLock, lock_tables
from ..values import clock
from . import queries
from .models import CodeBatch
from .queries import AT_ONCE, Printed
from .rules import Choice, as_csv, from_json

if TYPE_CHECKING:
    from .letters_pdf import Addressee

LETTERS = "code-letters"
KEPT = timedelta(days=7)  # the file of a pile: it holds secrets
LOOKED_AT = timedelta(days=1)  # so long, a choice waits for somebody to go on
ONE_PDF = 10_000  # letters; a longer one takes as much memory as it has letters
ONE_STEP = 100  # letters; to say how far it is takes as long as a letter

CUSTOMER: Table = Customer.metadata.tables["customer"]


class NotNow(Exception):
    """The pile is made already, or just being made; nothing happened."""


# ---------------------------------------------------------------- asking


def choose(choice: Choice, *, makes_new: bool, by: str, account_id: int) -> CodeBatch:
    """Note for whom letters may be made. Nothing is made yet."""
    batch = CodeBatch(
        asked_at=clock.now(),
        by=by,
        account_id=account_id,
        which=choice.as_json(),
        makes_new=makes_new,
    )
    db.session.add(batch)
    db.session.flush()
    return batch


def begin(batch: CodeBatch, *, by: str, account_id: int) -> None:
    """Let the worker make the letters. Raises NotNow."""
    db.session.refresh(batch, with_for_update=NO_KEY_UPDATE)  # of two presses one is the first
    if not queries.pile_of(batch.id).can_be_made:
        raise NotNow
    batch.asked_at, batch.by, batch.account_id = clock.now(), by, account_id
    batch.job_id = ask(LETTERS, batch.id, account_id).id


# ---------------------------------------------------------------- making


def run(job: Job, task: Task) -> None:
    """Print the letters, then write what is new. Raises GivenUp."""
    batch = db.session.get_one(CodeBatch, job.subject_id)
    makes_new = batch.makes_new
    rows = queries.customers(from_json(batch.which))
    if not rows:
        raise GivenUp("V izboru ni nobene stranke.")
    db.session.rollback()  # printing takes minutes, and must not hold the database meanwhile
    old = {row.id: row.code for row in rows}
    new = {row.id: new_access_code() for row in rows} if makes_new else {}
    path = storage.fresh_path(Shelf.LETTERS, "pdf" if len(rows) <= ONE_PDF else "zip")
    try:
        printed = [row._replace(code=new.get(row.id, row.code)) for row in rows]
        _print(path, printed, task, makes_new=makes_new)
        _write(job, path, old, new)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def note_failure(_job: Job, _reason: str) -> None:
    """The pile stays as it was chosen, and can be made once more; the job says why."""


def _print(path: Path, rows: Sequence[Printed], task: Task, *, makes_new: bool) -> None:
    """The letters, safe on the disk: one PDF, or several in a ZIP. Raises GivenUp."""
    from .printed import write_letters

    write = partial(write_letters, makes_new=makes_new, progress=_progress(task, len(rows)))
    with path.open("wb") as file:
        try:
            _write_all(file, _in_post_order(rows), write)
        except ValueError as no_room:  # nobody to write to is ruled out
            raise GivenUp(
                "Besedilo pisma ne gre na en list. Skrajšajte podatke upravljavca v nastavitvah."
            ) from no_room
        file.flush()
        os.fsync(file.fileno())


def _write_all(
    file: BinaryIO,
    addressees: Sequence["Addressee"],
    write: Callable[[BinaryIO, Sequence["Addressee"]], object],
) -> None:
    if len(addressees) <= ONE_PDF:
        write(file, addressees)
        return
    with zipfile.ZipFile(file, "w") as together:  # a PDF is packed already
        for start in range(0, len(addressees), ONE_PDF):
            some = addressees[start : start + ONE_PDF]
            name = f"pisma-{start + 1:06}-{start + len(some):06}.pdf"
            with together.open(name, "w") as part:
                write(cast("BinaryIO", part), some)


def _in_post_order(rows: Iterable[Printed]) -> list["Addressee"]:
    from .letters_pdf import Addressee, in_post_order

    return in_post_order(Addressee(*row[1:]) for row in rows)


def _progress(task: Task, total: int) -> Callable[[int], None]:
    """Says how far the letters are, now and then: saying it takes as long as a letter."""
    done = 0
    task.progress(done, total)

    def more(letters: int) -> None:
        nonlocal done
        done += letters
        if done % ONE_STEP == 0:
            task.progress(done, total)

    return more


def _write(job: Job, path: Path, old: Mapping[int, str], new: Mapping[int, str]) -> None:
    """The pile is made, and its letters say what the database says. Raises GivenUp."""
    # An import holds its tables and would wait for our customers, and we for its others.
    lock_tables(("customer", "import_batch"), TableLock.ROWS)
    if queries.held_codes(list(old)) != old:
        raise GivenUp(
            "Medtem so se spremenile kode nekaterih strank. Nič ni zapisano. "
            "Pripravite pisma še enkrat."
        )
    _write_codes(new)
    batch = db.session.get_one(CodeBatch, job.subject_id)
    batch.stored, batch.letters = path.name, len(old)
    record(
        "codes.made",
        account_id=job.account_id,
        subject=_subject(batch),
        letters=batch.letters,
        new=batch.makes_new,
        which=from_json(batch.which).told(),
    )


def _write_codes(codes: Mapping[int, str]) -> None:
    rows = [
        {"at_id": customer_id, "code": code, "code_key": code_key(code)}
        for customer_id, code in sorted(codes.items())
    ]
    statement = (
        update(CUSTOMER)
        .where(CUSTOMER.c.id == bindparam("at_id"))
        .values(access_code=bindparam("code"), access_code_key=bindparam("code_key"))
    )
    try:
        for start in range(0, len(rows), AT_ONCE):
            db.session.connection().execute(statement, rows[start : start + AT_ONCE])
    except IntegrityError as taken:  # one in 2 ** 51 for each pair
        raise GivenUp(
            "Nova koda je enaka kodi druge stranke. Nič ni zapisano. Pripravite pisma še enkrat."
        ) from taken
    summarize_codes()


# ---------------------------------------------------------------- taking out, deleting


def take_letters(batch: CodeBatch, *, account_id: int) -> Path | None:
    """Where the letters lie, None if they are gone; that they were taken is noted."""
    path = storage.path_of(Shelf.LETTERS, batch.stored)
    if not batch.stored or not path.is_file():
        return None
    _note_taken(batch, path.suffix[1:], batch.letters, account_id)
    return path


def take_list(batch: CodeBatch, *, account_id: int) -> bytes:
    """Whom the pile's choice holds now, with the codes of now, as CSV; that is noted."""
    batch_id, choice = batch.id, from_json(batch.which)
    rows = queries.customers(choice)
    db.session.rollback()  # sorting and writing must not hold the database
    data = as_csv(
        (one.number, one.name, one.street, one.post_code, one.town, one.code)
        for one in _in_post_order(rows)
    )
    _note_taken(db.session.get_one(CodeBatch, batch_id), "csv", len(rows), account_id)
    return data


def _note_taken(batch: CodeBatch, ending: str, rows: int, account_id: int) -> None:
    record(
        "codes.downloaded",
        account_id=account_id,
        subject=_subject(batch),
        file=ending,
        rows=rows,
    )


def discard(batch: CodeBatch, *, account_id: int) -> None:
    """The file of the pile goes; its codes stay."""
    if batch.stored:
        _drop_file(batch)
        record("codes.discarded", account_id=account_id, subject=_subject(batch))


def _drop_file(batch: CodeBatch) -> None:
    storage.discard(Shelf.LETTERS, batch.stored)
    batch.stored = ""


def clear_files() -> None:
    """Let go of files that are a week old, or of no pile, and of choices nobody went on with."""
    if not identity.may_remove_files():
        return
    now = clock.now()
    for batch in db.session.scalars(
        select(CodeBatch).where(CodeBatch.stored != "", CodeBatch.asked_at < now - KEPT)
    ):
        _drop_file(batch)
    kept = set(db.session.scalars(select(CodeBatch.stored).where(CodeBatch.stored != "")))
    storage.clean_up(Shelf.LETTERS, kept, LOOKED_AT)
    db.session.execute(
        delete(CodeBatch).where(CodeBatch.job_id.is_(None), CodeBatch.asked_at < now - LOOKED_AT)
    )


def _subject(batch: CodeBatch) -> str:
    return f"code_batch:{batch.id}"
