"""Due days: whether an amount is paid, due or overdue, as far as payments are known.

The only place that compares a due day with today. A bank statement covers payments up to some
day; what fell due later may have been paid without the portal knowing.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple


class Deadline(StrEnum):
    """What a due day means today.

    ``PASSED``: the day is over, but payments of that day are not known yet; ``OVERDUE``: they
    are known, and the amount was not among them.
    """

    PAID = "paid"
    AHEAD = "ahead"
    TODAY = "today"
    PASSED = "passed"
    OVERDUE = "overdue"


class Status(NamedTuple):
    """Whether and by when an amount is to be paid, with the facts behind it.

    ``known_until`` is the last day of which payments are known, None without any statement.
    """

    deadline: Deadline
    open_cents: int
    due_on: date | None
    known_until: date | None

    @property
    def pay_by(self) -> date | None:
        """The day by which to pay; None once it has passed or nothing is open."""
        return self.due_on if self.deadline in {Deadline.AHEAD, Deadline.TODAY} else None


def status(
    open_cents: int, due_on: date | None, *, today: date, known_until: date | None
) -> Status:
    """Return the status of an amount of which ``open_cents`` are not paid as far as is known.

    An amount without a due day stays ahead.
    """
    return Status(
        _deadline(open_cents, due_on, today, known_until), open_cents, due_on, known_until
    )


def _deadline(
    open_cents: int, due_on: date | None, today: date, known_until: date | None
) -> Deadline:
    if open_cents <= 0:
        return Deadline.PAID
    if due_on is None or due_on > today:
        return Deadline.AHEAD
    if due_on == today:
        return Deadline.TODAY
    if known_until is None or due_on > known_until:
        return Deadline.PASSED
    return Deadline.OVERDUE


def coming(today: date, days: int) -> tuple[date, date]:
    """Return the first and last due day that can still be met within ``days`` from today."""
    return today, today + timedelta(days)


class Standing(NamedTuple):
    """What several amounts come to, in cents.

    Of ``to_pay_cents``, ``overdue_cents`` are certainly late. ``passed_cents`` fell due on
    ``passed_days`` different days, the last of them ``passed_on``, whose payments are not known
    yet. ``next_due_on`` is today or later, with ``next_due_cents``.
    """

    to_pay_cents: int = 0
    overdue_cents: int = 0
    passed_cents: int = 0
    passed_on: date | None = None
    passed_days: int = 0
    next_due_on: date | None = None
    next_due_cents: int = 0
    is_due_today: bool = False
    known_until: date | None = None
    overpaid_cents: int = 0


def standing(
    amounts: Iterable[tuple[date, int]],
    *,
    today: date,
    known_until: date | None,
    overpaid_cents: int = 0,
) -> Standing:
    """Return what open ``amounts``, as pairs of due day and cents, come to.

    ``overpaid_cents`` does not reduce them: it may belong to somebody else.
    """
    found: dict[Deadline, dict[date, int]] = {one: {} for one in Deadline}
    for due_on, cents in amounts:
        deadline = status(cents, due_on, today=today, known_until=known_until).deadline
        found[deadline][due_on] = found[deadline].get(due_on, 0) + cents
    passed = found[Deadline.PASSED]
    payable = found[Deadline.TODAY] or found[Deadline.AHEAD]
    next_due_on = min(payable, default=None)
    late_cents = sum(found[Deadline.OVERDUE].values())
    ahead = (Deadline.PASSED, Deadline.TODAY, Deadline.AHEAD)
    return Standing(
        to_pay_cents=late_cents + sum(sum(found[one].values()) for one in ahead),
        overdue_cents=late_cents,
        passed_cents=sum(passed.values()),
        passed_on=max(passed, default=None),
        passed_days=len(passed),
        next_due_on=next_due_on,
        next_due_cents=payable[next_due_on] if next_due_on else 0,
        is_due_today=bool(found[Deadline.TODAY]),
        known_until=known_until,
        overpaid_cents=overpaid_cents,
    )
