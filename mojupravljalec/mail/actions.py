"""Putting a letter into the outbox."""

import secrets
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import get_locale

from ..extensions import db
from ..values import clock
from .models import LetterState, OutboxLetter


def post(kind: str, to_address: str, *, language: str | None = None, **facts: str | int) -> None:
    """Queue the letter ``kind`` (templates/mail/KIND.*) to ``to_address``; the caller commits."""
    _add(kind, to_address, language, facts, LetterState.QUEUED)


def pretend(kind: str, to_address: str, **facts: str | int) -> None:
    """The same work as ``post`` for a letter nobody gets: time must not tell who is known."""
    _add(kind, to_address, None, facts, LetterState.DROPPED)


def _add(
    kind: str,
    to_address: str,
    language: str | None,
    facts: dict[str, str | int],
    state: LetterState,
) -> None:
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
            state=state,
        )
    )
