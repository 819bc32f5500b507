"""The demo's payments and files: every kind of them, and open amounts that are true."""

import io
import random
import zipfile
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from mojupravljalec.billing import eslog
from mojupravljalec.billing.document import Content, Document, Kind, Party
from mojupravljalec.billing.models import Invoice
from mojupravljalec.customers.models import Customer
from mojupravljalec.demo import actions, papers
from mojupravljalec.demo.bills import Days, Payer
from mojupravljalec.demo.payments import Purse
from mojupravljalec.demo.utility import ANA, BOJANS_MOTHER, Rows, Utility
from mojupravljalec.extensions import db
from mojupravljalec.imports.guessing import guess
from mojupravljalec.ledger.actions import settle
from mojupravljalec.ledger.camt053 import Statement, Transaction, read
from mojupravljalec.ledger.models import BankPayment, LedgerEntry
from mojupravljalec.ledger.queries import known_until
from mojupravljalec.ledger.rules import Item, Origin, settled
from mojupravljalec.notices.queries import notices_on
from mojupravljalec.search.queries import find
from mojupravljalec.values import iban, safe_xml

UNTIL, TODAY = date(2026, 10, 31), date(2026, 11, 22)


def utility(customers: int = 60, months: int = 36, today: date = TODAY) -> Utility:
    until = today.replace(day=1) - timedelta(days=1)
    return Utility(customers, months, 1, until, today)


@cache
def grown() -> list[Rows]:
    return list(utility().chunks())


def rows_of(table: str) -> list[dict[str, Any]]:
    return [row for chunk in grown() for row in getattr(chunk, table)]


def last_entry_of(customer_id: int) -> dict[str, Any]:
    entries = (row for row in rows_of("entries") if row["customer_id"] == customer_id)
    return [row for row in entries if row["invoice_id"]][-1]


def test_what_is_open_follows_from_all_entries_of_a_customer() -> None:
    for customer_id in range(1, 61):
        mine = [row for row in rows_of("entries") if row["customer_id"] == customer_id]
        items = (
            Item(
                row["id"],
                row["due_on"] or row["booked_on"],
                row["amount_cents"],
                row["reference_key"],
                row["origin"],
            )
            for row in mine
        )
        assert settled(items) == {row["id"]: row["open_cents"] for row in mine}


def test_anas_last_invoice_is_open_and_all_others_are_paid() -> None:
    last = last_entry_of(ANA)
    mine = [row for row in rows_of("entries") if row["customer_id"] == ANA]
    assert (last["document"], last["open_cents"]) == ("2026-10-0001", last["amount_cents"])
    assert sum(row["open_cents"] for row in mine) == last["open_cents"]


@pytest.mark.parametrize("today", [date(2026, 11, 1), TODAY, date(2026, 12, 31)])
def test_one_invoice_of_bojans_mother_is_overdue_and_ana_owes_in_time(today: date) -> None:
    grown_up = utility(4, 6, today)
    (rows,) = grown_up.chunks()
    overdue = [
        row["customer_id"]
        for row in rows.entries
        if row["open_cents"] > 0 and row["due_on"] <= grown_up.days.known_until
    ]
    assert BOJANS_MOTHER in overdue
    assert ANA not in overdue


def test_most_is_paid() -> None:
    charged = sum(row["amount_cents"] for row in rows_of("entries") if row["invoice_id"])
    still_open = sum(max(0, row["open_cents"]) for row in rows_of("entries"))
    assert 0 < still_open < charged // 20


def test_all_kinds_of_payments_are_there() -> None:
    origins = {row["origin"] for row in rows_of("entries")}
    assert origins == {Origin.INVOICE, Origin.CREDIT_NOTE, Origin.PAYMENT, Origin.RETURN}
    invoices = {row["reference"]: row for row in rows_of("invoices") if row["reference"]}
    paid = [row for row in rows_of("payments") if row["reference"] in invoices]
    by_invoice: dict[str, list[int]] = {}
    for row in paid:
        by_invoice.setdefault(row["reference"], []).append(row["amount_cents"])
    owed = {reference: row["to_pay_cents"] for reference, row in invoices.items()}
    assert any(row["booked_on"] > invoices[row["reference"]]["due_on"] for row in paid)
    assert any(min(some) < 0 for some in by_invoice.values())
    assert any(sum(some) == 2 * owed[one] for one, some in by_invoice.items())
    assert any(0 < some[0] < owed[one] == sum(some) for one, some in by_invoice.items())


def test_some_payments_are_nobodys() -> None:
    waiting = [row for row in rows_of("payments") if row["customer_id"] is None]
    assert {row["text"] for row in waiting} == {"PLAČILO VODE"}
    assert {row["matched_by"] for row in waiting} == {""}
    entered = {row["payment_id"] for row in rows_of("entries")}
    assert not entered & {row["id"] for row in waiting}


def test_keys_are_unique_and_accounts_could_be() -> None:
    keys = [row["key"] for row in rows_of("payments")]
    assert len(set(keys)) == len(keys)
    assert all(iban.is_slovenian(row["payer_iban"]) for row in rows_of("payments"))


def test_nothing_is_known_of_the_last_days() -> None:
    assert max(row["booked_on"] for row in rows_of("payments")) <= utility().days.known_until
    assert utility().days.known_until == date(2026, 11, 18)


def test_memory_does_not_grow_with_the_customers() -> None:
    assert max(len(rows.invoices) for rows in utility(160, 2).chunks()) <= 2 * 50 * 2


# ---------------------------------------------------------------- one payer


def purse(*, is_steady: bool = True) -> Purse:
    payer = Payer(id=7, number="100007", party=Party(name="Cvetka"), is_steady=is_steady)
    return Purse(payer, Days([UNTIL], date(2027, 3, 1)), random.Random(1))


def bill(cents: int) -> Document:
    return Document(
        number="2026-10-0007",
        kind=Kind.INVOICE,
        customer_number="100007",
        issued_on=date(2026, 11, 9),
        due_on=date(2026, 11, 27),
        reference="SI1210000726107",
        net_cents=cents,
        vat_cents=0,
        gross_cents=cents,
        to_pay_cents=cents,
        content=Content(),
    )


def test_what_was_taken_back_or_overpaid_is_not_paid_again() -> None:
    cvetkas = purse()
    cvetkas.gets_back(300)
    cvetkas.pay(0, bill(1000), 200)
    assert [one.amount_cents for one in cvetkas.made] == [500]


def test_a_large_credit_is_kept_for_the_next_bill() -> None:
    cvetkas = purse()
    cvetkas.gets_back(1500)
    cvetkas.pay(0, bill(1000), 0)
    assert cvetkas.made == []
    assert cvetkas.spare_cents == 500


def test_late_payments_cost_interest_once() -> None:
    payer = purse(is_steady=False)
    payer._pay_late(bill(100_00), 100_00)
    (paid_on, cents) = payer.interest[0]
    assert cents == round(10_00 * (paid_on - date(2026, 11, 27)).days / 365)
    assert payer.interest_before(paid_on) == 0
    assert payer.interest_before(paid_on + timedelta(days=1)) == cents
    assert payer.interest_before(date(2027, 3, 1)) == 0


# ---------------------------------------------------------------- files and database


def statement_of(one: Utility) -> bytes:
    later = actions.Later()
    for rows in one.chunks():
        later.note(rows)
    return papers.statement(later.owed, later.booked, one.days)


def test_the_statement_is_readable_and_pays_in_every_way() -> None:
    head, *listed = read(io.BytesIO(statement_of(utility())))
    assert isinstance(head, Statement)
    assert head.to_on == date(2026, 11, 21)
    payments = [one for one in listed if isinstance(one, Transaction)]
    assert len(payments) == 15
    booked = {row["key"] for row in rows_of("payments")}
    assert [one.key in booked for one in payments] == [True] + [False] * 14
    assert any(one.reference == "SI00100002" for one in payments)
    assert any(not one.reference and "100003" in one.text for one in payments)
    assert payments[-1].text == "PLAČILO VODE"


@pytest.mark.parametrize(("customers", "months"), [(4, 1), (4, 240), (60, 1)])
@pytest.mark.parametrize("today", [date(2026, 11, 1), date(2026, 3, 31)])
def test_small_and_long_demos_have_a_statement_too(
    customers: int, months: int, today: date
) -> None:
    one = utility(customers, months, today)
    assert list(read(io.BytesIO(statement_of(one))))


def test_the_same_day_gives_the_same_files() -> None:
    unsent = [one for chunk in utility().chunks() for one in chunk.unsent]
    again = [one for chunk in utility().chunks() for one in chunk.unsent]
    assert papers.invoices(unsent) == papers.invoices(again)
    assert statement_of(utility()) == statement_of(utility())


def test_the_invoices_to_import_read_back_as_they_are() -> None:
    unsent = [one for chunk in grown() for one in chunk.unsent]
    with zipfile.ZipFile(io.BytesIO(papers.invoices(unsent))) as file:
        found = [eslog.read(safe_xml.parse(file.read(name))) for name in file.namelist()]
    assert len(found) == 10
    assert [one.number for one in found] == [one.number for one in unsent]
    assert [one.content.lines for one in found] == [one.content.lines for one in unsent]


@pytest.fixture
def demo(app: Flask) -> Flask:
    with app.app_context():
        actions.grow(utility(60, 14), lambda _done: None)
        db.session.commit()
    return app


def test_settling_again_changes_nothing(demo: Flask) -> None:
    with demo.app_context():
        query = select(LedgerEntry.id, LedgerEntry.open_cents).order_by(LedgerEntry.id)
        before = db.session.execute(query).all()
        settle(select(Customer.id))
        assert db.session.execute(query).all() == before


def test_payments_are_known_up_to_a_day_and_an_outage_is_announced(demo: Flask) -> None:
    with demo.app_context():
        assert known_until() == date(2026, 11, 18)
        (notice,) = notices_on(TODAY)
        assert "27. 11. 2026" in notice.text
        assert (notice.from_on, notice.to_on) == (date(2026, 11, 20), date(2026, 11, 27))


def test_new_rows_follow_the_demos_numbers(demo: Flask) -> None:
    with demo.app_context():
        last = db.session.scalar(select(func.max(BankPayment.id)))
        entries = db.session.scalar(select(func.max(LedgerEntry.id)))
        payment = BankPayment(
            key="k", account_iban="", booked_on=TODAY, amount_cents=1, payer_name="Ana"
        )
        entry = LedgerEntry(
            customer_id=1, booked_on=TODAY, amount_cents=1, open_cents=1, origin=Origin.OTHER
        )
        db.session.add_all([payment, entry])
        db.session.commit()
        assert (payment.id, entry.id) == ((last or 0) + 1, (entries or 0) + 1)


def test_the_files_can_be_imported(demo: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from mojupravljalec.cli import main

    monkeypatch.setattr("mojupravljalec.create_app", lambda: demo)
    with demo.app_context():
        invoices, statement, _ = actions.files()
    for kind, path, told in (
        ("invoices", invoices, "novih 10"),
        ("statements", statement, "novih 14"),
    ):
        answer = CliRunner().invoke(main, ["import", kind, str(path)])
        assert answer.exit_code == 0, answer.output
        assert told in answer.output
    with demo.app_context():
        anas = select(LedgerEntry.open_cents).filter_by(document="2026-10-0001")
        assert db.session.scalar(anas) == 0
        assert db.session.scalar(select(func.count(Invoice.id)).filter_by(number="2026-10-0055"))


def test_a_smaller_demo_leaves_no_invoices_of_another_behind(app: Flask) -> None:
    with app.app_context():
        invoices, statement, _ = actions.files()
        invoices.parent.mkdir(exist_ok=True)
        invoices.write_bytes(b"")
        actions.grow(utility(5, 2), lambda _done: None)
        assert not invoices.exists()
        assert statement.exists()


def test_a_payment_alone_keeps_the_demo_out(app: Flask) -> None:
    with app.app_context():
        db.session.add(BankPayment(key="k", account_iban="", booked_on=TODAY, amount_cents=1))
        with pytest.raises(actions.NotEmpty):
            actions.grow(utility(4, 1), lambda _done: None)


def test_the_command_says_where_the_files_are(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from mojupravljalec.cli import main

    monkeypatch.setattr("mojupravljalec.create_app", lambda: app)
    answer = CliRunner().invoke(main, ["demo", "--months", "1"])
    assert answer.exit_code == 0, answer.output
    with app.app_context():
        files = actions.files()
    assert all(str(path) in answer.output and path.exists() for path in files)
    assert all(code in answer.output for code in actions.RECOVERY_CODES)


def test_the_operator_signs_in_with_a_code_from_paper(demo: Flask) -> None:
    client = demo.test_client()
    form = {"email": actions.OPERATOR[0], "password": actions.PASSWORD}
    assert client.post("/prijava", data=form).location == "/prijava/drugi-dokaz"
    for code, status in ((actions.RECOVERY_CODES[0], 303), ("3467-ACDE-3333", 302)):
        assert client.post("/prijava/drugi-dokaz", data={"code": code}).status_code == status
    assert client.get("/pisarna").status_code == 200


def test_customers_of_another_program_are_understood(demo: Flask) -> None:
    with demo.app_context():
        found = guess(actions.files()[2], "partnerji.csv")
        assert found.kind == "customers"
        assert (found.encoding, found.separator) == ("cp1250", ";")
        assert found.mapping == {
            "sifra_stranke": "Šifra kupca",
            "naziv": "Ime kupca",
            "ulica": "Naslov",
            "posta": "Pošta št.",
            "kraj": "Naziv pošte",
        }


def test_the_demo_is_found_by_the_search(demo: Flask) -> None:
    with demo.app_context():
        number = db.session.scalar(select(Customer.number).where(Customer.id == ANA))
        assert find(number) == [ANA]
