"""What a first view costs on the line, in a real Chromium."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from ..browser.conftest import FLAGS, browser_path
from . import report
from .data import ANA, PASSWORD, email
from .load import Unexpected
from .serving import portal

WINDOW = 14_600  # bytes in the first congestion window (RFC 6928)
SIGN_IN = 3_000  # with everything, in one request
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "locale": "sl-SI"}
SIGNED_OUT = {"sign-in": "/prijava", "registration": "/registracija"}
SIGNED_IN = {
    "home": "/",
    "invoices": "/racuni",
    "invoice": "",  # the newest one
    "card": "/financna-kartica",
    "supply point": f"/odjemna-mesta/{ANA}",
}
BLOCKING = """() => performance.getEntriesByType("resource")
    .filter(one => one.renderBlockingStatus === "blocking").map(one => one.name)"""


def measure(folder: Path, uri: str) -> None:
    """Print the table of first views."""
    with _chromium() as browser, portal(folder, uri) as served:
        if browser is None:
            report.note("left out: Chromium is missing (apt-get install chromium)")
            return
        site = f"http://127.0.0.1:{served.port}"
        context = browser.new_context(**PHONE)
        rows = [
            _view(context.new_page(), name, site + path, SIGN_IN if name == "sign-in" else WINDOW)
            for name, path in SIGNED_OUT.items()
        ]
        cookies = _sign_in(context, site)
        for name, path in SIGNED_IN.items():
            fresh = browser.new_context(**PHONE, storage_state=cookies)  # nothing is cached
            page = fresh.new_page()
            rows.append(_view(page, name, site + (path or _newest(context, site)), WINDOW))
            fresh.close()
    columns = ["first view", "requests", "blocking", "HTML raw", "gzip + headers", "others"]
    report.table([*columns, "target ≤", ""], rows)


@contextmanager
def _chromium() -> Iterator[Browser | None]:
    path = browser_path()
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def _sign_in(context: BrowserContext, site: str) -> Any:
    page = context.new_page()
    page.goto(f"{site}/prijava")
    page.fill("[name=email]", email(ANA))
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{site}/")
    return context.storage_state()


def _newest(context: BrowserContext, site: str) -> str:
    page = context.new_page()
    page.goto(f"{site}/racuni")
    return str(page.locator("main table a").first.get_attribute("href"))


def _view(page: Page, name: str, url: str, target: int) -> list[str]:
    """Requests of one view with nothing cached; the page as a proxy would compress it."""
    answers: list[Response] = []

    def note(answer: Response) -> None:  # a method of a list cannot be marked, as Playwright does
        answers.append(answer)

    page.on("response", note)
    page.goto(url, wait_until="networkidle")
    asked = [one for one in answers if not one.url.startswith("data:")]
    first, *others = asked
    if first.status != 200:
        raise Unexpected(f"{url} gave {first.status}")
    html, blocking = first.body(), page.evaluate(BLOCKING)
    size = len(gzip.compress(html, 6)) + first.request.sizes()["responseHeadersSize"]
    together = ", ".join(f"{_file(one)} {_size(one):,}" for one in others)
    too_many = [f"{len(asked) - 1} requests over"] if target == SIGN_IN and others else []
    verdict = "; ".join([report.at_most(size, target), *too_many, *(["blocked"] * bool(blocking))])
    cells = [f"{len(html):,}", f"{size:,}", together, f"{target:,}", verdict]
    return [name, str(len(asked)), str(len(blocking)), *cells]


def _file(answer: Response) -> str:
    return urlsplit(answer.url).path.rpartition("/")[2]


def _size(answer: Response) -> int:
    sizes = answer.request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]
