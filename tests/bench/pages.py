"""How many pages a second, beside a bare Flask page on the same server."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from . import report
from .data import ANA, ANAS_INVOICES, BOJAN, CVETKA, LAST_M3, MONTHLY_M3, PASSWORD, email
from .load import Browser, Make, lasting, latencies, rate
from .serving import Server, bare, cores, pinned, portal

LINES = 4  # connections at once, as many as the server has threads
BURST_S = 0.25
ALONE_S = 1.0
LEAST = 200  # answers behind a p99
P99_AT_MOST = 5.0
HOME, INVOICES, REVISIT = 0.35, 0.30, 0.45
CARD_PAGES = {"first": 1, "middle": 1000, "last": 2000}


@dataclass(frozen=True)
class Page:
    """What is asked for, and what it should reach beside the bare page."""

    name: str
    make: Make
    status: int = 200
    target: float | None = None
    lines: int = LINES


@dataclass(frozen=True)
class Measured:
    """One page: ratios and bare pages a second of the rounds, milliseconds alone, CPU."""

    page: Page
    ratios: list[float]
    bare: list[float]
    alone_ms: list[float]
    cpu_ms: float

    def row(self) -> list[str]:
        p50, p99 = (report.quantile(self.alone_ms, share) for share in (0.5, 0.99))
        target = self.page.target
        reached = report.at_least(median(self.ratios), target) if target else ""
        return [
            self.page.name,
            report.spread(self.ratios, 3),
            f"{target:.2f}" if target else "",
            reached,
            f"{self.cpu_ms:.2f}",
            f"{p50:.1f}",
            f"{p99:.1f}",
            f"{p99 / p50:.1f}",
            report.at_most(p99 / p50, P99_AT_MOST),
        ]


COLUMNS = [
    "page",
    "÷ bare Flask",
    "target",
    "",
    "CPU ms",
    "p50 ms",
    "p99 ms",
    "p99÷p50",
    f"≤ {P99_AT_MOST:.0f}",
]


def measure(folder: Path, uri: str, rounds: int) -> None:
    """Print the table of the pages of one database."""
    with pinned(cores()[1]), bare() as plain, portal(folder, uri) as served:
        pages, untagged = _pages(served.port)
        once = Page("a bare Flask page", Browser(plain.port).asks("/"))
        done = [_beside(plain, once, served, page, rounds) for page in pages]
        report.table(COLUMNS, [one.row() for one in done])
        rates = [rate for one in done for rate in one.bare]
        report.note(f"the bare page: {median(rates):,.0f} a second")
        for name in untagged:
            report.note(f"{name}: no ETag")
        _card(served)


def signed_in(port: int, person: int) -> Browser:
    """The browser of ``person``."""
    browser = Browser(port)
    browser.signs_in(email(person), PASSWORD)
    return browser


def _pages(port: int) -> tuple[list[Page], list[str]]:
    ana, bojan = signed_in(port, ANA), signed_in(port, BOJAN)
    invoices = ana.asks("/racuni")
    pages = [
        Page("sign-in page", Browser(port).asks("/prijava")),
        Page("home", ana.asks("/"), target=HOME),
        Page("supply point", ana.asks(f"/odjemna-mesta/{ANA}")),
        Page(f"invoices, {ANAS_INVOICES} rows", invoices, target=INVOICES),
        Page("one invoice", ana.asks(f"/racuni/{_last_invoice(ana)}")),
        Page("card", ana.asks("/financna-kartica")),
    ]
    untagged = []
    for name, path in (("home again", "/"), ("invoices again", "/racuni")):
        if tag := ana.etag(path):
            again = ana.asks(path, **{"If-None-Match": tag})
            pages.append(Page(name, again, status=304, target=REVISIT))
        else:
            untagged.append(name)
    values = [LAST_M3 + MONTHLY_M3, LAST_M3 + MONTHLY_M3 + 1]
    sends = bojan.sends_readings(f"/odjemna-mesta/{BOJAN}", values)
    pages.append(Page("a reading sent", sends, status=303, lines=1))
    return pages, untagged


def _last_invoice(browser: Browser) -> str:
    _, _, body = browser.sends("GET", "/racuni")
    return body.partition('href="/racuni/')[2].partition('"')[0]


def _beside(plain: Server, once: Page, served: Server, page: Page, rounds: int) -> Measured:
    """A, B, A, B …; then the page on a line of its own."""
    ratios, bare_rates, taken, cpu = [], [], 0.0, 0.0
    _burst(served, page)
    for _ in range(rounds):
        other = _burst(plain, once)
        before = served.cpu_s()
        ours = _burst(served, page)
        cpu += served.cpu_s() - before
        taken += ours * BURST_S
        ratios.append(ours / other)
        bare_rates.append(other)
    alone = latencies(served.port, page.make, page.status, goes_on=lasting(ALONE_S, LEAST))
    return Measured(page, ratios, bare_rates, alone, cpu / taken * 1000)


def _burst(server: Server, page: Page) -> float:
    return rate(server.port, page.make, page.status, lines=page.lines, seconds=BURST_S)


def _card(served: Server) -> None:
    """The pages of a card with a hundred thousand entries."""
    cvetka = signed_in(served.port, CVETKA)
    rows = []
    for name, number in CARD_PAGES.items():
        make = cvetka.asks(f"/financna-kartica/{CVETKA}?stran={number}")
        taken = latencies(served.port, make, 200, goes_on=_times(10))
        rows.append([f"{name} page of 100,000 entries", f"{median(taken):.1f}"])
    report.table(["card", "p50 ms"], rows)


def _times(many: int) -> Callable[[int], bool]:
    return lambda done: done < many
