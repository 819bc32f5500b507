"""A resident looks at the bills, pays one from the phone, and reads the financial card."""

import io
from urllib.parse import urlsplit

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from mojupravljalec.billing import page as pages
from mojupravljalec.billing import upn_qr
from mojupravljalec.billing.models import Invoice
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db

from .. import bills
from .conftest import Town
from .walker import Walker

pytestmark = pytest.mark.browser

# What a phone that can share does, and what was handed to it.
SHARING = """
navigator.canShare = data => Boolean(data.files && data.files[0].type === "image/png");
navigator.share = data => { window.handedOver = data.files[0].name; return Promise.resolve(); };
"""


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def script(request) -> bool:
    return request.param


@pytest.fixture
def walker(town: Town, open_browser, script) -> Walker:
    """Somebody signed in on the first page, with seventy months of invoices."""
    household = town.household()
    person = town.resident(household)
    with town.portal.data():
        found = db.select(Customer.id).filter_by(number=household.customer)
        customer_id = db.session.scalars(found).one()
        bills.a_year_of(customer_id, household.customer, 70)
        bills.payments_known()
        db.session.commit()
    walker: Walker = open_browser(town, java_script_enabled=script)
    walker.goes("/prijava")
    walker.signs_in(person.email, person.password)
    walker.is_at("/")
    return walker


def test_from_the_first_page_to_the_payment(town: Town, walker: Walker, script):
    walker.reads("Za plačilo")
    walker.follows("Poglej račune in plačaj")
    walker.is_at("/racuni")
    walker.reads("1 račun za plačilo", "#found")
    walker.follows("Račun za oktober 2026")
    walker.reads("Zakaj je ta račun drugačen?")
    walker.reads("večja poraba vode")
    expected = _order(town, walker)
    _reads_code(walker, expected)
    _saves(walker, expected)
    copy = walker.page.get_by_role("button", name="Kopiraj")
    expect(copy).to_have_count(3 if script else 0)
    if script:
        _copies(walker)


def _order(town: Town, walker: Walker) -> bytes:
    """What the code on the page must say."""
    invoice_id = int(urlsplit(walker.page.url).path.rpartition("/")[2])
    with town.portal.data():
        invoice = db.session.get_one(Invoice, invoice_id)
        return upn_qr.content(pages.page_of(invoice).order).encode("iso-8859-2")


def _decoded(picture: bytes) -> bytes:
    found = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(picture)).convert("L"), formats=zxingcpp.BarcodeFormat.QRCode
    )
    assert len(found) == 1
    return found[0].bytes


def _reads_code(walker: Walker, expected: bytes) -> None:
    assert _decoded(walker.page.locator("img.qr").screenshot()) == expected


def _saves(walker: Walker, expected: bytes) -> None:
    with walker.page.expect_download() as saved:
        walker.page.get_by_role("link", name="Shrani sliko kode").click()
    assert _decoded(saved.value.path().read_bytes()) == expected
    with walker.page.expect_download() as saved:
        walker.page.get_by_role("link", name="Shrani PDF").click()
    paper = pdfium.PdfDocument(saved.value.path())
    assert "Za plačilo" in paper[0].get_textpage().get_text_range()
    with walker.page.expect_download() as saved:
        walker.page.get_by_role("link", name="Dodaj rok plačila v koledar").click()
    assert b"DTSTART;VALUE=DATE:20261128" in saved.value.path().read_bytes()


def _copies(walker: Walker) -> None:
    walker.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = []
    for button in walker.page.locator("[data-copy]").all():
        button.click()
        expect(button).to_have_text("Kopirano.")
        copied.append(walker.page.evaluate("navigator.clipboard.readText()"))
    amount, iban, reference = copied
    shown = walker.page.locator("#amount").inner_text()
    assert amount == shown.removesuffix("\N{NO-BREAK SPACE}€")
    assert iban == bills.IBAN
    assert reference.startswith("SI12")


def test_a_phone_that_can_share_hands_the_picture_over(town: Town, open_browser):
    household = town.household()
    person = town.resident(household)
    with town.portal.data():
        found = db.select(Customer.id).filter_by(number=household.customer)
        invoice = bills.bill(db.session.scalars(found).one(), f"S-{household.customer}")
        db.session.commit()
        path = f"/racuni/{invoice.id}"
    walker: Walker = open_browser(town)
    walker.context.add_init_script(SHARING)
    walker.goes(f"/prijava?next={path}")
    walker.signs_in(person.email, person.password)
    walker.is_at(path)
    walker.presses("Deli z mobilno banko")
    assert walker.page.evaluate("window.handedOver").endswith(".png")


def test_the_list_is_narrowed_down_and_goes_on(walker: Walker, script):
    walker.goes("/racuni")
    rows = walker.page.locator(".cards tbody tr")
    expect(rows).to_have_count(60)
    walker.requests.clear()
    walker.follows("Pokaži starejše račune")
    expect(rows).to_have_count(70 if script else 10)
    asked = [url for url in walker.requests if "/racuni" in url]
    assert len(asked) == 1
    walker.goes("/racuni")
    walker.page.locator("#leto").select_option("2025")
    if not script:
        walker.presses("Prikaži")
    expect(rows).to_have_count(12)
    assert "leto=2025" in walker.page.url
    walker.page.locator("#leto").select_option("")
    walker.page.locator("#neplacani").check()
    if not script:
        walker.presses("Prikaži")
    expect(rows).to_have_count(1)
    walker.page.go_back()
    expect(rows).to_have_count(60 if script else 12)


def test_the_card_runs_on_and_is_saved(walker: Walker, script):
    walker.goes("/financna-kartica")
    walker.reads("Danes dolgujete")
    rows = walker.page.locator(".cards tbody tr")
    expect(rows).to_have_count(50)
    expect(rows.nth(1)).to_contain_text("poravnano")
    walker.page.locator("#leto").select_option("2026")
    if not script:
        walker.presses("Prikaži")
    walker.reads("Skupaj v letu 2026", "#found")
    for button, begins in (
        ("Izpis (PDF)", b"%PDF"),
        ("Preglednica (XLSX)", b"PK"),
        ("Preglednica (CSV)", b"\xef\xbb\xbfDatum;Dokument"),
    ):
        with walker.page.expect_download() as saved:
            walker.presses(button)
        assert saved.value.path().read_bytes().startswith(begins)
    walker.page.locator(".cards a").first.click()
    walker.reads("Račun za")


def test_three_customers_with_five_years_of_invoices_are_named_and_light(town, open_browser):
    households = [town.household() for _ in range(3)]
    person = town.resident(*households)
    with town.portal.data():
        for one in households:
            found = db.select(Customer.id).filter_by(number=one.customer)
            bills.a_year_of(db.session.scalars(found).one(), f"T-{one.customer}", 60)
        db.session.commit()
    walker: Walker = open_browser(town)
    walker.goes("/prijava?next=/racuni")
    walker.signs_in(person.email, person.password)
    walker.is_at("/racuni")
    for one in households:
        walker.reads(one.name, "#found")
    answer = walker.page.reload()
    assert answer
    assert len(answer.body()) < 60_000
    walker.page.locator("#stranka").select_option(index=2)
    expect(walker.page.locator(".cards tbody tr").last).to_contain_text(households[1].name)
