"""Letters that a person may switch off, in the profile or by the link in the letter."""

from collections.abc import Collection

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from ..extensions import Base, db
from .letters import CHOICES, UNSUBSCRIBE_SALT
from .models import UnwantedMail


def unwanted_by(account_id: int) -> set[str]:
    """The kinds that the account has switched off."""
    return set(db.session.scalars(select(UnwantedMail.kind).filter_by(account_id=account_id)))


def choose(account_id: int, wanted: Collection[str]) -> None:
    """From now on the account gets ``wanted`` and no other of the kinds it may choose."""
    db.session.execute(delete(UnwantedMail).filter_by(account_id=account_id))
    for kind in CHOICES:
        if kind not in wanted:
            db.session.add(UnwantedMail(account_id=account_id, kind=kind))


def switch_off(account_id: int, kind: str) -> None:
    """No more letters of the kind; saying so twice, or of an account that is gone, is the same."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    accounts = Base.metadata.tables["account"]
    there = select(accounts.c.id, literal(kind)).where(accounts.c.id == account_id)
    db.session.execute(
        insert(UnwantedMail).from_select(["account_id", "kind"], there).on_conflict_do_nothing()
    )


def read(text: str) -> tuple[int, str] | None:
    """The account and the kind that the link in a letter is for, or None.

    It only ever switches letters off, so it never ends.
    """
    signer = URLSafeSerializer(current_app.config["SECRET_KEY"], salt=UNSUBSCRIBE_SALT)
    try:
        account_id, kind = signer.loads(text)
    except (BadData, ValueError, TypeError):
        return None
    return (account_id, kind) if kind in CHOICES else None
