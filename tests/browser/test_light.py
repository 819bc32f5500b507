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
SCRIPT = {"content-type": "text/javascript"}
NORMAL_M3 = LAST_M3 + USUAL_M3


@pytest.mark.parametrize("path", ["/prijava", "/registracija", "/aktivacija", "/pozabljeno-geslo"])
def test_a_page_before_signing_in_is_one_request(town: Town, open_browser, path):
    walker: Walker = open_browser(town)
    answer = walker.page.goto(town.portal.url + path, wait_until="networkidle")
    # Registering takes the code of a letter over, which nothing waits for.
    scripts = ["/static/code.js"] if path == "/registracija" else []
    assert _asked(walker) == [path, *scripts]
    assert _size(answer) <= SIGNED_OUT


@pytest.fixture
def walker(town: Town, open_browser) -> Walker:
    """Somebody signed in, who sees their supply point in the list."""
    person = town.resident(town.household())
    walker: Walker = open_browser(town)
    walker.goes("/odjemna-mesta")
    walker.signs_in(person.email, person.password)
    walker.is_at("/odjemna-mesta")
    return walker


def test_the_page_of_a_supply_point_asks_for_its_scripts_and_nothing_else(walker: Walker):
    walker.requests.clear()
    with walker.page.expect_response("**/odjemna-mesta/*") as answer:
        walker.follows("Podrobnosti")
    walker.page.wait_for_load_state("networkidle")
    page, *scripts = _asked(walker)
    assert page == urlsplit(walker.page.url).path
    assert scripts == ["/static/vendor/htmx-2.0.11.min.js", "/static/offline.js"]
    assert _size(answer.value) <= FIRST_WINDOW
    walker.requests.clear()
    send(walker, str(NORMAL_M3))
    walker.reads(f"{NORMAL_M3} m³", "#receipt")
    assert _asked(walker) == [page]


def test_without_a_signal_what_was_typed_waits_for_one(walker: Walker):
    walker.puts_up_with = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    walker.follows("Podrobnosti")
    walker.page.wait_for_load_state("networkidle")
    walker.context.set_offline(True)
    send(walker, str(NORMAL_M3))
    expect(walker.page.locator("#offline")).to_be_visible()
    expect(walker.page.locator("[name=value]")).to_have_value(str(NORMAL_M3))
    walker.context.set_offline(False)
    send(walker)
    walker.reads(f"{NORMAL_M3} m³", "#receipt")
    expect(history(walker)).to_have_count(7)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (None, "net::ERR_FAILED"),  # a filter took it away
        ("class Old { #unheard = of }; ?.", "Unexpected token '?.'"),  # from before 2020
    ],
    ids=["blocked", "not-understood"],
)
def test_without_htmx_readings_are_sent_all_the_same(walker: Walker, script, complaint):
    walker.puts_up_with = (complaint,)
    walker.context.route(
        "**/htmx-*",
        lambda route: route.fulfill(body=script, headers=SCRIPT) if script else route.abort(),
    )
    walker.follows("Podrobnosti")
    expect(history(walker)).to_have_count(6)
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
