"""Which corrected invoices and credit notes can be settled."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.billing.rules import Bill, Obstacle, Refusal, refusals

ANA, BOJAN = 1, 2
FIRST = Bill("1", ANA, False)
NOTE = Bill("D", ANA, True, "1")
SECOND, THIRD = Bill("2", ANA, False, "1"), Bill("3", ANA, False, "2")
RIVAL = Bill("4", ANA, False, "1")
BOJANS_NOTE = Bill("E", BOJAN, True, "1")
NOTE_OF_SECOND = Bill("F", ANA, True, "2")


@pytest.mark.parametrize(
    ("new", "known", "expected"),
    [
        ([SECOND], [FIRST], {}),
        ([FIRST, SECOND, THIRD], [], {}),
        ([FIRST, NOTE], [], {}),
        ([SECOND], [], {"2": Refusal(Obstacle.UNKNOWN, "1")}),
        ([NOTE], [], {}),
        (
            [SECOND, THIRD],
            [],
            {"2": Refusal(Obstacle.UNKNOWN, "1"), "3": Refusal(Obstacle.UNKNOWN, "2")},
        ),
        ([SECOND], [FIRST._replace(customer_id=BOJAN)], {"2": (Obstacle.OTHER_CUSTOMER, "1")}),
        ([SECOND], [FIRST._replace(is_credit=True)], {"2": (Obstacle.CREDIT_NOTE, "1")}),
        ([RIVAL], [FIRST, SECOND], {"4": (Obstacle.CORRECTED, "2")}),
        ([SECOND, RIVAL], [FIRST], {"4": (Obstacle.CORRECTED, "2")}),
        ([SECOND], [FIRST, NOTE], {"2": (Obstacle.CORRECTED, "D")}),
        # A credit note after the invoice that it takes back was replaced.
        ([NOTE], [FIRST, SECOND], {"D": (Obstacle.CORRECTED, "2")}),
        ([NOTE], [SECOND, THIRD], {"D": (Obstacle.CORRECTED, "2")}),
        ([NOTE, NOTE_OF_SECOND], [FIRST, SECOND], {"D": (Obstacle.CORRECTED, "2")}),
        ([NOTE_OF_SECOND], [FIRST, SECOND, THIRD], {"F": (Obstacle.CORRECTED, "3")}),
        (
            [NOTE, RIVAL],
            [FIRST, SECOND],
            {"D": (Obstacle.CORRECTED, "2"), "4": (Obstacle.CORRECTED, "2")},
        ),
        ([NOTE_OF_SECOND], [FIRST, SECOND], {}),
        ([FIRST, SECOND, NOTE_OF_SECOND], [], {}),
        ([NOTE, SECOND], [FIRST], {"2": (Obstacle.CORRECTED, "D")}),
        ([SECOND, NOTE], [FIRST], {"2": (Obstacle.CORRECTED, "D")}),
        # Several take back parts of one that was not replaced.
        ([NOTE._replace(number="G")], [FIRST, NOTE], {}),
        # What names another customer's invoice stands in nobody's way, and none in its way.
        ([BOJANS_NOTE], [FIRST, SECOND], {}),
        ([SECOND], [FIRST, BOJANS_NOTE], {}),
        (
            [RIVAL._replace(customer_id=BOJAN), SECOND],
            [FIRST],
            {"4": (Obstacle.OTHER_CUSTOMER, "1")},
        ),
        ([Bill("1", ANA, False, "1")], [], {"1": (Obstacle.CIRCLE, "1")}),
    ],
)
def test_a_correction_is_settled_or_refused(new, known, expected):
    assert refusals(new, known) == expected


@pytest.mark.parametrize("order", list(permutations([FIRST, SECOND, THIRD])))
def test_the_order_of_a_chain_does_not_matter(order):
    assert refusals(order, []) == {}


@given(
    st.lists(
        st.tuples(st.sampled_from("12345"), st.sampled_from(["", *"123456"]), st.booleans()),
        max_size=5,
        unique_by=lambda one: one[0],
    )
)
def test_each_invoice_is_replaced_once_and_some_are_left(found):
    new = [Bill(number, ANA, is_credit, corrects) for number, corrects, is_credit in found]
    refused = refusals(new, [])
    taken = [one for one in new if one.is_correction and one.number not in refused]
    assert len({one.corrects for one in taken}) == len(taken)
    numbers = {one.number for one in new} - set(refused)
    assert {one.corrects for one in taken} <= numbers
    if taken:  # the last of a chain is owed
        assert numbers - {one.corrects for one in taken}


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from("12")), min_size=2, max_size=4),
    st.integers(1, 3),
)
def test_nothing_is_replaced_and_credited_in_whatever_portions_it_comes(found, first):
    named = [
        Bill(number, ANA, is_credit, corrects)
        for number, (is_credit, corrects) in zip("2345", found, strict=False)
    ]
    known = [FIRST]
    for portion in (named[:first], named[first:]):
        refused = refusals(portion, known)
        known += [one for one in portion if one.number not in refused]
    for number in "12":
        naming = [one for one in known if one.corrects == number]
        assert len(naming) < 2 or all(one.is_credit for one in naming)
