"""The resident's whole walk, from the first page to the history, with and without JavaScript."""

import io
import re
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from mojupravljalec.values import clock

from ..conftest import Person
from .conftest import Town
from .served import link_in
from .utility import LAST_M3, USUAL_M3, Household
from .walker import Walker

PASSWORD = "tri modre lipe"
NORMAL_M3 = LAST_M3 + USUAL_M3
TOO_HIGH_M3 = LAST_M3 + 6 * USUAL_M3

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def script(request) -> bool:
    return request.param


@pytest.fixture
def household(town: Town) -> Household:
    return town.household()


@pytest.fixture
def person(town: Town, household: Household) -> Person:
    return town.resident(household)


@pytest.fixture
def resident(town: Town, open_browser, script, household: Household, person: Person) -> Walker:
    """Somebody on the page of their supply point."""
    walker: Walker = open_browser(town, java_script_enabled=script)
    walker.goes("/odjemna-mesta")
    walker.signs_in(person.email, person.password)
    walker.follows("Podrobnosti")
    walker.reads(household.street, "h1")
    return walker


def test_from_registration_to_history(town: Town, open_browser, script, household: Household):
    email = town.address()
    walker = open_browser(town, java_script_enabled=script)
    register(walker, email)
    activate(walker, email, link_in(town.portal.letter_to(email)))
    sign_in_first(walker, email)
    link_customer(walker, household)
    open_details(walker, household)
    mistype_reading(walker, script)
    send_too_high(walker, script)
    correct(walker, script)
    sign_out(walker, household)


def register(walker: Walker, email: str) -> None:
    with walker.answers(303, 200):
        walker.goes("/")
        walker.is_at("/prijava")
    walker.reads("Za dostop do zahtevane strani je potrebna prijava.")
    walker.reads("Prosim, vpišite uporabniško ime in geslo!")
    with walker.answers(200):
        walker.follows("Nov uporabnik")
        walker.reads("Registracija", "h1")
    walker.reads("Vaše geslo mora imeti vsaj 6 znakov.")
    walker.types(email=email, first_name="Živa", last_name="Čuček", password=PASSWORD)
    walker.types(again="tri modra lipe")
    with walker.answers(422):
        walker.presses("Potrdi")
        walker.reads("", "#errors")
    expect(walker.page.locator("[name=again]")).to_have_attribute("aria-invalid", "true")
    for name, kept in (("email", email), ("first_name", "Živa"), ("password", PASSWORD)):
        expect(walker.page.locator(f"[name={name}]")).to_have_value(kept)
    walker.types(again=PASSWORD)
    with walker.answers(303, 200):
        walker.presses("Potrdi")
        walker.is_at("/aktivacija")
    walker.reads(email)


def activate(walker: Walker, email: str, link: str) -> None:
    """Opening the link changes nothing, however often: only the button does."""
    path = urlsplit(link).path
    with walker.answers(200):
        walker.page.goto(link)
    walker.goes("/prijava")
    with walker.answers(422):
        walker.signs_in(email, PASSWORD)
        walker.reads("", "#errors")
    with walker.answers(200):
        walker.page.goto(link)
    with walker.answers(303, 200):
        walker.presses()
        walker.is_at("/prijava")
    with walker.answers(410):
        walker.goes(path)
    with walker.answers(200):
        walker.goes("/prijava")


def sign_in_first(walker: Walker, email: str) -> None:
    with walker.answers(422):
        walker.signs_in(email, "tri zelene lipe")
        walker.reads("", "#errors")
    expect(walker.page.locator("[name=email]")).to_have_value(email)
    with walker.answers(303, 302, 200):
        walker.signs_in(email.upper(), PASSWORD)
        walker.is_at("/prikljuci-stranko")
    walker.reads("Priključi stranko", "h1")
    walker.reads("/ Priključi stranko", ".crumbs")
    walker.reads("Tole je vaša prva prijava.")


def link_customer(walker: Walker, household: Household) -> None:
    wrong = household.code[:-1] + ("3" if household.code[-1] != "3" else "4")
    walker.types(code=wrong)
    with walker.answers(422):
        walker.presses("Potrdi")
        walker.reads("", "#errors")
    expect(walker.page.locator("[name=code]")).to_have_value(wrong)
    walker.types(code=f" {household.code.lower().replace('-', ' ')} ")
    with walker.answers(303, 200):
        walker.presses("Potrdi")
        walker.is_at("/odjemna-mesta")
    walker.reads(household.street)
    walker.reads(household.name)


def open_details(walker: Walker, household: Household) -> None:
    with walker.answers(200):
        walker.follows("Podrobnosti")
        walker.reads(household.street, "h1")
    walker.reads(household.serial)
    expect(history(walker)).to_have_count(6)
    expect(history(walker).first).to_contain_text(f"{LAST_M3} m³")
    expect(walker.page.locator("svg.chart")).to_be_visible()


def mistype_reading(walker: Walker, script: bool) -> None:
    with stays(walker, script), walker.answers(422):
        send(walker, "49l")
        walker.reads("", "#errors")
    expect(walker.page.locator("#errors")).to_be_focused()
    field = walker.page.locator("[name=value]")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("49l")
    described_by = field.get_attribute("aria-describedby").split()
    assert "value-error" in described_by
    expect(walker.page.locator("#value-error")).to_be_visible()
    expect(history(walker)).to_have_count(6)


def send_too_high(walker: Walker, script: bool) -> None:
    """Much more than usual: asked about, then kept, then for the office to look at."""
    with stays(walker, script), walker.answers(422):
        send(walker, str(TOO_HIGH_M3))
        walker.reads(f"{6 * USUAL_M3} m³", "#doubt")
    expect(walker.page.locator("#doubt")).to_be_focused()
    with stays(walker, script), walker.answers(422):
        send(walker, str(TOO_HIGH_M3))
        expect(walker.page.locator("#reason .error")).to_be_visible()
    expect(walker.page.locator("[name=value]")).to_have_value(str(TOO_HIGH_M3))
    walker.page.locator("label.choice").first.click()
    with stays(walker, script), walker.answers(*([200] if script else [303, 200])):
        send(walker)
        walker.reads(f"{TOO_HIGH_M3} m³", "#receipt")
    expect(history(walker)).to_have_count(7)
    expect(history(walker).first.locator(".tag")).to_be_visible()


def correct(walker: Walker, script: bool) -> None:
    with walker.answers(200):
        walker.page.locator("#panel a.btn.plain").click()
        expect(walker.page.locator("[name=value]")).to_have_value(str(TOO_HIGH_M3))
    with stays(walker, script), walker.answers(*([200] if script else [303, 200])):
        send(walker, f"00{NORMAL_M3}")
        walker.reads(f"{NORMAL_M3} m³", "#receipt .big")
    walker.reads(f"{USUAL_M3} m³", "#receipt dl")
    walker.reads(day(clock.today()), "#receipt dl")
    newest = history(walker).first
    expect(history(walker)).to_have_count(7)
    expect(newest.locator("b.r")).to_have_text(f"{NORMAL_M3} m³")
    expect(newest).to_contain_text(day(clock.today()))
    expect(newest).to_contain_text("portal")
    expect(newest).to_contain_text(f"{TOO_HIGH_M3} m³")  # what it was before
    expect(newest.locator(".tag")).to_have_count(0)
    days = history(walker).locator("> b:not(.r)").all_inner_texts()
    assert days == sorted(days, key=_as_date, reverse=True)


def sign_out(walker: Walker, household: Household) -> None:
    with walker.answers(303, 200):
        walker.page.locator("form.out button").click()
        walker.is_at("/prijava")
    for _ in range(2):
        with walker.whatever():
            walker.page.go_back()
            walker.is_at("/prijava")
        assert household.street not in walker.page.content()


def test_pressing_twice_sends_once(resident: Walker, script):
    resident.types(value=str(NORMAL_M3))
    with resident.whatever():
        button(resident).dblclick()
        resident.reads(f"{NORMAL_M3} m³", "#receipt")
    resident.page.reload()
    expect(history(resident)).to_have_count(7)


def test_going_back_and_sending_again_is_one_reading(resident: Walker, script):
    send(resident, str(NORMAL_M3))
    resident.reads(f"{NORMAL_M3} m³", "#receipt")
    sent = resident.posts[-1]
    resident.page.go_back()
    expect(button(resident)).to_be_visible()
    send(resident, str(NORMAL_M3))
    resident.reads(f"{NORMAL_M3} m³", "#receipt")
    expect(history(resident)).to_have_count(7)
    # The very same form once more, as after a connection that broke before the answer came.
    headers = {"content-type": sent.headers["content-type"], "origin": resident.url}
    again = resident.context.request.post(sent.url, data=sent.post_data_buffer, headers=headers)
    assert again.status == 200
    resident.page.reload()
    expect(history(resident)).to_have_count(7)


def test_a_photo_survives_the_question(resident: Walker, script):
    resident.page.locator("#panel form summary").click()
    resident.page.locator("[name=photo]").set_input_files(
        {"name": "vodomer.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}
    )
    with resident.answers(422):
        send(resident, str(TOO_HIGH_M3))
        resident.reads(f"{6 * USUAL_M3} m³", "#doubt")
    resident.page.locator("label.choice").first.click()
    send(resident)
    resident.reads(f"{TOO_HIGH_M3} m³", "#receipt")
    with resident.page.expect_download() as download:
        history(resident).first.locator("a[href$=fotografija]").click()
    assert download.value.path().read_bytes().startswith(b"\xff\xd8")


def test_an_expired_sign_in_leads_back_to_what_was_typed(resident: Walker, person: Person, script):
    path = urlsplit(resident.page.url).path
    resident.context.clear_cookies()
    send(resident, str(NORMAL_M3))
    resident.is_at("/prijava")
    resident.reads("Za dostop do zahtevane strani je potrebna prijava.")
    resident.signs_in(person.email, person.password)
    resident.is_at(path)
    expect(resident.page.locator("[name=value]")).to_have_value(str(NORMAL_M3))
    send(resident)
    expect(resident.page.locator("#receipt")).to_contain_text(f"{NORMAL_M3} m³")


class stays:  # noqa: N801 reads as a sentence: with stays(walker, script)
    """With a script the page stays and only its part changes; without, it is loaded anew."""

    def __init__(self, walker: Walker, script: bool) -> None:
        self.page, self.script = walker.page, script

    def __enter__(self) -> None:
        self.page.evaluate("window.wasHere = true")

    def __exit__(self, *_: object) -> None:
        assert bool(self.page.evaluate("window.wasHere")) is self.script


def send(walker: Walker, value: str | None = None) -> None:
    if value is not None:
        walker.types(value=value)
    button(walker).click()


def button(walker: Walker):
    return walker.page.locator("#panel form button")


def history(walker: Walker):
    return walker.page.locator("#history .rows > li")


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "gray").save(out, "JPEG")
    return out.getvalue()


MONTHS = ["jan", "feb", "mar", "apr", "maj", "jun", "jul", "avg", "sep", "okt", "nov", "dec"]


def day(value) -> str:
    """How the portal writes a day, as far as this test relies on it: »22. november 2026«."""
    return f"{value.day}.\N{NO-BREAK SPACE}{MONTHS[value.month - 1]}"


def _as_date(text: str) -> tuple[int, int, int]:
    number, month, year = re.match(r"(\d+)\.\s(\w{3})\w* (\d{4})", text).groups()
    return int(year), MONTHS.index(month), int(number)
