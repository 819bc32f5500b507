"""How a page does while others keep the portal busy: an import, and a storm of sign-ins.

`python -m tests.bench.busy PORT SECONDS` is the storm: sixteen people who do not have the right
password, each from an address of their own.
"""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import data, files, report
from .load import Browser, Make, lasting, latencies
from .pages import signed_in
from .serving import ROOT, cores, environ, pinned, portal

QUIET_S = 3.0
STORM_S = 6.0
PEOPLE = 16
AGAIN_S = 0.2  # until somebody who was told to wait presses the button again
IMPORTED_DAYS = 300  # of a thousand meters
AT_MOST = 3.0


def measure(folder: Path, uri: str) -> None:
    """Print the table for one database, whose customers have their rows already."""
    path = folder / "odcitki.csv"
    files.readings(path, 1_000, IMPORTED_DAYS)
    load = cores()[1]
    with portal(folder, uri) as served:
        make = signed_in(served.port, data.ANA).asks("/racuni")
        with pinned(load):
            quiet = latencies(served.port, make, 200, goes_on=lasting(QUIET_S))
        with _beside("mojupravljalec", "import", "readings", path, folder=folder, uri=uri) as imp:
            importing = _while(served.port, make, load, lambda: imp.poll() is None)
        storm_of = (served.port, STORM_S)
        with _beside("tests.bench.busy", *storm_of, folder=folder, uri=uri) as storm:
            time.sleep(1)
            stormy = _while(served.port, make, load, lambda: storm.poll() is None)
    rows = [
        _row("quiet", quiet, quiet, None),
        _row("during an import", importing, quiet, 0.99),
        _row("in a storm of sign-ins", stormy, quiet, 0.5),
    ]
    columns = ["invoices page", "answers", "p50 ms", "p99 ms", "p50 ÷ quiet", "p99 ÷ quiet"]
    report.table([*columns, f"target ≤ {AT_MOST:.0f}"], rows)


def _row(name: str, taken: list[float], quiet: list[float], judged: float | None) -> list[str]:
    shares = (0.5, 0.99)
    values = [report.quantile(taken, share) for share in shares]
    ratios = [
        value / report.quantile(quiet, share) for value, share in zip(values, shares, strict=True)
    ]
    reached = ""
    if judged:
        which = shares.index(judged)
        reached = f"p{judged * 100:.0f} {report.at_most(ratios[which], AT_MOST)}"
    cells = [*(f"{value:.1f}" for value in values), *(f"{ratio:.1f}" for ratio in ratios)]
    return [name, str(len(taken)), *cells, reached]


def _while(port: int, make: Make, load: set[int], busy: Callable[[], bool]) -> list[float]:
    with pinned(load):
        return latencies(port, make, 200, goes_on=lambda done: not done or busy())


@contextmanager
def _beside(
    module: str, *arguments: object, folder: Path, uri: str
) -> Iterator["subprocess.Popen[str]"]:
    """Another program while the page is asked for; it may use every core."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env=environ(folder, uri),
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    said, _ = process.communicate(timeout=120)
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}: {said}")
    report.note(f"{module} {arguments[0]}: {said.strip().splitlines()[-1]}")


# ---------------------------------------------------------------- the storm


def _storm(port: int, seconds: float) -> Counter[int]:
    until, codes = time.monotonic() + seconds, Counter[int]()
    people = [
        threading.Thread(target=_person, args=(port, number, until, codes))
        for number in range(PEOPLE)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return codes


def _person(port: int, number: int, until: float, codes: Counter[int]) -> None:
    chance, browser = random.Random(number), Browser(port)
    token = browser.token("/prijava")
    while time.monotonic() < until:
        form = {
            "csrf_token": token,
            "email": f"oseba.{chance.randrange(10**9)}@primer.si",
            "password": "ni pravo geslo",
        }
        address = ".".join(str(chance.randrange(1, 250)) for _ in range(4))
        status, _, _ = browser.sends("POST", "/prijava", form, {"X-Forwarded-For": address})
        codes[status] += 1
        if status == 429:
            time.sleep(AGAIN_S)


if __name__ == "__main__":
    found = _storm(int(sys.argv[1]), float(sys.argv[2]))
    answers = ", ".join(f"{many} × {status}" for status, many in sorted(found.items()))
    sys.stdout.write(f"{answers}\n")
