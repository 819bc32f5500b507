"""The worker's part: taking letters out of the outbox and handing them over.

How often a letter leaves. A letter is leased in one transaction, sent in none, and its outcome
booked in another, so several workers send each letter once. When the server has taken a letter,
its receipt (an empty file) is left first, before the database hears of it: a worker that is
killed then, or a database that is locked or full, leads to no second copy, since whoever leases
the letter next finds the receipt and only books it as sent.

What stays open is what SMTP itself leaves open (RFC 1047): the server took the letter, but its
reply never reached us, since the connection broke or the worker was killed just then; or the
machine lost power within the milliseconds until the booking. We then send again, with the same
Message-ID and Date, by which mail servers and programs can drop the copy: a letter twice is a
nuisance, an activation that never comes is a call to the office.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, cast

from flask import current_app
from sqlalchemy import CursorResult, delete, or_, select, update

from .. import identity
from ..extensions import db
from ..values import clock
from . import transport
from .letters import write
from .models import LetterState, OutboxLetter

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
GIVE_UP_AFTER = timedelta(days=3)
RECEIPTS_KEPT = timedelta(days=7)
FACTS_KEPT = timedelta(days=30)  # of letters given up, for the office to send again


class Round(NamedTuple):
    """What one round did; ``reachable`` is False when the server took no letter at all."""

    sent: int
    reachable: bool


def send_round(limit: int = 100, stop: Callable[[], bool] = lambda: False) -> Round:
    """Send letters until none is due, ``limit`` were tried, or ``stop``. Commits.

    It ends early when the server cannot be reached: the other letters need not find that out
    one by one. Database errors pass through, with the session rolled back.
    """
    sent = 0
    try:
        _drop_pretended()
        with transport.carrier() as carrier:
            for _ in range(limit):
                letter = None if stop() else _lease()
                if letter is None:
                    break
                try:
                    sent += _deliver(letter, carrier)
                except transport.Unreachable as trouble:
                    _book_unreachable(letter, trouble)
                    return Round(sent, reachable=False)
    finally:
        db.session.rollback()
    return Round(sent, reachable=True)


def tidy() -> None:
    """Once an hour: drop old receipts, and the facts of letters given up. The caller commits."""
    now = clock.now()
    db.session.execute(
        update(OutboxLetter)
        .where(OutboxLetter.state == LetterState.FAILED)
        .where(OutboxLetter.created_at < now - FACTS_KEPT)
        .values(facts={})
    )
    if not identity.may_remove_files():
        return
    for receipt in _receipts().glob("*"):
        if receipt.stat().st_mtime < (now - RECEIPTS_KEPT).timestamp():
            receipt.unlink(missing_ok=True)


def _drop_pretended() -> None:
    db.session.execute(delete(OutboxLetter).where(OutboxLetter.state == LetterState.DROPPED))
    db.session.commit()


def _lease() -> OutboxLetter | None:
    """The letter that has been due longest, ours for LEASE; no transaction stays open.

    It is detached: reading it later must not begin a transaction, which on SQLite would
    lock the portal out while the mail server thinks.
    """
    now = clock.now()
    free = or_(OutboxLetter.leased_until.is_(None), OutboxLetter.leased_until <= now)
    letter = db.session.scalar(
        select(OutboxLetter)
        .where(OutboxLetter.state == LetterState.QUEUED, OutboxLetter.next_try_at <= now, free)
        .order_by(OutboxLetter.next_try_at, OutboxLetter.id)
        .limit(1)
        # Postgres; SQLite holds the lock since BEGIN IMMEDIATE
        .with_for_update(skip_locked=True, key_share=True)
    )
    if letter:
        letter.leased_until = now + LEASE
        db.session.flush()
        db.session.expunge(letter)
    db.session.commit()
    return letter


def _deliver(letter: OutboxLetter, carrier: transport.Carrier) -> bool:
    """Send ``letter`` and book what came of it; whether it left now. Raises Unreachable."""
    receipt = _receipts() / transport.slug(letter.message_id)
    if receipt.exists():
        _book_sent(letter, receipt)
        return False
    try:
        carrier.send(write(letter))
    except transport.Unreachable:
        raise
    except transport.Refused as trouble:
        _book_failed(letter, trouble)
        return False
    except transport.Postponed as trouble:
        _book_postponed(letter, trouble)
        return False
    except Exception as bug:  # one letter that cannot be written must not hold up the others
        log.exception("letter %s (%s) cannot be written", letter.id, letter.kind)
        _book_postponed(letter, bug)
        return False
    _leave(receipt)
    _book_sent(letter, receipt)
    return True


def _receipts() -> Path:
    return Path(current_app.config["MAILBOX"]) / "accepted"


def _leave(receipt: Path) -> None:
    try:
        receipt.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        receipt.touch()
    except OSError as error:  # a full disk; the booking may still succeed
        log.warning("no receipt for a letter that was sent: %s", error.strerror)


def _book_sent(letter: OutboxLetter, receipt: Path) -> None:
    _book(letter, state=LetterState.SENT, sent_at=clock.now(), facts={}, last_error="")
    receipt.unlink(missing_ok=True)


def _book_failed(letter: OutboxLetter, why: Exception) -> None:
    log.warning("letter %s (%s) given up: %s", letter.id, letter.kind, why)
    _book(letter, state=LetterState.FAILED, last_error=_said(why))


def _book_postponed(letter: OutboxLetter, why: Exception) -> None:
    _book_later(letter, PAUSES[min(letter.tries, len(PAUSES) - 1)], why)


def _book_unreachable(letter: OutboxLetter, why: Exception) -> None:
    """It was not the letter's fault: as soon as the server is back, it leaves."""
    _book_later(letter, PAUSES[0], why)


def _book_later(letter: OutboxLetter, pause: timedelta, why: Exception) -> None:
    now = clock.now()
    if now - letter.created_at >= GIVE_UP_AFTER:
        _book_failed(letter, why)
        return
    log.info("letter %s (%s) again in %s: %s", letter.id, letter.kind, pause, why)
    _book(letter, next_try_at=now + pause, last_error=_said(why))


def _said(why: Exception) -> str:
    return " ".join(f"{type(why).__name__}: {why}".split())[:500]


def _book(letter: OutboxLetter, **outcome: str | datetime | dict[str, str]) -> None:
    """Write the outcome, unless the lease ran out and somebody else has the letter. Commits."""
    booked = db.session.execute(
        update(OutboxLetter)
        .where(OutboxLetter.id == letter.id, OutboxLetter.leased_until == letter.leased_until)
        .values(tries=OutboxLetter.tries + 1, leased_until=None, **outcome)
    )
    db.session.commit()
    if cast("CursorResult[None]", booked).rowcount == 0:
        log.warning("letter %s (%s) took longer than its lease", letter.id, letter.kind)
