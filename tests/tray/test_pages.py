"""The tray: what waits, whose it may be, and how much of the database that asks."""

from datetime import date

import pytest

from mojupravljalec.extensions import db
from mojupravljalec.search.models import SearchTerm

from ..bills import Resident, counted, rows, words
from ..desk.conftest import customer, index
from ..site.html import faults, parse
from .conftest import pay

LIST = "/pisarna/placila"
HTMX = {"HX_Request": "true"}
DAY = "20 Nov 2026"


def column(found, number):
    return [row[number].partition(": ")[2] or row[number] for row in found]


# ---------------------------------------------------------------- who may look


@pytest.fixture
def pages(waits, cast):
    """The address of every page of the tray."""
    one, other = waits(), waits(customer_id=cast.anas_customer, matched_by="office")
    back = waits(matched_by="released", amount_cents=-100)
    return [
        LIST,
        f"{LIST}?stanje=razporejena",
        f"{LIST}?od=x&do=1.1.2026",
        *(f"{LIST}/{number}" for number in (one, other, back)),
        *(f"{LIST}/{number}/sprosti" for number in (one, other)),
        f"{LIST}/{one}?q=stranka",
        f"{LIST}/{one}?q=nihče",
    ]


def test_every_page_opens_to_clerk_and_operator_and_to_nobody_else(browser, cast, pages):
    expected = {"clerk": 200, "operator": 200, "reader": 403, "ana": 404, "nobody": 303}
    for who, status in expected.items():
        client = browser(getattr(cast, who, None))
        for page in pages:
            assert client.get(page).status_code == status, (who, page)


def test_every_page_is_sound_html(clerk, names, pages):
    for page in pages:
        assert faults(clerk.html(page), language="en") == [], page


def test_a_payment_that_is_not_there_is_not_found(clerk):
    clerk.html(f"{LIST}/999999", 404)
    clerk.html(f"{LIST}/99999999999", 404)
    assert clerk.client.post(f"{LIST}/999999", data={"stranka": 1}).status_code == 404
    assert clerk.client.post(f"{LIST}/999999/sprosti", data={"stranka": 1}).status_code == 404
    clerk.html(f"{LIST}/999999/sprosti", 404)


# ---------------------------------------------------------------- the list


def test_what_waits_is_listed_with_the_best_guess(clerk, names, waits, cast):
    one = waits(
        payer_name="NOVAK ANA",
        payer_iban="SI56020170014356205",
        reference="SI12345",
        text="VODA",
    )
    waits(customer_id=cast.anas_customer, matched_by="reference")
    html = clerk.html(LIST)
    assert rows(html) == [
        [
            DAY,
            "Amount: 32,85 €",
            "Payer: NOVAK ANA",
            "From the account: SI56 0201 7001 4356 205",
            "Reference: SI12 345",
            "Text: VODA",
            "Perhaps: Ana Novak (004512): the name is alike",
        ]
    ]
    assert f'href="{LIST}/{one}"' in html


def test_a_guess_that_others_equal_says_so(clerk, names, waits):
    with clerk.books():
        other = customer("7", name="Ana Novak")
        index(other, "Ana Novak", "7")
    waits(payer_name="Ana Novak")
    assert column(clerk.rows(LIST), 6) == ["Ana Novak (004512) or others: the name is alike"]


def test_a_payment_without_a_clue_has_no_guess(clerk, names, waits):
    waits(text="hvala")
    assert column(clerk.rows(LIST), 6) == ["–"]


def test_the_oldest_comes_first_and_amounts_sort_too(clerk, waits):
    for day, cents in ((3, 500), (1, 900), (2, -100)):
        waits(booked_on=date(2026, 11, day), amount_cents=cents)
    assert column(clerk.rows(LIST), 1) == ["9,00 €", "−1,00 €", "5,00 €"]
    assert column(clerk.rows(f"{LIST}?red=znesek"), 1) == ["−1,00 €", "5,00 €", "9,00 €"]
    assert column(clerk.rows(f"{LIST}?red=-dan", **HTMX), 1) == ["5,00 €", "−1,00 €", "9,00 €"]


def test_days_narrow_it_down(clerk, waits):
    for day in (1, 2, 3):
        waits(booked_on=date(2026, 11, day), amount_cents=day * 100)
    assert column(clerk.rows(f"{LIST}?od=2026-11-02"), 1) == ["2,00 €", "3,00 €"]
    assert column(clerk.rows(f"{LIST}?od=2. 11. 2026&do=2026-11-02"), 1) == ["2,00 €"]
    assert "No such payment waits." in clerk.words(f"{LIST}?od=2026-12-01")
    assert "lies before the first" in clerk.words(f"{LIST}?od=2026-11-03&do=2026-11-02")
    assert "Write the day like this" in clerk.words(f"{LIST}?od=danes")


def test_what_the_office_has_assigned_is_a_list_of_its_own(clerk, names, waits, cast):
    waits()
    for how in ("office", "reference"):
        waits(customer_id=cast.anas_customer, matched_by=how, text=how)
    html = clerk.html(f"{LIST}?stanje=razporejena")
    ((*_, text, whose),) = rows(html)
    assert (text, whose) == ("Text: office", "Customer: Ana Novak (004512)")
    assert f'href="/pisarna/stranke/{cast.anas_customer}"' in html


def test_the_file_has_what_the_bank_told_and_is_noted(browser, app, names, cast, waits, audited):
    waits(payer_name="=NOVAK ANA", text="VODA")
    operator = Resident(app, browser(cast.operator))
    text = operator.html(f"{LIST}?oblika=csv&od=2026-11-01").lstrip("\ufeff")
    assert text.splitlines() == [
        "Day;Amount;Payer;From the account;Reference;Text",
        "20 Nov 2026;32,85 €;'=NOVAK ANA;;;VODA",
    ]
    assert audited("list.exported") == [
        (cast.operator.id, "", {"list": "placila", "filters": {"od": "2026-11-01"}})
    ]


def test_the_file_is_only_for_whoever_typed_the_password_a_while_ago(clerk, waits, today, audited):
    waits()
    today.shift(3600)
    answer = clerk.client.get(f"{LIST}?oblika=csv")
    assert answer.status_code == 303
    assert "/potrdi" in answer.location or "next=" in answer.location
    assert audited("list.exported") == []


# ---------------------------------------------------------------- one payment


def test_a_payment_shows_all_it_says_and_who_is_likely(clerk, names, waits, cast):
    clerk.bill(cast.anas_customer, "2026-10-1")
    number = waits(
        payer_name="NOVAK ANA",
        payer_iban="SI56020170014356205",
        reference="SI00004512",
        text="Lipova ulica 12, racun 2026-10-1",
        amount_cents=1027,
    )
    html = clerk.html(f"{LIST}/{number}")
    said = words(html)
    for piece in (
        "Payment of 10,27 €",
        "November 20, 2026",
        "SI56 0201 7001 4356 205",
        "SI00 004512",
    ):
        assert piece in said
    ((who, address, owed, why, button),) = rows(html)
    assert (who, address) == ("Ana Novak 004512", "Lipova ulica 12, 2000 Podgorje")
    assert owed == "Open: 10,27 €"
    assert why == (
        "it names an open invoice; it names the customer number; the name is alike; "
        "it names the address; just so much of an invoice is open; "
        "just so much is open together"
    )
    assert button == "Assign 1 Ana Novak (004512)"


def test_keys_are_shown_only_by_the_script(clerk, names, waits):
    page = parse(clerk.html(f"{LIST}/{waits(payer_name='Ana Novak')}"))
    assert ["hidden" in key for key in page.all("kbd")] == [True]
    (choice,) = [one for one in page.all("p") if one["id"] == "keys-choice"]
    assert "hidden" in choice
    assert [one["src"] for one in page.all("script")] == ["/static/tray.js"]


FOUND = {
    "the name in another order": {"payer_name": "NOVAK ANA"},
    "the name in the text": {"text": "za Ana Novak"},
    "the number in the text": {"text": "st. stranke 4512 in 008801"},
    "a number of an invoice": {"text": "racun 2026-10-1."},
    "the reference in the text": {"text": "sklic 12 2610"},
    "only the amount": {"amount_cents": 1027},
    "the account": {"payer_iban": "SI56020170014356205"},
}


@pytest.mark.parametrize("payment", FOUND.values(), ids=FOUND)
def test_a_customer_is_found_by(clerk, names, waits, cast, payment):
    clerk.bill(cast.anas_customer, "2026-10-1", reference="SI122610")
    waits(customer_id=cast.anas_customer, payer_iban="SI56020170014356205")
    found = clerk.rows(f"{LIST}/{waits(**payment)}")
    assert [row[0] for row in found] == ["Ana Novak 004512"]


@pytest.mark.parametrize(
    "payment",
    [
        {"payer_name": "NOVAK JANEZ"},  # one word alone
        {"text": "voda 9/2026, 12.10.2026"},
        {"amount_cents": -1027},  # what goes back pays nothing
        {"payer_iban": "SI56101000000123456"},
        {},
    ],
)
def test_nobody_is_found_by(clerk, names, waits, cast, payment):
    clerk.bill(cast.anas_customer, "2026-10-1")
    said = clerk.words(f"{LIST}/{waits(**payment)}")
    assert "Nothing in the payment leads to a customer." in said


def test_a_company_of_one_word_is_found_by_it(clerk, names, waits):
    with clerk.books():
        index(customer("77", name="Vodnjak d.o.o."), "Vodnjak d.o.o.")
    found = clerk.rows(f"{LIST}/{waits(payer_name='VODNJAK, d. o. o.')}")
    assert [row[0] for row in found] == ["Vodnjak d.o.o. 77"]


def test_a_number_that_half_the_town_has_leads_to_nobody(clerk, waits):
    with clerk.books():
        for number in range(60):
            index(customer(f"9{number:03}"), f"9{number:03}", "OM-777")
    said = clerk.words(f"{LIST}/{waits(text='777')}")
    assert "Nothing in the payment leads to a customer." in said


def test_at_most_nine_are_likely(clerk, waits):
    with clerk.books():
        for number in range(12):
            index(customer(f"9{number:03}", name="Ana Novak"), "Ana Novak")
    found = clerk.rows(f"{LIST}/{waits(payer_name='ANA NOVAK')}")
    assert [row[0] for row in found] == [f"Ana Novak 9{number:03}" for number in range(9)]
    assert found[8][4] == "Assign 9 Ana Novak (9008)"


def test_an_account_that_pays_for_the_whole_town_leads_to_nobody(
    clerk, names, waits, cast, monkeypatch
):
    monkeypatch.setattr("mojupravljalec.tray.candidates.PAID", 2)
    for _ in range(3):
        waits(customer_id=cast.anas_customer, payer_iban="SI56020170014356205")
    said = clerk.words(f"{LIST}/{waits(payer_iban='SI56020170014356205')}")
    assert "Nothing in the payment leads to a customer." in said


def test_words_that_very_many_have_are_not_tried(clerk, names, waits, monkeypatch):
    number = waits(payer_name="ANA NOVAK")
    monkeypatch.setattr("mojupravljalec.tray.candidates.COMMON", 1)
    assert "Nothing in the payment leads to a customer." in clerk.words(f"{LIST}/{number}")


# ---------------------------------------------------------------- somebody else


def test_another_customer_can_be_looked_for(clerk, names, waits, cast):
    html = clerk.html(f"{LIST}/{waits(text='hvala')}?q=kos")
    assert 'value="kos"' in html
    ((who, address, owed, button),) = rows(html)
    assert (who, address) == ("Bojan Kos 008800", "Šolska ulica 3, 2000 Podgorje")
    assert (owed, button) == ("Open: 0,00 €", "Assign Bojan Kos (008800)")
    assert f'name="stranka" value="{cast.bojans_customer}"' in html


def test_a_search_that_finds_nobody_or_very_many_says_so(clerk, waits):
    number = waits()
    assert "No customer fits." in clerk.words(f"{LIST}/{number}?q=nihče")
    with clerk.books():
        for one in range(25):
            index(customer(f"9{one:03}", name="Ana Novak"), "Ana Novak")
    html = clerk.html(f"{LIST}/{number}?q=nov%00ak")
    assert len(rows(html)) == 20
    assert "More customers fit." in words(html)


# ---------------------------------------------------------------- how much that asks


def test_a_full_page_asks_as_little_as_one_payment(clerk, app, names, cast):
    with clerk.books():
        for one in range(60):
            number = customer(f"7{one:05}", name=f"Ana{one} Novak{one}")
            index(number, f"7{one:05}", f"Ana{one} Novak{one}")
            pay(customer_id=number, payer_iban=f"SI56{one:015}", matched_by="office")
            name = "".join(chr(97 + int(digit)) for digit in str(one))
            db.session.add(SearchTerm(term=f"x{name}", customer_id=number))
            number_of_one = pay(
                payer_name=f"NOVAK ANA X{name}",
                payer_iban=f"SI56{one:015}",
                text=f"voda 7{one:05} racun R{one}",
                reference=f"SI007{one:05}",
                amount_cents=100 + one,
            )
    asked = {}

    of_all, of_one = f"{LIST}?od=2026-01-01", f"{LIST}/{number_of_one}"
    for path in (of_all, f"{LIST}?stanje=razporejena", of_one, f"{of_one}?q=novak"):
        with counted(app) as seen:
            clerk.html(path)
        asked[path] = len(seen)
    assert max(asked.values()) <= 17, asked
