"""Tokens, files of programs, and answers that are given again. Nothing here commits."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from ..audit.actions import record
from ..extensions import db
from ..imports import invoice_lines
from ..imports.guessing import kind_of_table
from ..imports.kinds import ALL, KINDS
from ..imports.table_file import Unreadable
from ..intake.actions import (
    NamedFile,
    NotNow,
    Who,
    begin,
    begin_import,
    change,
    check,
    look_into,
    receive,
    refuse,
)
from ..intake.models import Upload, UploadState
from ..jobs.actions import Task
from ..jobs.models import Job
from ..throttle.actions import Limit, book, wait_s
from ..values import clock
from . import queries, rules
from .models import ApiAnswer, ApiToken
from .queries import Program
from .rules import Fault, Scope, Wrong

# What a file may be said to be; lines of invoices are told from invoices by their headings.
FILE_KINDS = (*(name for name in KINDS if name != "invoice-lines"), ALL)
BRING_IN = "api-import"
USE_NOTED_EVERY_S = 3600
WRONG_TOKENS = Limit("api-token", most=60, seconds=3600)


class KeyInUse(Exception):
    """Another request with the same key is being worked on."""


# ---------------------------------------------------------------- tokens


def make_token(name: str, scopes: Collection[Scope], *, key: bytes, by: int) -> str:
    """Make a token of the account ``by`` from 32 random bytes, and return it."""
    token = rules.token_of(key)
    made = ApiToken(
        name=name,
        token_hash=rules.token_hash(token),
        scopes=" ".join(sorted(scopes)),
        made_at=clock.now(),
        account_id=by,
    )
    db.session.add(made)
    db.session.flush()
    record(
        "api.token-made",
        account_id=by,
        subject=f"api_token:{made.id}",
        name=name,
        scopes=made.scopes,
    )
    return token


def end_token(token: ApiToken, *, by: int) -> None:
    """The token works no more; one that has ended stays as it is."""
    if token.ended_at is None:
        token.ended_at = clock.now()
        record("api.token-ended", account_id=by, subject=f"api_token:{token.id}", name=token.name)


def note_use(program: Program) -> None:
    """Note that the token was used, if that was not noted within the hour."""
    now = clock.now()
    if program.used_at is None or (now - program.used_at).total_seconds() >= USE_NOTED_EVERY_S:
        db.session.execute(update(ApiToken).filter_by(id=program.token_id).values(used_at=now))


def hold(program: Program) -> None:
    """Begin to write, before anything is read.

    SQLite lets a transaction that has read write afterwards only if nobody else has written in
    between; requests with GET begin as readers.
    """
    db.session.execute(
        update(ApiToken).filter_by(id=program.token_id).values(used_at=ApiToken.used_at)
    )


def note_wrong_token(address: str) -> int:
    """Count a wrong token; the seconds to wait, 0 within the limit. Commit in any case."""
    if book(WRONG_TOKENS, address):
        return 0
    return max(1, wait_s(WRONG_TOKENS, address))


# ---------------------------------------------------------------- repeated requests


def reserve(program: Program, key: str, fingerprint: str) -> ApiAnswer:
    """The place of an answer, to be filled in by the same transaction. Raises KeyInUse."""
    place = ApiAnswer(
        token_id=program.token_id,
        key=key,
        fingerprint=fingerprint,
        status=0,
        body={},
        made_at=clock.now(),
    )
    db.session.add(place)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise KeyInUse from None
    return place


def clear_answers() -> None:
    """Forget the answers that nobody can ask for any more."""
    db.session.execute(delete(ApiAnswer).where(ApiAnswer.made_at < clock.now() - rules.KEY_LASTS))


# ---------------------------------------------------------------- imports


class ImportWish(NamedTuple):
    """What a program says of its file; without a ``kind``, it is guessed."""

    kind: str | None = None
    mapping: Mapping[str, str] | None = None
    headings: str | None = None
    skip_bad: bool = False
    accept_sums: bool = False
    dry_run: bool = False
    encoding: str = ""


def who(program: Program) -> Who:
    """The program, as those who take files call it."""
    return Who(program.by, program.account_id)


def bring_in(file: NamedFile, wish: ImportWish, program: Program) -> Upload:
    """Keep the file, and let the worker find out what it is, and then check or import it.

    Raises Wrong, where that can be told without the file; then no file is left.
    """
    _judge(wish)
    upload = receive([file], who(program))
    upload.kind, upload.chosen_encoding = wish.kind or "", wish.encoding
    upload.skip_bad, upload.accept_sums = wish.skip_bad, wish.accept_sums
    state = UploadState.CHECKING if wish.dry_run else UploadState.IMPORTING
    begin(upload, state, BRING_IN, who(program), wish=wish._asdict())
    return upload


def _judge(wish: ImportWish) -> None:
    """What is said of headings, as far as it does not depend on the file. Raises Wrong."""
    kinds = [wish.kind] if wish.kind else [*FILE_KINDS]
    if wish.mapping is not None:
        rules.known_headings(wish.mapping, {ours for kind in kinds for ours in _headings(kind)})
    if wish.headings is not None and not any(
        queries.kept_headings(kind, wish.headings) is not None for kind in kinds
    ):
        what = wish.kind or "any kind"
        raise Wrong(Fault(f"No headings are kept under this name for {what}.", "headings"))


def _headings(kind: str) -> set[str]:
    """Ours of a kind; with "invoices" those of their lines too."""
    if kind == ALL:
        return set()
    lines = invoice_lines.KIND.wanted if kind == "invoices" else {}
    return {*KINDS[kind].wanted, *lines}


def run_bring_in(job: Job, _task: Task) -> None:
    """Find out what the file of a program is, and queue what the program wants of it."""
    wish = ImportWish(**job.arguments["wish"])
    sender, upload_id = Who(str(job.arguments["by"]), job.account_id), job.subject_id
    try:
        upload = look_into(upload_id, wish.kind or "")
        _fit(upload, wish)
    except Unreadable as error:
        db.session.rollback()
        refuse(db.session.get_one(Upload, upload_id), error)
        return
    (check if wish.dry_run else begin_import)(upload, sender)


def _fit(upload: Upload, wish: ImportWish) -> None:
    """Map the file as the program says. Raises Unreadable."""
    name = upload.file_name
    if not upload.kind:
        raise Unreadable(f"{name}: ni jasno, kaj je v datoteki; povejte s kind")
    if wish.mapping is None and wish.headings is None:
        return
    if not upload.headings:
        raise Unreadable(f"{name}: datoteka ni ena sama tabela, zato nima stolpcev (mapping)")
    if wish.headings is not None:
        mapping: Mapping[str, str] = _kept(upload, wish.headings)
    else:
        mapping = _mapped(upload, wish.mapping or {})
    change(
        upload,
        upload.kind,
        mapping,
        skip_bad=upload.skip_bad,
        accept_sums=upload.accept_sums,
    )


def _mapped(upload: Upload, said: Mapping[str, str]) -> Mapping[str, str]:
    """What the program says of the headings, and what was guessed of the others."""
    known = kind_of_table(upload.file_name, upload.headings, upload.kind, said).wanted
    for ours, theirs in said.items():
        if ours not in known:
            raise Unreadable(f"{upload.file_name}: »{ours}« ni stolpec te vrste (mapping)")
        if theirs not in upload.headings:
            raise Unreadable(f"{upload.file_name}: v datoteki ni stolpca »{theirs}« (mapping)")
    return rules.mapped(said, upload.mapping)


def _kept(upload: Upload, name: str) -> dict[str, str]:
    """Of the headings kept under a name, those that the file has. Raises Unreadable."""
    kept = queries.kept_headings(upload.kind, name)
    if kept is None:
        raise Unreadable(f"pod imenom »{name}« ni shranjenih naslovov za to vrsto (headings)")
    return {ours: theirs for ours, theirs in kept.items() if theirs in upload.headings}


def go_on(upload: Upload, program: Program, *, skip_bad: bool | None) -> None:
    """Let the worker import a file that was checked; ``skip_bad`` None leaves what was said.

    Raises NotNow.
    """
    if upload.state != UploadState.CHECKED:
        raise NotNow
    if skip_bad is not None:
        upload.skip_bad = skip_bad
    begin_import(upload, who(program))
