"""One payment assigned or released by the office: on the card, and when imports come and go."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.ledger.actions import (
    AlreadyAssigned,
    NoSuchCustomer,
    NotAssigned,
    assign,
    is_on_a_ledger,
    release_payment,
)
from mojupravljalec.ledger.models import BankPayment

from ..imports.conftest import Terminal
from ..imports.test_invoices import HEAD, ONE, TWO, entries
from ..imports.test_statements import REFERENCE, statement

PAID = ("2026-11-20", "32.85", "", "voda")
LEDGER = "sifra_stranke;datum;dokument;opis;breme;dobro;zapadlost;sklic\n"
BROUGHT = LEDGER + "007;20.11.2026;;Plačilo, hvala;;32,85;;\n"
OPEN = [("007", 3285), ("008", 1200)]


@pytest.fixture
def town(app, tmp_path: Path, monkeypatch) -> Terminal:
    """Two customers with an invoice each; nothing is paid."""
    monkeypatch.setattr("mojupravljalec.create_app", lambda: app)
    terminal = Terminal(tmp_path, app)
    terminal.town()
    assert terminal.bills(HEAD + ONE + TWO).exit_code == 0
    return terminal


@contextmanager
def office(town):
    """What the office does inside is kept."""
    with town.app.app_context():
        yield
        db.session.commit()


def customer(number):
    return db.session.scalars(select(Customer.id).filter_by(number=number)).one()


def only_payment():
    return db.session.scalars(select(BankPayment.id)).one()


def give(town, number):
    """Assign the only payment."""
    with office(town):
        assign(only_payment(), customer(number))


def take(town, number):
    """Release the only payment."""
    with office(town):
        release_payment(only_payment(), customer(number))


def does(town, kind, content):
    done = town.import_(kind, content)
    assert done.exit_code == 0, done.output


def undoes(town, kind):
    done = town.undo(kind)
    assert done.exit_code == 0, done.output


def opened(town):
    return [(row[0], row[3]) for row in entries(town)]


def whose(town):
    return town.rows("SELECT customer_id IS NOT NULL, matched_by FROM bank_payment")


def test_undoing_the_statement_takes_an_assigned_payment_along(town):
    before = town.everything()
    does(town, "statements", statement(town, PAID))
    give(town, "007")
    assert opened(town) == [("007", 0), ("008", 1200), ("007", 0)]
    undoes(town, "statements")
    assert town.everything() == before


def test_undoing_the_statement_lets_a_ledgers_entry_stand(town):
    does(town, "ledger", BROUGHT)
    before = town.everything()
    does(town, "statements", statement(town, PAID))
    give(town, "007")
    assert len(entries(town)) == 3
    undoes(town, "statements")
    assert town.everything() == before
    assert opened(town) == [("007", 0), ("008", 1200), ("007", 0)]


def test_undoing_a_ledger_lets_the_payment_wait_again(town):
    does(town, "statements", statement(town, PAID))
    before = town.everything()
    does(town, "ledger", BROUGHT)
    give(town, "007")
    undoes(town, "ledger")
    assert town.everything() == before
    assert opened(town) == OPEN


def test_undoing_invoices_that_came_later_leaves_the_payment_assigned(town):
    does(town, "statements", statement(town, PAID))
    give(town, "008")
    assert town.bills(HEAD + ONE.replace("2026-10-1", "2026-11-1")).exit_code == 0
    undoes(town, "invoices")
    assert opened(town) == [("007", 3285), ("008", 0), ("008", -2085)]


def test_a_ledger_that_tells_of_an_assigned_payment_adds_nothing(town):
    does(town, "statements", statement(town, PAID))
    give(town, "007")
    before = entries(town)
    does(town, "ledger", BROUGHT)
    assert entries(town) == before


def test_what_was_released_goes_with_its_statement(town):
    before = town.everything()
    does(town, "statements", statement(town, PAID))
    give(town, "007")
    take(town, "007")
    assert opened(town) == OPEN
    undoes(town, "statements")
    assert town.everything() == before


def test_no_import_assigns_again_what_was_released(town):
    does(town, "statements", statement(town, ("2026-11-20", "32.85", REFERENCE)))
    assert whose(town) == [(True, "reference")]
    take(town, "007")
    does(town, "ledger", LEDGER + "008;1.11.2026;;Opomin;2,00;;;\n")
    assert whose(town) == [(False, "released")]
    assert opened(town)[:2] == OPEN
    give(town, "008")
    assert opened(town)[:2] == [("007", 3285), ("008", 0)]


def test_an_entry_of_a_later_import_goes_when_its_payment_is_released(town):
    path = statement(town, ("2026-11-20", "10.00", "SI00123"))
    does(town, "statements", path)
    late = ONE.replace("SI12 1234567890120", "SI00 123").replace("2026-10-1", "2026-11-1")
    assert town.bills(HEAD + late).exit_code == 0
    assert len(entries(town)) == 4
    take(town, "007")
    assert len(entries(town)) == 3
    give(town, "008")
    undoes(town, "invoices")
    assert opened(town) == [("007", 3285), ("008", 200), ("008", 0)]


def test_released_from_a_ledgers_entry_the_card_stays_as_it_was(town):
    does(town, "ledger", BROUGHT)
    before = entries(town)
    does(town, "statements", statement(town, PAID))
    give(town, "007")
    with town.app.app_context():
        assert is_on_a_ledger(only_payment())
    take(town, "007")
    assert entries(town) == before
    with town.app.app_context():
        assert not is_on_a_ledger(only_payment())


def test_what_cannot_be_assigned_or_released_changes_nothing(town):
    does(town, "statements", statement(town, PAID))
    with town.app.app_context():
        payment, ana, other = only_payment(), customer("007"), customer("008")
        with pytest.raises(NotFound):
            assign(987654, ana)
        with pytest.raises(NoSuchCustomer):
            assign(payment, 987654)
        with pytest.raises(NotAssigned):
            release_payment(payment, ana)
        assign(payment, ana)
        with pytest.raises(AlreadyAssigned) as refused:
            assign(payment, other)
        assert refused.value.customer_id == ana
        with pytest.raises(NotAssigned):
            release_payment(payment, other)
        db.session.commit()
    assert opened(town) == [("007", 0), ("008", 1200), ("007", 0)]
