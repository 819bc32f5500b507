"""What the gateway costs: the portal behind it, beside itself on granian's own WSGI interface."""

from pathlib import Path
from statistics import median

from . import report
from .data import ANA
from .load import Browser, Make, rate
from .pages import BURST_S, LINES, signed_in
from .serving import ROOT, Server, cores, pinned, portal, without_gateway

ROUNDS = 40  # of a quarter of a second each


def measure(folder: Path, uri: str) -> None:
    """Print the processor time of a request without and with the gateway."""
    with pinned(cores()[1]), without_gateway(folder, uri) as before, portal(folder, uri) as now:
        asked = zip(_requests(before.port), _requests(now.port), strict=True)
        rows = [
            [name, *_compared((before, one), (now, other))] for (name, one), (_, other) in asked
        ]
        report.table(["request", "CPU ms without", "CPU ms with", "with ÷ without"], rows)


def _requests(port: int) -> list[tuple[str, Make]]:
    (script,) = (ROOT / "static/vendor").glob("htmx-*.js")
    return [
        ("sign-in page", Browser(port).asks("/prijava")),
        ("home", signed_in(port, ANA).asks("/")),
        ("static file", Browser(port).asks(f"/static/vendor/{script.name}")),
    ]


def _compared(before: tuple[Server, Make], now: tuple[Server, Make]) -> list[str]:
    """A, B, A, B …: the ratio of each pair, so that a slow moment of the machine hits both."""
    pairs = [(_cpu_ms(*before), _cpu_ms(*now)) for _ in range(ROUNDS)]
    without, with_it = zip(*pairs, strict=True)
    ratios = [ours / other for other, ours in pairs]
    return [f"{median(without):.2f}", f"{median(with_it):.2f}", report.spread(ratios)]


def _cpu_ms(server: Server, make: Make) -> float:
    before = server.cpu_s()
    answers = rate(server.port, make, 200, lines=LINES, seconds=BURST_S) * BURST_S
    return (server.cpu_s() - before) / answers * 1000
