"""Secrets that are shown once after they were made: recovery codes and tokens.

They do not travel in the session cookie, which can be read, nor do they lie in the database. A
random seed is kept with the device for a few minutes; the secret follows from the seed and the
portal's secret key. The cookie only notes that it was shown, so that an answer which got lost can
be asked for again.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

from flask import current_app, session
from sqlalchemy import update

from ..extensions import db
from ..values import clock
from . import queries
from .models import Device
from .queries import SignedIn

LASTS = timedelta(minutes=10)
SHOWN = "shown_once"  # in the session


class MadeBefore(Exception):
    """The same form was sent before; what it made can still be shown."""


def new_key(person: SignedIn, what: str, *, submission: str = "") -> bytes:
    """Return 32 random bytes to make a secret of, which the person's device may show once.

    ``what`` names the secret, as "api-token". ``submission`` identifies the form, so that
    pressing its button twice makes one secret. The caller commits. Raises MadeBefore.
    """
    device = queries.device_of(person.id, person.device_id, for_update=bool(submission))
    begins = f"{what}:{_digest(submission)}:"
    if submission and device.once_seed and device.once_seed.startswith(begins):
        raise MadeBefore
    device.once_seed = begins + secrets.token_urlsafe(24)
    device.once_until = clock.now() + LASTS
    return _key(person, device.once_seed)


def key_to_show(person: SignedIn, what: str) -> bytes | None:
    """Return the key of ``what`` if the person's device has not shown it yet."""
    device = queries.device_of(person.id, person.device_id)
    seed, until = device.once_seed, device.once_until
    if seed is None or until is None or not seed.startswith(f"{what}:") or clock.now() >= until:
        return None
    mark = _digest(seed)
    if session.get(SHOWN) == mark:
        return None
    session[SHOWN] = mark
    return _key(person, seed)


def clear_seeds() -> None:
    """Erase the seeds whose time is over: nobody can show their secrets any more."""
    db.session.execute(
        update(Device)
        .where(Device.once_until <= clock.now())
        .values(once_seed=None, once_until=None)
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _key(person: SignedIn, seed: str) -> bytes:
    key = str(current_app.config["SECRET_KEY"]).encode()
    text = f"shown-once:{person.id}:{person.device_id}:{seed}"
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
