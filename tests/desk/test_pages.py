"""Finding a customer, and seeing what they see."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from mojupravljalec import storage
from mojupravljalec.accounts.models import Account, Device
from mojupravljalec.audit.actions import record
from mojupravljalec.billing.document import Kind
from mojupravljalec.billing.models import Invoice
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.mail.models import LetterState
from mojupravljalec.metering.models import MeterInstallation, Occupancy, Reading, SupplyPoint
from mojupravljalec.storage import Shelf
from mojupravljalec.values import clock

from ..bills import Resident, bill, book, counted, payments_known, rows, words
from ..site.html import faults
from .conftest import customer, index, letter, link

LIST = "/pisarna/stranke"
HTMX = {"HX_Request": "true"}


@pytest.fixture
def path(cast):
    return f"{LIST}/{cast.anas_customer}"


@pytest.fixture
def pages(clerk, cast, path):
    """The address of every page of the desk, with something on it."""
    with clerk.books():
        invoice = bill(cast.anas_customer, "R1").id
        one_letter = letter(cast.ana.email)
        one_link = link(cast.bojan, cast.anas_customer)
    ana = f"/pisarna/dostopi/{cast.ana.id}"
    return [
        LIST,
        f"{LIST}?q=novak",
        path,
        f"{path}/racuni",
        f"{path}/racuni/{invoice}",
        f"{path}/kartica",
        f"{path}/odjemna-mesta/{cast.anas_point}",
        f"{path}/koda",
        f"{path}/koda/nova",
        f"{path}/prikljuci",
        f"{path}/povezave/{one_link}",
        "/pisarna/dostopi",
        ana,
        *(f"{ana}/{what}" for what in ("pismo", "naslov", "odjava", "zapora", "dvojna-prijava")),
        "/pisarna/povezave",
        "/pisarna/sporocila",
        f"/pisarna/sporocila/{one_letter}",
    ]


def test_every_page_opens_to_clerk_and_operator_and_to_nobody_else(app, browser, cast, pages):
    expected = {"clerk": 200, "operator": 200, "reader": 403, "ana": 404, "nobody": 303}
    for who, status in expected.items():
        client = browser(getattr(cast, who, None))
        for page in pages:
            assert client.get(page).status_code == status, (who, page)


def test_every_page_is_sound_html(clerk, pages):
    for page in pages:
        assert faults(clerk.html(page), language="en") == [], page


def test_staff_and_what_is_missing_are_not_found(clerk, cast, path):
    for page in (
        f"{LIST}/999999",
        f"{path}/racuni/999999",
        f"{path}/odjemna-mesta/{cast.bojans_point}",
        f"{path}/povezave/999999",
        f"/pisarna/dostopi/{cast.reader.id}",
        f"/pisarna/dostopi/{cast.operator.id}/naslov",
        "/pisarna/dostopi/999999",
        "/pisarna/sporocila/999999",
    ):
        clerk.html(page, 404)


def test_what_belongs_to_another_customer_is_not_found_here(clerk, cast, path):
    invoice = clerk.bill(cast.bojans_customer, "R1")
    clerk.html(f"{path}/racuni/{invoice}", 404)
    clerk.html(f"{path}/racuni/{invoice}/racun.pdf", 404)
    clerk.html(f"{LIST}/{cast.bojans_customer}/racuni/{invoice}")


# ---------------------------------------------------------------- finding


@pytest.fixture
def indexed(clerk, cast):
    """Ana and Bojan are found by their names and numbers."""
    with clerk.books():
        for one in db.session.scalars(select(Customer)):
            index(one.id, one.number, one.name, one.street)
    return clerk


def test_several_customers_that_fit_are_listed_with_what_they_owe(indexed, cast):
    indexed.bill(cast.anas_customer, "R1")
    found = indexed.rows(f"{LIST}?q=stranka lipova")
    place = "Address: Lipova ulica 7, 2000 Podgorje"
    assert sorted(found) == [
        ["01", "Name: Stranka 1", place, "Owes: 10,27 €", "Accesses: 1"],
        ["02", "Name: Stranka 2", place, "Owes: 0,00 €", "Accesses: 1"],
        ["03", "Name: Stranka 3", place, "Owes: 0,00 €", "Accesses: 0"],
    ]


def test_the_only_one_that_fits_is_opened(indexed, cast, path):
    answer = indexed.client.get(f"{LIST}?q=stranka 1")
    assert (answer.status_code, answer.location) == (302, path)


def test_while_typing_the_only_one_is_listed(indexed):
    part = indexed.html(f"{LIST}?q=stranka 1", **HTMX)
    assert part.lstrip().startswith('<div id="found">')
    assert [row[0] for row in rows(part)] == ["01"]


def test_what_fits_nobody_says_what_to_do(indexed):
    text = indexed.words(f"{LIST}?q=%00<b>nobody")
    assert "No customer fits. Try fewer words" in text


def test_more_than_fifty_ask_for_another_word(clerk):
    with clerk.books():
        for number in range(51):
            one = customer(f"9{number:03}", name="Kos")
            index(one, "Kos")
    page = clerk.html(f"{LIST}?q=kos")
    assert "More than 50 customers fit. Add a word." in words(page)
    assert len(rows(page)) == 50


def test_all_customers_are_listed_by_number_page_by_page(clerk, cast):
    with clerk.books():
        for number in range(60):
            customer(f"9{number:03}")
    first = clerk.rows(LIST)
    assert [row[0] for row in first[:4]] == ["01", "02", "03", "9000"]
    assert len(first) == 50
    assert [row[0] for row in clerk.rows(f"{LIST}?stran=2")][-1] == "9059"
    assert clerk.rows(f"{LIST}?red=-stevilka")[0][0] == "9059"


@pytest.mark.parametrize(
    ("access", "expected"),
    [("", ["01", "02", "03"]), ("zdaj", ["01"]), ("nikoli", ["03"]), ("x", ["01", "02", "03"])],
)
def test_customers_are_narrowed_down_by_who_has_access(clerk, browser, cast, access, expected):
    with clerk.books():
        from mojupravljalec.customers.models import CustomerLink

        for one in db.session.scalars(select(CustomerLink).filter_by(account_id=cast.bojan.id)):
            one.ended_at = clock.now()
    assert [row[0] for row in clerk.rows(f"{LIST}?dostop={access}")] == expected


# ---------------------------------------------------------------- lists as files


@pytest.mark.parametrize(
    ("page", "name", "heading"),
    [
        (f"{LIST}?dostop=zdaj&", "stranke", "Customer number"),
        ("/pisarna/dostopi?", "dostopi", "E-mail address"),
        ("/pisarna/povezave?", "povezave", "Linked"),
        ("/pisarna/sporocila?", "sporocila", "When"),
    ],
)
def test_a_list_is_saved_by_whoever_just_typed_the_password_and_noted(
    clerk, cast, today, audited, page, name, heading
):
    today.shift(timedelta(minutes=16))
    answer = clerk.client.get(f"{page}oblika=csv")
    assert answer.status_code == 303
    assert "next=" in answer.location
    assert audited("list.exported") == []
    with clerk.books():
        for device in db.session.scalars(select(Device)):
            device.fresh_at = clock.now()
    answer = clerk.client.get(f"{page}oblika=csv")
    assert answer.text.startswith(f"\ufeff{heading};")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    filters = {"dostop": "zdaj"} if name == "stranke" else {}
    assert audited("list.exported") == [(cast.clerk.id, "", {"list": name, "filters": filters})]


def test_of_the_address_only_filters_are_noted(clerk, cast, audited):
    clerk.client.get("/pisarna/dostopi?oblika=csv&stanje=aktivni&name=x&account_id=1&event=y")
    noted = {"list": "dostopi", "filters": {"stanje": "aktivni"}}
    assert audited("list.exported") == [(cast.clerk.id, "", noted)]


def test_the_file_has_every_customer_that_fits(clerk, cast):
    with clerk.books():
        for number in range(60):
            customer(f"9{number:03}", name="=1+1")
    lines = clerk.client.get(f"{LIST}?oblika=csv").text.splitlines()
    assert len(lines) == 64
    assert lines[1] == "01;Stranka 1;Lipova ulica 7, 2000 Podgorje;0,00 €;1"
    assert lines[4].startswith("9000;'=1+1;")


# ---------------------------------------------------------------- the customer's page


def test_the_page_shows_what_the_resident_sees(clerk, browser, app, cast, path):
    with clerk.books():
        payments_known()
        bill(cast.anas_customer, "R1", due_on=date(2026, 11, 10))
        bill(cast.anas_customer, "R2", due_on=date(2026, 12, 1))
        bill(cast.bojans_customer, "999")
        book(cast.anas_customer, -500, date(2026, 11, 12), description="Pologi")
    text = clerk.words(path)
    assert "Stranka 1" in text
    assert "Owes 15,54 €" in text
    assert "Overdue: 5,27 €." in text
    assert "Payments are known up to November 20, 2026." in text
    assert "meter 1820441" in text
    assert "467 m³" in text
    assert "last reading on October 31, 2026" in text
    assert "Pologi" in text
    assert "999" not in text
    assert "18204412" not in text
    ana = Resident(app, browser(cast.ana))
    for number, amount in (("R1", "10,27 €"), ("R2", "10,27 €")):
        assert amount in ana.words("/racuni")
        assert number in text


def test_only_the_newest_of_everything_stands_on_the_page(clerk, cast, path):
    with clerk.books():
        for number in range(14):
            bill(cast.anas_customer, f"R{number:02}", issued_on=date(2026, 10, 1 + number))
    page = clerk.html(path)
    assert len(rows(page)) == 12
    second = page.partition("</table>")[2]
    assert len(rows(second)) == 10
    assert len(clerk.rows(f"{path}/racuni")) == 14
    assert len(clerk.rows(f"{path}/kartica")) == 14


def test_who_has_access_and_who_had_stands_there_with_the_moments(clerk, cast, path):
    with clerk.books():
        link(cast.cvetka, cast.anas_customer, ended_at=clock.now() + timedelta(hours=1))
    text = clerk.words(path)
    assert "Ana Novak ana@primer.si linked since November 22, 2026 at 13:00" in text
    assert "Cvetka Novak cvetka@primer.si linked from November 22, 2026 at 13:00 to" in text
    assert text.count("Unlink") == 1


def test_letters_and_devices_are_those_of_who_has_access_now(clerk, cast, path):
    with clerk.books():
        link(cast.cvetka, cast.anas_customer, ended_at=clock.now())
        letter(cast.ana.email, kind="activation", state=LetterState.SENT, sent_at=clock.now())
        letter(cast.ana.email, state=LetterState.FAILED, last_error="550 no such user", tries=1)
        letter(cast.ana.email, kind="known-address", state=LetterState.DROPPED)
        letter(cast.cvetka.email, kind="new-email")
        for person, name in ((cast.ana, "Firefox, Linux"), (cast.cvetka, "Chrome, Mac")):
            db.session.add(
                Device(account_id=person.id, secret=name, name=name, created_at=clock.now())
            )
    text = clerk.words(path)
    assert "refused A new password" in text
    assert "550 no such user" in text
    assert "sent Activation" in text
    assert "Registered once more" not in text
    assert "Confirmation of a new address" not in text
    assert "Firefox, Linux" in text
    assert "Chrome, Mac" not in text


def test_a_device_is_signed_in_until_it_is_signed_out_or_too_old(clerk, cast):
    with clerk.books():
        for name, days, ended_at in (("A", 1, None), ("B", 2, clock.now()), ("C", 91, None)):
            db.session.add(
                Device(
                    account_id=cast.ana.id,
                    secret=name,
                    name=f"Firefox {name}",
                    created_at=clock.now() - timedelta(days=days),
                    ended_at=ended_at,
                )
            )
    text = clerk.words(f"/pisarna/dostopi/{cast.ana.id}")
    assert "signed in Firefox A" in text
    assert "signed out Firefox B" in text
    assert "signed out Firefox C" in text


def test_what_happened_is_told_in_words_and_leads_to_the_audit(clerk, cast, path):
    with clerk.books():
        record("customer.linked", account_id=cast.ana.id, subject=f"customer:{cast.anas_customer}")
        record("account.renamed", account_id=cast.ana.id, subject=f"account:{cast.ana.id}")
        record("strange.event", subject=f"customer:{cast.anas_customer}")
        record("account.activated", subject=f"account:{cast.bojan.id}")
    page = clerk.html(path)
    text = words(page)
    assert "strange.event" in text
    assert "the name was changed" in text
    assert "the customer was linked November 22, 2026 at 13:00 · Ana Novak" in text
    assert "the access was activated" not in text
    assert "/pisarna/dnevnik?stranka=01" in page


def test_looks_are_noted_and_do_not_hide_what_happened(clerk, cast, path, today, audited):
    with clerk.books():
        record("customer.linked", subject=f"customer:{cast.anas_customer}")
    account = f"/pisarna/dostopi/{cast.ana.id}"
    for _ in range(12):
        clerk.html(path)
        clerk.html(account)
        today.shift(timedelta(minutes=11))
    assert "the customer was linked" in clerk.words(path)
    looked = (cast.clerk.id, f"customer:{cast.anas_customer}", {})
    assert audited("customer.viewed") == [looked] * 13
    assert audited("account.viewed") == [(cast.clerk.id, f"account:{cast.ana.id}", {})] * 12


@pytest.mark.parametrize("page", ["racuni", "racuni/{invoice}", "kartica", "odjemna-mesta/{point}"])
def test_every_page_about_a_customer_is_a_look(clerk, cast, path, audited, page):
    invoice = clerk.bill(cast.anas_customer, "R1")
    clerk.html(f"{path}/{page.format(invoice=invoice, point=cast.anas_point)}")
    assert len(audited("customer.viewed")) == 1


def test_an_empty_customer_says_so_everywhere(clerk, cast):
    with clerk.books():
        empty = customer("77")
    text = clerk.words(f"{LIST}/{empty}")
    for sentence in (
        "Everything is settled",
        "There are no supply points.",
        "Nobody yet.",
        "There are no invoices yet.",
        "Nothing is booked yet.",
        "No letters yet.",
        "Nobody has signed in yet.",
    ):
        assert sentence in text
    assert "No invoice fits this choice." in clerk.words(f"{LIST}/{empty}/racuni")
    assert "Nothing is booked in this time." in clerk.words(f"{LIST}/{empty}/kartica")


def test_a_page_with_much_on_it_needs_few_queries(clerk, app, cast, path):
    with clerk.books():
        payments_known()
        for number in range(8):
            point = SupplyPoint(number=f"OM-{number}", street="Nova ulica")
            db.session.add(point)
            db.session.flush()
            db.session.add(Occupancy(supply_point_id=point.id, customer_id=cast.anas_customer))
            meter = MeterInstallation(
                supply_point_id=point.id, serial=f"S{number}", installed_on=date(2024, 1, 1)
            )
            db.session.add(meter)
            db.session.flush()
            db.session.add(
                Reading(
                    installation_id=meter.id,
                    taken_on=date(2026, 11, 1),
                    value_l=1000,
                    source="collector",
                )
            )
        for number in range(20):
            bill(cast.anas_customer, f"R{number}")
        link(cast.bojan, cast.anas_customer)
        link(cast.cvetka, cast.anas_customer, ended_at=clock.now())
        for _ in range(15):
            letter(cast.ana.email, at=clock.now() + timedelta(seconds=_))
            record("account.renamed", subject=f"account:{cast.ana.id}")
    invoice = clerk.rows(f"{path}/racuni") and f"{path}/racuni"
    account = f"/pisarna/dostopi/{cast.ana.id}"
    for page in (path, invoice, f"{path}/kartica", account, LIST, "/pisarna/povezave"):
        with counted(app) as seen:
            clerk.html(page)
        assert len(seen) <= 25, (page, len(seen))


# ---------------------------------------------------------------- invoices, card, readings


def test_the_invoices_are_narrowed_down_and_added_up(clerk, cast, path):
    with clerk.books():
        payments_known()
        bill(cast.anas_customer, "11", issued_on=date(2025, 3, 8), due_on=date(2025, 3, 28))
        bill(cast.anas_customer, "12")
        book(cast.anas_customer, -1027, date(2025, 4, 1))
    assert len(clerk.rows(f"{path}/racuni")) == 2
    assert [row[0] for row in clerk.rows(f"{path}/racuni?leto=2025")] == ["Invoice 11 11"]
    assert [row[0] for row in clerk.rows(f"{path}/racuni?neplacani=1")] == ["Invoice 12 12"]
    assert "2 documents, together 20,54 €; open 10,27 €." in clerk.words(f"{path}/racuni")
    part = clerk.html(f"{path}/racuni?leto=2025", **HTMX)
    assert part.lstrip().startswith('<div id="found">')


def test_the_second_page_of_invoices_has_the_rest(clerk, cast, path):
    with clerk.books():
        for number in range(62):
            bill(cast.anas_customer, f"R{number:02}")
    page = clerk.html(f"{path}/racuni")
    assert len(rows(page)) == 60
    assert f'href="{path}/racuni?stran=2" rel="next"' in page
    assert len(clerk.rows(f"{path}/racuni?stran=2")) == 2
    assert len(clerk.rows(f"{path}/kartica?stran=2")) == 12


def test_the_invoice_is_explained_as_to_the_resident(clerk, cast, path):
    with clerk.books():
        earlier = bill(cast.anas_customer, "R1", issued_on=date(2026, 10, 8)).id
        now = bill(cast.anas_customer, "R2", flaw="vsote").id
        credit = bill(cast.anas_customer, "D1", kind=Kind.CREDIT_NOTE, corrects="R2").id
    page = clerk.html(f"{path}/racuni/{now}")
    text = words(page)
    assert "This invoice is as high as invoice R1." in text
    assert "The sums of this document do not add up: vsote." in text
    assert "takes 10,27 € of it back." in text
    assert "SI56 0201 7001 4356 205" in text
    assert f'href="{path}/racuni/{credit}"' in page
    assert "upn.png" not in page
    assert 'href="/racuni' not in page
    assert "It takes back invoice R2." in clerk.words(f"{path}/racuni/{credit}")
    assert earlier


def test_links_between_invoices_stay_with_the_customer(clerk, cast, path):
    from ..bills import water

    earlier = clerk.bill(cast.anas_customer, "R1", issued_on=date(2026, 10, 8))
    now = clerk.bill(cast.anas_customer, "R2", water(20))
    assert f'href="{path}/racuni/{earlier}"' in clerk.html(f"{path}/racuni/{now}")


def test_the_pdf_is_the_one_that_the_resident_gets(clerk, browser, cast, path, audited):
    invoice = clerk.bill(cast.anas_customer, "R 1/2")
    office = clerk.client.get(f"{path}/racuni/{invoice}/racun.pdf")
    ana = browser(cast.ana)
    ana.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    hers = ana.get(f"/racuni/{invoice}/racun.pdf")
    assert office.data == hers.data
    assert office.headers["Content-Disposition"] == hers.headers["Content-Disposition"]
    taken = (cast.clerk.id, f"customer:{cast.anas_customer}", {"file": "invoice-R-1-2.pdf"})
    assert audited("customer.file-taken") == [taken]


def test_the_operators_own_pdf_goes_before_ours(clerk, app, cast, path):
    invoice = clerk.bill(cast.anas_customer, "R1")
    with clerk.books():
        kept = storage.keep(Shelf.INVOICES, b"%PDF-1.4 own", "pdf")
        db.session.get_one(Invoice, invoice).original = kept
    with clerk.client.get(f"{path}/racuni/{invoice}/racun.pdf") as answer:
        assert answer.data == b"%PDF-1.4 own"


def test_the_card_shows_a_year_with_the_balance_before_it(clerk, cast, path):
    with clerk.books():
        book(cast.anas_customer, 1000, date(2025, 5, 1))
        book(cast.anas_customer, -400, date(2026, 5, 1))
    text = clerk.words(f"{path}/kartica?leto=2026")
    assert "Balance before 10,00 €" in text
    assert "Balance 6,00 €" in text
    assert len(clerk.rows(f"{path}/kartica?leto=2026")) == 1
    assert "Owes 6,00 €" in text


def test_the_history_of_readings_is_whole_and_offers_nothing_to_send(clerk, cast, path):
    with clerk.books():
        for number in range(20):
            db.session.add(
                Reading(
                    installation_id=cast.anas_meter,
                    taken_on=date(2024, 1, 1) + timedelta(days=30 * number),
                    value_l=1000 * number,
                    source="portal",
                )
            )
    page = clerk.html(f"{path}/odjemna-mesta/{cast.anas_point}")
    assert page.count('<li><b class="r">') == 24
    text = words(page)
    assert "467 m³" in text
    assert "Number 1820441" in text
    assert 'action="/odjemna-mesta' not in page
    assert 'href="/odjemna-mesta' not in page


def test_the_office_sees_no_more_of_a_supply_point_than_the_customers_own_time(clerk, cast, path):
    with clerk.books():
        stay = db.session.scalars(
            select(Occupancy).filter_by(supply_point_id=cast.anas_point)
        ).one()
        stay.to_on = date(2026, 8, 31)
    text = clerk.words(f"{path}/odjemna-mesta/{cast.anas_point}")
    assert "443 m³" in text
    assert "467 m³" not in text
    assert "The supply point is no longer theirs." in text
    page = clerk.words(path)
    assert "no longer theirs" in page
    assert "meter 1820441" not in page


def test_a_photo_is_given_to_the_office_and_only_under_its_customer(clerk, cast, path, audited):
    with clerk.books():
        reading = db.session.scalars(
            select(Reading).filter_by(installation_id=cast.anas_meter).order_by(Reading.id)
        ).first()
        reading.photo = storage.keep(Shelf.PHOTOS, b"jpeg", "jpg")
        other = db.session.scalars(
            select(Reading).filter_by(installation_id=cast.anas_meter).order_by(Reading.id.desc())
        ).first()
        number, without = reading.id, other.id
    place = f"odjemna-mesta/{cast.anas_point}/odcitki/{number}/fotografija"
    assert f'href="{path}/{place}"' in clerk.html(f"{path}/odjemna-mesta/{cast.anas_point}")
    with clerk.client.get(f"{path}/{place}") as answer:
        assert (answer.status_code, answer.data) == (200, b"jpeg")
    assert len(audited("customer.file-taken")) == 1
    clerk.html(f"{LIST}/{cast.bojans_customer}/{place}", 404)
    clerk.html(f"{path}/{place.replace(str(number), str(without))}", 404)


# ---------------------------------------------------------------- accesses


def test_accesses_are_listed_by_address_and_staff_are_not_among_them(clerk):
    found = clerk.rows("/pisarna/dostopi")
    assert [row[0] for row in found] == ["ana@primer.si", "bojan@primer.si", "cvetka@primer.si"]
    assert found[0][1:] == [
        "Person: Ana Novak",
        "Since: November 22, 2026 at 13:00",
        "Activated: November 22, 2026 at 13:00",
        "Customers: 1",
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=bo", ["bojan@primer.si"]),
        ("q= BOJAN@", ["bojan@primer.si"]),
        ("q=ojan", []),
        ("q=%25", []),
        ("stanje=neaktivirani", ["cvetka@primer.si"]),
        ("stanje=aktivni", ["ana@primer.si", "bojan@primer.si"]),
        ("stanje=aktivni&q=c", []),
    ],
)
def test_accesses_are_narrowed_down(clerk, cast, query, expected):
    with clerk.books():
        db.session.get_one(Account, cast.cvetka.id).activated_at = None
    assert [row[0] for row in clerk.rows(f"/pisarna/dostopi?{query}")] == expected


def test_the_page_of_an_access_tells_all_of_it(clerk, browser, cast, path):
    with clerk.books():
        account = db.session.get_one(Account, cast.ana.id)
        account.factor_since, account.language = clock.now(), "en"
        record("account.sign-in-refused", account_id=cast.ana.id)
        record("account.renamed", subject=f"account:{cast.ana.id}", account_id=cast.clerk.id)
        letter(cast.ana.email, state=LetterState.FAILED, last_error="550 unknown")
    page = clerk.html(f"/pisarna/dostopi/{cast.ana.id}")
    text = words(page)
    for sentence in (
        "Ana Novak",
        "English",
        "on since November 22, 2026 at 13:00",
        "a wrong password",
        "the name was changed November 22, 2026 at 13:00 · Clerk Novak",
        "550 unknown",
        "Turn off two-step sign-in",
        "Send a link for a new password",
    ):
        assert sentence in text
    assert f'href="{path}"' in page


# ---------------------------------------------------------------- new links and letters


def test_new_links_are_listed_newest_first_for_a_week(clerk, cast, today):
    today.shift(timedelta(days=10))
    with clerk.books():
        link(cast.cvetka, cast.anas_customer)
    today.shift(timedelta(minutes=1))
    with clerk.books():
        link(cast.bojan, cast.anas_customer, ended_at=clock.now())
    found = clerk.rows("/pisarna/povezave")
    assert [row[1] for row in found] == ["Person: Bojan Novak", "Person: Cvetka Novak"]
    assert [row[-1] for row in found] == ["Until: December 2, 2026 at 13:01", "Until: –"]
    assert len(clerk.rows("/pisarna/povezave?dni=30")) == 4
    assert len(clerk.rows("/pisarna/povezave?dni=strange")) == 2


def test_letters_are_listed_by_what_became_of_them(clerk, cast):
    with clerk.books():
        letter("a@primer.si")
        letter("b@primer.si", state=LetterState.FAILED, last_error="550 unknown", tries=3)
        letter("c@primer.si", state=LetterState.SENT, sent_at=datetime.now(clock.LOCAL))
        letter("d@primer.si", state=LetterState.DROPPED)
    for query, address in (("", "a"), ("cakajo", "a"), ("zavrnjena", "b"), ("poslana", "c")):
        found = clerk.rows(f"/pisarna/sporocila?stanje={query}")
        assert [row[2] for row in found] == [f"E-mail address: {address}@primer.si"], query
    refused = clerk.rows("/pisarna/sporocila?stanje=zavrnjena")[0]
    assert refused[3:] == [
        "State: refused",
        "Attempts: 3",
        "What the mail server said: 550 unknown",
    ]
