"""Two people in the office do everything around the portal in their browser."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
import zxingcpp
from playwright.sync_api import expect

from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.values import clock

from ..conftest import PASSWORD
from .office import Office
from .served import Portal
from .walker import Walker

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def script(request) -> bool:
    return request.param


@pytest.fixture
def desk(office: Office, open_browser, script) -> Walker:
    return office.desk(open_browser, script=script)


def sends(walker: Walker, path: Path) -> None:
    walker.goes("/pisarna/uvozi")
    walker.page.locator("[name=files]").set_input_files(path)
    walker.presses("Pošlji datoteko")
    expect(walker.page.get_by_role("button", name="Preveri datoteko")).to_be_visible(timeout=30_000)


def waits(walker: Walker, text: str) -> None:
    """The worker is done when ``text`` stands there; the page asks by itself."""
    expect(walker.page.locator("#found")).to_contain_text(text, timeout=30_000)


def counts(walker: Walker) -> list[str]:
    return walker.page.locator("#found table tbody tr").first.locator("td").all_text_contents()


def streets(office: Office) -> dict[str, str]:
    with office.portal.data():
        rows = db.session.execute(db.select(Customer.number, Customer.street))
        return dict(tuple(row) for row in rows)


def test_a_foreign_file_is_mapped_tried_imported_and_taken_back(office, desk: Walker):
    before = streets(office)
    file = office.portal.folder / "demo" / "partnerji.csv"
    sends(desk, file)
    desk.reads("Windows-1250")
    desk.page.locator("[name=kind]").select_option("customers")
    desk.page.locator("[name='column-naziv']").select_option("Ime kupca")
    desk.page.locator("[name=keep_as]").fill("Vodarček")
    desk.presses("Preveri datoteko")
    waits(desk, "Kaj bi uvoz naredil")
    assert counts(desk) == ["2", "2", "18", "1"]
    waits(desk, "partnerji.csv:24: Šifra kupca")
    waits(desk, "Nova cesta 3")
    waits(desk, "Stolpci, ki jih portal ne potrebuje: Opomba")
    assert streets(office) == before
    with desk.page.expect_download() as saved:
        desk.follows("Shrani slabe vrstice")
    assert "Brez šifre" in saved.value.path().read_text("utf-8-sig")
    desk.presses("Uvozi dobre vrstice")
    waits(desk, "Kaj je uvoz naredil")
    after = streets(office)
    assert len(after) == len(before) + 2
    sends(desk, file)
    desk.presses("Preveri datoteko")
    waits(desk, "Kaj bi uvoz naredil")
    assert counts(desk) == ["0", "0", "22", "1"]
    desk.reads("uvoz ne bi ničesar spremenil")
    desk.presses("Zavrzi datoteko")
    desk.reads("Datoteka je zavržena.")
    desk.goes("/pisarna/uvozi/stevilke")
    desk.page.locator("#found tbody a").first.click()
    desk.presses("Razveljavi uvoz")
    waits(desk, "Razveljavljeno")
    assert streets(office) == before


def test_the_demos_invoices_and_statement_come_in_and_go(office, desk: Walker):
    for name in ("racuni.zip", "izpisek.xml"):
        sends(desk, office.portal.folder / "demo" / name)
        desk.presses("Preveri datoteko")
        waits(desk, "Kaj bi uvoz naredil")
        desk.presses("Uvozi datoteko")
        waits(desk, "Kaj je uvoz naredil")
        assert counts(desk)[0] != "0"
    for _ in range(2):
        desk.goes("/pisarna/uvozi/stevilke")
        desk.page.locator("#found tbody tr:has(.tag.ok) a").first.click()
        desk.presses("Razveljavi uvoz")
        waits(desk, "Razveljavljeno")


def test_staff_are_invited_and_set_up_the_second_proof(office, open_browser, desk: Walker):
    desk.goes("/pisarna/osebje")
    desk.follows("Povabi sodelavca")
    email = f"nova.{office.hired}@primer.si"
    desk.types(email=email)
    desk.page.get_by_label("referent").check()
    desk.presses("Pošlji povabilo")
    desk.reads(email)
    link = office.link_to(email)
    new: Walker = open_browser(office.portal)
    new.goes(link)
    new.types(
        first_name="Bojan", last_name="Kos", password="tri modre lipe", again="tri modre lipe"
    )
    new.presses()
    new.signs_in(email, "tri modre lipe")
    new.is_at("/profil/dvojna-prijava")
    new.presses("Nastavi telefon")
    secret = re.sub(r"\s", "", new.page.locator(".code.all").inner_text())
    new.types(code=office.code_of(secret))
    new.presses("Potrdi")
    expect(new.page.locator(".receipt li")).to_have_count(10)
    new.follows("Naprej")
    new.is_at("/pisarna")
    expect(new.page.locator(".nav a", has_text="Uvoz")).to_have_count(0)


def test_a_customer_who_calls_is_found_helped_and_linked(office, desk: Walker):
    desk.types(q="demsar an")
    desk.presses("Poišči")
    desk.reads("Ana Demšar", "h1")
    desk.reads("467 m³")
    desk.reads("ana@demo.example")
    desk.goes("/pisarna/stranke?q=100004")
    desk.reads("Cvetka Zajc", "h1")
    desk.follows("Poveži dostop")
    desk.types(email="bojan@demo.example")
    desk.presses("Poveži dostop")
    desk.reads("Stranka je povezana.", "#messages")
    while "100004" not in office.portal.letter_to("bojan@demo.example")["Subject"]:
        pass  # other letters may come before it
    desk.follows("Odklopi")
    desk.presses()
    desk.reads("Stranka ni več povezana.", "#messages")
    desk.follows("Naredi novo kodo")
    desk.presses("Naredi novo kodo")
    desk.reads("Nova koda velja")
    shown = desk.page.locator("main .code").first.inner_text()
    with office.portal.data():
        code = db.select(Customer.access_code).filter_by(number="100004")
        assert db.session.scalar(code) in shown
    desk.goes("/pisarna/dnevnik?stranka=100004")
    desk.reads("nova koda stranke")
    desk.reads("stranka povezana")


def test_a_payment_is_assigned_and_taken_back(office, desk: Walker, script):
    desk.goes("/pisarna")
    desk.page.locator(".tiles .big a").first.click()
    desk.is_at("/pisarna/placila")
    rows = desk.page.locator("#found tbody tr")
    waiting = rows.count()
    desk.page.locator("#found tbody a").first.click()
    path = desk.page.url.removeprefix(office.portal.url)
    if not desk.page.locator("[data-key]").count():
        desk.types(q="100006")
        desk.presses("Poišči")
    marks = desk.page.locator("[data-key] kbd")
    if marks.count():
        expect(marks.first).to_be_visible(visible=script)
    desk.page.locator("button[name=stranka]").first.click()
    desk.reads("je zdaj na kartici", "#messages")
    desk.goes("/pisarna/placila")
    expect(rows).to_have_count(waiting - 1)
    desk.goes(path)
    desk.presses("Razveljavi razporeditev")
    desk.goes("/pisarna/placila")
    expect(rows).to_have_count(waiting)


def test_readings_are_exported_twice_with_the_same_bytes(office, desk: Walker):
    with office.portal.data():
        office.sends_reading()
        db.session.commit()
    desk.goes("/pisarna/izvozi")
    desk.follows("Izvozi odčitke")
    desk.page.locator("[name=month]").select_option(index=0)
    desk.presses("Izvozi in zakleni")
    desk.reads("zaklenjen", "#messages")
    files = []
    for kind in ("CSV", "CSV", "XLSX", "XLSX"):
        with desk.page.expect_download() as saved:
            desk.presses(f"Shrani kot {kind}")
        files.append(saved.value.path().read_bytes())
    assert files[0] == files[1]
    assert files[2] == files[3]
    assert files[0].startswith(b"\xef\xbb\xbfstevilka_vodomera;")
    number = desk.page.url.rpartition("/")[2]
    again = office.portal.folder / "znova.csv"
    office.portal.run("export", "readings", "--again", number, "--output", again)
    assert again.read_bytes() == files[0]
    desk.follows("Razveljavi izvoz")
    desk.presses("Razveljavi izvoz")
    desk.reads("Izvoz je razveljavljen.", "#messages")


def test_codes_are_made_and_a_letter_opens_the_registration(office, desk: Walker, open_browser):
    desk.goes("/pisarna/kode")
    desk.page.locator("[name=whom][value=seznam]").check()
    desk.page.locator("[name=codes][value=obstojece]").check()
    desk.types(numbers="100007 100008")
    desk.presses("Poglej, za koliko")
    desk.reads("Pisma za 2 stranki", "h1")
    desk.presses("Naredi pisma")
    waits(desk, "Pisma za tiskanje")
    with desk.page.expect_download() as saved:
        desk.presses("Shrani pisma")
    paper = pdfium.PdfDocument(saved.value.path())
    assert len(paper) == 2
    with office.portal.data():
        found = db.select(Customer.access_code).where(Customer.number.in_(("100007", "100008")))
        codes = set(db.session.scalars(found))
    picture = paper[0].render(scale=2).to_pil()
    link = zxingcpp.read_barcodes(picture)[0].text
    address, _, code = link.partition("#koda=")
    assert address == f"{office.portal.url}/registracija"
    assert code in codes
    resident: Walker = open_browser(office.portal)
    resident.page.goto(link)
    resident.reads("Koda s pisma je pripravljena.")
    assert resident.page.url == address
    assert not any(code in url for url in resident.requests[1:])
    resident.goes("/prijava")
    resident.signs_in("ana@demo.example", "modra-lipa-7")
    resident.goes("/prikljuci-stranko")
    expect(resident.page.locator("[name=code]")).to_have_value(code)


def test_a_program_imports_and_exports_with_curl(office, open_browser):
    desk: Walker = office.desk(open_browser)
    desk.goes("/pisarna/programi/nov")
    desk.types(name="Obračun")
    for box in desk.page.locator("[name=scopes]").all():
        box.check()
    desk.presses("Naredi žeton")
    token = re.search(r"mu_[\w-]{40,}", desk.page.locator("main").inner_text())[0]
    file = office.portal.folder / "novi.csv"
    file.write_text("sifra_stranke;naziv\n777777;Ana Kos\n")
    asked = curl(office, token, "-F", f"file=@{file}", "/api/imports")
    path = f"/api/imports/{asked['id']}"
    done = office.portal.wait_for(
        lambda: found if (found := curl(office, token, path))["state"] == "imported" else None,
        "the import did not end",
    )
    assert (done["kind"], done["counts"]["new"]) == ("customers", 1)
    with office.portal.data():
        office.sends_reading()
        db.session.commit()
    month = json.dumps({"month": f"{clock.today():%Y-%m}"})
    made = curl(office, token, "-H", "Content-Type: application/json", "-d", month, "/api/exports")
    csv = f"/api/exports/{made['number']}/odcitki.csv"
    first, second = (curl_bytes(office, token, csv) for _ in range(2))
    assert first == second
    assert first.startswith(b"\xef\xbb\xbfstevilka_vodomera;")
    desk.goes("/pisarna/stranke?q=kos+777777")
    desk.reads("Ana Kos", "h1")


def curl_bytes(office: Office, token: str, *arguments: str) -> bytes:
    *options, path = arguments
    command = ["curl", "-sS", "-H", f"Authorization: Bearer {token}", *options]
    return subprocess.run(
        [*command, office.portal.url + path], check=True, capture_output=True, timeout=30
    ).stdout


def curl(office: Office, token: str, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(curl_bytes(office, token, *arguments))
    return found


def test_a_passkey_signs_in_as_the_second_proof(
    chromium, make_database, tmp_path_factory, password_hash
):
    portal = Portal(tmp_path_factory.mktemp("keys"), make_database("keys"))
    portal.url = f"http://localhost:{portal.port}"  # browsers make no passkeys for numbers
    portal.settings["SITE_URL"] = portal.url
    portal.run("upgrade")
    office = Office(portal, password_hash)
    with portal.served(), chromium.new_context(locale="sl-SI") as context:
        desk = Walker(context, portal.url)
        keys = context.new_cdp_session(desk.page)
        keys.send("WebAuthn.enable")
        keys.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        email = office.hire()
        office.signs_in(desk, email)
        desk.goes("/profil/dvojna-prijava")
        desk.follows("Dodaj ključ")
        desk.types(name="Računalnik v pisarni")
        desk.presses("Naprej do ključa")
        desk.reads("Ključ je nastavljen.", "#messages")
        desk.presses("Odjava")
        desk.goes("/prijava")
        desk.signs_in(email, PASSWORD)
        desk.presses("Uporabi ključ")
        desk.is_at("/pisarna")
        desk.all_was_well()


AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
