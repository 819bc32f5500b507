"""What a row of the file says, and how columns are arranged."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.exports import rules
from mojupravljalec.exports.rules import (
    HEADINGS,
    DoubledHeading,
    NoColumn,
    Taken,
    Wanted,
    arranged,
    line,
)
from mojupravljalec.metering.rules import Doubt, Reason


def taken(**more):
    return Taken(
        **{
            "serial": "0018",
            "point": "OM1",
            "customer": "007",
            "taken_on": date(2026, 11, 20),
            "value_l": 470_000,
            "before_l": 467_000,
            "start_l": 0,
            "digits": 5,
            "decimals": 0,
            "installed_on": date(2023, 5, 14),
            "reason": "",
            "status": "accepted",
            "doubts": "",
            "reported_serial": None,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("before_l", "value_l", "digits", "decimals", "says"),
    [
        (467_000, 470_000, 5, 0, ("470", "467", "3")),
        (467_000, 467_000, 5, 0, ("467", "467", "0")),
        (99_990_000, 8_000, 5, 0, ("8", "99990", "18")),  # the register turned over
        (999_000, 1_000, 3, 0, ("1", "999", "2")),
        (470_000, 465_000, 5, 0, ("465", "470", "None")),  # it went back
        (12_500, 12_750, 6, 3, ("12.750", "12.500", "0.250")),
        (99_999_900, 100, 5, 1, ("0.1", "99999.9", "0.2")),
        (12_400, 13_900, 5, 0, ("13", "12", "1")),  # only what the bill sees
        (None, 470_000, 5, 0, ("470", "2", "468")),  # the first one, from the start
    ],
)
def test_quantities_are_cubic_metres_with_the_decimals_of_the_meter(
    before_l, value_l, digits, decimals, says
):
    row = line(
        taken(before_l=before_l, value_l=value_l, digits=digits, decimals=decimals, start_l=2_000)
    )
    assert tuple(map(str, (row.value, row.before, row.used))) == says


@given(st.integers(0, 10**8 - 1), st.integers(0, 10**8 - 1), st.integers(0, 3), st.booleans())
def test_the_consumption_is_the_difference_of_what_is_written(value_l, before_l, decimals, first):
    row = line(
        taken(
            value_l=value_l,
            before_l=None if first else before_l,
            start_l=before_l,
            decimals=decimals,
        )
    )
    assert {-cell.as_tuple().exponent for cell in (row.value, row.before)} == {decimals}
    if row.used is None:
        assert row.value < row.before
        return
    turned = Decimal(100_000) if row.value < row.before else Decimal(0)
    assert row.used == row.value - row.before + turned
    assert 0 <= row.used <= (10_000 if turned else 100_000)
    assert -row.used.as_tuple().exponent == decimals
    assert 0 <= value_l - row.value * 1000 < 10 ** (3 - decimals)


def test_whoever_is_unknown_is_empty():
    assert line(taken(customer=None)).customer == ""


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reason):
    assert line(taken(reason=reason)).reason == rules.REASONS[reason]


def test_a_reason_of_another_time_stays_as_it_is():
    assert line(taken(reason="flood")).reason == "flood"
    assert line(taken()).reason == ""


def test_only_what_waits_for_review_has_a_remark():
    assert line(taken(doubts="high")).note == ""
    assert line(taken(status="pending")).note == "čaka na pregled"
    said = line(taken(status="pending", doubts="rollover,far_high,odd")).note
    assert said == ("čaka na pregled: morda prek zadnje številke vodomera, veliko več kot običajno")


@pytest.mark.parametrize(
    ("serial", "note"),
    [
        ("777", "čaka na pregled: nov vodomer 777"),
        ("", "čaka na pregled: nov vodomer brez navedene številke"),
    ],
)
def test_a_value_of_a_reported_meter_is_not_compared_with_the_old_one(serial, note):
    row = line(
        taken(reported_serial=serial, status="pending", doubts="lower", reason="meter_changed")
    )
    assert (row.value, row.before, row.used) == (Decimal(470), None, None)
    assert (row.reason, row.note) == ("zamenjan vodomer", note)


def test_every_doubt_has_its_words():
    assert set(rules.DOUBTS) == set(Doubt)


# ---------------------------------------------------------------- layouts


def test_columns_stand_by_their_places_and_those_without_at_the_end():
    assert list(
        arranged(
            [
                Wanted("datum", "DATUM", 2),
                Wanted("stanje", "", 1),
                Wanted("vir", " Vir ", None),
                Wanted("poraba", "m3", 1),
                Wanted("razlog", "Razlog", 2),
            ]
        ).items()
    ) == [("poraba", "m3"), ("datum", "DATUM"), ("razlog", "Razlog"), ("vir", "Vir")]


@pytest.mark.parametrize("other", ["Stanje", "stanje ", "STANJE"])
def test_no_heading_stands_twice(other):
    with pytest.raises(DoubledHeading) as doubled:
        arranged([Wanted("stanje", "stanje"), Wanted("datum", other)])
    assert doubled.value.ours == "datum"


def test_a_file_has_a_column():
    with pytest.raises(NoColumn):
        arranged([Wanted(ours, " ") for ours in HEADINGS])
