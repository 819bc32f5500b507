"""The addresses below /api/: each checks its token, does what the pages do, answers in JSON."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from flask import Blueprint, g, jsonify, request
from flask import current_app as app
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from ..exports import actions as exporting
from ..exports import files
from ..exports.files import MIME, Ending
from ..exports.queries import export_of, layout_named
from ..exports.rules import OUR_HEADINGS
from ..extensions import db
from ..intake.actions import NamedFile, NotNow
from ..intake.queries import upload_of
from ..web.access import View, by_token, client_address, large_files, public
from ..web.download import download
from . import actions, asked, queries, rules, shown
from .actions import ImportWish
from .asked import Sent
from .openapi import document_of
from .operations import OPERATIONS
from .problems import Problem, not_valid
from .queries import Program
from .rules import ExportWish, Fault, Wrong

bp = Blueprint("api", __name__, url_prefix="/api")
Body = dict[str, Any]


def serves(name: str) -> Callable[[View], View]:
    """Put a view where the table says, behind the token that the table asks for."""

    def put(view: View) -> View:
        operation = OPERATIONS[name]
        marked = public(view) if operation.scope is None else by_token(operation.scope)(view)
        if operation.takes_file:
            large_files(marked)
        bp.add_url_rule(
            operation.rule,
            name,
            marked,
            methods=[operation.method],
            provide_automatic_options=False,
            merge_slashes=False,  # else the way to the right address is told in HTML
        )
        return marked

    return put


@bp.before_request
def read_query() -> None:
    """What stands in the query is judged before the body is read."""
    name = (request.endpoint or "").rpartition(".")[2]
    g.said = asked.parameters(OPERATIONS[name])


# ---------------------------------------------------------------- tokens


def check(scope: str) -> None:
    """Let a program on whose token has ``scope``, and remember it. Raises Problem.

    Nothing is held in the database when the body, which may be large, is read.
    """
    token = rules.bearer(request.headers.get("Authorization"))
    if token is None:
        raise _unauthorized("Send Authorization: Bearer and a token.")
    program = queries.program(rules.token_hash(token))
    db.session.rollback()
    if program is None:
        _refuse()
    with suppress(OperationalError):  # a long import may hold the database
        actions.note_use(program)
        db.session.commit()
    db.session.rollback()
    if scope not in program.scopes:
        said = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
        raise Problem("scope-missing", f"It takes a token for {scope}.", headers=said)
    g.program = program


def _refuse() -> NoReturn:
    wait_s = actions.note_wrong_token(client_address())
    db.session.commit()
    if wait_s:
        headers = {"Retry-After": str(wait_s)}
        raise Problem("too-many-tokens", "Retry-After says when to try again.", headers=headers)
    raise _unauthorized("The token does not work, or no longer.", ', error="invalid_token"')


def _unauthorized(detail: str, more: str = "") -> Problem:
    headers = {"WWW-Authenticate": f'Bearer realm="api"{more}'}
    return Problem("no-token", detail, headers=headers)


# ---------------------------------------------------------------- repeated requests


def _once(digest: str, work: Callable[[], tuple[int, Body]]) -> Response:
    """Do the work and commit; a request repeated with its key gets the same answer instead.

    ``digest`` stands for the body.
    """
    key = asked.repeat_key()
    if key is None:
        status, body = work()
        db.session.commit()
        return _answered(status, body)
    this = rules.fingerprint(request.method, request.full_path, digest)
    given = queries.answer(g.program.token_id, key)
    if given is None:
        return _first(key, this, work)
    if given.fingerprint != this:
        raise Problem("key-reused", "For another request, take another key.")
    return _answered(given.status, given.body)


def _first(key: str, this: str, work: Callable[[], tuple[int, Body]]) -> Response:
    try:
        place = actions.reserve(g.program, key, this)
    except actions.KeyInUse:
        raise Problem("key-in-use", "Ask again in a while; the answer will be there.") from None
    status, body = work()
    place.status, place.body = status, body
    db.session.commit()
    return _answered(status, body)


def _answered(status: int, body: Body) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    if status in (201, 202):
        answer.location = body["links"]["self"]
    return answer


# ---------------------------------------------------------------- imports


@serves("bring_in")
def bring_in() -> Response:
    """Take a file in."""
    said = dict(g.said)
    if "mapping" in said and "headings" in said:
        raise not_valid([Fault("Say either mapping or headings.", "headings")])
    with asked.sent_file(said.pop("name", "")) as sent:
        digest = rules.fingerprint(sent.name, sent.sha256)
        return _once(digest, lambda: _brought_in(sent, ImportWish(**said)))


def _brought_in(sent: Sent, wish: ImportWish) -> tuple[int, Body]:
    try:
        upload = actions.bring_in(NamedFile(sent.name, sent.content), wish, g.program)
    except Wrong as wrong:
        raise not_valid(wrong.faults) from None
    return 202, shown.as_import(upload)


@serves("import_state")
def import_state(number: int) -> Response:
    """How far a file is."""
    return _answered(200, shown.as_import(upload_of(number)))


@serves("begin_import")
def begin_import(number: int) -> Response:
    """Import what was checked."""
    return _once("", lambda: _begun(number, g.said.get("skip_bad")))


def _begun(number: int, skip_bad: bool | None) -> tuple[int, Body]:
    upload = upload_of(number)
    try:
        actions.go_on(upload, g.program, skip_bad=skip_bad)
    except NotNow:
        raise Problem("not-checked", f"The state of the file is {upload.state}.") from None
    return 202, shown.as_import(upload)


# ---------------------------------------------------------------- exports


@serves("export")
def export() -> Response:
    """Take readings out."""
    body = asked.json_body()
    try:
        wish = rules.export_wish(body)
    except Wrong as wrong:
        raise not_valid(wrong.faults) from None
    return _once(rules.fingerprint(request.get_data().hex()), lambda: _exported(wish))


def _exported(wish: ExportWish) -> tuple[int, Body]:
    program: Program = g.program
    try:
        made = exporting.make(
            wish.choice, _headings(wish.layout), by=program.by, account_id=program.account_id
        )
    except exporting.NothingWaits as nothing:
        raise Problem(
            "nothing-waits", "Perhaps it was exported already.", doubtful=nothing.doubtful
        ) from None
    return 201, shown.as_export(export_of(made.number), made.left_out)


def _headings(layout: str | None) -> dict[str, str]:
    if layout is None:
        return OUR_HEADINGS
    found = layout_named(layout)
    if found is None:
        raise not_valid([Fault("There is no layout of this name.", pointer="#/layout")])
    return found.headings


@serves("exports")
def exports() -> Response:
    """The exports, page by page."""
    page = g.said.get("page", 1)
    found, has_more = queries.exports_on(page)
    return _answered(200, shown.as_exports(found, page, has_more=has_more))


@serves("export_state")
def export_state(number: int) -> Response:
    """One export."""
    return _answered(200, shown.as_export(export_of(number)))


@serves("export_csv")
def export_csv(number: int) -> Response:
    """The readings as CSV."""
    return _file(number, Ending.CSV)


@serves("export_xlsx")
def export_xlsx(number: int) -> Response:
    """The readings as a workbook."""
    return _file(number, Ending.XLSX)


def _file(number: int, ending: Ending) -> Response:
    program: Program = g.program
    actions.hold(program)
    try:
        kept = exporting.take_out(number, ending, by=program.by, account_id=program.account_id)
    except files.TooManyRows:
        raise Problem("too-many-rows", "Take the CSV.") from None
    db.session.commit()
    return download(files.written(kept, ending), MIME[ending], kept.name(ending))


@serves("document")
def document() -> Response:
    """What there is, for programs that write programs."""
    return _answered(200, document_of(app.config["SITE_URL"], app.config["SITE_NAME"]))
