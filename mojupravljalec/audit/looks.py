"""Noting what changes nothing: that somebody of the office looked, or took a list along.

Pages that only read begin no writing transaction, and on SQLite one that has read may not write
any more once others have. So these rows have a short transaction of their own.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from ..extensions import db
from ..values import clock
from ..web.access import client_address
from .models import AuditEntry

# What a look is called, by the table that was looked into.
LOOKS = {"customer": "customer.viewed", "account": "account.viewed"}
LIST_TAKEN = "list.exported"
ONE_LOOK = timedelta(minutes=10)  # so long, looking again is the same look


def note_look(account_id: int, subject: str, **details: Any) -> None:
    """Note that the account looked at ``subject``, "customer:12" or "account:12".

    Looks within ten minutes are one. Ends the transaction in which the page reads; what it has
    read so far is out of date. Raises OperationalError where the database stays busy: a look
    that cannot be noted is not given.
    """
    event = LOOKS[subject.partition(":")[0]]
    if not _is_noted(event, account_id, subject):
        _note(event, account_id, subject, details)


def note_list(account_id: int, name: str, /, **filters: Any) -> None:
    """Note that the account takes the list ``name`` along as a file; otherwise as `note_look`."""
    _note(LIST_TAKEN, account_id, "", {"list": name, "filters": filters})


def note_saved(account_id: int, subject: str, name: str) -> None:
    """Audit that the account saved the spreadsheet ``name`` of ``subject``; as `note_look`."""
    _note(LIST_TAKEN, account_id, subject, {"file": name})


def _is_noted(event: str, account_id: int, subject: str) -> bool:
    query = select(AuditEntry.id).where(
        AuditEntry.event == event,
        AuditEntry.at > clock.now() - ONE_LOOK,
        AuditEntry.account_id == account_id,
        AuditEntry.subject == subject,
    )
    return db.session.scalar(query.limit(1)) is not None


def _note(event: str, account_id: int, subject: str, details: dict[str, Any]) -> None:
    # A reader keeps SQLite without the write-ahead log from writing: also our own.
    db.session.rollback()
    row = {
        "at": clock.now(),
        "event": event,
        "account_id": account_id,
        "address": client_address(),
        "subject": subject,
        "details": details,
    }
    with db.engine.begin() as connection:
        connection.execute(insert(AuditEntry).values(row))
