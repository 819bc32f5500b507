"""The people of the office."""

from typing import Any

from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from ..accounts.models import Account, Device
from ..accounts.roles import Role
from ..extensions import db
from ..web.lists import Query


def people(role: str = "") -> Query:
    """Everybody who works or worked in the office, with the moment of the last sign-in.

    Only those with ``role``, where one is given.
    """
    last = (
        select(func.max(Device.created_at))
        .where(Device.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery()
        .label("last_at")
    )
    return select(
        Account.id,
        Account.email,
        Account.first_name,
        Account.last_name,
        Account.role,
        Account.activated_at,
        Account.factor_since,
        Account.closed_at,
        last,
    ).where(Account.role == role if role else Account.role.is_not(None))


def person(account_id: int) -> Account:
    """Somebody of the office; a resident is not found here."""
    found = db.session.get(Account, account_id)
    if found is None or found.role is None:
        raise NotFound
    return found


def other_operators(account_id: int) -> int:
    """How many others could manage the staff, with ``account_id`` gone."""
    query = select(func.count()).where(
        Account.role == Role.OPERATOR,
        Account.id != account_id,
        Account.activated_at.is_not(None),
        Account.closed_at.is_(None),
    )
    return db.session.scalar(query) or 0


def role(account: Account) -> Role:
    """What somebody of the office is there for."""
    return Role(account.role or "")


def state(row: Any) -> str:
    """Of an account, or a row of `people`: »invited«, »active« or »closed«."""
    if row.closed_at:
        return "closed"
    return "active" if row.activated_at else "invited"
