"""Decisions about money: what is paid, whose a payment is, and what is overdue."""

import doctest
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.ledger import rules
from mojupravljalec.ledger.rules import (
    Item,
    Match,
    Origin,
    State,
    candidates,
    customer_of,
    numbers,
    settled,
    state,
)
from mojupravljalec.values.deadlines import status
from tests.growth import LINEAR, hundredfold

FIRST = date(2026, 1, 1)
INVOICE, NOTE, PAYMENT, RETURN, OTHER, CORRECTION = Origin


def test_the_examples_hold():
    assert doctest.testmod(rules).failed == 0


# ---------------------------------------------------------------- settling


def items(*rows):
    """Items with their number as id, from (day of the year, cents, key, origin)."""
    return [
        Item(number, FIRST + timedelta(day), cents, key, origin)
        for number, (day, cents, key, origin) in enumerate(rows, 1)
    ]


def opened(*rows):
    """What is open, in the order of the rows."""
    found = settled(items(*rows))
    return [found[number] for number in range(1, len(rows) + 1)]


CASES = {
    "nothing": ([], []),
    "an invoice is open until it is paid": ([(10, 100, "A", INVOICE)], [100]),
    "a full payment": ([(10, 100, "A", INVOICE), (5, -100, "A", PAYMENT)], [0, 0]),
    "a partial payment": ([(10, 100, "A", INVOICE), (5, -30, "A", PAYMENT)], [70, 0]),
    "an overpayment stays open": ([(10, 100, "A", INVOICE), (5, -130, "A", PAYMENT)], [0, -30]),
    "a payment without an invoice": ([(5, -130, "", PAYMENT)], [-130]),
    "nothing owed, nothing open": ([(5, 0, "", OTHER)], [0]),
    "the invoice that is named goes before an older one": (
        [(10, 100, "A", INVOICE), (40, 100, "B", INVOICE), (45, -100, "B", PAYMENT)],
        [100, 0, 0],
    ),
    "without a name the one due longest is paid": (
        [(40, 100, "B", INVOICE), (10, 100, "A", INVOICE), (45, -150, "", PAYMENT)],
        [50, 0, 0],
    ),
    "what is left of a named payment goes to the oldest": (
        [(10, 100, "A", INVOICE), (20, 50, "B", INVOICE), (45, -80, "B", PAYMENT)],
        [70, 0, 0],
    ),
    "a name that nobody knows is no name": (
        [(10, 100, "A", INVOICE), (45, -100, "Z", PAYMENT)],
        [0, 0],
    ),
    "due on one day: in the order of their ids": (
        [(10, 100, "A", INVOICE), (10, 100, "B", INVOICE), (11, -100, "", PAYMENT)],
        [0, 100, 0],
    ),
    "a credit note pays its invoice before a payment does": (
        [(10, 100, "A", INVOICE), (5, -100, "A", PAYMENT), (6, -40, "A", NOTE)],
        [0, -40, 0],
    ),
    "a negative invoice does so too": (
        [(10, 100, "A", INVOICE), (5, -100, "A", PAYMENT), (6, -40, "A", INVOICE)],
        [0, -40, 0],
    ),
    "the oldest overpayment is used up first": (
        [(5, -30, "", PAYMENT), (6, -30, "", PAYMENT), (10, 40, "A", INVOICE)],
        [0, -20, 0],
    ),
    "a returned payment opens its invoice again": (
        [(10, 100, "A", INVOICE), (5, -100, "A", PAYMENT), (8, 100, "A", RETURN)],
        [100, 0, 0],
    ),
    "a return takes the newest payment of its invoice": (
        [
            (10, 100, "A", INVOICE),
            (5, -60, "A", PAYMENT),
            (6, -60, "A", PAYMENT),
            (8, 60, "A", RETURN),
        ],
        [40, 0, 0, 0],
    ),
    "a return without a key takes the newest of its amount": (
        [
            (5, -100, "", PAYMENT),
            (6, -100, "B", PAYMENT),
            (7, -90, "", PAYMENT),
            (8, 100, "", RETURN),
            (10, 100, "B", INVOICE),
        ],
        [0, 0, -90, 0, 0],
    ),
    "a return without a payment is a debit": (
        [(5, -30, "", PAYMENT), (8, 100, "", RETURN)],
        [0, 70],
    ),
    "a return takes back no correction": (
        [(10, 100, "A", INVOICE), (6, -100, "A", NOTE), (8, 100, "A", RETURN)],
        [100, 0, 0],
    ),
    "what a return does not find is paid by what is left": (
        [(5, -100, "A", PAYMENT), (8, 130, "A", RETURN), (9, -30, "", PAYMENT)],
        [0, 0, 0],
    ),
    "two returns of one amount take two payments": (
        [
            (5, -100, "", PAYMENT),
            (6, -100, "", PAYMENT),
            (8, 100, "", RETURN),
            (9, 100, "", RETURN),
            (10, 100, "A", INVOICE),
        ],
        [0, 0, 0, 0, 100],
    ),
    "a payment that one return took is not taken by another": (
        [
            (5, -100, "A", PAYMENT),
            (8, 40, "A", RETURN),
            (9, 100, "", RETURN),
            (10, 60, "A", INVOICE),
        ],
        [0, 0, 100, 0],
    ),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES)
def test_what_is_open(rows, expected):
    assert opened(*rows) == expected


ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(-300, 300),
        st.sampled_from(["", "A", "B"]),
        st.sampled_from(list(Origin)),
    ),
    max_size=14,
)


@given(ROWS)
def test_nothing_is_lost_and_nothing_is_open_on_both_sides(rows):
    given_items = items(*rows)
    found = settled(given_items)
    assert sum(found.values()) == sum(item.amount_cents for item in given_items)
    assert not (max(found.values(), default=0) > 0 > min(found.values(), default=0))
    for item in given_items:
        low, high = sorted((0, item.amount_cents))
        assert low <= found[item.id] <= high


@given(ROWS, st.randoms())
def test_the_order_in_which_items_come_does_not_matter(rows, random):
    shuffled = items(*rows)
    random.shuffle(shuffled)
    assert settled(iter(shuffled)) == settled(items(*rows))


@given(ROWS)
def test_a_credit_that_names_an_open_debit_is_used_up(rows):
    found = settled(items(*rows))
    debits = {item.key for item in items(*rows) if found[item.id] > 0}
    assert not [item for item in items(*rows) if item.key in debits and found[item.id] < 0]


HALVES = {
    "named": lambda number: ([500, -400][number % 2], str(number // 2), INVOICE),
    "returned": lambda number: ([500, -500][number % 2], "", [RETURN, PAYMENT][number % 2]),
    "all different": lambda number: ([1, -1][number % 2] * number, "", [RETURN, OTHER][number % 2]),
    "all of one name": lambda number: ([500, -500][number % 2], "A", [RETURN, NOTE][number % 2]),
}


@pytest.mark.parametrize("row", HALVES.values(), ids=HALVES)
def test_the_work_grows_with_the_number_of_items(row):
    many = items(*((number % 900, *row(number)) for number in range(100_000)))
    assert hundredfold(lambda count: settled(many[:count]), 1000) < LINEAR


# ---------------------------------------------------------------- whose payment it is

CUSTOMERS = numbers([("004512", 1), ("7788", 2), ("A15", 3), ("2026", 4), ("12", 5)])
AMBIGUOUS = numbers([("004512", 1), ("4512", 2), ("077", 3), ("0077", 3)])


def found(reference, text="", *, key="", by_number=CUSTOMERS):
    return customer_of(key, reference, text, by_reference={"SI1234": 9}, by_number=by_number)


def test_the_invoice_that_is_named_goes_before_all_else():
    assert found("SI121234", "7788", key="SI1234") == Match(9, "reference")


def test_no_key_names_no_invoice():
    assert customer_of("", "", "", by_reference={"": 9}, by_number={}) is None


@pytest.mark.parametrize(
    ("reference", "customer"),
    [
        ("SI00004512", 1),
        ("SI004512", 1),
        ("SI0000004512", 1),
        ("004512", 1),
        ("4512", 1),
        ("SI00A15", 3),
        ("SI0012", 5),
        ("SI000012", 5),
        ("SI00", None),
        ("SI00000", None),
        ("A15", None),
        ("SI124512", None),
        ("SI0045123", None),
        ("RF004512", None),
        ("SI99", None),
        ("", None),
    ],
)
def test_a_reference_may_be_a_customer_number(reference, customer):
    assert found(reference) == (customer and Match(customer, "number"))


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("PLAČILO VODE KODA 004512", 1),
        ("voda 4512, hvala", 1),
        ("voda 004512 in še enkrat 4512", 1),
        ("št.7788/oktober", 2),
        ("stranka a15", 3),
        ("voda 9/2026", 4),
        ("VODA 2026 KODA 004512", None),
        ("4512 in 7788", None),
        ("dne 12. 10.", None),
        ("0012", None),
        ("45123", None),
        ("X4512", None),
        ("", None),
    ],
)
def test_a_text_may_name_one_customer(text, customer):
    assert found("", text) == (customer and Match(customer, "text"))


def test_the_reference_goes_before_the_text():
    assert found("SI007788", "4512") == Match(2, "number")


def test_a_reference_of_nobody_leaves_the_text_to_be_read():
    assert found("SI00999", "koda 7788") == Match(2, "text")


@pytest.mark.parametrize(
    ("reference", "customer"),
    [("SI00004512", 1), ("SI004512", None), ("SI000004512", None), ("SI0077", 3), ("SI00077", 3)],
)
def test_a_number_that_could_be_two_customers_is_nobodys(reference, customer):
    """A content of `004512` is written in full; `4512` and `0004512` could be either."""
    assert found(reference, by_number=AMBIGUOUS) == (customer and Match(customer, "number"))


def test_numbers_are_compared_without_spaces_and_case():
    assert numbers([("a 15", 1), ("", 2), ("000", 3)]) == {"A15": 1, "000": 3}


def test_a_mapping_of_numbers_as_written_serves_too():
    assert found("SI004512", by_number={"4512": 8}) == Match(8, "number")


@pytest.mark.parametrize(
    ("reference", "text", "expected"),
    [
        ("", "", []),
        ("SI00004512", "", ["004512", "4512"]),
        ("SI121234", "", []),
        ("SI99", "voda 9/2026 12", ["VODA", "2026"]),
        ("", "Ana-7788, 0012 7788", ["ANA", "7788", "0012"]),
        ("4512", "4512", ["4512"]),
    ],
)
def test_what_might_be_a_number_is_looked_up(reference, text, expected):
    assert candidates(reference, text) == expected


@given(st.text("SI0123 45-A", max_size=12), st.text("0123 45A/", max_size=25))
def test_looking_up_the_candidates_is_enough(reference, text):
    everybody = [("004512", 1), ("123", 2), ("0012", 3), ("A15", 4), ("12345", 5), ("345", 6)]
    bare = {one.lstrip("0") for one in candidates(reference, text)}
    looked_up = numbers(pair for pair in everybody if pair[0].lstrip("0") in bare)
    assert found(reference, text, by_number=looked_up) == found(
        reference, text, by_number=numbers(everybody)
    )


# ---------------------------------------------------------------- what is shown

TODAY = date(2026, 11, 20)
DUE = date(2026, 11, 18)
LATER = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("amount", "left", "due", "known", "expected"),
    [
        (100, 100, DUE, DUE, State.OVERDUE),
        (100, 40, DUE, TODAY, State.OVERDUE),
        (100, 0, DUE, TODAY, State.PAID),
        (100, 0, DUE, None, State.PAID),
        (100, 100, DUE, date(2026, 11, 17), State.PASSED),
        (100, 40, DUE, date(2026, 11, 17), State.PASSED),
        (100, 100, TODAY, TODAY, State.TODAY),
        (100, 40, TODAY, TODAY, State.TODAY),
        (100, 100, DUE, None, State.PASSED),
        (100, 40, DUE, None, State.PASSED),
        (100, 100, LATER, TODAY, State.OPEN),
        (100, 40, LATER, TODAY, State.PARTLY),
        (100, 40, LATER, None, State.OPEN),
        (100, 100, None, TODAY, State.OPEN),
        (100, 40, None, TODAY, State.PARTLY),
        (0, 0, DUE, TODAY, State.PAID),
        (-100, -100, None, TODAY, State.CREDIT),
        (-100, 0, DUE, None, State.CREDIT),
    ],
)
def test_how_an_invoice_stands(amount, left, due, known, expected):
    now = status(left, due, known_until=known, today=TODAY)
    assert state(amount, now) is expected


def test_an_invoice_that_was_replaced_is_not_called_paid():
    settled_now = status(0, DUE, known_until=TODAY, today=TODAY)
    assert state(100, settled_now, is_replaced=True) is State.REPLACED
    # As long as something of it is open, that is what counts.
    still_open = status(40, DUE, known_until=TODAY, today=TODAY)
    assert state(100, still_open, is_replaced=True) is State.OVERDUE
