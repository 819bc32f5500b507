"""The ledger of the billing program beside what invoices and statements have booked."""

import pytest

from .test_invoices import HEAD, ONE, entries
from .test_statements import statement

LEDGER = "sifra_stranke;datum;dokument;opis;breme;dobro;zapadlost;sklic\n"
INVOICE = "007;8.11.2026;2026-10-1;Račun;32,85;;28.11.2026;\n"
OLD = "007;1.1.2026;ot;Otvoritev;5,00;;;\n"
PAID = "007;20.11.2026;;Plačilo;;32,85;;SI12 1234567890120\n"


@pytest.fixture
def town(terminal):
    terminal.town()
    return terminal


def test_a_ledger_makes_the_card(town):
    done = town.import_("ledger", LEDGER + OLD + INVOICE + PAID)
    assert done.exit_code == 0, done.output
    assert entries(town) == [
        ("007", "ot", 500, 500, "other"),
        ("007", "2026-10-1", 3285, 0, "other"),
        ("007", "", -3285, 0, "payment"),
    ] or [row[3] for row in entries(town)] == [0, 500, 0]


def test_a_longer_ledger_adds_what_is_new(town):
    town.import_("ledger", LEDGER + OLD + INVOICE)
    done = town.import_("ledger", LEDGER + OLD + INVOICE + PAID + PAID)
    assert "novih 2, spremenjenih 0, nespremenjenih 2" in done.output
    done = town.import_("ledger", LEDGER + PAID + PAID + OLD)
    assert "novih 0, spremenjenih 0, nespremenjenih 3" in done.output


def test_the_entry_of_an_invoice_is_not_booked_twice(town):
    town.bills(HEAD + ONE)
    done = town.import_("ledger", LEDGER + INVOICE + PAID)
    assert "novih 1, spremenjenih 0, nespremenjenih 1" in done.output
    assert [row[2:4] for row in entries(town)] == [(3285, 0), (-3285, 0)]


def test_an_invoice_takes_the_entry_that_was_there_before_it(town):
    town.import_("ledger", LEDGER + INVOICE + PAID)
    before = town.everything()
    done = town.bills(HEAD + ONE)
    assert done.exit_code == 0, done.output
    assert [row[2:4] for row in entries(town)] == [(3285, 0), (-3285, 0)]
    assert town.rows("SELECT count(*) FROM ledger_entry WHERE invoice_id IS NOT NULL") == [(1,)]
    assert town.undo("invoices").exit_code == 0
    assert town.everything() == before


def test_an_invoice_with_another_amount_is_named(town):
    town.bills(HEAD + ONE)
    done = town.import_("ledger", LEDGER + INVOICE.replace("32,85", "32,95"))
    assert done.exit_code == 1
    assert "račun 2026-10-1 ima znesek 32,85, tu 32,95" in done.stderr


def test_a_payment_that_the_bank_told_is_not_booked_twice(town):
    town.bills(HEAD + ONE)
    town.import_("statements", statement(town, ("2026-11-20", "32.85", "SI121234567890120")))
    done = town.import_("ledger", LEDGER + PAID)
    assert "novih 0, spremenjenih 0, nespremenjenih 1" in done.output
    done = town.import_("ledger", LEDGER + PAID + PAID.replace("Plačilo", "Plačilo 2"))
    assert "novih 1, spremenjenih 0, nespremenjenih 1" in done.output


def test_nor_is_one_of_the_ledger_that_the_bank_tells_later(town):
    town.bills(HEAD + ONE)
    town.import_("ledger", LEDGER + PAID)
    before = town.everything()
    path = statement(town, ("2026-11-20", "32.85", "SI121234567890120"))
    assert town.import_("statements", path).exit_code == 0
    assert [row[2:4] for row in entries(town)] == [(3285, 0), (-3285, 0)]
    assert town.undo("statements").exit_code == 0
    assert town.everything() == before


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (OLD.replace("5,00;", "5,00;5,00"), "breme in dobro hkrati"),
        (OLD.replace("5,00", ""), "ne bremena ne dobrega"),
        (OLD.replace("007", "999"), "te stranke ni"),
        (OLD.replace("5,00", "1.234"), "dvoumna pika"),
        (OLD.replace("1.1.2026", "31.2.2026"), "tega dne ni v koledarju"),
    ],
)
def test_a_bad_row_is_named(town, row, named):
    before = town.everything()
    done = town.import_("ledger", LEDGER + INVOICE + row)
    assert done.exit_code == 1
    assert named in done.stderr
    assert town.everything() == before


def test_undoing_settles_what_is_left(town):
    town.bills(HEAD + ONE)
    before = town.everything()
    town.import_("ledger", LEDGER + PAID)
    assert [row[3] for row in entries(town)] == [0, 0]
    assert town.undo("ledger").exit_code == 0
    assert town.everything() == before


def test_what_stands_below_is_taken_back_last(town):
    town.bills(HEAD + ONE)
    town.import_("ledger", LEDGER + PAID)
    done = town.undo("invoices")
    assert done.exit_code == 1
    assert "Najprej razveljavite poznejši uvoz" in done.stderr
    assert "mojupravljalec undo ledger" in done.stderr
