"""Limits that hold over processes and restarts, on both databases.

Counting and booking are one statement, so forty guesses at once are counted as forty.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..extensions import db
from ..values import clock
from .models import ThrottleCount


@dataclass(frozen=True)
class Limit:
    """At most ``most`` tries in each span of ``seconds``, by the clock's own spans."""

    name: str
    most: int
    seconds: int

    def span_start(self) -> int:
        return int(clock.now().timestamp()) // self.seconds * self.seconds

    def key(self, who: str) -> str:
        """Hashed, so that the table does not collect addresses."""
        return f"{self.name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def book(limit: Limit, who: str) -> bool:
    """Count one try; whether it is still within the limit. The caller commits, also on False."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(ThrottleCount)
        .values(key=limit.key(who), span_start=limit.span_start(), tries=1)
        .on_conflict_do_update(
            index_elements=["key", "span_start"], set_={"tries": ThrottleCount.tries + 1}
        )
        .returning(ThrottleCount.tries)
    )
    return db.session.execute(statement).scalar_one() <= limit.most


def spent(limit: Limit, who: str) -> bool:
    """Whether the next try would be one too many. Counts nothing."""
    tries = select(ThrottleCount.tries).filter_by(key=limit.key(who), span_start=limit.span_start())
    return (db.session.scalar(tries) or 0) >= limit.most


def take_back(limit: Limit, who: str) -> None:
    """Uncount the try just booked: it was a right one."""
    db.session.execute(
        update(ThrottleCount)
        .where(ThrottleCount.key == limit.key(who), ThrottleCount.span_start == limit.span_start())
        .values(tries=ThrottleCount.tries - 1)
    )


def forget(limit: Limit, who: str) -> None:
    """Start again from nothing, as after a success."""
    db.session.execute(delete(ThrottleCount).where(ThrottleCount.key == limit.key(who)))


def sweep() -> None:
    """Drop the counts of spans that are over for good."""
    week_ago = int(clock.now().timestamp()) - 7 * 86_400
    db.session.execute(delete(ThrottleCount).where(ThrottleCount.span_start < week_ago))
