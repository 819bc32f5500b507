"""Bank statements: whose payments they are, and that each is booked once."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from mojupravljalec.ledger import camt053, queries

from ..ledger.test_camt053 import balance, document, entry
from ..ledger.test_camt053 import statement as bank_statement
from .test_invoices import HEAD, ONE, TWO, entries

IBAN = "SI56020170014356205"
REFERENCE = "SI121234567890120"
FILES = Path(__file__).parent / "files"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"


def statement(terminal, *payments, name="izpisek.xml", until=date(2026, 11, 21)):
    """A statement with payments as (day, euros, reference, text)."""
    rows = []
    for number, (day, euros, *more) in enumerate(payments):
        reference, text = [*more, "", ""][:2]
        booked_on = date.fromisoformat(day)
        rows.append(
            camt053.Transaction(
                key=camt053.key_of(IBAN, booked_on, f"{euros}-{number}-{reference}"[:35]),
                booked_on=booked_on,
                amount_cents=int(Decimal(euros) * 100),
                name="NOVAK ANA",
                iban="",
                reference=reference,
                text=text,
                account=IBAN,
            )
        )
    head = camt053.Statement(account=IBAN, identifier=name, from_on=date(2026, 11, 1), to_on=until)
    path = terminal.folder / name
    path.write_bytes(camt053.write(head, rows))
    return path


@pytest.fixture
def town(terminal):
    terminal.town()
    assert terminal.bills(HEAD + ONE + TWO).exit_code == 0
    return terminal


def pays(town, *payments, **more):
    done = town.import_("statements", statement(town, *payments, **more))
    assert done.exit_code == 0, done.output
    return done


def opened(town):
    return [(row[0], row[3]) for row in entries(town)]


@pytest.mark.parametrize(
    ("reference", "text", "how"),
    [
        (REFERENCE, "", "reference"),
        ("SI001234567890120", "", "reference"),
        ("SI00007", "", "number"),
        ("", "VODA OKTOBER 007 HVALA", "text"),
    ],
)
def test_a_payment_finds_its_customer(town, reference, text, how):
    pays(town, ("2026-11-20", "32.85", reference, text))
    assert opened(town) == [("007", 0), ("008", 1200), ("007", 0)]
    assert town.rows("SELECT matched_by FROM bank_payment") == [(how,)]


@pytest.mark.parametrize(
    ("reference", "text"),
    [("SI99", ""), ("", "PLAČILO VODE"), ("RF18539007547034", ""), ("", "007 ali 008")],
)
def test_a_payment_of_nobody_waits_in_the_tray(town, reference, text):
    done = pays(town, ("2026-11-20", "32.85", reference, text))
    assert "ni jasno, čigava so: 1" in done.output
    assert opened(town) == [("007", 3285), ("008", 1200)]
    assert town.rows("SELECT customer_id, amount_cents FROM bank_payment") == [(None, 3285)]


def test_a_waiting_payment_is_found_once_its_invoice_comes(terminal):
    terminal.town()
    pays(terminal, ("2026-11-20", "32.85", REFERENCE))
    before = terminal.everything()
    terminal.bills(HEAD + ONE)
    assert opened(terminal) == [("007", 0), ("007", 0)]
    assert terminal.undo("invoices").exit_code == 0
    assert terminal.everything() == before


def test_a_payment_in_parts_and_one_too_large(town):
    pays(town, ("2026-11-18", "20.00", REFERENCE), ("2026-11-20", "20.00", REFERENCE))
    assert opened(town) == [("007", 0), ("008", 1200), ("007", 0), ("007", -715)]


def test_a_payment_that_went_back_opens_the_invoice_again(town):
    pays(town, ("2026-11-18", "32.85", REFERENCE), ("2026-11-20", "-32.85", REFERENCE))
    assert opened(town)[0] == ("007", 3285)
    assert [row[4] for row in entries(town)][2:] == ["payment", "return"]


def test_the_same_booking_in_two_statements_is_one(town):
    pays(town, ("2026-11-18", "10.00", REFERENCE))
    before = entries(town)
    second = statement(
        town,
        ("2026-11-18", "10.00", REFERENCE),
        ("2026-11-19", "5.00", REFERENCE),
        name="drugi.xml",
    )
    done = town.import_("statements", second)
    assert "novih 1, spremenjenih 0, nespremenjenih 1" in done.output
    assert len(entries(town)) == len(before) + 1


def test_the_same_statement_again_changes_nothing(town):
    pays(town, ("2026-11-18", "10.00", REFERENCE), ("2026-11-18", "1.00"))
    before = town.everything()
    done = pays(town, ("2026-11-18", "10.00", REFERENCE), ("2026-11-18", "1.00"))
    assert "Ni sprememb" in done.output
    assert town.everything() == before


def known_until(town):
    with town.app.app_context():
        return queries.known_until()


def xml(town, *statements, name="stroski.xml"):
    return town.file(name, document(*statements))


def fees(day, *, days=True, bookings=1):
    """A statement whose only bookings are what the bank took for itself."""
    booked = [entry(sign="DBIT", day=f"<Dt>{day}</Dt>") for _ in range(bookings)]
    balances = balance("OPBD", "2026-11-01") + balance("CLBD", day) if days else ""
    return bank_statement(*booked, iban=IBAN, balances=balances)


def test_a_statement_of_known_payments_tells_that_nobody_paid_since(town):
    pays(town, ("2026-11-18", "10.00", REFERENCE))
    done = pays(town, ("2026-11-18", "10.00", REFERENCE), until=date(2026, 11, 22), name="b.xml")
    assert "je zapisan" in done.output
    assert "novih 0, spremenjenih 0, nespremenjenih 1, zavrnjenih 0" in done.output
    assert known_until(town) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "told",
    [
        fees("2026-11-30"),
        fees("2026-11-30", bookings=0),
        fees("2026-11-30", days=False),
    ],
    ids=["fees", "nothing", "fees without days"],
)
def test_a_statement_without_payments_tells_that_nobody_paid(town, told):
    pays(town, ("2026-10-31", "10.00", REFERENCE), until=date(2026, 10, 31))
    before, books = town.everything(), entries(town)
    path = xml(town, told)
    assert "Poskusni tek" in town.import_("statements", path, "--dry-run").output
    assert town.everything() == before
    done = town.import_("statements", path)
    assert done.exit_code == 0, done.output
    assert "novih 0, spremenjenih 0, nespremenjenih 0, zavrnjenih 0" in done.output
    assert "Plačila so znana do 30. 11. 2026" in done.output
    assert "je zapisan" in done.output
    assert known_until(town) == date(2026, 11, 30)
    assert entries(town) == books
    after = town.everything()
    again = town.import_("statements", path)
    assert "Ni sprememb" in again.output
    assert "znana do" not in again.output
    assert town.everything() == after
    assert town.undo("statements").exit_code == 0
    assert town.everything() == before
    assert known_until(town) == date(2026, 10, 31)


def test_a_statement_without_payments_and_days_tells_nothing(town):
    before = town.everything()
    done = town.import_("statements", xml(town, fees("2026-11-30", days=False, bookings=0)))
    assert done.exit_code == 0, done.output
    assert "Ni sprememb" in done.output
    assert town.everything() == before


def test_the_latest_of_several_statements_counts_whatever_their_order(town):
    pays(town, ("2026-11-02", "10.00", REFERENCE), until=date(2026, 11, 3))
    one = town.import_("statements", xml(town, fees("2026-11-30"), fees("2026-11-20")))
    assert "je zapisan" in one.output
    assert known_until(town) == date(2026, 11, 30)
    assert "Ni sprememb" in town.import_("statements", xml(town, fees("2026-11-29"))).output
    assert known_until(town) == date(2026, 11, 30)


def test_a_statement_without_payments_counts_in_a_zip_beside_others(town):
    paid = statement(town, ("2026-11-18", "10.00", REFERENCE), until=date(2026, 11, 21))
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("1.xml", document(fees("2026-11-30")))
        archive.writestr("2.xml", paid.read_bytes())
    done = town.import_("statements", town.file("izpiski.zip", memory.getvalue()))
    assert done.exit_code == 0, done.output
    assert known_until(town) == date(2026, 11, 30)
    assert town.rows("SELECT new_rows, unchanged_rows FROM import_batch ORDER BY id DESC")[0] == (
        1,
        0,
    )


def test_a_last_day_that_cannot_be_is_a_bad_row(town):
    before = town.everything()
    done = town.import_("statements", xml(town, fees("2199-11-30")))
    assert done.exit_code == 1
    assert "stroski.xml:2: do" in done.stderr
    assert town.everything() == before


def test_undoing_opens_the_invoices_again(town):
    before = town.everything()
    pays(town, ("2026-11-18", "32.85", REFERENCE), ("2026-11-18", "1.00"))
    assert town.undo("statements").exit_code == 0
    assert town.everything() == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("statement-without-status.xml", "postavka 1 (R1): brez statusa (Sts)"),
        ("no-statement.xml", "v datoteki ni izpiska (Stmt)"),
    ],
)
def test_money_in_a_statement_is_never_passed_over_in_silence(town, name, reason):
    before = town.everything()
    done = town.import_all("statements", FILES / name)
    assert done.exit_code == 1
    assert reason in done.output + done.stderr
    assert name in done.output + done.stderr
    assert town.everything() == before


def test_statements_come_in_a_zip_too(town):
    one = statement(town, ("2026-11-18", "10.00", REFERENCE), name="1.xml").read_bytes()
    two = statement(town, ("2026-11-19", "5.00", REFERENCE), name="2.xml").read_bytes()
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("1.xml", one)
        archive.writestr("2.xml", two)
        archive.writestr("beri.txt", "")
    done = town.import_("statements", town.file("izpiski.zip", memory.getvalue()))
    assert done.exit_code == 0, done.output
    assert "Prezrte datoteke: beri.txt" in done.output
    assert opened(town)[0] == ("007", 1785)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"<a/>", "ni izpisek camt.053"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DOCTYPE"),
        (b"nothing", "XML ni berljiv"),
        (b"<a>" * 300, "XML ni berljiv"),
    ],
)
def test_what_is_no_statement_is_refused_by_name(town, data, named):
    before = town.everything()
    done = town.import_("statements", town.file("izpisek.xml", data))
    assert done.exit_code == 1
    assert named in done.stderr
    assert town.everything() == before


def test_a_statement_that_breaks_off_books_nothing(town):
    path = statement(town, *[("2026-11-18", f"{n}.00", REFERENCE) for n in range(1, 9)])
    path.write_bytes(path.read_bytes()[:-500])
    before = town.everything()
    assert town.import_("statements", path).exit_code == 1
    assert town.everything() == before


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples do not lie beside the project")
def test_the_samples_of_both_versions_are_the_same_bookings(town):
    done = town.import_("statements", SAMPLES / "camt.053.001.08-synthetic.xml")
    assert "novih 4" in done.output
    done = town.import_("statements", SAMPLES / "camt.053.001.02-synthetic.xml")
    assert "novih 0, spremenjenih 0, nespremenjenih 4" in done.output
