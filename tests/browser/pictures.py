"""`make pictures`: the five pictures of the help page, taken from the real pages of a demo."""

import io
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from mojupravljalec import config

from .conftest import FLAGS, browser_path
from .served import Portal, link_in
from .walker import Walker

FOLDER = config.ROOT / "static" / "help"
MOST = 15_000  # bytes of one picture
SCREEN = {"width": 360, "height": 480}
EMAIL, PASSWORD = "ana.zajc@primer.si", "tri modre lipe"


def main() -> None:
    """Play the five steps in a portal of their own, and take a picture of each."""
    path = browser_path()
    if path is None:
        sys.exit("Chromium is missing: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        portal = Portal(Path(folder))
        portal.run("upgrade")
        code = re.search(r"Prosta koda stranke: (\S+)", portal.run("demo"))[1]
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(viewport=SCREEN, locale="sl-SI", color_scheme="light")
        with portal.served():
            _play(Walker(context, portal.url), portal, code)
        browser.close()


def _play(walker: Walker, portal: Portal, code: str) -> None:
    walker.goes("/registracija")
    walker.types(email=EMAIL, first_name="Ana", last_name="Zajc")
    _take(walker.page, "register", ".field label")
    walker.types(password=PASSWORD, again=PASSWORD)
    walker.presses("Potrdi")
    walker.is_at("/aktivacija")
    walker.page.goto(link_in(portal.letter_to(EMAIL)))
    _take(walker.page, "activate")
    walker.presses()
    walker.is_at("/prijava")
    walker.goes("/prijava")
    walker.types(email=EMAIL, password=PASSWORD)
    _take(walker.page, "sign-in", "h1")
    walker.presses("Prijava")
    walker.is_at("/prikljuci-stranko")
    walker.types(code=walker.page.locator("main figure svg text").last.text_content())
    _take(walker.page, "link", "main figure")
    walker.types(code=code)
    walker.presses("Potrdi")
    walker.is_at("/odjemna-mesta")
    walker.follows("Podrobnosti")
    last = walker.page.locator("#history b.r").first.inner_text()
    walker.types(value=str(int(re.sub(r"\D", "", last.split(",")[0])) + 9))
    _take(walker.page, "reading", "#panel .card")
    assert urlsplit(walker.page.url).path.startswith("/odjemna-mesta/")
    walker.all_was_well()


def _take(page: Page, name: str, top: str = "body") -> None:
    """Keep what the screen shows, scrolled so that ``top`` stands uppermost."""
    page.evaluate("document.activeElement.blur()")
    page.locator(top).first.evaluate("one => scrollBy(0, one.getBoundingClientRect().top - 8)")
    picture = _small(page.screenshot(animations="disabled"))
    (FOLDER / f"{name}.png").write_bytes(picture)
    print(f"static/help/{name}.png: {len(picture)} bytes")  # noqa: T201 a command of the terminal


def _small(png: bytes) -> bytes:
    """The picture with as many colours as fit into ``MOST`` bytes."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (64, 32, 24, 16, 8):
        out = io.BytesIO()
        few = picture.quantize(colours, dither=Image.Dither.NONE)
        few.save(out, "PNG", optimize=True)
        if len(out.getvalue()) <= MOST:
            return out.getvalue()
    raise SystemExit(f"a picture does not fit into {MOST} bytes")


if __name__ == "__main__":
    main()
