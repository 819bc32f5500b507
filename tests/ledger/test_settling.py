"""Settling through the database: the same as the rule says, in whatever order things came in."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from mojupravljalec.extensions import db
from mojupravljalec.ledger.actions import settle
from mojupravljalec.ledger.models import LedgerEntry
from mojupravljalec.ledger.rules import Item, Origin, settled
from mojupravljalec.values import references

from ..bills import NOON, Resident, book, counted, settle_card

START = date(2026, 1, 1)
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FEWER = settings(FEW, max_examples=8)


class Booking(NamedTuple):
    """What is put on the card: so many cents, on which day, under which reference."""

    origin: Origin
    cents: int
    day: int
    invoice: int | None


def reference(number: int | None) -> str:
    return "" if number is None else references.with_check_digit("12", str(number))


SIGNS = {Origin.INVOICE: 1, Origin.CREDIT_NOTE: -1, Origin.PAYMENT: -1, Origin.RETURN: 1}
# Few amounts, days and references, so that things meet.
BOOKINGS = st.builds(
    lambda origin, cents, day, invoice: Booking(origin, SIGNS[origin] * cents, day, invoice),
    st.sampled_from(sorted(SIGNS)),
    st.sampled_from([100, 250, 1000]) | st.integers(1, 5000),
    st.integers(0, 300),
    st.none() | st.integers(1, 4),
)
CARDS = st.lists(BOOKINGS, min_size=1, max_size=10)
# Where two entries fall on one day, the one that came first is the older of them.
CARDS_OF_DAYS = st.lists(BOOKINGS, min_size=1, max_size=10, unique_by=lambda one: one.day)


@pytest.fixture(autouse=True)
def _the_day():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def books(app, cast):
    """The database while a card is written; nothing is kept."""
    with app.app_context():
        yield cast.anas_customer
        db.session.rollback()


def write(customer_id: int, bookings: list[Booking]) -> None:
    """Put them on the card one after the other, each settled as it comes."""
    for one in bookings:
        day = START + timedelta(days=one.day)
        due_on = day if one.origin == Origin.INVOICE else None
        more = {"origin": one.origin, "reference": reference(one.invoice), "due_on": due_on}
        book(customer_id, one.cents, day, **more)


def entries(customer_id: int) -> list[LedgerEntry]:
    query = select(LedgerEntry).filter_by(customer_id=customer_id).order_by(LedgerEntry.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def ruled(found: list[LedgerEntry]) -> list[int]:
    """What is open of each according to the rule over all of them."""
    items = [
        Item(
            one.id,
            one.due_on or one.booked_on,
            one.amount_cents,
            references.key(one.reference),
            one.origin,
        )
        for one in found
    ]
    left = settled(items)
    return [left[one.id] for one in found]


def opened(customer_id: int) -> list[tuple[date, int, int]]:
    found = entries(customer_id)
    return sorted((one.booked_on, one.amount_cents, one.open_cents) for one in found)


@FEW
@given(bookings=CARDS)
def test_booked_one_by_one_the_card_is_as_the_rule_says(books, bookings):
    db.session.rollback()
    write(books, bookings)
    found = entries(books)
    assert [one.open_cents for one in found] == ruled(found)
    assert sum(one.open_cents for one in found) == sum(one.cents for one in bookings)


@FEW
@given(bookings=CARDS_OF_DAYS, data=st.data())
def test_the_order_in_which_things_come_in_does_not_matter(books, bookings, data):
    cards = []
    for order in (bookings, data.draw(st.permutations(bookings))):
        db.session.rollback()
        write(books, order)
        cards.append(opened(books))
    assert cards[0] == cards[1]


@FEW
@given(bookings=CARDS)
def test_settled_twice_is_settled_once(app, books, bookings):
    db.session.rollback()
    write(books, bookings)
    before = opened(books)
    with counted(app) as seen:
        settle_card(books)
    assert opened(books) == before
    # The first statement is for cards with only debits or only credits, and finds no row.
    assert [one for one in seen if one.startswith("UPDATE")] == seen[:1]


@FEW
@given(bookings=CARDS)
def test_what_was_wrong_is_mended(books, bookings):
    db.session.rollback()
    write(books, bookings)
    for entry in entries(books):
        entry.open_cents = 7
    db.session.flush()
    settle_card(books)
    found = entries(books)
    assert [one.open_cents for one in found] == ruled(found)


def test_one_customers_payment_never_pays_for_another(books, cast):
    book(books, 1000, START, reference=reference(1), origin=Origin.INVOICE)
    book(cast.bojans_customer, -1000, START, reference=reference(1))
    settle(select(LedgerEntry.customer_id))
    assert opened(books) == [(START, 1000, 1000)]
    assert opened(cast.bojans_customer) == [(START, -1000, -1000)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_card_with_one_side_alone_is_all_open(books, sign):
    book(books, 300 * sign, START)
    other = book(books, -500 * sign, START)
    assert opened(books) == sorted([(START, 300 * sign, 0), (START, -500 * sign, -200 * sign)])
    db.session.delete(other)
    db.session.flush()
    settle_card(books)
    assert opened(books) == [(START, 300 * sign, 300 * sign)]


def test_hundreds_of_customers_are_settled_at_once(app, cast):
    customers = [cast.anas_customer, cast.bojans_customer]
    with app.app_context():
        for customer in customers:
            for cents in (1000, -400):
                db.session.add(
                    LedgerEntry(
                        customer_id=customer,
                        booked_on=START,
                        amount_cents=cents,
                        open_cents=cents,
                        origin=Origin.OTHER,
                    )
                )
        db.session.flush()
        settle(select(LedgerEntry.customer_id).distinct())
        for customer in customers:
            assert opened(customer) == [(START, -400, 0), (START, 1000, 600)]
        db.session.rollback()


# ---------------------------------------------------------------- what residents see


def euros(cents: int) -> str:
    return f"{'−' if cents < 0 else ''}{abs(cents) // 100},{abs(cents) % 100:02} €"


def says(balance: int, owing: str, settled_: str) -> str:
    """The heading over the amount, as a page has it."""
    if balance > 0:
        return f"{owing} {euros(balance)}"
    return f"Overpaid {euros(-balance)}" if balance < 0 else settled_


@pytest.fixture
def ana(app, browser, cast) -> Resident:
    return Resident(app, browser(cast.ana))


@pytest.fixture
def fresh(ana, cast) -> Callable[[list[Booking]], None]:
    """Writes a card anew, for the pages to read."""

    def rewrite(bookings: list[Booking]) -> None:
        with ana.books():
            db.session.execute(delete(LedgerEntry))
            write(cast.anas_customer, bookings)

    return rewrite


@FEWER
@given(bookings=CARDS)
def test_the_card_and_the_first_page_show_what_it_comes_to(ana, cast, fresh, bookings):
    fresh(bookings)
    balance = sum(one.cents for one in bookings)
    card, start = ana.words("/financna-kartica"), ana.words("/")
    assert says(balance, "You owe today", "Everything is settled") in card
    assert f"Balance {euros(balance)}" in card
    assert says(balance, "To pay", "Everything is paid") in start
    with ana.app.app_context():
        total = select(func.sum(LedgerEntry.open_cents), func.sum(LedgerEntry.amount_cents))
        assert tuple(map(int, db.session.execute(total).one())) == (balance, balance)
