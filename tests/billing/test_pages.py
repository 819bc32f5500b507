"""The pages of invoices: the list, one invoice, its PDF and picture, and of whom they are."""

import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pypdfium2 as pdfium
import pytest
import time_machine
import zxingcpp
from PIL import Image
from sqlalchemy import update

from mojupravljalec import storage
from mojupravljalec.billing import page as pages
from mojupravljalec.billing import upn_qr
from mojupravljalec.billing.document import Content, Kind, to_json
from mojupravljalec.billing.models import Invoice
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import LedgerEntry
from mojupravljalec.ledger.rules import Origin
from mojupravljalec.storage import Shelf
from mojupravljalec.values import clock, references

from ..bills import (
    IBAN,
    KNOWN_UNTIL,
    NOON,
    Resident,
    counted,
    item,
    payments_known,
    rows,
    water,
    words,
)

OCTOBER = {"period_from": date(2026, 10, 1), "period_to": date(2026, 10, 31)}
SEPTEMBER = {"period_from": date(2026, 9, 1), "period_to": date(2026, 9, 30)}
PARTS = ("", "/racun.pdf", "/upn.png", "/rok.ics")


@pytest.fixture(autouse=True)
def _the_day():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def ana(app, browser, cast):
    return Resident(app, browser(cast.ana))


@pytest.fixture
def bojan(app, browser, cast):
    return Resident(app, browser(cast.bojan))


@pytest.fixture
def mine(cast):
    return cast.anas_customer


def known(resident, until=KNOWN_UNTIL):
    with resident.books():
        payments_known(until)


def link(resident, account, customer):
    with resident.books():
        db.session.add(
            CustomerLink(account_id=account.id, customer_id=customer, linked_at=clock.now())
        )


# ---------------------------------------------------------------- the list


def test_the_list_is_newest_first_with_day_state_and_amount(ana, mine):
    known(ana)
    ana.bill(mine, "2026-9-1", issued_on=date(2026, 10, 8), due_on=date(2026, 10, 28), **SEPTEMBER)
    ana.bill(mine, "2026-10-1", **OCTOBER)
    ana.bill(mine, "2026-10-2", water(10))
    assert ana.rows("/racuni") == [
        ["Invoice 2026-10-2 2026-10-2", "8 Nov 2026", "Due: 28 Nov 2026", "to pay", "8,56 €"],
        [
            "Invoice for October 2026 2026-10-1",
            "8 Nov 2026",
            "Due: 28 Nov 2026",
            "to pay",
            "10,27 €",
        ],
        [
            "Invoice for September 2026 2026-9-1",
            "8 Oct 2026",
            "Due: 28 Oct 2026",
            "overdue",
            "10,27 €",
        ],
    ]


@pytest.mark.parametrize(
    ("due_on", "until", "paid_cents", "says"),
    [
        (date(2026, 11, 28), KNOWN_UNTIL, 1027, "✓ paid"),
        (date(2026, 11, 28), KNOWN_UNTIL, 0, "to pay"),
        (date(2026, 11, 28), KNOWN_UNTIL, 1000, "partly paid still 0,27 €"),
        (date(2026, 11, 20), KNOWN_UNTIL, 0, "overdue"),
        (date(2026, 11, 20), KNOWN_UNTIL, 1000, "overdue still 0,27 €"),
        (date(2026, 11, 20), KNOWN_UNTIL, 1027, "✓ paid"),
        (date(2026, 11, 21), KNOWN_UNTIL, 0, "payment not known yet"),
        (date(2026, 11, 21), KNOWN_UNTIL, 1000, "payment not known yet still 0,27 €"),
        (date(2026, 11, 22), KNOWN_UNTIL, 0, "due today"),
        (date(2026, 11, 22), date(2026, 11, 22), 0, "due today"),
        (date(2026, 11, 21), date(2026, 11, 22), 0, "overdue"),
        (date(2020, 1, 1), None, 0, "payment not known yet"),
        (date(2020, 1, 1), None, 1027, "✓ paid"),
    ],
)
def test_an_invoice_is_overdue_only_as_far_as_payments_are_known(
    ana, mine, due_on, until, paid_cents, says
):
    if until:
        known(ana, until)
    invoice = ana.bill(mine, "2026-10-1", due_on=due_on)
    if paid_cents:
        ana.book(mine, -paid_cents, date(2026, 11, 19))
    assert ana.rows("/racuni")[0][3] == says
    assert f" {says.partition(' still')[0]} 10,27 €" in ana.words(f"/racuni/{invoice}")
    assert ("Overdue:" in ana.words("/racuni")) == says.startswith("overdue")


def test_a_credit_note_is_told_apart_and_has_no_due_day(ana, mine):
    ana.bill(mine, "D-1", water(3), kind=Kind.CREDIT_NOTE)
    ((title, _, due, state, amount),) = ana.rows("/racuni")
    assert (title, due, state, amount) == ("Credit note D-1 D-1", "", "credit note", "−2,57 €")


def test_the_sums_over_the_list_are_of_all_that_fits(ana, mine):
    known(ana)
    ana.bill(mine, "1", issued_on=date(2026, 10, 8), due_on=date(2026, 10, 28))
    ana.bill(mine, "2")
    ana.bill(mine, "3", water(3), kind=Kind.CREDIT_NOTE)
    ana.book(mine, -100, date(2026, 11, 10))
    text = ana.words("/racuni")
    assert "2 invoices to pay, together 16,97 €. Overdue: 6,70 €, pay as soon as you can." in text
    assert "3 documents, together 17,97 €. Payments are known up to November 20, 2026." in text


def test_who_has_paid_everything_reads_so(ana, mine):
    ana.bill(mine, "1")
    ana.book(mine, -1027, date(2026, 11, 10))
    text = ana.words("/racuni")
    assert "Everything is paid." in text
    assert "Payments are not known to the portal yet" in text


def test_without_invoices_there_is_no_filter_but_a_sentence(ana):
    html = ana.html("/racuni")
    assert "There are no invoices yet" in html
    assert 'class="filter"' not in html


# ---------------------------------------------------------------- what is looked for


@pytest.fixture
def full(ana, bojan, cast, mine):
    """Ana has two houses and, since she pays for Bojan too, two customers."""
    link(ana, cast.ana, cast.bojans_customer)
    ana.bill(mine, "R1", issued_on=date(2025, 12, 31), supply_points="\nOM-1\n")
    ana.bill(mine, "R2", issued_on=date(2026, 1, 1), supply_points="\nOM-11\n")
    ana.bill(mine, "R3", issued_on=date(2026, 2, 1), supply_points="\nOM-2\nOM-1\n")
    ana.bill(cast.bojans_customer, "R4", issued_on=date(2026, 3, 1), supply_points="\nOM_1\n")
    ana.book(mine, -1027, date(2026, 2, 1), reference=references.with_check_digit("12", "2"))
    return ana


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "R4 R3 R2 R1"),
        ("?leto=2025", "R1"),
        ("?leto=2026", "R4 R3 R2"),
        ("?leto=2024", ""),
        ("?leto=2024&leto=2025", ""),
        ("?mesto=OM-1", "R3 R1"),
        ("?mesto=OM-11", "R2"),
        ("?mesto=OM-", ""),
        ("?mesto=OM_1", "R4"),
        ("?mesto=OM__", ""),
        ("?mesto=%25", ""),
        ("?mesto=om-1", None),
        ("?mesto=/", ""),
        ("?mesto=%0A", ""),
        ("?neplacani=1", "R4 R3 R1"),
        ("?neplacani=", "R4 R3 R2 R1"),
        ("?neplacani=1&leto=2026&mesto=OM-1", "R3"),
        ("?leto=abc", "R4 R3 R2 R1"),
        ("?leto=0", "R4 R3 R2 R1"),
        ("?leto=1", ""),
        ("?leto=9999", ""),
        ("?leto=99999999999999999999", "R4 R3 R2 R1"),
        ("?leto=-1", "R4 R3 R2 R1"),
        ("?stran=0", "R4 R3 R2 R1"),
        ("?stran=-7", "R4 R3 R2 R1"),
        ("?stran=abc", "R4 R3 R2 R1"),
        ("?stran=2", ""),
        ("?stran=2147483647", ""),
        ("?stran=999999999999", "R4 R3 R2 R1"),
        ("?stranka=-1", "R4 R3 R2 R1"),
        ("?stranka=2147483647", ""),
        ("?stranka=abc", "R4 R3 R2 R1"),
    ],
)
def test_the_address_says_which_invoices_are_wanted(full, query, found):
    for headers in ({}, {"HX_Request": "true"}):
        seen = [row[0].split()[1] for row in full.rows(f"/racuni{query}", **headers)]
        if found is not None:
            assert seen == found.split()


def test_the_customer_can_be_chosen(full, cast, mine):
    for customer, found in ((mine, ["R3", "R2", "R1"]), (cast.bojans_customer, ["R4"])):
        seen = full.rows(f"/racuni?stranka={customer}")
        assert [row[0].split()[1] for row in seen] == found
    assert full.rows(f"/racuni?stranka={mine}&leto=2025")[0][0] == "Invoice R1 R1 · Stranka 1"


def test_two_customers_are_named_and_one_is_not(full, bojan):
    assert full.rows("/racuni")[0][0] == "Invoice R4 R4 · Stranka 2"
    assert 'name="stranka"' in full.html("/racuni")
    assert bojan.rows("/racuni")[0][0] == "Invoice R4 R4"
    assert 'name="stranka"' not in bojan.html("/racuni")


def test_the_choice_is_still_there_on_the_page(full, mine):
    html = full.html(f"/racuni?leto=2025&neplacani=1&stranka={mine}&mesto=OM-01")
    for chosen in ('value="2025" selected', f'value="{mine}" selected', 'value="OM-01" selected'):
        assert chosen in html
    assert 'name="neplacani" value="1" checked' in html


def test_a_choice_without_invoices_leads_back_to_all(full):
    text = full.html("/racuni?leto=2024")
    assert "No invoice fits this choice." in text
    assert '<a href="/racuni">Show all</a>' in text


# ---------------------------------------------------------------- page by page


@pytest.fixture
def many(ana, mine):
    """Sixty-three invoices, two of them on each day."""
    with ana.books():
        for number in range(63):
            day = date(2026, 1, 1) + timedelta(days=number // 2)
            db.session.add(
                Invoice(
                    customer_id=mine,
                    number=f"R{number}",
                    kind=Kind.INVOICE,
                    issued_on=day,
                    due_on=day,
                    net_cents=None,
                    vat_cents=None,
                    gross_cents=100,
                    to_pay_cents=100,
                    content=to_json(Content()),
                    supply_points="\nOM-01\n",
                )
            )
    return ana


def older(html):
    """The address of the next page."""
    link = html.partition('<div id="older">')[2].partition("</div>")[0]
    plain, by_htmx = (re.search(f' {name}="([^"]*)"', link) for name in ("href", "data-hx-get"))
    assert (plain and plain[1]) == (by_htmx and by_htmx[1])
    return plain and plain[1].replace("&amp;", "&")


def test_sixty_stand_on_a_page_and_the_others_on_the_next(many):
    first = many.html("/racuni?leto=2026&mesto=OM-01")
    assert older(first) == "/racuni?mesto=OM-01&leto=2026&stran=2"
    second = many.html(older(first))
    assert [len(rows(page)) for page in (first, second)] == [60, 3]
    seen = [row[0].split()[1] for page in (first, second) for row in rows(page)]
    assert seen == [f"R{number}" for number in reversed(range(63))]
    assert older(second) is None
    assert "Page 2" in words(second)
    assert "63 documents, together 63,00 €" in words(second)


def test_htmx_gets_the_older_rows_alone(many):
    part = many.html("/racuni?stran=2", HX_Request="true", HX_Target="older")
    assert part.lstrip().startswith('<p class="muted" tabindex="-1" autofocus>Page 2</p>')
    assert len(rows(part)) == 3
    assert "63 documents" not in part


@pytest.mark.parametrize("target", ["found", "", "anything"])
def test_htmx_gets_what_was_found_without_the_page_around_it(many, target):
    part = many.html("/racuni?leto=2026", HX_Request="true", HX_Target=target)
    assert part.lstrip().startswith('<div id="found">')
    assert "63 documents" in part
    assert "<html" not in part
    assert "<form" not in part


def test_going_back_in_history_gets_the_whole_page(many):
    headers = {"HX_Request": "true", "HX_History_Restore_Request": "true"}
    assert "<html" in many.html("/racuni", **headers)


def test_the_list_takes_few_questions_to_the_database(many):
    with counted(many.app) as seen:
        many.html("/racuni")
    assert len(seen) <= 12


# ---------------------------------------------------------------- of whom they are


def test_a_strangers_invoice_answers_byte_for_byte_as_one_that_is_not_there(ana, bojan, mine):
    invoice = ana.bill(mine, "2026-10-1")
    bojan.html("/racuni")
    for part in PARTS:
        assert ana.client.get(f"/racuni/{invoice}{part}").status_code == 200
        theirs, none = (
            bojan.client.get(f"/racuni/{number}{part}") for number in (invoice, invoice + 10**6)
        )
        assert theirs.status_code == none.status_code == 404
        assert theirs.data == none.data
        assert list(theirs.headers) == list(none.headers)


def test_a_strangers_invoices_are_in_no_list_whatever_the_address_asks(ana, bojan, cast, mine):
    ana.bill(mine, "SECRET-1", supply_points="\nOM-01\n")
    bojan.bill(cast.bojans_customer, "B-1")
    for query in ("", f"?stranka={mine}", "?mesto=OM-01", "?leto=2026", "?neplacani=1", "?stran=1"):
        assert "SECRET" not in bojan.html(f"/racuni{query}")


def test_an_ended_link_closes_everything(ana, cast, mine):
    invoice = ana.bill(mine, "2026-10-1")
    with ana.books():
        db.session.execute(
            update(CustomerLink)
            .where(CustomerLink.account_id == cast.ana.id)
            .values(ended_at=clock.now())
        )
    for part in PARTS:
        ana.html(f"/racuni/{invoice}{part}", status=404)
    assert "2026-10-1" not in ana.html("/racuni")


def test_the_signed_out_are_led_to_the_sign_in(ana, browser, mine):
    invoice = ana.bill(mine, "2026-10-1")
    client = browser()
    for part in PARTS:
        answer = client.get(f"/racuni/{invoice}{part}")
        assert answer.status_code == 303
        assert answer.location.startswith("/prijava?next=")
        assert not answer.data.startswith((b"%PDF", b"\x89PNG", b"BEGIN"))


@pytest.mark.parametrize("number", ["0", "-1", "abc", "99999999999", "2147483648", "1/x", "1.5"])
def test_nonsense_instead_of_a_number_is_not_found(ana, number):
    for part in PARTS:
        ana.html(f"/racuni/{number}{part}", status=404)


# ---------------------------------------------------------------- one invoice


def test_the_page_shows_every_line_with_quantity_price_and_vat(ana, mine):
    line = water(12, meter="18204411", old_value=Decimal(455), new_value=Decimal(467))
    fee = item("Omrežnina", Decimal("0.5"), "mes", "18.12345")
    text = ana.words(f"/racuni/{ana.bill(mine, '2026-10-1', line, fee, **OCTOBER)}")
    assert "Meter 18204411: from 455 to 467 m³, used 12 m³." in text
    assert "9,38 € Vodarina 12 m³ × 0,7820 € · VAT 9,5 %" in text
    assert "9,06 € Omrežnina 0,5 mes × 18,12345 € · VAT 9,5 %" in text
    assert "Without VAT 18,44 € VAT 9,5 % of 18,44 € 1,75 € To pay 20,19 €" in text
    assert "Number 2026-10-1 Issued November 8, 2026 Period October 2026 Customer number 01" in text


def test_instalments_discounts_and_rounding_are_on_the_page(ana, mine):
    content = Content(
        lines=(water(12),),
        allowances_cents=50,
        charges_cents=20,
        prepaid_cents=300,
        rounding_cents=-2,
        note="Poračun za leto 2026.",
    )
    invoice = ana.bill(mine, "1", content=to_json(content), to_pay_cents=695)
    text = ana.words(f"/racuni/{invoice}")
    for part in (
        "Allowances −0,50 € Charges 0,20 €",
        "Together 10,27 € Already charged or paid −3,00 € Rounding −0,02 € To pay 6,95 €",
        "Poračun za leto 2026.",
    ):
        assert part in text


def test_only_sums_are_shown_where_only_sums_came(ana, mine):
    content = to_json(Content())
    invoice = ana.bill(mine, "1", content=content, net_cents=None, vat_cents=None)
    text = ana.words(f"/racuni/{invoice}")
    assert "The operator sent only the sums of this document." in text
    assert "Without VAT" not in text


def test_what_does_not_add_up_is_said(ana, mine):
    invoice = ana.bill(mine, "1", flaw="vrstice so 1 cent manj")
    text = ana.words(f"/racuni/{invoice}")
    assert "The sums of this document do not add up: vrstice so 1 cent manj." in text


def test_what_comes_from_a_file_is_shown_as_text(ana, mine):
    bad = "<script>alert(1)</script>"
    content = to_json(Content(lines=(water(12, meter=bad),), note=bad))
    invoice = ana.bill(mine, bad, content=content, payer_name=bad, flaw=bad)
    for path in ("/racuni", f"/racuni/{invoice}"):
        html = ana.html(path)
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html


def test_an_invoice_and_its_credit_note_tell_of_each_other(ana, mine):
    invoice = ana.bill(mine, "2026-10-1")
    note = ana.bill(mine, "D-1", water(3), kind=Kind.CREDIT_NOTE, corrects="2026-10-1")
    page, credit = ana.html(f"/racuni/{invoice}"), ana.words(f"/racuni/{note}")
    assert f'<a href="/racuni/{note}">Credit note D-1</a> takes 2,57' in page
    assert "Pay 7,70 € by Saturday, November 28." in words(page)
    assert "credit note −2,57 € This amount is credited to you" in credit
    assert "It takes back invoice 2026-10-1." in credit
    assert "Credited to you 2,57 €" in credit
    assert "Why is this invoice different?" not in credit


def test_another_customers_credit_note_for_the_same_number_is_not_shown(ana, cast, mine):
    invoice = ana.bill(mine, "2026-10-1")
    ana.bill(cast.bojans_customer, "D-1", kind=Kind.CREDIT_NOTE, corrects="2026-10-1")
    assert "D-1" not in ana.html(f"/racuni/{invoice}")


# ---------------------------------------------------------------- why it differs


def table(html, nth=0):
    """The rows of the nth comparison: what, and its cents."""
    part = html.split('<caption class="skip">')[nth + 1].partition("</table>")[0]
    found = re.findall(r"<th.*?>(.*?)</th><td.*?>(.*?)</td>", part, flags=re.DOTALL)
    return [(words(what), _cents(words(amount))) for what, amount in found]


def _cents(amount):
    sign = -1 if amount.startswith("−") else 1
    return sign * int(re.sub("[^0-9]", "", amount))


def year_of_bills(ana, mine, **more):
    """October a year ago, September, and October: what each costs is different."""
    ana.bill(
        mine,
        "2025-10-1",
        water(9, "0.7000"),
        issued_on=date(2025, 11, 8),
        period_from=date(2025, 10, 1),
        period_to=date(2025, 10, 31),
        **more,
    )
    ana.bill(mine, "2026-9-1", water(11), issued_on=date(2026, 10, 8), **SEPTEMBER, **more)
    fee = item("Omrežnina", 1, "mes", "4.0000")
    return ana.bill(mine, "2026-10-1", water(12, "0.8000"), fee, **OCTOBER, **more)


def test_the_difference_is_explained_to_the_cent(ana, mine):
    html = ana.html(f"/racuni/{year_of_bills(ana, mine)}")
    for nth, earlier in enumerate(("September 2026", "October 2025")):
        first, *parts, last = table(html, nth)
        assert first[0] == f"Invoice for {earlier}"
        assert last == ("This invoice", 1489)
        assert first[1] + sum(cents for _, cents in parts) == 1489
    text = words(html)
    assert "This invoice is 5,47 € higher than the one for September 2026." in text
    assert "The main reason: new items (+4,38 €)." in text
    assert "1 m³ more: 12 m³ instead of 11 m³" in text
    assert "Vodarina: 0,8000 € instead of 0,7000 €" in text


def test_less_water_is_worded_and_has_no_sign(ana, mine):
    ana.bill(mine, "1", water(12), issued_on=date(2026, 10, 8), **SEPTEMBER)
    text = ana.words(f"/racuni/{ana.bill(mine, '2', water(10), **OCTOBER)}")
    assert "2 m³ less: 10 m³ instead of 12 m³" in text


def test_lines_stand_as_issued_and_no_consumption_below_nothing_is_made_of_them(ana, mine):
    ana.bill(mine, "1", water(12), issued_on=date(2026, 10, 8), **SEPTEMBER)
    values = {"meter": "0018", "old_value": Decimal(120), "new_value": Decimal(115)}
    invoice = ana.bill(mine, "2", water(-5, **values), item("Omrežnina", 9, "mes", "4"), **OCTOBER)
    text = ana.words(f"/racuni/{invoice}")
    assert "−5 m³ × 0,7820 €" in text  # as issued
    assert "Meter 0018: from 120 to 115 m³." in text
    assert text.count("−5") == 1
    assert "instead of 12 m³" not in text


def test_one_that_costs_the_same_says_so(ana, mine):
    ana.bill(mine, "1", issued_on=date(2026, 10, 8), **SEPTEMBER)
    invoice = ana.bill(mine, "2", **OCTOBER)
    text = ana.words(f"/racuni/{invoice}")
    assert "This invoice is as high as the one for September 2026." in text


def test_the_first_invoice_is_compared_with_none(ana, mine):
    assert "different" not in ana.words(f"/racuni/{ana.bill(mine, '1', **OCTOBER)}")


@pytest.mark.parametrize(
    "other", [{"supply_points": "\nOM-02\n"}, {"supply_points": "\nOM-01\nOM-02\n"}, {}]
)
def test_other_supply_points_are_never_compared(ana, mine, other):
    ana.bill(mine, "1", issued_on=date(2026, 10, 8), **SEPTEMBER, **other)
    invoice = ana.bill(mine, "2", **OCTOBER, supply_points="\nOM-01\n")
    assert "different" not in ana.words(f"/racuni/{invoice}")


def test_neither_credit_notes_nor_other_customers_are_compared_with(ana, cast, mine):
    ana.bill(mine, "1", kind=Kind.CREDIT_NOTE, issued_on=date(2026, 10, 8), **SEPTEMBER)
    ana.bill(cast.bojans_customer, "2", issued_on=date(2026, 10, 8), **SEPTEMBER)
    assert "different" not in ana.words(f"/racuni/{ana.bill(mine, '3', **OCTOBER)}")


# ---------------------------------------------------------------- how it is paid


def scanned(png):
    """What the code in a picture says, as bytes."""
    return zxingcpp.read_barcode(Image.open(io.BytesIO(png)).convert("L")).bytes


def order_of(resident, invoice_id):
    with resident.app.test_request_context():
        return pages.page_of(db.session.get_one(Invoice, invoice_id)).order


def test_the_picture_says_exactly_what_is_to_be_paid(ana, mine):
    invoice = ana.bill(mine, "2026-10-1", payer_name="Žiga Čuš", payer_street="Šolska 7")
    assert f'src="/racuni/{invoice}/upn.png"' in ana.html(f"/racuni/{invoice}")
    answer = ana.client.get(f"/racuni/{invoice}/upn.png")
    assert answer.mimetype == "image/png"
    assert scanned(answer.data) == upn_qr.content(order_of(ana, invoice)).encode("iso-8859-2")
    fields = scanned(answer.data).decode("iso-8859-2").split("\n")
    assert (fields[5], fields[6], fields[8]) == ("Žiga Čuš", "Šolska 7", "00000001027")
    assert (fields[13], fields[14]) == ("28.11.2026", IBAN)


@pytest.mark.parametrize(("query", "attached"), [("", "inline"), ("?shrani=1", "attachment")])
def test_the_picture_is_shown_or_saved(ana, mine, query, attached):
    answer = ana.client.get(f"/racuni/{ana.bill(mine, 'Č/1')}/upn.png{query}")
    assert answer.headers["Content-Disposition"].startswith(attached)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_of_a_partly_paid_invoice_the_rest_is_paid(ana, mine):
    invoice = ana.bill(mine, "2026-10-1")
    ana.book(mine, -1000, date(2026, 11, 10))
    html = ana.html(f"/racuni/{invoice}")
    assert 'alt="UPN QR code for 0,27\N{NO-BREAK SPACE}€"' in html
    assert 'data-copy="0,27"' in html
    assert "Pay 0,27 € by Saturday, November 28." in words(html)
    picture = ana.client.get(f"/racuni/{invoice}/upn.png").data
    assert b"\n00000000027\n" in scanned(picture)


def test_a_paid_invoice_cannot_be_paid_again(ana, mine):
    invoice = ana.bill(mine, "2026-10-1")
    assert ana.client.get(f"/racuni/{invoice}/upn.png").status_code == 200
    ana.book(mine, -1027, date(2026, 11, 10))
    html = ana.html(f"/racuni/{invoice}")
    assert "The invoice is paid. Thank you." in html
    assert "There is nothing more to pay." in html
    assert "upn.png" not in html
    assert 'href="#placilo"' not in html
    ana.html(f"/racuni/{invoice}/upn.png", status=404)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": Kind.CREDIT_NOTE}, "There is nothing to pay: this amount is in your favour."),
        ({"to_pay_cents": 0}, "There is nothing more to pay."),
        ({"to_pay_cents": -500}, "There is nothing to pay: this amount"),
        ({"iban": ""}, "the invoice names no account to pay to."),
        ({"to_pay_cents": 100_000_000_000}, "The amount is too large for the QR code."),
        ({"reference": "SI121"}, "the payment reference is not a valid one."),
        ({"payer_street": ""}, "the payer's address is not complete."),
    ],
)
def test_without_a_code_the_page_says_why(ana, mine, fields, why):
    invoice = ana.bill(mine, "2026-10-1", **fields)
    html = ana.html(f"/racuni/{invoice}")
    assert why in html.replace("&#39;", "'")
    assert "<img" not in html
    assert 'href="#placilo"' not in html
    ana.html(f"/racuni/{invoice}/upn.png", status=404)


@pytest.mark.parametrize("fields", [{"reference": "SI121"}, {"payer_street": ""}])
def test_what_can_be_typed_by_hand_is_there_even_without_a_code(ana, mine, fields):
    html = ana.html(f"/racuni/{ana.bill(mine, '2026-10-1', **fields)}")
    assert 'data-copy="10,27"' in html
    assert f'data-copy="{IBAN}"' in html
    assert "SI56 0201 7001 4356 205" in words(html)


def test_the_operators_account_stands_in_for_a_missing_one(ana, make_app, browser, cast, mine):
    invoice = ana.bill(mine, "2026-10-1", iban="")
    other = make_app(OPERATOR_IBAN=IBAN)
    answer = browser(cast.ana, other).get(f"/racuni/{invoice}/upn.png")
    assert IBAN.encode() in scanned(answer.data)


# ---------------------------------------------------------------- files


def test_the_calendar_gets_the_due_day(ana, mine):
    invoice = ana.bill(mine, "2026-10-1", **OCTOBER)
    answer = ana.client.get(f"/racuni/{invoice}/rok.ics")
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Content-Disposition"] == "attachment; filename=rok-2026-10-1.ics"
    lines = answer.data.decode().split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = dict(
        line.split(":", 1) for line in answer.text.replace("\r\n ", "").split("\r\n") if line
    )
    assert unfolded["DTSTART;VALUE=DATE"] == "20261128"
    assert unfolded["DTEND;VALUE=DATE"] == "20261129"
    assert unfolded["UID"] == f"invoice-{invoice}@localhost"
    summary = unfolded["SUMMARY"].replace("\N{NO-BREAK SPACE}", " ")
    assert summary == r"Invoice for October 2026: 10\,27 €"
    assert f"DESCRIPTION:http://localhost/racuni/{invoice}" in lines


def test_a_credit_note_has_no_day_to_put_into_a_calendar(ana, mine):
    note = ana.bill(mine, "D-1", kind=Kind.CREDIT_NOTE)
    ana.html(f"/racuni/{note}/rok.ics", status=404)


def pdf_of(resident, invoice_id):
    answer = resident.client.get(f"/racuni/{invoice_id}/racun.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    data = answer.data
    answer.close()
    return data, answer.headers["Content-Disposition"]


def test_the_operators_own_pdf_comes_as_it_was_delivered(ana, mine):
    data = b"%PDF-1.7 the operator's own \xe8"
    with ana.books():
        name = storage.keep(Shelf.INVOICES, data, "pdf")
    got, called = pdf_of(ana, ana.bill(mine, "2026/10-1", original=name))
    assert got == data
    assert called.endswith("invoice-2026-10-1.pdf")


def test_without_a_delivered_pdf_ours_is_made(ana, mine):
    for more in ({}, {"original": "0123456789abcdef.pdf"}):
        got, _ = pdf_of(ana, ana.bill(mine, f"R{len(more)}", **more))
        assert got.startswith(b"%PDF-")
        assert len(got) > 5000


def test_the_pdf_of_a_credit_note_is_called_one(ana, mine):
    _, called = pdf_of(ana, ana.bill(mine, "Č 1", kind=Kind.CREDIT_NOTE))
    assert "filename*=UTF-8''credit-note-%C4%8C-1.pdf" in called


def test_slovenian_pages_are_slovenian(ana, mine):
    invoice = ana.bill(mine, "2026-10-1", **OCTOBER)
    text = ana.words(f"/racuni/{invoice}", Accept_Language="sl")
    assert "Račun za oktober 2026" in text
    assert "Plačajte 10,27 € do sobote, 28. novembra." in text
    assert ana.rows("/racuni", Accept_Language="sl")[0][1] == "8. 11. 2026"


@pytest.mark.parametrize("place", ["%00", "a%00b"])
def test_a_zero_byte_in_the_address_finds_nothing_and_breaks_nothing(ana, place):
    assert ana.client.get(f"/racuni?mesto={place}").status_code == 200


def test_a_credit_note_leads_to_its_invoice(ana, mine):
    invoice = ana.bill(mine, "2026-10-1")
    note = ana.bill(mine, "D-1", kind=Kind.CREDIT_NOTE, corrects="2026-10-1")
    assert f'href="/racuni/{invoice}"' in ana.html(f"/racuni/{note}")


def test_the_calendar_says_what_is_left(ana, mine):
    invoice = ana.bill(mine, "2026-10-1")
    ana.book(mine, -1000, date(2026, 11, 10))
    assert "10\\,27" not in ana.html(f"/racuni/{invoice}/rok.ics")


@pytest.mark.parametrize("cents", [-5, 0])
def test_what_is_not_to_be_paid_has_no_due_date(ana, mine, cents):
    invoice = ana.bill(mine, "2026-10-1", to_pay_cents=cents)
    assert ana.client.get(f"/racuni/{invoice}/rok.ics").status_code == 404


def test_the_list_says_what_is_left_while_payments_are_not_known(ana, mine):
    ana.bill(mine, "1")
    ana.bill(mine, "2", kind=Kind.CREDIT_NOTE, to_pay_cents=1000)
    assert "still 0,27" in str(ana.rows("/racuni"))


# ---------------------------------------------------------------- corrected invoices, old debt


def pdf_text(data):
    """The words of all pages of a PDF, all spaces alike."""
    with pdfium.PdfDocument(data) as document:
        return " ".join(" ".join(one.get_textpage().get_text_bounded() for one in document).split())


def corrected(ana, mine):
    """Invoice R1 and R2, which replaced it, as an import leaves them."""
    old = ana.bill(mine, "R1", **OCTOBER)
    new = ana.bill(mine, "R2", water(10), corrects="R1", **OCTOBER)
    ana.book(mine, -1027, date(2026, 11, 8), origin=Origin.CORRECTION, document="R1")
    return old, new


def test_an_invoice_that_was_replaced_is_not_to_be_paid_and_leads_to_the_new_one(ana, mine):
    old, new = corrected(ana, mine)
    html = ana.html(f"/racuni/{old}")
    text = words(html)
    assert "replaced 10,27 € Invoice R2 stands in its place: this one is not to be paid." in text
    assert f'href="/racuni/{new}"' in html
    assert "upn.png" not in html
    assert "Thank you" not in text
    for part in ("upn.png", "rok.ics"):
        assert ana.client.get(f"/racuni/{old}/{part}").status_code == 404
    html = ana.html(f"/racuni/{new}")
    assert "It stands in place of invoice R1." in words(html)
    assert f'href="/racuni/{old}"' in html
    assert "Pay 8,56 € by Saturday, November 28." in words(html)


def test_the_list_shows_what_was_replaced_and_counts_it_for_nothing(ana, mine):
    corrected(ana, mine)
    assert [(row[0][-2:], row[3], row[4]) for row in ana.rows("/racuni")] == [
        ("R2", "to pay", "8,56 €"),
        ("R1", "replaced", "10,27 €"),
    ]
    text = ana.words("/racuni")
    assert "1 invoice to pay, together 8,56 €." in text
    assert "2 documents, together 8,56 €." in text
    assert "To pay 8,56 €" in ana.words("/")


def test_the_card_names_what_was_cancelled(ana, mine):
    corrected(ana, mine)
    text = ana.words(f"/financna-kartica/{mine}", Accept_Language="sl")
    assert "Preklic popravljenega računa R1 −10,27 €" in text


def test_the_paper_of_what_was_replaced_has_no_payment_order(ana, mine):
    old, new = corrected(ana, mine)
    text = pdf_text(ana.client.get(f"/racuni/{old}/racun.pdf").data)
    assert "Invoice R2 stands in its place: this one is not to be paid." in text
    assert "Pay with the UPN QR code" not in text
    assert "Corrects invoice" in pdf_text(ana.client.get(f"/racuni/{new}/racun.pdf").data)


def carrying_debt(ana, mine):
    """R1 over 10,27 € is not paid; R2 over 8,56 € asks for both."""
    ana.bill(mine, "R1", due_on=date(2026, 10, 28))
    line = water(10)
    content = to_json(Content(lines=(line,), prepaid_cents=-1027))
    invoice = ana.bill(mine, "R2", line, to_pay_cents=1883, content=content)
    with ana.books():
        change = {"amount_cents": 856, "open_cents": 856}
        db.session.execute(update(LedgerEntry).filter_by(invoice_id=invoice).values(**change))
    return invoice


def test_a_bill_with_old_debt_says_what_is_its_own(ana, mine):
    invoice = carrying_debt(ana, mine)
    html = ana.html(f"/racuni/{invoice}")
    text = words(html)
    assert "Pay 8,56 € by Saturday, November 28." in text
    assert "The invoice also asks for 10,27 € of older debt." in text
    assert "Unpaid from before 10,27 € To pay 18,83 €" in text
    assert "UPN QR code for 8,56" in html
    assert "Already charged or paid" not in text
    paper = pdf_text(ana.client.get(f"/racuni/{invoice}/racun.pdf").data)
    assert "Unpaid from before" in paper
    assert [(row[3], row[4]) for row in ana.rows("/racuni")] == [
        ("to pay still 8,56 €", "18,83 €"),
        ("payment not known yet", "10,27 €"),
    ]
    assert "2 invoices to pay, together 18,83 €." in ana.words("/racuni")
    assert "2 documents, together 18,83 €." in ana.words("/racuni")
    assert "To pay 18,83 €" in ana.words("/")


# ---------------------------------------------------------------- due days


@pytest.mark.parametrize(
    ("due_on", "known_to", "says"),
    [
        (date(2026, 12, 12), None, "Plačajte 10,27 € do sobote, 12. decembra."),
        (date(2026, 11, 22), KNOWN_UNTIL, "Plačajte 10,27 € še danes."),
        (
            date(2026, 11, 15),
            date(2026, 10, 31),
            "Rok je bil 15. novembra; plačila poznamo do 31. oktobra. "
            "Če 10,27 € še niste plačali, plačajte čim prej.",
        ),
        (
            date(2026, 11, 15),
            None,
            "Rok je bil 15. novembra; plačil še ne poznamo. "
            "Če 10,27 € še niste plačali, plačajte čim prej.",
        ),
        (
            date(2026, 11, 15),
            KNOWN_UNTIL,
            "Rok je bil 15. novembra. Plačajte 10,27 € čim prej.",
        ),
    ],
)
def test_an_invoice_says_by_when_to_pay_as_far_as_is_known(ana, mine, due_on, known_to, says):
    if known_to:
        known(ana, known_to)
    invoice = ana.bill(mine, "R1", due_on=due_on)
    html = ana.html(f"/racuni/{invoice}", Accept_Language="sl")
    assert says in words(html)
    is_ahead = due_on >= NOON.date()
    assert ("rok.ics" in html) == is_ahead
    status = ana.client.get(f"/racuni/{invoice}/rok.ics").status_code
    assert status == (200 if is_ahead else 404)
    # What is late can be paid as well.
    assert "upn.png" in html


# ---------------------------------------------------------------- units


def test_units_are_in_words_on_the_page_and_on_paper(ana, mine):
    lines = (
        item("Vodarina", 12, "MTQ", "0.7820"),
        item("Omrežnina", 1, "MON", "5.2400"),
        item("Menjava ventila", 2, "H87", "4.0000"),
    )
    invoice = ana.bill(mine, "E-1", *lines)
    text = ana.words(f"/racuni/{invoice}", Accept_Language="sl")
    for says in ("12 m³ × 0,7820 €", "1 mesec × 5,2400 €", "2 kosa × 4,0000 €"):
        assert says in text
    headers = {"Accept-Language": "sl"}
    paper = pdf_text(ana.client.get(f"/racuni/{invoice}/racun.pdf", headers=headers).data)
    for says in ("12 m³", "1 mesec", "2 kosa"):
        assert says in paper
    for code in ("MTQ", "MON", "H87"):
        assert code not in text
        assert code not in paper
    with ana.books():
        assert '"MTQ"' in db.session.get_one(Invoice, invoice).content
