"""Invoices made up by hypothesis: any that e-SLOG can say, and such as add up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from mojupravljalec.billing.document import Content, Document, Kind, Line, Party, VatSum
from mojupravljalec.values.money import half_up

# What XML can hold; control characters and halves of characters cannot stand in it.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
AMOUNTS = st.integers(-(10**11), 10**11)
RATES = st.sampled_from([Decimal("22"), Decimal("9.5"), Decimal("5"), Decimal("0")])
REFERENCES = st.from_regex(
    r"SI[0-9]{2}[0-9]{1,12}(-[0-9]{1,8})?|RF[0-9]{2}[A-Z]{9}", fullmatch=True
)
IBANS = st.from_regex(r"SI56[0-9]{15}", fullmatch=True)


def texts(longest, shortest=0):
    """One line of text without spaces around it."""
    line = st.text(CHARACTERS, min_size=shortest, max_size=longest)
    return line.map(lambda text: " ".join(text.split())).filter(lambda one: len(one) >= shortest)


def decimals(most, places):
    return st.decimals(-most, most, places=places, allow_nan=False, allow_infinity=False)


def parties():
    return st.builds(
        Party,
        name=texts(70, 1),
        street=texts(35),
        post_code=texts(17),
        town=texts(35),
        tax_number=st.sampled_from(["", "SI50223054", "50223054"]),
    )


@st.composite
def lines(draw):
    """A line whose amounts need not agree with each other."""
    quantity = draw(st.none() | decimals(10**6, 3))
    return Line(
        description=draw(texts(256, 1)),
        quantity=quantity,
        unit="" if quantity is None else draw(texts(8)),
        price=draw(st.none() | decimals(10**6, 4)),
        vat_rate=draw(st.none() | RATES),
        net_cents=draw(AMOUNTS),
        vat_cents=draw(AMOUNTS),
        gross_cents=draw(AMOUNTS),
        supply_point=draw(texts(70)),
        meter=draw(texts(70)),
        old_value=draw(st.none() | decimals(10**6, 3)),
        new_value=draw(st.none() | decimals(10**6, 3)),
    )


def contents():
    return st.builds(
        Content,
        lines=st.lists(lines(), max_size=3).map(tuple),
        vat=st.lists(
            st.builds(VatSum, rate=RATES, base_cents=AMOUNTS, vat_cents=AMOUNTS), max_size=3
        ).map(tuple),
        allowances_cents=AMOUNTS,
        charges_cents=AMOUNTS,
        prepaid_cents=AMOUNTS,
        rounding_cents=AMOUNTS,
        seller=st.none() | parties(),
        payer=st.none() | parties(),
        note=st.lists(texts(100, 1), max_size=3).map("\n".join),
    )


@st.composite
def documents(draw):
    """Any document that can be; nothing in it needs to add up."""
    kind = draw(st.sampled_from(Kind))
    amounts = AMOUNTS if kind is Kind.INVOICE else AMOUNTS.map(abs)
    corrects = draw(st.just("") | texts(70))
    is_correction = corrects and kind is Kind.INVOICE
    period = sorted(draw(st.tuples(DAYS, DAYS)))
    return Document(
        number=draw(texts(70, 1)),
        kind=kind,
        customer_number=draw(texts(70, 1)),
        issued_on=draw(DAYS),
        due_on=draw(st.none() | DAYS),
        period_from=draw(st.sampled_from([None, period[0]])),
        period_to=draw(st.sampled_from([None, period[1]])),
        reference=draw(st.just("") | REFERENCES),
        net_cents=draw(amounts),
        vat_cents=draw(amounts),
        gross_cents=draw(AMOUNTS.map(abs) if is_correction else amounts),
        to_pay_cents=draw(amounts),
        iban=draw(st.just("") | IBANS),
        purpose_code=draw(st.sampled_from(["", "WTER", "OTHR"])),
        corrects=corrects,
        content=draw(contents()),
    )


def priced(line):
    """The line with the amounts that its quantity, price and rate come to."""
    net_cents = half_up(line.quantity * line.price)
    vat_cents = half_up(Decimal(net_cents).scaleb(-4) * line.vat_rate)
    return replace(
        line, net_cents=net_cents, vat_cents=vat_cents, gross_cents=net_cents + vat_cents
    )


def vat_sums(made_of):
    """What lines come to at each rate, their VAT summed up as it was rounded on each of them."""
    return tuple(
        VatSum(
            rate=rate,
            base_cents=sum(one.net_cents for one in made_of if one.vat_rate == rate),
            vat_cents=sum(one.vat_cents for one in made_of if one.vat_rate == rate),
        )
        for rate in sorted({one.vat_rate for one in made_of})
    )


@st.composite
def adding_up(draw):
    """An invoice with lines, without discounts of its own, in which everything agrees."""
    plain = st.builds(
        Line,
        description=texts(20, 1),
        quantity=decimals(1000, 3),
        price=decimals(1000, 4),
        vat_rate=RATES,
        net_cents=st.just(0),
        gross_cents=st.just(0),
    )
    made_of = draw(st.lists(plain.map(priced), min_size=1, max_size=5))
    net_cents = sum(one.net_cents for one in made_of)
    vat_cents = sum(one.vat_cents for one in made_of)
    prepaid_cents, rounding_cents = draw(st.integers(0, 10**6)), draw(st.integers(-2, 2))
    gross_cents = net_cents + vat_cents
    return Document(
        number="2026-1",
        kind=Kind.INVOICE,
        customer_number="000123",
        issued_on=date(2026, 11, 22),
        due_on=None,
        net_cents=net_cents,
        vat_cents=vat_cents,
        gross_cents=gross_cents,
        to_pay_cents=gross_cents - prepaid_cents + rounding_cents,
        content=Content(
            lines=tuple(made_of),
            vat=vat_sums(made_of),
            prepaid_cents=prepaid_cents,
            rounding_cents=rounding_cents,
        ),
    )
