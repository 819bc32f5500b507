"""Due days against today and the day up to which payments are known."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.values.deadlines import Deadline, coming, standing, status

TODAY = date(2026, 11, 22)
DAYS = st.dates(TODAY - timedelta(400), TODAY + timedelta(400))


@pytest.mark.parametrize(
    ("open_cents", "due_on", "known_until", "expected"),
    [
        (0, date(2026, 11, 1), date(2026, 11, 20), Deadline.PAID),
        (-5, date(2026, 11, 30), None, Deadline.PAID),
        (1, date(2026, 11, 23), date(2026, 11, 20), Deadline.AHEAD),
        (1, None, date(2026, 11, 20), Deadline.AHEAD),
        (1, date(2026, 11, 22), None, Deadline.TODAY),
        (1, date(2026, 11, 22), date(2026, 11, 22), Deadline.TODAY),
        (1, date(2026, 11, 21), date(2026, 11, 20), Deadline.PASSED),
        (1, date(2020, 1, 1), None, Deadline.PASSED),
        (1, date(2026, 11, 20), date(2026, 11, 20), Deadline.OVERDUE),
        (1, date(2020, 1, 1), date(2026, 11, 20), Deadline.OVERDUE),
        # A statement may cover days to come.
        (1, date(2026, 11, 23), date(2026, 11, 30), Deadline.AHEAD),
    ],
)
def test_what_a_due_day_means(open_cents, due_on, known_until, expected):
    found = status(open_cents, due_on, today=TODAY, known_until=known_until)
    assert found.deadline is expected
    payable = expected in {Deadline.AHEAD, Deadline.TODAY}
    assert found.pay_by == (due_on if payable else None)


def test_the_deadline_that_passed_and_the_next_one_are_told_apart():
    found = standing(
        [
            (date(2026, 9, 15), 3279),
            (date(2026, 10, 15), 2342),
            (date(2026, 11, 15), 2342),
            (date(2026, 12, 12), 4380),
        ],
        today=TODAY,
        known_until=date(2026, 10, 31),
    )
    assert found.to_pay_cents == 12343
    assert found.overdue_cents == 5621
    assert (found.passed_on, found.passed_days, found.passed_cents) == (date(2026, 11, 15), 1, 2342)
    assert (found.next_due_on, found.next_due_cents) == (date(2026, 12, 12), 4380)


@given(
    st.lists(st.tuples(DAYS, st.integers(1, 10**6)), max_size=12),
    st.none() | DAYS,
    st.integers(0, 100),
)
def test_what_is_asked_for_next_is_never_in_the_past_and_nothing_is_lost(amounts, known, overpaid):
    found = standing(amounts, today=TODAY, known_until=known, overpaid_cents=overpaid)
    assert found.to_pay_cents == sum(cents for _, cents in amounts)
    assert found.next_due_on is None or found.next_due_on >= TODAY
    later = [day for day, _ in amounts if day >= TODAY]
    assert found.next_due_on == min(later, default=None)
    assert found.is_due_today == (TODAY in later)
    ahead = sum(cents for day, cents in amounts if day >= TODAY)
    assert found.overdue_cents + found.passed_cents + ahead == found.to_pay_cents
    assert found.passed_on is None or found.passed_on < TODAY
    # Nothing is certainly late whose due day no statement covers.
    certain = [cents for day, cents in amounts if day < TODAY and known and day <= known]
    assert found.overdue_cents == sum(certain)


def test_what_can_still_be_met_begins_today():
    assert coming(TODAY, 3) == (TODAY, date(2026, 11, 25))
