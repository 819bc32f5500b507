"""Limits that hold over processes and restarts, on both databases.

Booking locks the row of its key until the transaction ends, so forty guesses at once are counted
one after the other.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..extensions import db
from ..values import clock
from . import rules
from .models import ThrottleWindow


@dataclass(frozen=True)
class Limit:
    """At most ``most`` tries in any ``seconds``, wherever they begin."""

    name: str
    most: int
    seconds: int

    def key(self, who: str) -> str:
        """Hashed, so that the table does not collect addresses."""
        return f"{self.name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def book(limit: Limit, who: str) -> bool:
    """Count one try if it is within the limit, and return whether it is. The caller commits.

    A try beyond the limit is not counted: going on trying does not keep the limit closed.
    """
    now = _now()
    tries = rules.recent(_held(limit.key(who)), now=now, seconds=limit.seconds)
    if rules.total(tries) >= limit.most:
        return False
    _save(limit, who, rules.with_one_more(tries, now=now, seconds=limit.seconds))
    return True


def spent(limit: Limit, who: str) -> bool:
    """Whether the next try would be one too many. Counts nothing."""
    return wait_s(limit, who) > 0


def spent_by_any(limit: Limit) -> bool:
    """Whether the next try of anybody counted under the limit would be one too many."""
    now = _now()
    kept = select(ThrottleWindow.tries).where(ThrottleWindow.key.startswith(f"{limit.name}:"))
    return any(
        rules.wait_s(tries, now=now, seconds=limit.seconds, most=limit.most)
        for tries in db.session.scalars(kept)
    )


def wait_s(limit: Limit, who: str) -> int:
    """The seconds until the next try is within the limit. Counts nothing."""
    kept = db.session.scalar(select(ThrottleWindow.tries).filter_by(key=limit.key(who)))
    return rules.wait_s(kept or [], now=_now(), seconds=limit.seconds, most=limit.most)


def take_back(limit: Limit, who: str) -> None:
    """Uncount the try just booked in this transaction: it was a right one."""
    _save(limit, who, rules.without_last(_held(limit.key(who))))


def forget(limit: Limit, who: str) -> None:
    """Start again from nothing, as when the office opens a lock."""
    db.session.execute(delete(ThrottleWindow).where(ThrottleWindow.key == limit.key(who)))


def forget_all(limit: Limit) -> None:
    """Start again from nothing for everybody counted under the limit."""
    db.session.execute(
        delete(ThrottleWindow).where(ThrottleWindow.key.startswith(f"{limit.name}:"))
    )


def sweep() -> None:
    """Drop the windows in which nothing counts any more."""
    db.session.execute(delete(ThrottleWindow).where(ThrottleWindow.ends_at < _now()))


def _held(key: str) -> rules.Tries:
    """The tries under ``key``; nobody else books under it before this transaction ends."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(ThrottleWindow)
        .values(key=key, tries=[], ends_at=0)
        # Changes nothing: it locks the row and returns what it holds now.
        .on_conflict_do_update(index_elements=["key"], set_={"ends_at": ThrottleWindow.ends_at})
        .returning(ThrottleWindow.tries)
    )
    return db.session.execute(statement).scalar_one()


def _save(limit: Limit, who: str, tries: rules.Tries) -> None:
    ends_at = tries[-1][0] + limit.seconds if tries else 0
    db.session.execute(
        update(ThrottleWindow)
        .where(ThrottleWindow.key == limit.key(who))
        .values(tries=tries, ends_at=ends_at)
    )


def _now() -> float:
    return clock.now().timestamp()
