"""What a person is asked to pay and by when, in sentences: on pages and in letters alike."""

from datetime import date

from flask import Flask
from flask_babel import gettext

from ..values.deadlines import Deadline, Standing, Status
from ..values.money import euros
from .filters import genitive_day, near_day, near_weekday


def due(status: Status) -> str:
    """What to do about one amount, by its status; "" where nothing is to be paid."""
    amount, due_on = euros(status.open_cents), status.due_on
    if due_on is None or status.deadline is Deadline.PAID:
        return ""
    if status.pay_by:
        return _pay(amount, due_on, is_today=status.deadline is Deadline.TODAY)
    if status.deadline is Deadline.OVERDUE:
        return gettext(
            "The due day was %(day)s. Pay %(amount)s as soon as you can.",
            day=near_day(due_on),
            amount=amount,
        )
    return f"{_passed(due_on, 1, status.known_until)} {_unless_paid(amount)}"


def dues(standing: Standing) -> list[str]:
    """What to do about several amounts, beside those that are certainly late: paragraphs."""
    passed, unless = "", ""
    if standing.passed_on:
        passed = _passed(standing.passed_on, standing.passed_days, standing.known_until)
        unless = _unless_paid(euros(standing.passed_cents))
    if standing.next_due_on is None:
        return [f"{passed} {unless}"] if passed else []
    amount = euros(standing.next_due_cents)
    asked = _pay(amount, standing.next_due_on, is_today=standing.is_due_today)
    return [f"{passed} {asked}", unless] if passed else [asked]


def known(known_until: date | None) -> str:
    """Up to which day payments are known."""
    if known_until is None:
        return gettext(
            "Payments are not known to the portal yet, so an invoice may be paid already."
        )
    return gettext("Payments are known up to %(day)s.", day=genitive_day(known_until))


def _pay(amount: str, day: date, *, is_today: bool) -> str:
    if is_today:
        return gettext("Pay %(amount)s today.", amount=amount)
    return gettext("Pay %(amount)s by %(day)s.", amount=amount, day=near_weekday(day))


def _passed(day: date, days: int, known_until: date | None) -> str:
    """That a due day is over, and how far payments are known; the last of several ``days``."""
    if known_until is None:
        one = gettext("The due day was %(day)s; payments are not known yet.", day=near_day(day))
        several = gettext(
            "Due days have passed, the last on %(day)s; payments are not known yet.",
            day=near_day(day),
        )
        return several if days > 1 else one
    facts = {"day": near_day(day), "known": near_day(known_until)}
    if days > 1:
        return gettext(
            "Due days have passed, the last on %(day)s; payments are known up to %(known)s.",
            **facts,
        )
    return gettext("The due day was %(day)s; payments are known up to %(known)s.", **facts)


def _unless_paid(amount: str) -> str:
    return gettext(
        "If you have not paid the %(amount)s yet, pay as soon as you can.", amount=amount
    )


def init_app(app: Flask) -> None:
    """Make the sentences filters of the templates."""
    app.jinja_env.filters.update(due=due, dues=dues, known=known)
