"""Tokens, files of programs, and answers that are given again. Nothing here commits."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from .. import storage
from ..audit.actions import record
from ..extensions import db
from ..imports.guessing import fit, kind_of_table
from ..imports.kinds import ALL, KINDS
from ..intake.actions import NamedFile, NotNow, Who, begin_import, change, check, receive
from ..intake.models import Upload, UploadState
from ..storage import Shelf
from ..throttle.actions import Limit, book, wait_s
from ..values import clock
from . import queries, rules
from .models import ApiAnswer, ApiToken
from .queries import Program
from .rules import Fault, Scope, Wrong

# What a file may be said to be; lines of invoices are told from invoices by their headings.
FILE_KINDS = (*(name for name in KINDS if name != "invoice-lines"), ALL)
USE_NOTED_EVERY_S = 3600
WRONG_TOKENS = Limit("api-token", most=60, seconds=3600)


class UnknownKind(Exception):
    """Nothing in the file tells what it is; it is not kept."""


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


def who(program: Program) -> Who:
    """The program, as those who take files call it."""
    return Who(program.by, program.account_id)


def bring_in(file: NamedFile, wish: ImportWish, program: Program) -> Upload:
    """Keep the file, and let the worker check or import it.

    Raises Unreadable, UnknownKind, Wrong; then the caller rolls back, and no file is left.
    """
    upload = receive([file], who(program))
    stored = upload.stored
    try:
        _fit(upload, wish)
        (check if wish.dry_run else begin_import)(upload, who(program))
    except BaseException:
        storage.discard(Shelf.UPLOADS, stored)
        raise
    return upload


def _fit(upload: Upload, wish: ImportWish) -> None:
    kind, guessed = upload.kind, upload.mapping
    if wish.kind and wish.kind != kind:
        path = storage.path_of(Shelf.UPLOADS, upload.stored)
        found = fit(path, upload.file_name, wish.kind)
        kind, guessed = found.kind, dict(found.mapping)
    if not kind:
        raise UnknownKind
    mapping = _mapping(upload, kind, guessed, wish)
    change(upload, kind, mapping, skip_bad=wish.skip_bad, accept_sums=wish.accept_sums)


def _mapping(
    upload: Upload, kind: str, guessed: Mapping[str, str], wish: ImportWish
) -> Mapping[str, str]:
    """The file's headings by ours. Raises Wrong."""
    if wish.mapping is None and wish.headings is None:
        return guessed
    parameter = "headings" if wish.mapping is None else "mapping"
    if not upload.headings:
        raise Wrong(Fault("The file is not a single table.", parameter))
    if wish.headings is not None:
        return _kept(upload, kind, wish.headings)
    said = wish.mapping or {}
    known = kind_of_table(upload.file_name, upload.headings, kind, said).wanted
    return rules.mapped(said, guessed, known, upload.headings)


def _kept(upload: Upload, kind: str, name: str) -> dict[str, str]:
    """Of the headings kept under a name, those that the file has. Raises Wrong."""
    kept = queries.kept_headings(kind, name)
    if kept is None:
        raise Wrong(Fault(f"No headings are kept under this name for {kind}.", "headings"))
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
