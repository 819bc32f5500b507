"""A page that was seen before and has not changed need not be made again."""

import functools
import hashlib
from collections.abc import Callable
from typing import ParamSpec

from flask import current_app, make_response, request, session
from flask_login import current_user
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from ..extensions import db
from ..values import clock
from ..web.i18n import locale
from .models import AuditEntry

P = ParamSpec("P")
_LAST = select(func.max(AuditEntry.id))


def revisited(view: Callable[P, Response | str]) -> Callable[P, Response]:
    """Answer 304 to whoever has the page of ``view`` as it is, before it is worked out.

    Whatever a page shows leaves a row in the audit when it changes: the last of them is the
    page's version, together with who asks for what, in which language, on which day.
    """

    @functools.wraps(view)
    def look(*args: P.args, **kwargs: P.kwargs) -> Response:
        if "_flashes" in session:  # a message is shown once
            return make_response(view(*args, **kwargs))
        tag = _version()
        if request.if_none_match.contains(tag):
            response = Response(status=304)
        else:
            response = make_response(view(*args, **kwargs))
        if response.status_code in {200, 304}:
            response.set_etag(tag)
        return response

    return look


def _version() -> str:
    last = db.session.scalar(_LAST)
    parts = (
        last,
        current_user.get_id(),
        locale(),
        clock.today(),
        request.full_path,
        request.headers.get("HX-Request"),
        request.headers.get("HX-Target"),
        current_app.config["PAGES_VERSION"],
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
