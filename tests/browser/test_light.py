"""Little is asked of a slow line, and an old browser loses nothing but the comfort."""

import gzip
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Response, expect

from .conftest import Town
from .test_walk import history, send
from .utility import LAST_M3, USUAL_M3
from .walker import Walker

pytestmark = pytest.mark.browser

FIRST_WINDOW = 14_600  # bytes that a server may send before the first answer (RFC 6928)
SIGNED_OUT = 5_000
NORMAL_M3 = LAST_M3 + USUAL_M3


@pytest.mark.parametrize("path", ["/prijava", "/registracija", "/aktivacija", "/pozabljeno-geslo"])
def test_a_page_before_signing_in_is_one_request(town: Town, open_browser, path):
    walker: Walker = open_browser(town)
    answer = walker.page.goto(town.portal.url + path, wait_until="networkidle")
    assert _asked(walker) == [path]
    print(path, _size(answer))
    assert _size(answer) <= SIGNED_OUT


def test_the_page_of_a_supply_point_asks_for_htmx_once_and_for_nothing_else(
    town: Town, open_browser
):
    person = town.resident(town.household())
    walker: Walker = open_browser(town)
    walker.goes("/odjemna-mesta")
    walker.signs_in(person.email, person.password)
    walker.is_at("/odjemna-mesta")
    walker.requests.clear()
    with walker.page.expect_response("**/odjemna-mesta/*") as answer:
        walker.follows("Podrobnosti")
    walker.page.wait_for_load_state("networkidle")
    page, script = _asked(walker)
    assert page == urlsplit(walker.page.url).path
    assert script.startswith("/static/vendor/htmx-2")
    assert _size(answer.value) <= FIRST_WINDOW
    walker.requests.clear()
    send(walker, str(NORMAL_M3))
    walker.reads(f"{NORMAL_M3} m³", "#receipt")
    assert _asked(walker) == [page]


def test_a_browser_that_cannot_read_htmx_sends_readings_all_the_same(town: Town, open_browser):
    household = town.household()
    person = town.resident(household)
    walker: Walker = open_browser(town)
    walker.context.route("**/htmx-*", lambda route: route.fulfill(status=200, body=""))
    walker.goes("/odjemna-mesta")
    walker.signs_in(person.email, person.password)
    walker.follows("Podrobnosti")
    walker.reads(household.street, "h1")
    assert walker.page.evaluate("typeof htmx") == "undefined"
    with walker.answers(422):
        send(walker, "petsto")
        walker.reads("", "#errors")
    expect(walker.page.locator("[name=value]")).to_have_value("petsto")
    with walker.answers(303, 200):
        send(walker, str(NORMAL_M3))
        walker.reads(f"{NORMAL_M3} m³", "#receipt")
    expect(history(walker)).to_have_count(7)


def _asked(walker: Walker) -> list[str]:
    return [urlsplit(url).path for url in walker.requests if not url.startswith("data:")]


def _size(answer: Response) -> int:
    """Bytes on the line behind a proxy that compresses."""
    return len(gzip.compress(answer.body(), 6)) + answer.request.sizes()["responseHeadersSize"]
