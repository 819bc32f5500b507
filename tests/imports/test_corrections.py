"""Corrected invoices are owed once, and debt that a bill carries over is not owed twice."""

from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from mojupravljalec.billing import eslog_writer
from mojupravljalec.billing.document import Kind
from mojupravljalec.imports import invoice_files

from .test_documents import document, pack
from .test_invoices import entries
from .test_statements import REFERENCE, pays

FILES = Path(__file__).parent / "files"
CUSTOMERS = "sifra_stranke;naziv;ulica;posta;kraj\n000124;Bojan Kos;Lipova 9;2000;Podgorje\n"


@pytest.fixture
def town(terminal):
    terminal.town()
    return terminal


def invoice(number, euros, corrects="", **more):
    """A bill over so many euros of one item, as e-SLOG."""
    whole = document(number, corrects=corrects, **more)
    line = replace(
        whole.content.lines[0],
        quantity=None,
        price=None,
        vat_rate=None,
        net_cents=euros * 100,
        vat_cents=0,
        gross_cents=euros * 100,
    )
    amounts = dict.fromkeys(("net_cents", "gross_cents", "to_pay_cents"), euros * 100)
    content = replace(whole.content, lines=(line,), vat=())
    return replace(whole, vat_cents=0, content=content, **amounts)


def brings(town, *documents, name="racuni.zip"):
    files = {f"{at}.xml": eslog_writer.write(one) for at, one in enumerate(documents)}
    done = town.import_all("invoices", pack(town, files, name))
    assert done.exit_code == 0, done.output + done.stderr
    return done


def refuses(town, *documents):
    before = town.everything()
    files = {f"{at}.xml": eslog_writer.write(one) for at, one in enumerate(documents)}
    done = town.import_all("invoices", pack(town, files))
    assert done.exit_code == 1, done.output
    assert town.everything() == before
    return done.stderr


def still_open(town):
    return {row[1]: row[3] for row in entries(town) if row[3]}


# ---------------------------------------------------------------- corrected invoices


def test_the_corrected_ubl_invoice_is_owed_instead_of_the_first(terminal):
    assert terminal.import_("customers", CUSTOMERS).exit_code == 0
    for name in ("ubl-original.xml", "ubl-corrected.xml"):
        done = terminal.import_all("invoices", FILES / name)
        assert done.exit_code == 0, done.output + done.stderr
    assert entries(terminal) == [
        ("000124", "K-1", 1027, 0, "invoice"),
        ("000124", "K-2", 856, 856, "invoice"),
        ("000124", "K-1", -1027, 0, "correction"),
    ]
    assert terminal.rows("SELECT corrects FROM invoice WHERE number = 'K-2'") == [("K-1",)]


def test_the_corrected_invoice_is_refused_while_the_first_is_not_there(terminal):
    assert terminal.import_("customers", CUSTOMERS).exit_code == 0
    before = terminal.everything()
    done = terminal.import_all("invoices", FILES / "ubl-corrected.xml")
    assert done.exit_code == 1
    assert "ubl-corrected.xml" in done.stderr
    assert "popravlja račun K-1, ki ga ni v portalu" in done.stderr
    assert terminal.everything() == before


def test_reimport_of_a_correction_is_idempotent(town):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    before = town.everything()
    assert "Ni sprememb" in brings(town, invoice("2", 8, "1")).output
    assert "Ni sprememb" in brings(town, invoice("2", 8, "1"), invoice("1", 10)).output
    assert town.everything() == before


def test_undo_of_a_correction_brings_the_first_invoice_back(town):
    brings(town, invoice("1", 10))
    before = town.everything()
    brings(town, invoice("2", 8, "1"))
    after = entries(town)
    assert town.undo("invoices").exit_code == 0
    assert town.everything() == before
    brings(town, invoice("2", 8, "1"))
    assert entries(town) == after


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_of_corrections_in_one_file_is_owed_once_in_any_order(town, order):
    chain = (invoice("1", 10), invoice("2", 8, "1"), invoice("3", 9, "2"))
    brings(town, *(chain[at] for at in order))
    assert still_open(town) == {"3": 900}
    assert sum(row[2] for row in entries(town)) == 900


def test_a_chain_of_corrections_one_after_the_other_is_owed_once(town):
    for one in (invoice("1", 10), invoice("2", 8, "1"), invoice("3", 9, "2")):
        brings(town, one)
    assert still_open(town) == {"3": 900}
    assert town.undo("invoices").exit_code == 0
    assert still_open(town) == {"2": 800}
    assert town.undo("invoices").exit_code == 0
    assert still_open(town) == {"1": 1000}


def test_what_was_paid_on_the_first_invoice_counts_for_the_corrected(town):
    brings(town, invoice("1", 10))
    pays(town, ("2026-11-20", "10.00", REFERENCE))
    brings(town, invoice("2", 8, "1", reference="SI121234567890139"))
    assert sum(row[3] for row in entries(town)) == -200
    assert [row[3] for row in entries(town) if row[3] > 0] == []
    assert town.undo("invoices").exit_code == 0
    assert still_open(town) == {}


def test_the_first_invoice_is_cancelled_also_where_all_bills_share_a_reference(town):
    shared = {"reference": "SI00007"}
    brings(town, invoice("0", 5, due_on=date(2026, 10, 1), **shared), invoice("1", 10, **shared))
    brings(town, invoice("2", 8, "1", **shared))
    assert still_open(town) == {"0": 500, "2": 800}


def test_a_payment_of_the_same_day_and_amount_is_not_taken_for_the_correction(town):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    pays(town, ("2026-11-08", "10.00", REFERENCE))
    assert [row[4] for row in entries(town)] == ["invoice", "invoice", "correction", "payment"]
    assert sum(row[3] for row in entries(town)) == -200


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([("2", 8, "9")], "popravlja račun 9, ki ga ni v portalu"),
        ([("2", 8, "2")], "popravlja račun 2 in s tem samega sebe"),
        ([("2", 8, "3"), ("3", 8, "2")], "in s tem samega sebe"),
        ([("1", 10, ""), ("2", 8, "1"), ("3", 7, "1")], "popravlja račun, ki ga je popravil že 2"),
        # What corrects a refused one is refused with it.
        ([("2", 8, "9"), ("3", 7, "2")], "popravlja račun 2, ki ga ni v portalu"),
    ],
)
def test_a_correction_that_cannot_be_settled_is_refused_by_name(town, documents, reason):
    assert reason in refuses(town, *(invoice(*one) for one in documents))


def test_a_second_correction_of_the_same_invoice_is_refused(town):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    assert 'datoteka: "0.xml": popravlja račun, ki ga je popravil že 2' in refuses(
        town, invoice("3", 7, "1")
    )


def test_a_correction_beside_a_credit_note_is_refused_in_any_order(town):
    brings(town, invoice("1", 10))
    note, correction = invoice("D", 10, "1", kind=Kind.CREDIT_NOTE), invoice("2", 8, "1")
    for both in ((note, correction), (correction, note)):
        assert "popravlja račun, ki ga je popravil že D" in refuses(town, *both)
    brings(town, note)
    assert "popravlja račun, ki ga je popravil že D" in refuses(town, correction)


def note(number, euros, corrects, **more):
    return invoice(number, euros, corrects, kind=Kind.CREDIT_NOTE, **more)


def test_a_credit_note_after_a_correction_of_the_same_invoice_is_refused(town):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    said = refuses(town, note("D", 10, "1"))
    assert 'datoteka: "0.xml": popravlja račun, ki ga je popravil že 2' in said
    assert still_open(town) == {"2": 800}


def test_a_credit_note_of_the_corrected_invoice_takes_that_off(town):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    brings(town, note("D", 3, "2"))
    brings(town, note("E", 5, "2"))
    assert still_open(town) == {}
    assert sum(row[2] for row in entries(town)) == 0


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_that_ends_with_a_credit_note_comes_in_one_file_in_any_order(town, order):
    chain = (invoice("1", 10), invoice("2", 8, "1"), note("D", 8, "2"))
    brings(town, *(chain[at] for at in order))
    assert still_open(town) == {}


def test_several_credit_notes_of_an_invoice_without_a_correction_are_taken(town):
    brings(town, invoice("1", 10))
    brings(town, note("D", 3, "1"), note("E", 2, "1"))
    brings(town, note("F", 1, "1"))
    assert still_open(town) == {"1": 400}


def test_in_a_later_part_of_the_same_pile_a_credit_note_is_refused_too(town, monkeypatch):
    monkeypatch.setattr(invoice_files, "AT_ONCE", 1)
    brings(town, invoice("1", 10))
    assert "popravil že 2" in refuses(town, invoice("2", 8, "1"), note("D", 10, "1"))
    assert "popravil že D" in refuses(town, note("D", 10, "1"), invoice("2", 8, "1"))


def test_a_refused_credit_note_may_come_once_the_correction_is_taken_back(town):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    assert town.undo("invoices").exit_code == 0
    brings(town, note("D", 10, "1"))
    before = town.everything()
    assert "Ni sprememb" in brings(town, invoice("1", 10), note("D", 10, "1")).output
    assert town.everything() == before
    assert still_open(town) == {}


def test_a_credit_note_that_was_taken_before_is_no_trouble_when_it_comes_again(town):
    """Portals have such ones from before they were refused."""
    brings(town, invoice("1", 10), note("D", 10, "1"))
    town.run("UPDATE invoice SET corrects = '' WHERE number = 'D'")
    brings(town, invoice("2", 8, "1"))
    town.run("UPDATE invoice SET corrects = '1' WHERE number = 'D'")
    before = town.everything()
    assert "Ni sprememb" in brings(town, note("D", 10, "1"), invoice("2", 8, "1")).output
    assert town.everything() == before


def test_a_correction_of_a_credit_note_or_of_another_customer_is_refused(town):
    brings(town, invoice("1", 10), invoice("D", 3, kind=Kind.CREDIT_NOTE))
    assert "popravlja dobropis D" in refuses(town, invoice("2", 8, "D"))
    assert "popravlja račun 1, ki je druge stranke" in refuses(
        town, invoice("2", 8, "1", customer_number="008")
    )


def test_without_bad_rows_the_others_are_written(town):
    files = {
        "a.xml": eslog_writer.write(invoice("1", 10)),
        "b.xml": eslog_writer.write(invoice("2", 8, "9")),
    }
    done = town.import_all("invoices", pack(town, files), "--skip-bad")
    assert done.exit_code == 1
    assert still_open(town) == {"1": 1000}


LEDGER = "sifra_stranke;datum;dokument;opis;breme;dobro\n"
STORNO = "007;8.11.2026;{};Storno računa;;10,00\n"


@pytest.mark.parametrize("document", ["1", "2"])
def test_the_row_of_a_ledger_that_cancels_is_not_booked_beside_the_correction(town, document):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    done = town.import_("ledger", LEDGER + STORNO.format(document))
    assert "nespremenjenih 1" in done.output
    assert still_open(town) == {"2": 800}


@pytest.mark.parametrize("document", ["1", "2"])
def test_a_ledger_that_cancelled_before_is_enough(town, document):
    brings(town, invoice("1", 10))
    assert town.import_("ledger", LEDGER + STORNO.format(document)).exit_code == 0
    brings(town, invoice("2", 8, "1"))
    assert sum(row[3] for row in entries(town)) == 800


def test_a_payment_in_a_ledger_is_no_cancellation(town):
    brings(town, invoice("1", 10))
    brings(town, invoice("2", 8, "1"))
    paid = "007;8.11.2026;1;Plačilo računa;;10,00\n"
    assert "novih 1" in town.import_("ledger", LEDGER + paid).output
    assert sum(row[3] for row in entries(town)) == -200


# ---------------------------------------------------------------- debt carried over


def carrying(number, euros, old, **more):
    """A bill that asks for ``old`` euros of earlier debt as well."""
    one = invoice(number, euros, **more)
    content = replace(one.content, prepaid_cents=-old * 100)
    return replace(one, content=content, to_pay_cents=(euros + old) * 100)


def test_old_debt_on_a_bill_is_not_owed_twice(town):
    brings(town, invoice("1", 20, due_on=date(2026, 10, 28)))
    done = brings(town, carrying("2", 10, 20))
    assert still_open(town) == {"1": 2000, "2": 1000}
    assert "Starejši dolg na računih ni zapisan še enkrat" in done.output
    assert "mora biti že od prej: 2" in done.output
    assert town.rows("SELECT to_pay_cents, flaw FROM invoice WHERE number = '2'") == [(3000, "")]
    # Who pays what the paper bill asks for owes nothing.
    pays(town, ("2026-11-20", "30.00", REFERENCE))
    assert still_open(town) == {}


def test_a_bill_with_old_debt_is_the_same_in_a_ledger_by_its_own_amount(town):
    rows = LEDGER + "007;8.11.2026;2;Račun;10,00;\n"
    assert town.import_("ledger", rows).exit_code == 0
    brings(town, carrying("2", 10, 20))
    assert [row[:3] for row in entries(town)] == [("007", "2", 1000)]
    assert "Ni sprememb" in town.import_("ledger", rows).output
    other = town.import_("ledger", rows.replace("10,00", "30,00"))
    assert "račun 2 ima znesek 10,00, tu 30,00" in other.stderr


def test_what_was_prepaid_lowers_what_is_owed(town):
    one = carrying("1", 10, -4)
    assert one.content.prepaid_cents == 400
    brings(town, one)
    assert still_open(town) == {"1": 600}


def test_a_correction_cancels_what_a_bill_with_old_debt_charged(town):
    brings(town, invoice("1", 20))
    brings(town, carrying("2", 10, 20))
    brings(town, carrying("3", 8, 20, corrects="2"))
    assert still_open(town) == {"1": 2000, "3": 800}
