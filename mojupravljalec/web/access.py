"""Who asks, from where, and where they may be sent on to."""

import io
import ipaddress
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Flask, abort, current_app, flash, redirect, request, session, url_for
from flask.globals import request_ctx
from flask_babel import gettext
from flask_login import current_user
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from .exchange import Continued, Hashing, current_exchange
from .htmx import wants_part

View = TypeVar("View", bound=Callable[..., Any])

UNSENT = "unsent"  # in the session
UNSENT_KEPT_S = 3600
LONGEST_KEPT = 100  # characters: the cookie has room for 4 kB

# Pages that a person is never led back to after signing in.
_NOT_A_GOAL = {
    "accounts.sign_in",
    "accounts.sign_out",
    "accounts.register",
    "static",
}


def public(view: View) -> View:
    """Mark a view that opens without signing in; every other one is closed."""
    view.is_public = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def shared(view: View) -> View:
    """Mark a page of one's own access, which residents and staff have alike."""
    view.is_shared = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def large_files(view: View) -> View:
    """Mark a view that takes files of the billing program: up to IMPORT_MAX_MB."""
    view.takes_large_files = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def photos(view: View) -> View:
    """Mark a view whose form has a file field: up to three times PHOTO_MAX_MB, for its people."""
    view.takes_photos = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def half_open(view: View) -> View:
    """Mark a page that opens between the password and the second proof as well."""
    view.is_half_open = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def fresh(view: View) -> View:
    """Mark a page that needs a recent password, also for its form; see `ask_again`."""
    view.needs_fresh = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def fresh_file(page: str) -> Callable[[View], View]:
    """Mark a file that needs a recent password; ``page`` is the endpoint that links to it."""

    def mark(view: View) -> View:
        view.linked_on = page  # type: ignore[attr-defined]  # a mark on a function
        return fresh(view)

    return mark


def desk(right: str) -> Callable[[View], View]:
    """Mark a page of the office: who has ``right`` may open it."""

    def mark(view: View) -> View:
        view.right = right  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def by_token(scope: str) -> Callable[[View], View]:
    """Mark a view for programs: it asks for a token with ``scope``, and knows no session.

    Who checks the token stands in ``app.extensions["by_token"]``, called with the scope; it
    raises where the program may not go on.
    """

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def keeps(*fields: str) -> Callable[[View], View]:
    """Mark what of a closed form outlives a sign-in that has ended; the view asks `unsent`.

    It waits in the cookie, nothing secret, for the account that was signed in here last. Where
    that is not known, it waits only for a page whose address names something: no stranger finds
    that page.
    """

    def mark(view: View) -> View:
        view.keeps = fields  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def is_unsent_of(account_id: int) -> bool:
    """Whether something waits in the cookie that the account may find there."""
    return session.get(UNSENT, {}).get("owner") in ("", str(account_id))


def unsent() -> dict[str, str]:
    """What was typed here when the sign-in had ended, by field; until the form is sent."""
    kept = session.get(UNSENT, {})
    if request.method == "POST":
        session.pop(UNSENT, None)
    elif kept.get("place") == own_address() and kept["until"] > time.time():
        return dict(kept["fields"])
    return {}


def own_address() -> str:
    """Return path and query of the request, as links and forms name it."""
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


def is_same_machine() -> bool:
    """Return whether the caller is a program of this machine that forwards for nobody else."""
    direct = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    try:
        address = ipaddress.ip_address(direct.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback and not any(map(_tells_of_a_proxy, request.headers.keys()))


def _tells_of_a_proxy(header: str) -> bool:
    name = header.lower()
    return name in {"forwarded", "x-real-ip", "via"} or name.startswith("x-forwarded-")


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
    url = url_for("accounts.sign_in", next=safe_next(own_address()))
    if request.method == "POST":
        flash(gettext("What you typed is not sent yet. Sign in and send it once more."), "warn")
        with suppress(RequestEntityTooLarge):  # a stranger's file is not read
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
    owner = _last_account()
    if not owner and not request.view_args:
        return
    typed = {name: text for name in fields if (text := request.form.get(name))}
    if typed and all(len(text) <= LONGEST_KEPT for text in typed.values()):
        until = int(time.time()) + UNSENT_KEPT_S
        place = own_address()
        session[UNSENT] = {"owner": owner, "place": place, "fields": typed, "until": until}


def _last_account() -> str:
    """Return the id of the account whose sign-in has ended in this browser, or ""."""
    return str(session.get("_user_id", "")).partition(":")[0]


def init_app(app: Flask) -> None:
    """Close every door that is not marked public, and let only files be large."""

    @app.before_request
    def refused_by_the_gateway() -> None:
        exchange = current_exchange()
        if exchange and exchange.trouble:
            raise exchange.trouble
        if exchange and exchange.refusal:
            abort(exchange.refusal)

    @app.before_request
    def forms_are_our_own() -> None:
        # A foreign page's form comes without the cookie; the answer would replace it, and
        # sign the person out. A program brings no cookie, and no browser has its token.
        view = app.view_functions.get(request.endpoint or "")
        if request.method == "POST" and not hasattr(view, "scope") and _is_foreign():
            abort(403)

    @app.before_request
    def only_files_are_large() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if getattr(view, "takes_large_files", False):
            most = app.config["IMPORT_MAX_MB"] * 1024 * 1024
        elif getattr(view, "takes_photos", False) and _may_send_photo():
            most = app.config["MAX_CONTENT_LENGTH"]
        else:
            most = app.config["MAX_FORM_MEMORY_SIZE"]
        request.max_content_length = most
        if exchange := current_exchange():
            exchange.body_limit = most

    @app.before_request
    def closed_by_default() -> Response | None:
        view = app.view_functions.get(request.endpoint or "")
        if view is None or getattr(view, "is_public", False) or request.endpoint == "static":
            return None
        if hasattr(view, "scope"):
            app.extensions["by_token"](view.scope)
            return None
        if not (current_user.is_authenticated or _is_half_in(view)):
            return ask_to_sign_in()
        if current_user.is_authenticated and (elsewhere := _by_role(view)):
            return elsewhere
        if getattr(view, "needs_fresh", False) and not current_user.is_fresh:
            return ask_again(back=_linked_on(view))
        return None


def _may_send_photo() -> bool:
    """Whether the form has a file, of somebody who has signed in in this browser before."""
    return request.mimetype == "multipart/form-data" and bool(_last_account())


def _is_half_in(view: Callable[..., Any]) -> bool:
    """Whether the password was right, and the page is one of those that come next."""
    return getattr(view, "is_half_open", False) and not current_user.is_anonymous


def _by_role(view: Callable[..., Any]) -> Response | None:
    """Who is signed in gets through, or where they belong. To a resident, no office exists."""
    if getattr(view, "is_shared", False) or getattr(view, "is_half_open", False):
        return None
    right = getattr(view, "right", None)
    if right is None:
        return _resident_only()
    if current_user.role is None:
        raise NotFound
    if not current_user.may(right):
        raise Forbidden
    return None


def _resident_only() -> Response | None:
    if current_user.role is None:
        return None
    if request.endpoint == "home.start":
        return redirect(url_for("office.board"))
    raise NotFound


def _linked_on(view: Callable[..., Any]) -> str:
    """Return the address of the page that links to a `fresh_file`, or "" for other views."""
    page = getattr(view, "linked_on", "")
    if not page:
        return ""
    is_expected = current_app.url_map.is_endpoint_expecting
    values = (request.view_args or {}).items()
    return url_for(page, **{name: value for name, value in values if is_expected(page, name)})


class SentForm(NamedTuple):
    """A form as it was sent: the address as in the WSGI environment, and its fields in order."""

    path: str
    query: str
    fields: list[tuple[str, str]]


def ask_again(back: str = "") -> Response:
    """Redirect to the page that asks for the password; afterwards the request is performed.

    A form is stored by ``app.extensions["hold_form"]``, which is called with a `SentForm`,
    commits and returns its number; a form with files is not, and must be sent once more.
    ``back`` is the page to return to where the answer is a file and leaves the page as it is.
    """
    held = None
    if request.method == "POST":
        if request.files:
            flash(
                gettext("Nothing is done yet. Confirm that it is you and press once more."), "warn"
            )
        else:
            held = current_app.extensions["hold_form"](_sent_form())
    url = url_for(
        "accounts.again", next=safe_next(own_address()), obrazec=held, nazaj=safe_next(back)
    )
    if wants_part():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def _sent_form() -> SentForm:
    environ = request.environ
    fields = list(request.form.items(multi=True))
    return SentForm(environ["PATH_INFO"], environ.get("QUERY_STRING", ""), fields)


def perform(form: SentForm) -> Any:
    """Continue the current request as if ``form`` had just been sent by the same person.

    Every check of a request is made again. Call it as the last act of a view, after its commit.
    """
    body = urlencode(form.fields).encode()
    changed: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": form.path,
        "QUERY_STRING": form.query,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
    }
    exchange = current_exchange()
    if exchange and exchange.hashing is Hashing.HERE:
        raise Continued(changed, body)  # an export, say, must not keep others from hashing
    kept = {name: one for name, one in request.environ.items() if name != "werkzeug.request"}
    changed["wsgi.input"] = io.BytesIO(body)
    context = request_ctx._get_current_object()  # type: ignore[attr-defined]  # a proxy's way
    context.request = current_app.request_class(kept | changed)
    context.url_adapter = current_app.create_url_adapter(context.request)
    context.match_request()
    refused = current_app.preprocess_request()
    return current_app.dispatch_request() if refused is None else refused
