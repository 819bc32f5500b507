"""The last sixty invoices in a small table and in a large one, without the page around them."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from sqlalchemy import text

from mojupravljalec import create_app
from mojupravljalec.billing.queries import Filter, invoices_of
from mojupravljalec.customers.queries import seen_by
from mojupravljalec.extensions import db

from . import report
from .data import ANA
from .serving import SECRET

TIMES = 50
AT_MOST = 3.0


def last_sixty(folder: Path, uri: str) -> tuple[int, float]:
    """How many invoices there are, and milliseconds until Ana's last sixty are there."""
    app = create_app(folder, SQLALCHEMY_DATABASE_URI=uri, SECRET_KEY=SECRET)
    taken = []
    with app.test_request_context():
        many = db.session.scalar(text("SELECT count(*) FROM invoice"))
        for _ in range(TIMES):
            begun = time.perf_counter()
            found = invoices_of(seen_by(ANA), Filter())
            taken.append((time.perf_counter() - begun) * 1000)
        assert len(found) == 60, len(found)
        db.session.remove()
        db.engine.dispose()
    return many, median(taken)


def compare(measured: Sequence[tuple[int, float]]) -> None:
    """Print the table, each size beside the smallest."""
    (_, first), *_ = ordered = sorted(measured)
    rows = [
        [
            f"last 60 of {many:,} invoices",
            f"{taken:.2f}",
            f"{taken / first:.2f}",
            report.at_most(taken / first, AT_MOST),
        ]
        for many, taken in ordered
    ]
    report.table(["query", "warm p50 ms", "÷ smallest", f"target ≤ {AT_MOST:.0f}"], rows)
