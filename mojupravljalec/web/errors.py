"""What a person reads when something went wrong: never a trace, never a blank page."""

import logging
from http import HTTPStatus

from flask import Flask, current_app, g, make_response, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from ..extensions import db, login
from ..logs import request_id
from .htmx import wants_part
from .outages import Cause, cause_of

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
}
# The same for 503, by what is out of order.
OUTAGES = {
    Cause.BUSY: (
        _("The portal is busy"),
        _("What you sent was not saved. Go back and try again in a minute."),
    ),
    Cause.DISK_FULL: (
        _("The portal cannot save anything now"),
        _(
            "We have run out of room for new data. What you sent was not saved. Try again in an "
            "hour, or call us."
        ),
    ),
    Cause.DISK_FAILS: (
        _("The portal cannot save anything now"),
        _(
            "Something is broken where we keep the data. What you sent was not saved. Try again "
            "in an hour, or call us."
        ),
    ),
    Cause.READ_ONLY: (
        _("The portal can only be read now"),
        _(
            "You can look at everything, but nothing can be sent for now. What you sent was not "
            "saved. Try again later, or call us."
        ),
    ),
    Cause.DATABASE_AWAY: (
        _("The data cannot be reached now"),
        _(
            "What you sent was not saved. Try again in a few minutes. If that does not help, "
            "call us."
        ),
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
}
OUTAGE_DETAILS = {
    Cause.BUSY: "The portal is busy. Nothing was written. Try again in a while.",
    Cause.DISK_FULL: "The disk is full. Nothing was written. The operator has to make room.",
    Cause.DISK_FAILS: "The disk fails. Nothing was written. The operator has to look at it.",
    Cause.READ_ONLY: "Only reading works for now. Nothing was written. Try again later.",
    Cause.DATABASE_AWAY: "The database cannot be reached. Nothing was written. Try again later.",
}


def init_app(app: Flask) -> None:
    """Answer every error with a page of ours, for htmx with a message, and programs in JSON."""
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)


def _wrong_host(_error: SecurityError) -> Response:
    """Asked for under a name that is not ours: no page, since its links would be wrong."""
    return Response("This host is not served here.\n", 400, mimetype="text/plain")


def _refused(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    return _answer(status, error=error)


def _broken(error: Exception) -> Response:
    """Answer 503 where disk or database are out of order, else 500."""
    cause = cause_of(error)
    mark = _note(error, cause)
    return _answer(503 if cause else 500, mark, cause=cause)


def _note(error: Exception, cause: Cause | None) -> str:
    """Log the whole error; return the request's id, which a person can read out by phone."""
    db.session.rollback()
    if "_login_user" not in g:
        # Reading the account may be what failed: the page of the error must not try again.
        g._login_user = login.anonymous_user()
    mark = request_id()
    log.error("%s in %s, error %s", cause or "bug", request.endpoint, mark, exc_info=error)
    return mark


def _is_for_program() -> bool:
    return request.path.startswith(FOR_PROGRAMS)


def _answer(
    status: int,
    mark: str = "",
    *,
    error: HTTPException | None = None,
    cause: Cause | None = None,
) -> Response:
    """A page for people, and for programs a problem."""
    if _is_for_program():
        return _problem(status, mark, error, cause)
    return _page(status, mark, cause)


def _problem(status: int, mark: str, error: HTTPException | None, cause: Cause | None) -> Response:
    """The error as RFC 9457 has it; one with ``members`` says more of itself."""
    most = current_app.config["IMPORT_MAX_MB"]
    detail = DETAILS.get(status, DETAILS[400 if status < 500 else 500]).format(most=most)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        detail = OUTAGE_DETAILS[cause or Cause.BUSY]
    known = {"type": "about:blank", "title": HTTPStatus(status).phrase, "detail": detail}
    said = {"mark": mark} if mark else getattr(error, "members", {})
    if cause:
        said = {**said, "cause": cause.value}
    answer = make_response({**known, **said, "status": status}, status)
    answer.mimetype = PROBLEM
    for name, value in error.get_headers() if error else ():
        if name != "Content-Type":
            answer.headers.add(name, value)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(BUSY_S)
    return answer


def _page(status: int, mark: str, cause: Cause | None) -> Response:
    heading, advice = TEXTS.get(status, TEXTS[400 if status < 500 else 500])
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        heading, advice = OUTAGES[cause or Cause.BUSY]
    if not wants_part():
        return make_response(
            render_template(
                "ui/error.html", status=status, heading=heading, advice=advice, mark=mark
            ),
            status,
        )
    # Where a second try helps at once, the message says that the form is still there.
    said = "" if cause in (None, Cause.BUSY) else advice
    message = render_template("ui/error_message.html", heading=heading, advice=said, mark=mark)
    answer = make_response(message, status)
    # The form that was sent stays as it is; the message comes into view above it.
    answer.headers.update({"HX-Retarget": "#messages", "HX-Reswap": "outerHTML show:window:top"})
    return answer
