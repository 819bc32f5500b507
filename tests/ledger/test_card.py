"""The financial card: balances on every page and in every file, and whose it is."""

import csv
import io
import re
from datetime import date, datetime, timedelta

import pypdfium2 as pdfium
import pytest
import time_machine
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, update

from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import LedgerEntry
from mojupravljalec.ledger.rules import Origin
from mojupravljalec.values import clock

from ..bills import NOON, Resident, counted, payments_known, rows, words

START = date(2024, 11, 3)
FILES = ("kartica.csv", "kartica.xlsx", "kartica.pdf")
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def _the_day():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def ana(app, browser, cast):
    return Resident(app, browser(cast.ana))


@pytest.fixture
def mine(cast):
    return cast.anas_customer


@pytest.fixture
def card(mine):
    """The address of Ana's card."""
    return f"/financna-kartica/{mine}"


# ---------------------------------------------------------------- many entries

BOOKED = [
    # Three on each day, over more than two years; most are charges.
    (START + timedelta(days=18 * (number // 3)), 900 + number if number % 4 else -2500 - number)
    for number in range(130)
]


EMPTY = {"document": "", "description": "", "reference": "", "reference_key": "", "turn": 1}


def write(resident, customer, booked):
    """Entries as (day, cents), one after the other; all of them are settled."""
    fields = {"customer_id": customer, "origin": Origin.OTHER, "open_cents": 0}
    found = [{**fields, "booked_on": day, "amount_cents": cents} for day, cents in booked]
    with resident.books():
        db.session.execute(insert(LedgerEntry.__table__), [{**EMPTY, **one} for one in found])


@pytest.fixture
def full(ana, mine):
    write(ana, mine, BOOKED)
    return ana


def euros(cents, *, sign=False):
    text = f"{abs(cents) // 100:,}".replace(",", ".") + f",{abs(cents) % 100:02} €"
    return ("−" if cents < 0 else "+" if sign and cents else "") + text


def written(day):
    return f"{day:%-d %b %Y}"


def balance_words(cents):
    if cents == 0:
        return "settled"
    return f"you owe {euros(cents)}" if cents > 0 else f"overpaid by {euros(-cents)}"


def naive(booked, first, last):
    """What the card of these days must say, the newest first: worked out from the beginning."""
    seen, balance = [], 0
    for day, cents in booked:
        balance += cents
        if first <= day <= last:
            seen.append(
                [written(day), euros(cents, sign=True), f"after it: {balance_words(balance)}"]
            )
    return seen[::-1]


def pages(resident, address):
    """Every page from the first one on, by its own links."""
    while address:
        html = resident.html(address)
        yield html
        link = html.partition('<div id="older">')[2].partition("</div>")[0]
        found = re.search(r'href="([^"]*)"', link)
        address = found and found[1].replace("&amp;", "&")


def shown(html):
    return [[day, amount, balance] for day, _, amount, balance in rows(html)]


EVER = (date.min, date.max)


@pytest.mark.parametrize(
    ("query", "span", "count"),
    [
        ("", EVER, [50, 50, 30]),
        ("?leto=2025", (date(2025, 1, 1), date(2025, 12, 31)), [50, 10]),
        ("?leto=2024", (date(2024, 1, 1), date(2024, 12, 31)), [12]),
        ("?leto=2023", (date(2023, 1, 1), date(2023, 12, 31)), [0]),
        ("?od=2025-01-14", (date(2025, 1, 14), date.max), [50, 50, 18]),
        ("?do=2025-01-14", (date.min, date(2025, 1, 14)), [15]),
        ("?od=2025-01-14&do=2025-01-14", (date(2025, 1, 14), date(2025, 1, 14)), [3]),
        ("?od=14.+1.+2025&do=1.+2.+2025", (date(2025, 1, 14), date(2025, 2, 1)), [6]),
        ("?od=2026-01-01&do=2025-01-01", (date(2026, 1, 1), date(2025, 1, 1)), [0]),
        ("?leto=abc&od=x&do=2025-02-30", EVER, [50, 50, 30]),
        ("?leto=0", EVER, [50, 50, 30]),
        ("?leto=99999999999999", EVER, [50, 50, 30]),
        ("?od=0001-01-01&do=9999-12-31", EVER, [50, 50, 30]),
    ],
)
def test_the_balance_after_each_entry_is_right_on_every_page(full, card, query, span, count):
    found = [shown(html) for html in pages(full, card + query)]
    assert [len(page) for page in found] == count
    assert [entry for page in found for entry in page] == naive(BOOKED, *span)


@pytest.mark.parametrize(
    ("query", "span"),
    [
        ("?leto=2025", (date(2025, 1, 1), date(2025, 12, 31))),
        ("?od=2025-01-14&do=2025-02-01", (date(2025, 1, 14), date(2025, 2, 1))),
        ("?do=2025-01-14", (date.min, date(2025, 1, 14))),
        ("", EVER),
    ],
)
def test_the_sums_of_a_time_lead_from_its_opening_to_its_closing_balance(full, card, query, span):
    first, last = span
    opening = sum(cents for day, cents in BOOKED if day < first)
    within = [cents for day, cents in BOOKED if first <= day <= last]
    debit = sum(cents for cents in within if cents > 0)
    credit = sum(cents for cents in within if cents < 0)
    before = f"Balance before {euros(opening)} " if first != date.min else ""
    together = (
        f"{before}Debit {euros(debit, sign=True)} Credit {euros(credit)} "
        f"Balance {euros(opening + debit + credit)}"
    )
    for html in pages(full, card + query):
        assert together in words(html)


def test_htmx_gets_the_older_entries_alone_or_what_was_found(full, card):
    part = full.html(f"{card}?stran=3", HX_Request="true", HX_Target="older")
    assert part.lstrip().startswith('<p class="muted" tabindex="-1" autofocus>Page 3</p>')
    assert shown(part) == naive(BOOKED, *EVER)[100:]
    assert "Together" not in part
    found = full.html(f"{card}?leto=2025", HX_Request="true", HX_Target="found")
    assert found.lstrip().startswith('<div id="found">')
    assert "Together in 2025" in words(found)
    assert "<html" not in found


@pytest.mark.parametrize("page", ["0", "-1", "abc", "4", "2147483647", "999999999999"])
def test_nonsense_as_a_page_finds_the_first_or_none(full, card, page):
    found = shown(full.html(f"{card}?stran={page}"))
    assert found in ([], naive(BOOKED, *EVER)[:50])


def test_a_card_that_grew_for_decades_takes_few_questions(ana, mine, card):
    days = [START + timedelta(days=number // 150) for number in range(100_000)]
    write(ana, mine, [(day, 100 if number % 2 else -100) for number, day in enumerate(days)])
    for query in ("", "?leto=2025", "?stran=2000"):
        with counted(ana.app) as seen:
            html = ana.html(card + query)
        assert len(seen) <= 12
        assert len(shown(html)) == 50
    assert shown(html)[-1] == [written(START), "−1,00 €", "after it: overpaid by 1,00 €"]


# ---------------------------------------------------------------- what is open


def test_open_items_lead_to_their_invoices_and_say_what_is_overdue(ana, mine, card):
    with ana.books():
        payments_known()
    old = ana.bill(mine, "R1", issued_on=date(2026, 10, 8), due_on=date(2026, 10, 28))
    new = ana.bill(mine, "R2")
    ana.book(mine, 500, date(2026, 11, 9), due_on=date(2026, 11, 20), description="Opomin")
    html = ana.html(card)
    text = words(html)
    assert "You owe today 25,54 € Overdue: 15,27 €, pay as soon as you can." in text
    assert "Payments are known up to November 20, 2026." in text
    assert (
        "What is open 10,27 € Invoice R1 was due on October 28, overdue "
        "5,00 € Opomin was due on November 20, overdue "
        "10,27 € Invoice R2 pay by Saturday, November 28"
    ) in text
    # Once among what is open, and once in the table.
    for invoice in (old, new):
        assert html.count(f'href="/racuni/{invoice}"') == 2


def test_nothing_is_called_overdue_while_payments_are_not_known(ana, mine, card):
    ana.bill(mine, "R1", due_on=date(2020, 1, 1))
    assert "verdue" not in ana.words(card)
    assert "Payments are not known to the portal yet" in ana.words(card)


def test_a_partly_paid_invoice_is_open_with_what_is_left(ana, mine, card):
    ana.bill(mine, "R1")
    ana.book(mine, -1000, date(2026, 11, 10))
    text = ana.words(card)
    assert "You owe today 0,27 €" in text
    assert "What is open 0,27 € Invoice R1" in text


@pytest.mark.parametrize(
    ("cents", "says"), [(-1027, "Everything is settled"), (-1500, "Overpaid 4,73 €")]
)
def test_what_is_paid_or_overpaid_is_said(ana, mine, card, cents, says):
    ana.bill(mine, "R1")
    ana.book(mine, cents, date(2026, 11, 10))
    text = ana.words(card)
    assert says in text
    assert "What is open" not in text


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        (Origin.PAYMENT, "Payment, thank you"),
        (Origin.RETURN, "Payment that was returned"),
        (Origin.CREDIT_NOTE, "Credit note"),
        (Origin.OTHER, "Charge"),
    ],
)
def test_an_entry_without_a_description_is_called_after_what_it_is(ana, mine, card, origin, says):
    ana.book(mine, 100, date(2026, 11, 10), origin=origin)
    ((_, called, *_),) = ana.rows(card)
    assert called == says


def test_what_comes_from_a_file_is_shown_as_text(ana, mine, card):
    bad = "<script>alert(1)</script>"
    ana.book(mine, 100, date(2026, 11, 10), description=bad, document=bad)
    assert "<script>alert" not in ana.html(card)


# ---------------------------------------------------------------- whose it is


def link(resident, account, customer):
    with resident.books():
        moment = clock.now()
        db.session.add(CustomerLink(account_id=account.id, customer_id=customer, linked_at=moment))


def test_of_two_customers_the_first_is_shown_until_the_other_is_chosen(ana, cast, mine):
    link(ana, cast.ana, cast.bojans_customer)
    ana.book(mine, 111, date(2026, 11, 1))
    ana.book(cast.bojans_customer, 222, date(2026, 11, 1))
    for query, owed in (
        ("", "1,11 €"),
        (f"?stranka={cast.bojans_customer}", "2,22 €"),
        (f"?stranka={mine}", "1,11 €"),
        ("?stranka=abc", "1,11 €"),
        ("?stranka=-1", "1,11 €"),
        ("?stranka=", "1,11 €"),
    ):
        html = ana.html(f"/financna-kartica{query}")
        assert f"You owe today {owed}" in words(html)
        assert 'name="stranka"' in html


def test_a_strangers_card_answers_as_one_that_is_not_there(ana, cast, mine, browser, app):
    ana.book(mine, 111, date(2026, 11, 1))
    bojan = Resident(app, browser(cast.bojan))
    bojan.html("/financna-kartica")
    for ending in ("", *(f"/{name}" for name in FILES)):
        theirs, none = (
            bojan.client.get(f"/financna-kartica/{number}{ending}") for number in (mine, 10**6)
        )
        assert theirs.status_code == none.status_code == 404
        assert theirs.data == none.data
        assert list(theirs.headers) == list(none.headers)
    bojan.html(f"/financna-kartica?stranka={mine}", status=404)
    assert 'name="stranka"' not in bojan.html("/financna-kartica")


def test_an_ended_link_closes_the_card(ana, card):
    with ana.books():
        db.session.execute(update(CustomerLink).values(ended_at=clock.now()))
    for ending in ("", *(f"/{name}" for name in FILES)):
        ana.html(f"{card}{ending}", status=404)
    assert "There is no card yet" in ana.html("/financna-kartica")


def test_the_signed_out_are_led_to_the_sign_in(browser, card):
    for ending in ("", *(f"/{name}" for name in FILES)):
        answer = browser().get(f"{card}{ending}")
        assert answer.status_code == 303
        assert answer.location.startswith("/prijava?next=")


def test_who_has_linked_nobody_is_told_how(app, browser, cast):
    html = Resident(app, browser(cast.cvetka)).html("/financna-kartica")
    assert "There is no card yet" in html
    assert 'href="/prikljuci-stranko"' in html


def test_an_empty_card_says_so(ana, card):
    text = ana.words(card)
    assert "Everything is settled" in text
    assert "Nothing is booked in this time." in text
    assert "Year" not in text


# ---------------------------------------------------------------- files


def file(resident, card, name, query="", **headers):
    answer = resident.client.get(f"{card}/{name}{query}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    ending = name.rpartition(".")[2]
    assert answer.headers["Content-Disposition"] == f"attachment; filename=kartica-01.{ending}"
    return answer.data


@pytest.fixture
def three(ana, mine):
    """An invoice, its payment of the same day, and something that looks like a formula."""
    ana.bill(mine, "2026-10-1", issued_on=date(2026, 10, 8), due_on=date(2026, 10, 28))
    ana.book(mine, -1500, date(2026, 10, 8))
    ana.book(mine, 123456, date(2026, 11, 9), description="=1+1", document="@SUM(A1)")
    return ana


def test_the_csv_opens_in_a_slovenian_excel(three, card):
    data = file(three, card, "kartica.csv", **{"Accept-Language": "sl"})
    assert data.startswith(b"\xef\xbb\xbfDatum;Dokument;Opis;Breme;Dobro;Saldo\r\n")
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))[1:] == [
        ["2026-10-08", "2026-10-1", "Račun", "10,27", "", "10,27"],
        ["2026-10-08", "", "Plačilo, hvala", "", "15,00", "-4,73"],
        ["2026-11-09", "'@SUM(A1)", "'=1+1", "1234,56", "", "1229,83"],
    ]


def test_in_the_workbook_days_are_days_and_amounts_are_numbers(three, card):
    data = file(three, card, "kartica.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    head, *found = book.get_sheet_by_index(0).to_python()
    assert head == ["Date", "Document", "Description", "Debit", "Credit", "Balance"]
    assert found == [
        [date(2026, 10, 8), "2026-10-1", "Invoice", 10.27, "", 10.27],
        [date(2026, 10, 8), "", "Payment, thank you", "", 15.0, -4.73],
        [date(2026, 11, 9), "@SUM(A1)", "=1+1", 1234.56, "", 1229.83],
    ]


@pytest.mark.parametrize("name", ["kartica.csv", "kartica.pdf"])
def test_the_same_card_gives_the_same_bytes_also_later_that_day(three, card, name):
    first = file(three, card, name)
    with time_machine.travel(datetime(2026, 11, 22, 20, 15, tzinfo=clock.LOCAL), tick=False):
        assert file(three, card, name) == first


def texts(data):
    with pdfium.PdfDocument(data) as document:
        found = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(found).split())


def test_the_statement_has_every_row_and_the_balances(full, card):
    text = texts(file(full, card, "kartica.pdf", "?od=2025-01-14"))
    balance = opening = sum(cents for day, cents in BOOKED if day < date(2025, 1, 14))
    assert f"Balance before {euros(opening)[:-2]}" in text
    for day, cents in BOOKED:
        if day < date(2025, 1, 14):
            continue
        balance += cents
        assert f"{written(day)} Charge {euros(abs(cents))[:-2]} {euros(balance)[:-2]}" in text
    assert text.count(" Charge ") == len([day for day, _ in BOOKED if day >= date(2025, 1, 14)])
    assert f"{euros(balance)[:-2]} " in text.rpartition("Together")[2]
    assert "From January 14, 2025 to November 22, 2026" in text


@pytest.mark.parametrize("name", FILES[:2])
def test_a_table_has_every_row_of_its_days_and_goes_on_from_the_balance_before(full, card, name):
    data = file(full, card, name, "?od=2025-01-14&do=2025-12-31")
    if name.endswith("csv"):
        found = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))[1:]
        last = int(found[-1][-1].replace(",", ""))
    else:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = book.get_sheet_by_index(0).to_python()[1:]
        last = round(found[-1][-1] * 100)
    days = [day for day, _ in BOOKED if date(2025, 1, 14) <= day <= date(2025, 12, 31)]
    assert len(found) == len(days)
    assert last == sum(cents for day, cents in BOOKED if day <= days[-1])


@pytest.mark.parametrize("name", FILES)
def test_the_file_of_an_empty_card_has_only_its_head(ana, card, name):
    assert file(ana, card, name)


@pytest.mark.parametrize("name", ["kartica.doc", "kartica.CSV", "kartica", "x.csv"])
def test_there_are_no_other_files(ana, card, name):
    ana.html(f"{card}/{name}", status=404)


def test_the_number_of_a_customer_is_safe_in_a_files_name(ana, mine, card):
    with ana.books():
        db.session.get_one(Customer, mine).number = '../"1;\n'
    answer = ana.client.get(f"{card}/kartica.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=kartica-1.csv"


# ---------------------------------------------------------------- what is easily lost


def test_open_items_without_a_due_day_stand_by_their_booking_day(ana, mine, card):
    ana.book(mine, 100, date(2026, 10, 15), description="Brez roka")
    ana.book(mine, 200, date(2026, 10, 1), due_on=date(2026, 10, 10), description="Prej")
    ana.book(mine, 300, date(2026, 10, 1), due_on=date(2026, 10, 20), description="Pozneje")
    text = ana.words(card).partition("What is open")[2]
    assert text.index("Prej") < text.index("Brez roka") < text.index("Pozneje")


def test_an_item_without_a_due_day_is_overdue_from_its_booking_on(ana, mine, card):
    with ana.books():
        payments_known()
    ana.book(mine, 100, date(2026, 10, 15), description="Brez roka")
    text = ana.words(card)
    assert "Overdue: 1,00 €" in text
    assert "overdue" in text.partition("What is open")[2].partition("+ is")[0]


def test_older_entries_are_of_the_same_days(ana, mine, card):
    for _ in range(52):
        ana.book(mine, 100, date(2025, 6, 1))
    html = ana.html(f"{card}?leto=2025&od=2025-06-01&do=2025-06-30")
    assert "od=2025-06-01" in html.partition('id="older"')[2].partition("</div>")[0]


def test_what_is_printed_is_of_the_customer_that_was_chosen(ana, cast):
    with ana.books():
        link = {"account_id": cast.ana.id, "customer_id": cast.bojans_customer}
        db.session.add(CustomerLink(**link, linked_at=clock.now()))
    part = ana.html(
        f"/financna-kartica?stranka={cast.bojans_customer}", HX_Request="true", HX_Target="found"
    )
    assert f"/financna-kartica/{cast.bojans_customer}/kartica.pdf" in part


def test_a_workbook_is_the_same_whenever_it_is_asked_for(ana, mine, card):
    ana.book(mine, 100, date(2026, 10, 1))
    first = ana.client.get(f"{card}/kartica.xlsx").data
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        assert ana.client.get(f"{card}/kartica.xlsx").data == first


@pytest.mark.parametrize("span", ["od=0001-01-01", "do=9999-12-31", "od=9999-12-31", "leto=1"])
@pytest.mark.parametrize("file", ["", *(f"/{name}" for name in FILES)])
def test_days_far_off_are_answered_too(ana, card, file, span):
    assert ana.client.get(f"{card}{file}?{span}").status_code == 200
