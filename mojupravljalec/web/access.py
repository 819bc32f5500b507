"""Who asks, from where, and where they may be sent on to."""

import ipaddress
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, flash, redirect, request, session, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from .htmx import wants_part

View = TypeVar("View", bound=Callable[..., Any])

UNSENT = "unsent"  # in the session
UNSENT_KEPT_S = 3600
LONGEST_KEPT = 100  # characters: the cookie has room for 4 kB

# Pages that a person is never led back to after signing in.
_NOT_A_GOAL = {"accounts.sign_in", "accounts.sign_out", "accounts.register", "static"}


def public(view: View) -> View:
    """Mark a view that opens without signing in; every other one is closed."""
    view.is_public = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def keeps(*fields: str) -> Callable[[View], View]:
    """Mark what of a closed form outlives a sign-in that has ended; the view asks `unsent`.

    It waits in the cookie, where whoever signs in next on this device could find it: nothing
    secret, and only on pages that are found by their owner alone.
    """

    def mark(view: View) -> View:
        view.keeps = fields  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def unsent() -> dict[str, str]:
    """What was typed here when the sign-in had ended, by field; until the form is sent."""
    kept = session.get(UNSENT, {})
    if request.method == "POST":
        session.pop(UNSENT, None)
    elif kept.get("place") == _place() and kept["until"] > time.time():
        return dict(kept["fields"])
    return {}


def _place() -> str:
    """Where the caller is, as one may come back to it."""
    return request.full_path.rstrip("?")


def client_address() -> str:
    """The caller's address as limits count it: an IPv6 caller by their /64 network."""
    raw = request.remote_addr or "0.0.0.0"  # noqa: S104 a stand-in for none, not a binding
    try:
        address = ipaddress.ip_address(raw)
    except ValueError:
        return raw
    address = getattr(address, "ipv4_mapped", None) or address
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{raw}/64", strict=False))


def safe_next(target: str | None) -> str | None:
    """``target`` if it is one of our own pages that can be opened, else None.

    Only a path that the router knows passes; »//evil«, »/\\t/evil« and other hosts do not.
    """
    if not target or not target.isprintable() or "\\" in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:  # as »//[« is
        return None
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or "//" in parts.path:
        return None
    try:
        endpoint, values = current_app.url_map.bind("").match(parts.path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    if endpoint in _NOT_A_GOAL:
        return None
    return url_for(endpoint, **values) + (f"?{parts.query}" if parts.query else "")


def ask_to_sign_in() -> Response:
    """Lead a signed-out caller to the sign-in page, and back again afterwards."""
    url = url_for("accounts.sign_in", next=safe_next(_place()))
    if request.method == "POST":
        flash(gettext("What you typed is not sent yet. Sign in and send it once more."), "warn")
        _keep_typed()
    if wants_part():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def _is_foreign() -> bool:
    """Whether the browser says that the form stands on another site; old ones say nothing."""
    origin = request.headers.get("Origin", "null")
    ours = urlsplit(current_app.config["SITE_URL"]).hostname
    elsewhere = origin != "null" and urlsplit(origin).hostname != ours
    return elsewhere or request.headers.get("Sec-Fetch-Site") == "cross-site"


def _keep_typed() -> None:
    fields = getattr(current_app.view_functions[request.endpoint or ""], "keeps", ())
    typed = {name: text for name in fields if (text := request.form.get(name))}
    if typed and all(len(text) <= LONGEST_KEPT for text in typed.values()):
        until = int(time.time()) + UNSENT_KEPT_S
        session[UNSENT] = {"place": _place(), "fields": typed, "until": until}


def init_app(app: Flask) -> None:
    """Close every door that is not marked public, and let only photos be large."""

    @app.before_request
    def forms_are_our_own() -> None:
        # A foreign page's form comes without the cookie; the answer would replace it, and
        # sign the person out.
        if request.method == "POST" and _is_foreign():
            abort(403)

    @app.before_request
    def only_photos_are_large() -> None:
        if request.mimetype != "multipart/form-data":
            request.max_content_length = app.config["MAX_FORM_MEMORY_SIZE"]

    @app.before_request
    def closed_by_default() -> Response | None:
        view = app.view_functions.get(request.endpoint or "")
        if view is None or getattr(view, "is_public", False) or request.endpoint == "static":
            return None
        return None if current_user.is_authenticated else ask_to_sign_in()
