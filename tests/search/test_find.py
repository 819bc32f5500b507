"""A customer is found by whatever is known of them, as soon as it is imported."""

import pytest

from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.search.actions import index, index_missing
from mojupravljalec.search.models import SearchTerm
from mojupravljalec.search.queries import LOOKED_AT, MOST, find

from .. import bills


@pytest.fixture
def known(app, cast):
    """Ana's customer with an invoice, in a context of its own."""
    with app.app_context():
        customer = db.session.get(Customer, cast.anas_customer)
        customer.name, customer.street = "Čuček Živa Ana", "Šolska ulica 12 a"
        customer.number, customer.email = "00471", "racunovodstvo@podjetje.si"
        db.session.flush()
        bills.bill(customer.id, "2026-10-000123")
        index([customer.id, cast.bojans_customer])
        db.session.commit()
        yield cast
        db.session.remove()


@pytest.mark.parametrize(
    "query",
    [
        "00471",
        "471",
        "čuček",
        "CUCEK ziva",
        "živa čuč",
        "ana solska",
        "šolska 12a",
        "OM-01",
        "om01",
        "182044101",
        "ana@primer.si",
        "ana@pri",
        "racunovodstvo@podjetje.si",
        "racunov",
        "2026-10-000123",
        "2026-10-0001",
        " cuc   12 ",
    ],
)
def test_ana_is_found(known, query):
    assert find(query) == [known.anas_customer]


@pytest.mark.parametrize("query", ["", "  ", "-", "čuček bojan", "00472", "nihče", "2027-10"])
def test_what_nobody_has_finds_nobody(known, query):
    assert find(query) == []


def test_who_left_is_not_found_by_the_address(app, known):
    from mojupravljalec.customers.models import CustomerLink
    from mojupravljalec.values import clock

    db.session.scalars(db.select(CustomerLink)).first().ended_at = clock.now()
    db.session.commit()
    assert find("ana@primer.si") == []


def test_words_that_are_missing_are_made(known):
    db.session.execute(db.delete(SearchTerm))
    db.session.commit()
    assert find("cucek") == []
    index_missing()
    assert find("cucek") == [known.anas_customer]


def town(count):
    """Customers of whom each is called Novak and lives in Podgorje."""
    db.session.execute(
        db.insert(Customer),
        [
            {
                "number": f"T{n}",
                "name": "Novak Ana" if n % 2 else "Kos Bojan",
                "town": "Podgorje",
                "access_code": f"c{n}",
                "access_code_key": f"C{n}",
            }
            for n in range(count)
        ],
    )
    index(db.session.scalars(db.select(Customer.id)).all())


@pytest.mark.parametrize("common", [10, 1_000_000])
def test_common_words_find_a_page_and_one_more(app, common, monkeypatch):
    monkeypatch.setattr("mojupravljalec.search.queries.COUNTED", common)
    with app.app_context():
        town(200)
        assert len(find("podgorje")) == MOST
        assert len(find("podg nov")) == MOST
        assert find("novak bojan") == []
        assert len(find("nov an podgorje")) == MOST
        db.session.rollback()


def test_common_words_that_meet_late_are_found_still(app, monkeypatch):
    monkeypatch.setattr("mojupravljalec.search.queries.COUNTED", 10)
    monkeypatch.setattr("mojupravljalec.search.queries.LOOKED_AT", 5)
    assert LOOKED_AT > MOST
    with app.app_context():
        town(60)
        last = db.session.scalar(db.select(db.func.max(Customer.id)))
        db.session.get(Customer, last).name = "Kos Ana"
        index([last])
        assert find("kos ana") == [last]
        db.session.rollback()
