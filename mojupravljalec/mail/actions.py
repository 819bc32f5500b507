"""Putting a letter into the outbox."""

import secrets
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import get_locale

from ..extensions import db
from ..values import clock
from .models import LetterState, OutboxLetter


def post(
    kind: str,
    to_address: str,
    *,
    language: str | None,
    pretend: bool = False,
    **facts: str | int,
) -> None:
    """Queue the letter ``kind`` (of `letters.KINDS`) to ``to_address``; the caller commits.

    Without a ``language`` it speaks as the page does. ``pretend`` does the same work for a
    letter that nobody gets: time must not tell who is known.
    """
    moment = clock.now()
    host = urlsplit(current_app.config["SITE_URL"]).hostname
    db.session.add(
        OutboxLetter(
            message_id=f"<{secrets.token_hex(16)}@{host}>",
            kind=kind,
            to_address=to_address,
            language=language or str(get_locale()),
            facts=facts,
            created_at=moment,
            next_try_at=moment,
            state=LetterState.DROPPED if pretend else LetterState.QUEUED,
        )
    )
