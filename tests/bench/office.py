"""The office with 200,000 customers: how long each page takes, and how much it asks.

Every address of the office that is looked at, in the application itself: what is measured is
the page, not the server. Beside each stands how many queries it made.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, insert, select

from mojupravljalec import create_app
from mojupravljalec.accounts.models import Account, Device
from mojupravljalec.accounts.roles import Role
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import BankPayment
from mojupravljalec.mail.models import OutboxLetter
from mojupravljalec.search.actions import index
from mojupravljalec.search.queries import find
from mojupravljalec.values import clock

from . import report
from .data import Size, build, to_pay_cents
from .serving import SECRET

CUSTOMERS = 200_000
WAITING, AUDIT, LETTERS = 2_000, 500_000, 100_000
TIMES = 5
PAGE_MS, SEARCH_MS, MOST_QUERIES = 300, 100, 25
CHUNK = 20_000
PATHS = (
    "/pisarna",
    "/pisarna/stranke",
    "/pisarna/stranke?dostop=nikoli",
    "/pisarna/stranke?red=-stevilka&stran=40",
    "/pisarna/stranke?q=novak",
    "/pisarna/stranke/1",
    "/pisarna/stranke/1/racuni",
    "/pisarna/stranke/1/kartica",
    "/pisarna/stranke/3/kartica",
    "/pisarna/stranke/1/odjemna-mesta/1",
    "/pisarna/dostopi",
    "/pisarna/dostopi?stanje=neaktivirani",
    "/pisarna/dostopi/1",
    "/pisarna/povezave",
    "/pisarna/sporocila",
    "/pisarna/sporocila?stanje=poslana",
    "/pisarna/placila",
    "/pisarna/placila/1",
    "/pisarna/uvozi",
    "/pisarna/uvozi/stevilke",
    "/pisarna/izvozi",
    "/pisarna/izvozi/nov",
    "/pisarna/kode",
    "/pisarna/dnevnik",
    "/pisarna/dnevnik?skupina=prijave",
    "/pisarna/osebje",
    "/pisarna/programi",
)
QUERIES = (
    *("novak", "Ana Novak", "podgorje", "novak podgorje", "lipova 12", "kos sol"),
    *("K0000471", "471", "OM0123456", "V0099999", "ana@primer.si", "R00012345"),
    *("dol lipova", "zgornje dol", "podgorje nihče", "a n p", "čuček žiga"),
)


def measure(folder: Path, uri: str, customers: int) -> None:
    """Build the utility, and look at every page of its office."""
    build(folder, uri, Size(customers, card=1_000, short=True))
    app = create_app(
        folder, SQLALCHEMY_DATABASE_URI=uri, SECRET_KEY=SECRET, SITE_URL="http://localhost"
    )
    with app.app_context():
        begun = time.perf_counter()
        _fill(customers)
        report.note(f"The words of {customers:,} customers: {time.perf_counter() - begun:.0f} s")
        secret = _operator()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = secret
    _pages(app, client)
    with app.test_request_context():
        _searches()
        db.session.remove()
        db.engine.dispose()


def _fill(customers: int) -> None:
    """What only the office sees: words, payments that wait, letters, the audit."""
    ids = list(db.session.scalars(select(Customer.id).order_by(Customer.id)))
    for start in range(0, customers, CHUNK):
        index(ids[start : start + CHUNK])
        db.session.commit()
    _insert(BankPayment, map(_payment, range(WAITING)))
    _insert(AuditEntry, map(_entry, range(AUDIT)))
    _insert(OutboxLetter, map(_letter, range(LETTERS)))
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _insert(model: Any, rows: Iterator[dict[str, Any]]) -> None:
    while some := [row for row, _ in zip(rows, range(CHUNK), strict=False)]:
        db.session.execute(insert(model.__table__), some)
    db.session.commit()


def _payment(n: int) -> dict[str, Any]:
    return {
        "key": f"waits-{n}",
        "account_iban": "SI56",
        "booked_on": clock.today() - timedelta(days=n % 60),
        "amount_cents": to_pay_cents() if n % 3 else 1000 + n,
        "payer_name": "NOVAK ANA" if n % 2 else "KOS BOJAN",
        "payer_iban": f"SI56{n:015}",
        "reference": "",
        "text": f"voda K{n:07}" if n % 5 == 0 else "plačilo vode",
        "matched_by": "",
    }


def _entry(n: int) -> dict[str, Any]:
    events = ("account.signed-in", "reading.sent", "customer.viewed", "import.done")
    return {
        "at": clock.now() - timedelta(minutes=AUDIT - n),
        "event": events[n % len(events)],
        "account_id": n % 3 + 1,
        "address": f"192.0.2.{n % 200}",
        "subject": f"customer:{n % 1000 + 1}",
        "details": {},
    }


def _letter(n: int) -> dict[str, Any]:
    moment = clock.now() - timedelta(minutes=LETTERS - n)
    return {
        "message_id": f"<{n}@portal>",
        "kind": "new-invoice",
        "to_address": "ana@primer.si" if n % 100 == 0 else f"oseba.{n}@primer.si",
        "language": "sl",
        "facts": {},
        "created_at": moment,
        "next_try_at": moment,
        "state": "sent" if n % 500 else "failed",
        "tries": 1,
        "sent_at": moment,
        "last_error": "",
    }


def _operator() -> str:
    """Who looks: the session of somebody who has given both proofs."""
    moment = clock.now()
    account = Account(
        email="operator@primer.si",
        email_key="operator@primer.si",
        first_name="Cvetka",
        last_name="Zupan",
        password_hash="",
        created_at=moment,
        activated_at=moment,
    )
    account.role, account.factor_since = Role.OPERATOR, moment
    db.session.add(account)
    db.session.flush()
    device = Device(account_id=account.id, secret="s", name="", created_at=moment, fresh_at=moment)
    device.proven_at = moment
    db.session.add(device)
    db.session.commit()
    return f"{account.id}:s"


def _pages(app: Flask, client: FlaskClient) -> None:
    rows = []
    for path in PATHS:
        taken, queries = [], 0
        for _ in range(TIMES + 1):
            with _counted(app) as asked:
                begun = time.perf_counter()
                answer = client.get(path)
                taken.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
            queries = max(queries, len(asked))
        first, *warm = taken
        rows.append(
            [
                path,
                f"{first:.0f}",
                f"{median(warm):.0f}",
                report.at_most(median(warm), PAGE_MS),
                str(queries),
                report.at_most(queries, MOST_QUERIES),
                f"{len(answer.data) / 1000:.0f}",
            ]
        )
    headings = ["page", "first ms", "p50 ms", f"≤ {PAGE_MS}", "queries", f"≤ {MOST_QUERIES}", "kB"]
    report.table(headings, rows)


def _searches() -> None:
    rows = []
    for query in QUERIES:
        taken = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            found = find(query)
            taken.append((time.perf_counter() - begun) * 1000)
        row = [query, str(len(found)), f"{median(taken):.1f}"]
        rows.append([*row, report.at_most(median(taken), SEARCH_MS)])
    report.table(["search", "found", "p50 ms", f"≤ {SEARCH_MS}"], rows)
    assert db.session.scalar(select(func.count(Customer.id)))


@contextmanager
def _counted(app: Flask) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)
