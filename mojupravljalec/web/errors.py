"""What a person reads when something went wrong: never a trace, never a blank page."""

import logging
import secrets
from http import HTTPStatus

from flask import Flask, current_app, g, make_response, render_template, request
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from ..extensions import db, login
from .htmx import wants_part

log = logging.getLogger(__name__)

# Status: heading, what to do now.
TEXTS = {
    400: (
        _("The request could not be read"),
        _("Go back and send the form once more. What you typed should still be there."),
    ),
    403: (
        _("This is not open to you"),
        _("Your role does not include this work. Whoever manages the staff can change it."),
    ),
    404: (
        _("There is no such page"),
        _("The link may be old or mistyped. Nothing is wrong with your access."),
    ),
    405: (_("This page cannot be opened like that"), _("Use the links and buttons on the pages.")),
    408: (
        _("The connection was too slow"),
        _("Nothing was saved. Go back and try again, if you can where the signal is better."),
    ),
    413: (
        _("The file is too large"),
        _("Nothing was sent. Go back, choose a smaller photo, or send the reading without one."),
    ),
    429: (
        _("Too many attempts at once"),
        _("Wait a moment, then go back and try again. Nothing is lost."),
    ),
    500: (
        _("Something broke on our side"),
        _("What you sent was not saved. Try again in a few minutes, or call us."),
    ),
    503: (
        _("The portal is busy"),
        _("What you sent was not saved. Go back and try again in a minute."),
    ),
}

FOR_PROGRAMS = "/api/"  # below it, no person reads the answer
PROBLEM = "application/problem+json"
BUSY_S = 60  # until a program should ask again
# What a program is told, where the error itself does not say more.
DETAILS = {
    400: "The request cannot be read.",
    403: "This is not open to the program.",
    404: "There is nothing at this address.",
    405: "This address does not take the method. Allow says which ones it takes.",
    408: "The body came too slowly: it must bring 500 bytes a second on average.",
    413: "The body is too large. A file may have {most} MB, anything else 256 KiB.",
    415: "The body has a type that is not taken here.",
    429: "Too many attempts. Retry-After says when to try again.",
    500: "Something broke on our side. Nothing was written. The mark leads to it in the log.",
    503: "The portal is busy. Nothing was written. Try again in a while.",
}


def init_app(app: Flask) -> None:
    """Answer every error with a page of ours, for htmx with a message, and programs in JSON."""
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(Exception, _broken)


def _wrong_host(_error: SecurityError) -> Response:
    """Asked for under a name that is not ours: no page, since its links would be wrong."""
    return Response("This host is not served here.\n", 400, mimetype="text/plain")


def _refused(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    return _answer(status, error=error)


def _unavailable(error: OperationalError) -> Response:
    """The database is locked, away or full."""
    mark = _note(error)
    return _answer(503, mark)


def _broken(error: Exception) -> Response:
    mark = _note(error)
    return _answer(500, mark)


def _note(error: Exception) -> str:
    """Log the whole error under a mark that a person can read out over the phone."""
    db.session.rollback()
    if "_login_user" not in g:
        # Reading the account may be what failed: the page of the error must not try again.
        g._login_user = login.anonymous_user()
    mark = secrets.token_hex(3).upper()
    log.error("error %s", mark, exc_info=error)
    return mark


def _is_for_program() -> bool:
    return request.path.startswith(FOR_PROGRAMS)


def _answer(status: int, mark: str = "", error: HTTPException | None = None) -> Response:
    """A page for people, and for programs a problem."""
    return _problem(status, mark, error) if _is_for_program() else _page(status, mark)


def _problem(status: int, mark: str, error: HTTPException | None) -> Response:
    """The error as RFC 9457 has it; one with ``members`` says more of itself."""
    most = current_app.config["IMPORT_MAX_MB"]
    detail = DETAILS.get(status, DETAILS[400 if status < 500 else 500]).format(most=most)
    known = {"type": "about:blank", "title": HTTPStatus(status).phrase, "detail": detail}
    said = {"mark": mark} if mark else getattr(error, "members", {})
    answer = make_response({**known, **said, "status": status}, status)
    answer.mimetype = PROBLEM
    for name, value in error.get_headers() if error else ():
        if name != "Content-Type":
            answer.headers.add(name, value)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(BUSY_S)
    return answer


def _page(status: int, mark: str = "") -> Response:
    heading, advice = TEXTS.get(status, TEXTS[400 if status < 500 else 500])
    if not wants_part():
        return make_response(
            render_template(
                "ui/error.html", status=status, heading=heading, advice=advice, mark=mark
            ),
            status,
        )
    message = render_template("ui/error_message.html", heading=heading, mark=mark)
    answer = make_response(message, status)
    # The form that was sent stays as it is; the message comes into view above it.
    answer.headers.update({"HX-Retarget": "#messages", "HX-Reswap": "outerHTML show:window:top"})
    return answer
