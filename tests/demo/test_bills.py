"""The demo's bills: they add up, follow the registers, and tell a story."""

import random
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from mojupravljalec.billing.document import Document, Kind, Line, Party, from_json
from mojupravljalec.billing.sums import differences
from mojupravljalec.demo.bills import IBAN, Bills, Days, Payer, banking_day
from mojupravljalec.demo.tariff import ON_SEWER, WATER, Place, Register, level_on
from mojupravljalec.demo.utility import (
    ANA,
    BOJANS_MOTHER,
    FLATS,
    LANDLORD,
    UNSENT,
    Rows,
    Utility,
)
from mojupravljalec.values import references

UNTIL, TODAY = date(2026, 10, 31), date(2026, 11, 22)
ENDS = [
    *(date(2025, month, 28) for month in range(1, 13)),
    *(date(2026, month, 28) for month in range(1, 13)),
]


def grown(seed: int = 1, customers: int = 80, months: int = 36) -> list[Rows]:
    return list(Utility(customers, months, seed, UNTIL, TODAY).chunks(30))


@cache
def invoices() -> list[dict[str, Any]]:
    return [row for chunk in grown() for row in chunk.invoices]


def document(row: dict[str, Any]) -> Document:
    """The row as a document, of which only what sums are about is needed."""
    return Document(
        number=row["number"],
        kind=Kind(row["kind"]),
        customer_number="",
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        net_cents=row["net_cents"],
        vat_cents=row["vat_cents"],
        gross_cents=row["gross_cents"],
        to_pay_cents=row["to_pay_cents"],
        content=from_json(row["content"]),
    )


def lines_of(row: dict[str, Any]) -> tuple[Line, ...]:
    return from_json(row["content"]).lines


def of_customer(customer_id: int) -> list[dict[str, Any]]:
    return [row for row in invoices() if row["customer_id"] == customer_id]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_document_adds_up(seed: int) -> None:
    chunks = grown(seed)
    documents = [document(row) for chunk in chunks for row in chunk.invoices]
    documents += [one for chunk in chunks for one in chunk.unsent]
    assert [found for one in documents if (found := differences(one))] == []


def test_numbers_and_references_are_never_given_twice() -> None:
    keys = [references.key(row["reference"]) for row in invoices() if row["reference"]]
    numbers = [row["number"] for row in invoices()]
    assert len(set(keys)) == len(keys)
    assert len(set(numbers)) == len(numbers)


def test_references_are_valid() -> None:
    for row in invoices():
        if row["reference"]:
            references.check(row["reference"])
    assert of_customer(ANA)[-1]["reference"] == references.with_check_digit("12", "1000012610")


def test_every_ended_month_is_billed_to_whoever_lives_there() -> None:
    for customer_id in (ANA, LANDLORD):
        ends = [row["period_to"] for row in of_customer(customer_id) if not row["corrects"]]
        assert len(ends) == 36
        assert (ends[0], ends[-1]) == (date(2023, 11, 30), UNTIL)


def test_who_moves_in_is_billed_only_from_then_on() -> None:
    before, after = of_customer(21), of_customer(22)
    moved = after[0]["supply_points"]
    assert any(moved.strip() in row["supply_points"] for row in before)
    last_before = max(row["period_to"] for row in before if moved.strip() in row["supply_points"])
    assert last_before < after[0]["period_from"]


def test_nothing_is_issued_after_today_however_early_in_the_month() -> None:
    utility = Utility(10, 3, 1, UNTIL, date(2026, 11, 2))
    for chunk in utility.chunks():
        assert max(row["issued_on"] for row in chunk.invoices) == utility.today
        assert all(row["booked_on"] <= date(2026, 10, 29) for row in chunk.payments)


def test_anas_last_bill_is_an_ordinary_one() -> None:
    last = of_customer(ANA)[-1]
    assert last["number"] == "2026-10-0001"
    assert (last["issued_on"], last["due_on"]) == (date(2026, 11, 9), date(2026, 11, 29))
    assert 3500 <= last["to_pay_cents"] <= 4500
    water = lines_of(last)[0]
    assert (water.description, water.new_value, water.vat_rate) == (
        "Vodarina",
        Decimal(467),
        Decimal("9.5"),
    )
    assert (last["iban"], last["purpose_code"]) == (IBAN, "WTER")


def test_the_landlord_gets_one_bill_for_all_flats() -> None:
    last = of_customer(LANDLORD)[-1]
    assert len(last["supply_points"].split()) == FLATS
    assert len(lines_of(last)) >= 6 * FLATS


def test_an_ordinary_bill_goes_on_where_the_last_one_stopped() -> None:
    mothers = [lines_of(row)[0] for row in of_customer(BOJANS_MOTHER)]
    for before, after in pairwise(mothers):
        assert before.new_value is not None
        assert after.new_value is not None
        assert after.old_value in {before.new_value, Decimal(0), Decimal(2)}
        assert after.quantity == after.new_value - after.old_value


def test_a_meter_exchange_shows_both_meters() -> None:
    both = [row for row in of_customer(ANA) if len(_metered(row)) > 1]
    (exchange,) = both
    old, new = _metered(exchange)
    assert old.meter != new.meter
    assert new.quantity == 0
    assert "Menjava ventila" in {line.description for line in lines_of(exchange)}


def _metered(row: dict[str, Any]) -> list[Line]:
    return [line for line in lines_of(row) if line.meter]


def test_prices_rise_in_summer_and_at_new_year() -> None:
    water = {lines_of(row)[0].price for row in of_customer(ANA)}
    assert water == set(WATER.prices)
    levels = [level_on(day, UNTIL) for day in (date(2025, 6, 30), date(2025, 7, 31), UNTIL)]
    assert levels == [0, 1, 2]


def test_both_vat_rates_and_all_kinds_of_lines_are_there() -> None:
    lines = [line for row in invoices() for line in lines_of(row)]
    assert {line.vat_rate for line in lines} == {Decimal("9.5"), Decimal(22), Decimal(0)}
    assert {
        "Greznica ali MKČN",
        "Padavinska voda",
        "Ravnanje z odpadki",
        "Zamudne obresti",
        "Preplačilo iz prejšnjega leta",
        "Subvencija omrežnine",
        "Akontacija vodarine",
        "Obračunane akontacije vodarine",
    } <= {line.description for line in lines}


def test_some_bills_are_corrected_with_a_note_of_what_was_wrong() -> None:
    numbers = {row["number"]: row for row in invoices()}
    notes = [row for row in invoices() if row["corrects"]]
    assert notes
    for note in notes:
        wrong = numbers[note["corrects"]]
        assert note["kind"] == Kind.CREDIT_NOTE
        assert wrong["issued_on"] < note["issued_on"] <= TODAY
        assert 0 < note["to_pay_cents"] < wrong["to_pay_cents"]
        assert "napačno odčitan" in from_json(note["content"]).note


def test_the_last_bills_of_ten_customers_are_set_aside() -> None:
    unsent = [one for chunk in grown() for one in chunk.unsent]
    assert {int(one.customer_number) - 100_000 for one in unsent} == set(UNSENT)
    assert not {one.number for one in unsent} & {row["number"] for row in invoices()}
    assert all(one.content.payer for one in unsent)


def test_a_small_utility_sets_nothing_aside() -> None:
    assert not [one for chunk in grown(customers=58, months=2) for one in chunk.unsent]


# ---------------------------------------------------------------- instalments


def settled_in_december(*used_m3: int) -> list[Document]:
    """A house's bills of as many months of 2025 and 2026, settled every December."""
    values = [sum(used_m3[:month]) for month in range(len(used_m3) + 1)]
    registers = tuple((Register("M1", old, new),) for old, new in pairwise(values))
    place = Place("OM-1", ON_SEWER, 2, 0, registers, range(len(used_m3)))
    payer = Payer(id=7, number="100007", party=Party(name="Cvetka"), is_steady=True, settles_in=12)
    days = Days(ENDS[: len(used_m3)], date(2027, 1, 20))
    bills = Bills(payer, [place], days, random.Random(1))
    return [one for month in range(len(used_m3)) for one in bills.of(month, 0)]


def test_a_year_has_eleven_equal_instalments_and_a_settlement() -> None:
    *instalments, settlement = settled_in_december(*[10] * 11, 20)
    assert len({one.gross_cents for one in instalments}) == 1
    assert len(instalments) == 11
    assert not any(line.meter for one in instalments for line in one.content.lines)
    assert (settlement.period_from, settlement.period_to) == (date(2025, 1, 1), ENDS[11])
    assert settlement.content.lines[0].new_value == 130


def test_a_settlement_and_the_instalments_come_to_what_was_used() -> None:
    documents = settled_in_december(*[10] * 11, 20)
    settlement = documents[-1]
    real = sum(
        line.gross_cents
        for line in settlement.content.lines
        if not line.description.startswith("Obračunane")
    )
    assert sum(one.gross_cents for one in documents) == real
    assert differences(settlement) == []


def test_too_high_instalments_are_given_back_with_a_credit_note() -> None:
    # The second year's instalments follow the usual use; hardly anything was used in it.
    documents = settled_in_december(*[30] * 12, *[0] * 12)
    refund = documents[-1]
    assert refund.kind is Kind.CREDIT_NOTE
    assert refund.to_pay_cents > 0
    assert (refund.reference, refund.due_on) == ("", refund.issued_on)
    assert differences(refund) == []


def test_the_first_year_is_settled_also_when_it_is_not_whole() -> None:
    place = Place("OM-1", ON_SEWER, 2, 0, ((Register("M1", 0, 9),),), range(1))
    payer = Payer(id=7, number="100007", party=Party(name="Cvetka"), settles_in=10)
    (bill,) = Bills(payer, [place], Days([UNTIL], TODAY), random.Random(1)).of(0, 0)
    assert not any("kontacij" in line.description for line in bill.content.lines)
    assert bill.content.lines[0].quantity == 9


def test_interest_has_no_vat() -> None:
    place = Place("OM-1", ON_SEWER, 2, 0, ((Register("M1", 0, 9),),), range(1))
    payer = Payer(id=7, number="100007", party=Party(name="Cvetka"), is_steady=True)
    (bill,) = Bills(payer, [place], Days([UNTIL], TODAY), random.Random(1)).of(0, 37)
    interest = bill.content.lines[-1]
    assert (interest.description, interest.gross_cents, interest.vat_cents) == (
        "Zamudne obresti",
        37,
        0,
    )


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 11, 6), date(2026, 11, 6)),
        (date(2026, 11, 7), date(2026, 11, 9)),
        (date(2026, 11, 8), date(2026, 11, 9)),
    ],
)
def test_banks_rest_at_weekends(day: date, worked: date) -> None:
    assert banking_day(day) == worked
