"""That somebody looked is noted, or nothing is shown; and what is noted stays."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from mojupravljalec.audit.looks import ONE_LOOK, note_list, note_look
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db

WHAT = "customer.viewed"


@pytest.fixture
def look(app, cast):
    """The clerk looks at a customer, whom the page has read before."""

    def at(subject=f"customer:{cast.anas_customer}", who=cast.clerk, **details):
        with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.7"}):
            assert db.session.scalar(select(Customer.id)) is not None
            note_look(who.id, subject, **details)
            assert db.session.scalar(select(Customer.id)) is not None

    return at


def test_a_look_says_who_looked_at_what_from_where(look, cast, noted):
    look(page="card")
    look(f"account:{cast.ana.id}")
    seen = [
        (one.event, one.account_id, one.subject, one.address, one.details)
        for one in noted(WHAT, "account.viewed")
    ]
    assert seen == [
        (WHAT, cast.clerk.id, f"customer:{cast.anas_customer}", "192.0.2.7", {"page": "card"}),
        ("account.viewed", cast.clerk.id, f"account:{cast.ana.id}", "192.0.2.7", {}),
    ]


def test_looking_again_within_ten_minutes_is_the_same_look(look, noted, today):
    look()
    today.shift(ONE_LOOK - timedelta(seconds=1))
    look()
    assert len(noted(WHAT)) == 1
    today.shift(2)
    look()
    assert len(noted(WHAT)) == 2


def test_another_person_or_another_customer_is_another_look(look, cast, noted):
    look()
    look(who=cast.operator)
    look(f"customer:{cast.bojans_customer}")
    assert len(noted(WHAT)) == 3


def test_nobody_looks_at_other_tables(look):
    with pytest.raises(KeyError):
        look("invoice:1")


def test_a_list_that_is_taken_along_is_noted_with_what_it_was_narrowed_to(app, cast, noted):
    with app.test_request_context():
        for _turn in range(2):
            note_list(cast.clerk.id, "stranke", dostop="nikoli", name="x")
    first, second = noted("list.exported")
    assert first.details == {"list": "stranke", "filters": {"dostop": "nikoli", "name": "x"}}
    assert second.account_id == cast.clerk.id


def test_a_look_waits_for_a_writer_and_is_noted_then(app, look, noted):
    holds = threading.Event()

    def write():
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("UPDATE customer SET town = 'Podgorje'"))
            holds.set()
            time.sleep(0.3)

    writer = threading.Thread(target=write)
    writer.start()
    holds.wait()
    look()
    writer.join()
    assert len(noted(WHAT)) == 1


def test_a_look_that_cannot_be_noted_is_not_given(make_app, browser, cast, noted):
    app = make_app()
    with app.app_context():
        engine, on_sqlite = db.engine, db.engine.dialect.name == "sqlite"

    def hurry(driver, _record):
        driver.execute("PRAGMA busy_timeout=50" if on_sqlite else "SET lock_timeout = '50ms'")
        driver.commit()

    event.listen(engine, "connect", hurry)
    client = browser(cast.clerk, app)
    with engine.begin() as writer:
        if not on_sqlite:
            writer.execute(text("LOCK TABLE audit_entry"))
        answer = client.get(f"/pisarna/stranke/{cast.anas_customer}")
        assert answer.status_code == 503
        assert "Stranka 1" not in answer.text
    assert client.get(f"/pisarna/stranke/{cast.anas_customer}").status_code == 200
    assert len(noted(WHAT)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET account_id = NULL",
        "UPDATE audit_entry SET details = '{}' WHERE id > 0",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE event = 'customer.viewed'",
    ],
)
def test_the_database_refuses_to_change_what_is_noted(app, look, noted, statement):
    look()
    before = [vars(one) | {"_sa_instance_state": None} for one in noted(WHAT)]
    with app.app_context(), pytest.raises(DBAPIError, match="only added"):
        db.session.execute(text(statement))
    assert [vars(one) | {"_sa_instance_state": None} for one in noted(WHAT)] == before
    assert len(before) == 1


def test_the_session_cannot_change_it_either(app, look):
    look()
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry)).one()
        entry.event = "customer.linked"
        with pytest.raises(DBAPIError, match="only added"):
            db.session.commit()
        db.session.rollback()
        db.session.delete(entry)
        with pytest.raises(DBAPIError, match="only added"):
            db.session.commit()
