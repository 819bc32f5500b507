"""Why a bill differs from another: every cent has a cause."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.billing.differences import (
    Bill,
    Cause,
    Part,
    explain,
    main_cause,
    water_m3,
)
from mojupravljalec.billing.document import Content, Line
from mojupravljalec.values.money import half_up

VAT = Decimal("9.5")


def item(description, quantity, unit, price, *, rate=VAT, **others):
    """A line that is calculated as bills do: net and VAT are rounded, each on its own."""
    quantity, price = Decimal(quantity), Decimal(price)
    net_cents = half_up(quantity * price)
    vat_cents = half_up(net_cents * rate / 10_000)
    return Line(
        description=description,
        quantity=quantity,
        unit=unit,
        price=price,
        vat_rate=rate,
        net_cents=net_cents,
        vat_cents=vat_cents,
        gross_cents=net_cents + vat_cents,
        **others,
    )


def amount(description, cents, **others):
    """A line that says nothing but what it costs."""
    return Line(description=description, net_cents=cents, gross_cents=cents, **others)


def bill(*lines, **sums):
    """A bill that adds up."""
    content = Content(lines=lines, **sums)
    to_pay_cents = (
        sum(line.gross_cents for line in lines)
        - content.allowances_cents
        + content.charges_cents
        - content.prepaid_cents
        + content.rounding_cents
    )
    return Bill(to_pay_cents, content)


def causes(before, after):
    """Cents by cause, of two bills or of two lines."""
    if isinstance(before, Line):
        before, after = bill(before), bill(after)
    return {str(part.cause): part.cents for part in explain(before, after)}


# ---------------------------------------------------------------- a bill as it comes by post


def household(m3, water_price):
    """The eight items of Ana's water bill."""
    return bill(
        item("Vodarina", m3, "m3", water_price),
        item("Omrežnina vodovod DN 20", "1", "mes", "4.2178"),
        item("Odvajanje odpadne vode", m3, "m3", "0.4126"),
        item("Omrežnina odvajanje", "1", "mes", "3.1040"),
        item("Čiščenje odpadne vode", m3, "m3", "0.5338"),
        item("Omrežnina čiščenje", "1", "mes", "2.0519"),
        item("Okoljska dajatev", m3, "m3", "0.0528", rate=Decimal(0)),
        item("Vodno povračilo", m3, "m3", "0.0824"),
    )


def test_more_water_at_a_higher_price_is_told_apart_to_the_cent():
    before, after = household("9", "0.7410"), household("12", "0.7820")
    consumption, price = explain(before, after)

    assert (before.to_pay_cents, after.to_pay_cents) == (2816, 3467)
    assert consumption.cause is Cause.CONSUMPTION
    assert [(one.description, one.cents) for one in consumption.items] == [
        ("Vodarina", 243),  # 7,30 € × 3/9; with the price 10,27 €
        ("Odvajanje odpadne vode", 136),
        ("Čiščenje odpadne vode", 176),
        ("Okoljska dajatev", 15),
        ("Vodno povračilo", 27),
    ]
    assert consumption.cents == 597
    assert price.cause is Cause.PRICE
    assert [(one.description, one.cents) for one in price.items] == [("Vodarina", 54)]
    assert consumption.cents + price.cents == 651


def test_an_item_shows_both_lines_for_the_words_about_it():
    consumption, price = explain(household("9", "0.7410"), household("12", "0.7820"))
    water = consumption.items[0]

    assert (water.before.quantity, water.after.quantity) == (Decimal(9), Decimal(12))
    assert water.after.unit == "m3"
    assert price.items[0].before.price == Decimal("0.7410")
    assert price.items[0].after.price == Decimal("0.7820")


def test_the_fixed_items_of_a_household_explain_nothing():
    assert causes(household("9", "0.7410"), household("9", "0.7820")) == {"price": 41}
    assert explain(household("9", "0.7410"), household("9", "0.7410")) == ()


# ---------------------------------------------------------------- water


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("9", "0.7410"), ("12", "0.7410"), {"consumption": 243}),  # no cent of it is the price
        (("12", "0.7410"), ("9", "0.7410"), {"consumption": -243}),
        (("9", "0.7410"), ("9", "0.7820"), {"price": 41}),
        (("9", "0.7410"), ("12", "0.7820"), {"consumption": 243, "price": 54}),
        (("12", "0.7820"), ("9", "0.7410"), {"consumption": -257, "price": -40}),
        (("9", "0.7820"), ("12", "0.7410"), {"consumption": 257, "price": -55}),
        (("0", "0.7410"), ("12", "0.7820"), {"consumption": 1027}),
        (("12", "0.7820"), ("0", "0.7410"), {"consumption": -1027}),
        (("0", "0.7410"), ("0", "0.7820"), {}),
        (("9", "0"), ("12", "0.7820"), {"price": 1027}),
    ],
)
def test_m3_are_consumption_and_the_rest_is_the_price(before, after, expected):
    one = item("Vodarina", before[0], "m3", before[1])
    other = item("Vodarina", after[0], "m3", after[1])
    assert causes(one, other) == expected


@pytest.mark.parametrize(
    "unit", ["m3", "M3", "m³", " M³ ", "MTQ", "mtq", "kubični meter", "Kubični  meter"]
)
def test_however_m3_are_written_they_are_water(unit):
    one, other = item("Vodarina", "9", unit, "0.7410"), item("Vodarina", "12", "m3", "0.7410")
    assert causes(one, other) == {"consumption": 243}


def test_another_vat_rate_is_a_price():
    one = item("Vodarina", "9", "m3", "0.7410")
    assert causes(one, item("Vodarina", "9", "m3", "0.7410", rate=Decimal(22))) == {"price": 84}
    assert causes(one, item("Vodarina", "12", "m3", "0.7410", rate=Decimal(22))) == {
        "consumption": 243,
        "price": 112,
    }


def test_a_share_of_half_a_cent_is_rounded_away_from_zero():
    one = replace(item("Vodarina", "2", "m3", "0.005", rate=Decimal(0)), gross_cents=1)
    more = replace(one, quantity=Decimal(3), price=Decimal("0.01"), gross_cents=3)
    less = replace(one, quantity=Decimal(1), price=Decimal("0.01"), gross_cents=1)
    assert causes(one, more) == {"consumption": 1, "price": 1}
    assert causes(one, less) == {"consumption": -1, "price": 1}


def test_without_prices_the_quantity_still_has_its_share():
    one = amount("Vodarina", 900, quantity=Decimal(9), unit="m3")
    other = amount("Vodarina", 1300, quantity=Decimal(12), unit="m3")
    assert causes(one, other) == {"consumption": 300, "price": 100}


def test_each_supply_point_is_compared_with_itself():
    home = {"supply_point": "1001", "meter": "A1"}
    cottage = {"supply_point": "1002", "meter": "B1"}
    before = bill(
        item("Vodarina", "9", "m3", "1", rate=Decimal(0), **home),
        item("Vodarina", "2", "m3", "1", rate=Decimal(0), **cottage),
    )
    after = bill(
        item("Vodarina", "5", "m3", "1", rate=Decimal(0), **cottage),
        item("Vodarina", "8", "m3", "1", rate=Decimal(0), **home),
    )
    (part,) = explain(before, after)
    assert [(one.after.supply_point, one.cents) for one in part.items] == [
        ("1001", -100),
        ("1002", 300),
    ]


def test_water_that_moved_between_meters_still_shows_though_it_costs_the_same():
    before = bill(
        item("Vodarina", "9", "m3", "1", supply_point="1001", rate=Decimal(0)),
        item("Vodarina", "2", "m3", "1", supply_point="1002", rate=Decimal(0)),
    )
    after = bill(
        item("Vodarina", "8", "m3", "1", supply_point="1001", rate=Decimal(0)),
        item("Vodarina", "3", "m3", "1", supply_point="1002", rate=Decimal(0)),
    )
    (part,) = explain(before, after)
    assert (part.cause, part.cents) == (Cause.CONSUMPTION, 0)
    assert [one.cents for one in part.items] == [-100, 100]
    assert main_cause((part,)) is None


def test_a_new_meter_at_the_same_supply_point_is_not_another_item():
    one = item("Vodarina", "9", "m3", "0.7410", supply_point="1001", meter="A1")
    other = item("Vodarina", "12", "m3", "0.7410", supply_point="1001", meter="A2")
    assert causes(one, other) == {"consumption": 243}


# ---------------------------------------------------------------- items


def test_items_match_whatever_their_case_and_spaces():
    one = item("VODARINA  blok 1 ", "9", "M3", "0.7410")
    assert causes(one, item(" Vodarina blok 1", "12", "m³", "0.7410")) == {"consumption": 243}


def test_equal_items_match_by_their_turn():
    before = bill(amount("Odvoz", 500), amount("Odvoz", 700))
    after = bill(amount("Odvoz", 500), amount("Odvoz", 700), amount("Odvoz", 900))
    assert causes(before, after) == {"new": 900}
    assert causes(after, before) == {"gone": -900}


def test_an_item_that_comes_or_goes_is_named():
    before, after = bill(amount("Greznica", 1200)), bill(amount("Obresti", 35))
    new, gone = explain(before, after)

    assert (new.cause, new.cents, new.items[0].description) == (Cause.NEW, 35, "Obresti")
    assert (new.items[0].before, new.items[0].after) == (None, after.content.lines[0])
    assert (gone.cause, gone.cents, gone.items[0].description) == (Cause.GONE, -1200, "Greznica")
    assert (gone.items[0].before, gone.items[0].after) == (before.content.lines[0], None)


def test_an_item_that_costs_nothing_explains_nothing():
    assert explain(bill(), bill(amount("Subvencija", 0))) == ()


def test_the_same_name_in_another_unit_is_another_item():
    one, other = item("Greznica", "9", "m3", "1"), item("Greznica", "1", "kos", "20")
    assert causes(one, other) == {"new": 2190, "gone": -986}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("1", "4.00"), ("1", "5.00"), {"price": 110}),
        (("1", "4.00"), ("2", "4.00"), {"other": 438}),
        (("1", "4.00"), ("2", "5.00"), {"price": 219, "other": 438}),
        (("0", "4.00"), ("2", "5.00"), {"other": 1095}),
        (("2", "5.00"), ("0", "4.00"), {"other": -1095}),
    ],
)
def test_quantities_other_than_m3_are_no_consumption(before, after, expected):
    one = item("Omrežnina", before[0], "mes", before[1])
    other = item("Omrežnina", after[0], "mes", after[1])
    assert causes(one, other) == expected


@pytest.mark.parametrize("unit", ["m3", "mes"])
def test_the_same_quantity_at_the_same_price_was_rounded_differently(unit):
    one = item("Omrežnina", "1", unit, "4.00")
    assert causes(one, replace(one, gross_cents=one.gross_cents + 1)) == {"other": 1}


def test_an_item_without_quantity_changes_by_its_price():
    assert causes(amount("Odvoz", 500), amount("Odvoz", 650)) == {"price": 150}


def test_a_quantity_that_only_one_bill_says_tells_nothing():
    one = item("Vodarina", "9", "m3", "0.7410")
    other = replace(one, quantity=None, price=None, gross_cents=1000)
    assert causes(one, other) == {"other": 270}


# ---------------------------------------------------------------- settlements and the rest


@pytest.mark.parametrize(
    "description",
    [
        "Poračun vodarine",
        "PORAČUN",
        "poracun 2026",
        "Akontacija",
        "Akontacije januar–marec",
        "Obračunane akontacije",
        "obracunana akontacija",
        "Predplačilo",
        "Preplacilo iz leta 2025",
    ],
)
def test_what_settles_earlier_payments_is_told_apart(description):
    line = item(description, "3", "m3", "-1.00", rate=Decimal(0))
    assert causes(bill(), bill(line)) == {"settlement": -300}
    assert causes(bill(line), bill()) == {"settlement": 300}
    assert causes(line, replace(line, quantity=Decimal(5), gross_cents=-500)) == {
        "settlement": -200
    }


def test_a_description_that_only_mentions_a_settlement_is_none():
    assert causes(bill(), bill(amount("Strošek poračuna", 300))) == {"new": 300}


def test_what_was_prepaid_is_a_settlement_without_an_item():
    before, after = bill(prepaid_cents=500), bill(prepaid_cents=2000)
    assert explain(before, after) == (Part(Cause.SETTLEMENT, -1500, ()),)


@pytest.mark.parametrize(
    ("sums", "cents"),
    [
        ({"rounding_cents": -2}, -2),
        ({"allowances_cents": 300}, -300),
        ({"charges_cents": 250}, 250),
    ],
)
def test_discounts_charges_and_rounding_are_other(sums, cents):
    assert explain(bill(), bill(**sums)) == (Part(Cause.OTHER, cents, ()),)


def test_what_does_not_add_up_is_other():
    before = bill(amount("Odvoz", 500))
    after = Bill(to_pay_cents=777, content=bill(amount("Odvoz", 600)).content)
    assert causes(before, after) == {"price": 100, "other": 177}


def test_parts_come_in_the_order_of_the_causes():
    before = bill(
        item("Vodarina", "9", "m3", "0.7410"), amount("Greznica", 1200), prepaid_cents=100
    )
    after = bill(item("Vodarina", "12", "m3", "0.7820"), amount("Obresti", 35), rounding_cents=1)
    assert [part.cause for part in explain(before, after)] == list(Cause)


# ---------------------------------------------------------------- one sentence


def test_the_main_cause_is_the_largest_whatever_its_sign():
    price, gone = Part(Cause.PRICE, 300, ()), Part(Cause.GONE, -400, ())
    assert main_cause((price, gone)) is gone


def test_of_equal_causes_the_first_is_the_main_one():
    price, new = Part(Cause.PRICE, 300, ()), Part(Cause.NEW, -300, ())
    assert main_cause((price, new)) is price


def test_equal_bills_have_no_main_cause():
    assert main_cause(()) is None


# ---------------------------------------------------------------- m³


def shown(old, new, **others):
    return amount("Vodarina", 1, old_value=Decimal(old), new_value=Decimal(new), **others)


@pytest.mark.parametrize(
    ("lines", "m3"),
    [
        ([], None),
        ([item("Omrežnina", "1", "mes", "4")], None),
        ([shown("100", "109", meter="A1")], "9"),
        ([shown("100", "109", meter="A1"), shown("100", "109", meter="A1")], "9"),
        ([shown("100", "109", meter="A1"), shown("20", "25", meter="B1")], "14"),
        ([shown("100", "105", meter="A1"), shown("105", "112", meter="A1")], "12"),
        ([shown("100", "112", meter="A1"), shown("105", "112", meter="A1")], "12"),
        ([shown("100", "109", supply_point="1"), shown("0", "5", supply_point="1")], "14"),
        ([shown("100", "100", meter="A1"), item("Vodarina", "7", "m3", "1")], "0"),
        ([shown("99990", "8", meter="A1"), item("Vodarina", "18", "m3", "1")], "18"),
        ([shown("99990", "8", meter="A1")], None),
        ([item("Vodarina", "9", "m3", "1"), item("Odvajanje", "7.5", "MTQ", "1")], "9"),
        ([item("Vodarina", "4", "m3", "1"), item("vodarina", "5", "m3", "2")], "9"),
        ([item("Vodarina", "0", "m3", "1")], "0"),
        ([item("Vodarina", "-5", "m3", "1")], None),
        ([item("Vodarina", "9", "m3", "1"), item("Akontacija", "20", "m3", "-1")], "9"),
        (
            [
                item("Vodarina", "9", "m3", "1", supply_point="1001"),
                item("Odvajanje", "9", "m3", "1", supply_point="1001"),
                item("Vodarina", "2.5", "m3", "1", supply_point="1002"),
            ],
            "11.5",
        ),
    ],
)
def test_a_bill_says_how_much_water_was_used(lines, m3):
    assert water_m3(bill(*lines)) == (None if m3 is None else Decimal(m3))


# ---------------------------------------------------------------- any bill

CENTS = st.integers(-(10**9), 10**9)
LINES = st.builds(
    Line,
    description=st.sampled_from(["Vodarina", "VODARINA ", "Omrežnina", "Poračun", "Odvoz", ""]),
    quantity=st.none() | st.decimals(-(10**6), 10**6, places=4) | st.sampled_from([Decimal(9)]),
    unit=st.sampled_from(["m3", "m³", "MTQ", "mes", ""]),
    price=st.none() | st.sampled_from([Decimal("0.7410"), Decimal("0.7820"), Decimal(0)]),
    vat_rate=st.none() | st.sampled_from([VAT, Decimal(22)]),
    net_cents=CENTS,
    gross_cents=CENTS,
    supply_point=st.sampled_from(["", "1001", "1002"]),
    old_value=st.none() | st.decimals(0, 99_999, places=3),
    new_value=st.none() | st.decimals(0, 99_999, places=3),
)
BILLS = st.builds(
    Bill,
    to_pay_cents=CENTS,
    content=st.builds(
        Content,
        lines=st.lists(LINES, max_size=8).map(tuple),
        allowances_cents=CENTS,
        charges_cents=CENTS,
        prepaid_cents=CENTS,
        rounding_cents=CENTS,
    ),
)


@given(BILLS, BILLS)
def test_the_parts_always_come_to_the_whole_difference(before, after):
    parts = explain(before, after)
    there = sum(part.cents for part in parts)
    back = sum(part.cents for part in explain(after, before))

    assert there == after.to_pay_cents - before.to_pay_cents == -back
    assert all(part.cents or part.items for part in parts)
    found = [part.cause for part in parts]
    assert found == [cause for cause in Cause if cause in found]


@given(BILLS, BILLS)
def test_items_come_to_their_part_except_where_no_line_says_it(before, after):
    for part in explain(before, after):
        assert all(one.cents for one in part.items)
        if part.cause not in (Cause.SETTLEMENT, Cause.OTHER):
            assert sum(one.cents for one in part.items) == part.cents


@given(BILLS)
def test_a_bill_does_not_differ_from_itself(one):
    assert explain(one, one) == ()


@given(BILLS)
def test_registers_never_tell_of_less_than_no_water(one):
    lines = tuple(replace(line, quantity=None) for line in one.content.lines)
    for some in (lines, one.content.lines):
        used = water_m3(Bill(0, Content(lines=some)))
        assert used is None or used >= 0
