"""The cookie by which a browser is known to accounts that have signed in with it.

It opens nothing. It gives the browser a budget of guesses of its own for each of these accounts,
so that a stranger's guesses do not lock their owner out. It outlives signing out, and ends for an
account when its password changes.
"""

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from .models import Account
from .queries import SignedIn

LASTS_S = 400 * 86_400  # the longest that browsers keep a cookie
MOST = 5  # accounts of one browser, as of a family's tablet

# An account, its device row at the last sign-in with this browser, and the account's mark.
Entry = tuple[int, int, str]


def device_for(account: Account | None) -> int | None:
    """Return the device as which the request's browser is known to ``account``."""
    if account is None:
        return None
    return next(
        (
            device_id
            for account_id, device_id, mark in _entries()
            if (account_id, mark) == (account.id, account.browser_mark)
        ),
        None,
    )


def remember(answer: Response, person: SignedIn) -> None:
    """Let the browser that gets ``answer`` be known to the account of ``person``, who signed in."""
    newest = (person.id, person.device_id, person.browser_mark)
    others = [entry for entry in _entries() if entry[0] != person.id]
    answer.set_cookie(
        current_app.config["BROWSER_COOKIE_NAME"],
        _signer().dumps([newest, *others][:MOST]),
        max_age=LASTS_S,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite=current_app.config["SESSION_COOKIE_SAMESITE"],
    )


def _entries() -> list[Entry]:
    """What the request's cookie holds; nothing where it was not signed here."""
    try:
        found = _signer().loads(request.cookies.get(current_app.config["BROWSER_COOKIE_NAME"], ""))
    except BadData:
        return []
    return [(account_id, device_id, mark) for account_id, device_id, mark in found]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known-browser")
