"""Whose a payment may be: who is proposed, in which order, and for which reasons."""

import doctest
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.tray import rules
from mojupravljalec.tray.rules import MOST, Candidate, Payment, Why, clues, likely
from tests.growth import LINEAR, hundredfold

IBAN, NUMBER, INVOICE, AMOUNT, TOTAL = Why.IBAN, Why.NUMBER, Why.INVOICE, Why.AMOUNT, Why.TOTAL
NAME, SURNAME, SIMILAR, ADDRESS = Why.NAME, Why.SURNAME, Why.SIMILAR_NUMBER, Why.ADDRESS


def customer(customer_id, number, name, street="Vinska gora 1", *open_cents, **known):
    """A customer of Podgorje with these amounts open."""
    usual = {"town": "Podgorje", "invoice_numbers": (), "payer_ibans_known": False}
    return Candidate(
        customer_id=customer_id,
        number=number,
        name=name,
        street=street,
        open_cents=open_cents,
        total_open_cents=sum(open_cents),
        **(usual | known),
    )


ANA = customer(
    1, "004512", "Ana Novak", "Lipova ulica 12 a", 2350, invoice_numbers=("2026-000123",)
)
BOJAN = customer(2, "004521", "Novak Bojan", "Lipova ulica 14", 2350, 4100)
CVETKA = customer(3, "771", "Cvetka Žagar Kos", "Dol 7", 1980)
HORVAT = customer(4, "008800", "Gradnje Horvat d.o.o.", "Industrijska cesta 3", 51200)
CLUB = customer(5, "6006", "Prostovoljno gasilsko društvo Dol", "Dol 1")
OTHER_ANA = customer(6, "009001", "Novak Ana", "Šolska ulica 3")
PAID_BEFORE = customer(7, "005005", "Zdenka Mlakar", "Mlinska pot 9", 990, payer_ibans_known=True)
EVERYBODY = (ANA, BOJAN, CVETKA, HORVAT, CLUB, OTHER_ANA)


def paid(text="", *, by="", cents=100, reference=""):
    return Payment(by, cents, reference, text)


def test_the_examples_hold():
    assert doctest.testmod(rules).failed == 0


# ---------------------------------------------------------------- who, and why

FIRST = {
    "the name, in capitals and without šumniki": (
        paid("POLOZNICA", by="ZAGAR KOS CVETKA"),
        [(CVETKA, {NAME})],
    ),
    "a name and what is open": (
        paid("Plačilo vode", by="NOVAK ANA", cents=2350),
        [(ANA, {NAME, AMOUNT, TOTAL}), (OTHER_ANA, {NAME}), (BOJAN, {SURNAME, AMOUNT})],
    ),
    "one of two open invoices": (
        paid("voda september", by="Bojan Novak", cents=4100),
        [(BOJAN, {NAME, AMOUNT}), (ANA, {SURNAME}), (OTHER_ANA, {SURNAME})],
    ),
    "all that is open together": (
        paid("dolg za vodo", by="Bojan Novak", cents=6450),
        [(BOJAN, {NAME, TOTAL}), (ANA, {SURNAME}), (OTHER_ANA, {SURNAME})],
    ),
    "the number among other words": (
        paid("VODA 9/2026 ST.STR.004512", by="JANEZ KRALJ"),
        [(ANA, {NUMBER}), (BOJAN, {SIMILAR})],
    ),
    "the number without zeros, glued to a word": (
        paid("stranka4512", by="JANEZ KRALJ"),
        [(ANA, {NUMBER}), (BOJAN, {SIMILAR})],
    ),
    "the number as a part of the reference": (
        paid(reference="SI00004512-2026-09"),
        [(ANA, {NUMBER}), (BOJAN, {SIMILAR})],
    ),
    "the number with a check digit in the reference": (
        paid(reference="SI120045127"),
        [(ANA, {NUMBER}), (BOJAN, {SIMILAR})],
    ),
    "a reference without a model": (paid(reference="771"), [(CVETKA, {NUMBER})]),
    "two neighbours swapped": (paid("sifra 8080", by="JANEZ KRALJ"), [(HORVAT, {SIMILAR})]),
    "two digits off": (paid("sifra 8811", by="JANEZ KRALJ"), []),
    "a digit off": (paid("šifra 004513"), [(ANA, {SIMILAR})]),
    "a slip in the reference": (paid(reference="SI00006060"), [(CLUB, {SIMILAR})]),
    "short numbers are days and houses": (paid("VODA 7, 71, 7 71", by="JANEZ KRALJ"), []),
    "an invoice": (
        paid("Plačilo računa 2026-000123", by="JANEZ KRALJ"),
        [(ANA, {INVOICE})],
    ),
    "an invoice, written otherwise": (
        paid("rac.st. 2026/000123", by="JANEZ KRALJ"),
        [(ANA, {INVOICE})],
    ),
    "an invoice in one piece": (paid("RAČUN 2026000123"), [(ANA, {INVOICE})]),
    "an invoice in the reference": (paid(reference="SI002026-000123"), [(ANA, {INVOICE})]),
    "a company without its form": (
        paid("racun", by="GRADNJE HORVAT DOO", cents=51200),
        [(HORVAT, {NAME, AMOUNT, TOTAL})],
    ),
    "the form of a company proves nothing": (paid("racun", by="AVTO KOVAČ D.O.O."), []),
    "most of a long name": (
        paid("najem", by="PGD DOL PROSTOVOLJNO GASILSKO DRUSTVO"),
        [(CLUB, {NAME})],
    ),
    "an initial": (
        paid("voda", by="A. NOVAK"),
        [(ANA, {NAME}), (OTHER_ANA, {NAME}), (BOJAN, {SURNAME})],
    ),
    "a slip in the name": (
        paid("voda", by="CVETKA ŽAGRA"),
        [(CVETKA, {NAME})],
    ),
    "a title": (
        paid("voda", by="dr. Bojan Novak, univ. dipl. inž."),
        [(BOJAN, {NAME}), (ANA, {SURNAME}), (OTHER_ANA, {SURNAME})],
    ),
    "a first name alone is as weak as a surname": (paid(by="CVETKA HRIBAR"), [(CVETKA, {SURNAME})]),
    "a couple": (
        paid("voda", by="ANA IN MARKO NOVAK"),
        [(ANA, {NAME}), (OTHER_ANA, {NAME}), (BOJAN, {SURNAME})],
    ),
    "a husband pays what is open": (
        paid("voda", by="MARKO NOVAK", cents=2350),
        [(ANA, {SURNAME, AMOUNT, TOTAL}), (BOJAN, {SURNAME, AMOUNT}), (OTHER_ANA, {SURNAME})],
    ),
    "the bank adds the address": (
        paid("voda", by="NOVAK ANA, ŠOLSKA ULICA 3, 2999 PODGORJE"),
        [(OTHER_ANA, {NAME, ADDRESS}), (ANA, {NAME}), (BOJAN, {SURNAME})],
    ),
    "the address in the text": (paid("VODA LIPOVA 12A", by="JANEZ KRALJ"), [(ANA, {ADDRESS})]),
    "a house is no month": (paid("VODA DOL 7/2026", by="JANEZ KRALJ"), []),
    "somebody else is named in the text": (
        paid("voda za Cvetka Žagar Kos", by="HORVAT BOJAN"),
        [(CVETKA, {NAME}), (BOJAN, {SURNAME}), (HORVAT, {SURNAME})],
    ),
    "nothing is known": (paid("VODA", by="", reference="SI99"), []),
}


@pytest.mark.parametrize(("payment", "expected"), FIRST.values(), ids=FIRST)
def test_who_is_proposed_and_why(payment, expected):
    found = likely(payment, EVERYBODY)
    assert [(one.customer_id, set(one.why)) for one in found] == [
        (candidate.customer_id, why) for candidate, why in expected
    ]


ORDERED = {
    "a written number before the account that paid for somebody else before": (
        paid("za mamo, 004512", by="MLAKAR ZDENKA"),
        [ANA, PAID_BEFORE],
    ),
    "the account before a name alone": (paid(by="Ana Novak"), [PAID_BEFORE, ANA]),
    "a name and what is open before the account alone": (
        paid(by="Ana Novak", cents=2350),
        [ANA, PAID_BEFORE],
    ),
    "an invoice before a number": (paid("8800, račun 2026-000123"), [ANA, HORVAT]),
    "what is open before a surname": (paid(by="Novak Jan", cents=1980), [CVETKA, ANA]),
    "the customer who is named before the one who pays": (
        paid("Cvetka Žagar Kos", by="Ana Novak"),
        [CVETKA, ANA],
    ),
}


@pytest.mark.parametrize(("payment", "expected"), ORDERED.values(), ids=ORDERED)
def test_what_is_stronger_comes_first(payment, expected):
    found = likely(payment, reversed(expected))
    assert [one.customer_id for one in found] == [one.customer_id for one in expected]


def test_the_strongest_reason_is_told_first():
    known = replace(ANA, payer_ibans_known=True)
    (found,) = likely(paid("004512 Lipova 12a", by="ana novak", cents=2350), [known])
    assert found.why == (NUMBER, IBAN, NAME, ADDRESS, AMOUNT, TOTAL)


@pytest.mark.parametrize("number", ["2026", "42026", "92026", "092026", "1292026", "4512", "129"])
def test_a_date_is_nobodys_number(number):
    payment = paid("12. 9. 2026, 4.5.12, 4/2026, 09-2026 in leta 2026.", by="JANEZ KRALJ")
    assert likely(payment, [customer(1, number, "Ana Novak")]) == []


def test_at_most_nine_are_proposed_in_the_order_of_their_numbers():
    many = [customer(n, f"{n:05}", "Ana Novak") for n in range(30, 0, -1)]
    found = likely(paid(by="NOVAK ANA"), many)
    assert [one.customer_id for one in found] == list(range(1, MOST + 1))


def test_money_that_went_back_is_no_amount_of_an_invoice():
    assert likely(paid(cents=-2350), EVERYBODY) == []
    assert likely(paid(cents=0), [customer(8, "1", "Cvetka Kos", "Dol 7", 0)]) == []


# ---------------------------------------------------------------- clues


@pytest.mark.parametrize(
    ("payment", "names", "said", "numbers"),
    [
        (paid(), "", "", ""),
        (paid("VODA 9/2026", by="Gradnje Horvat, d.o.o."), "gradnje horvat", "", ""),
        (paid("koda 004512", by="mag. Ána Nóvak"), "ana novak", "koda", "004512 4512"),
        (paid("za Cvetka Kos"), "", "cvetka kos", ""),
        (paid(reference="SI00004512"), "", "", "004512 4512"),
        (paid(reference="SI120045127"), "", "", "0045127 45127 004512 4512"),
        (paid(reference="SI99"), "", "", ""),
        (paid("K-123"), "", "", "k123 123"),
    ],
)
def test_what_to_look_up(payment, names, said, numbers):
    found = clues(payment)
    assert found.amount_cents == payment.amount_cents
    assert found.names == tuple(names.split())
    assert found.said == tuple(said.split())
    assert found.numbers == tuple(numbers.split())


# ---------------------------------------------------------------- whatever comes

TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ["Ana", "Novak", "NOVAK", "A.", "004512", "4521", "2026-000123", "12", "Dol"]
        ),
        max_size=5,
    ).map(" ".join),
)
CENTS = st.integers(-3, 3)
PAYMENTS = st.builds(Payment, TEXTS, CENTS, TEXTS, TEXTS)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        customer_id=st.integers(1, 99),
        number=st.one_of(st.sampled_from(["004512", "4521", "77"]), st.text(max_size=8)),
        name=TEXTS,
        street=TEXTS,
        town=TEXTS,
        open_cents=st.lists(CENTS, max_size=3).map(tuple),
        total_open_cents=CENTS,
        invoice_numbers=st.lists(TEXTS, max_size=2).map(tuple),
        payer_ibans_known=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda candidate: candidate.customer_id,
)


@given(PAYMENTS, CANDIDATES, st.randoms())
def test_anything_is_ranked_the_same_however_it_comes(payment, candidates, random):
    found = likely(payment, candidates)
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert likely(payment, iter(shuffled)) == found
    assert len(found) <= MOST
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)
    assert all(one.why and one.points > 0 and len(set(one.why)) == len(one.why) for one in found)


@given(PAYMENTS)
def test_clues_are_plain_words(payment):
    found = clues(payment)
    for word in (*found.names, *found.said, *found.numbers):
        assert word.isalnum()
        word.encode()
    assert all(word.isalpha() for word in (*found.names, *found.said))


def with_amount(candidate, payment):
    return replace(candidate, open_cents=(*candidate.open_cents, payment.amount_cents))


def with_total(candidate, payment):
    return replace(candidate, total_open_cents=payment.amount_cents)


def with_account(candidate, _payment):
    return replace(candidate, payer_ibans_known=True)


def with_number(candidate, payment):
    numbers = [n for n in clues(payment).numbers if len(n) > 5]
    return replace(candidate, number=numbers[0]) if numbers else candidate


def with_invoice(candidate, payment):
    numbers = (*candidate.invoice_numbers, *clues(payment).numbers)
    return replace(candidate, invoice_numbers=numbers)


@given(
    PAYMENTS,
    CANDIDATES.filter(bool),
    st.sampled_from([with_amount, with_total, with_account, with_number, with_invoice]),
)
def test_more_evidence_never_ranks_lower(payment, candidates, more):
    first, *others = candidates
    better = more(first, payment)
    points, points_then = (sum(one.points for one in likely(payment, [c])) for c in (first, better))
    assert points_then >= points
    if better.number == first.number:
        assert place(first, likely(payment, [better, *others])) <= place(
            first, likely(payment, candidates)
        )


def place(candidate, found):
    """The place of a candidate; behind all where it is not proposed."""
    ids = [one.customer_id for one in found]
    return ids.index(candidate.customer_id) if candidate.customer_id in ids else MOST


@pytest.mark.parametrize("sign", ["1", "a", "1-", "1 ", "a.", "- ", "d."])
def test_the_work_grows_with_the_length_of_the_text(sign):
    def read(count):
        likely(paid(sign * count, by=sign * count, reference=sign * count), EVERYBODY)

    assert hundredfold(read, 100) < LINEAR


def test_the_work_grows_with_the_number_of_candidates():
    many = [replace(ANA, customer_id=n, number=f"{n:06}") for n in range(5000)]
    payment = paid("Plačilo vode 004512, Lipova 12a, račun 2026-000123", by="ANA NOVAK")
    assert hundredfold(lambda count: likely(payment, many[:count]), 50) < LINEAR
