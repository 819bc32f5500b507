"""Announcements: how the operator makes them on the terminal, and which of them are in force."""

from datetime import date

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from mojupravljalec.extensions import db
from mojupravljalec.notices.cli import notice
from mojupravljalec.notices.models import Notice
from mojupravljalec.notices.queries import all_notices, notices_on

from ..bills import NOON


@pytest.fixture(autouse=True)
def today():
    """It is Sunday noon in UTC; ``move_to`` another moment."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def type_(app, monkeypatch):
    """Types a command of the terminal; the portal has the test's database."""
    monkeypatch.setattr("mojupravljalec.create_app", lambda: app)
    return lambda *words: CliRunner().invoke(notice, list(map(str, words)))


@pytest.fixture
def kept(app):
    """Reads the notices, as (title, text, first day, last day)."""

    def read():
        with app.app_context():
            found = db.session.scalars(select(Notice).order_by(Notice.id))
            return [(one.title, one.text, one.from_on, one.to_on) for one in found]

    return read


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (["--from", "2026-11-20", "--to", "2026-11-24"], (20, 11), (24, 11)),
        (["--from", "20.11.2026", "--to", "24.11.2026"], (20, 11), (24, 11)),
        (["--to", "2026-11-24"], (22, 11), (24, 11)),
        (["--to", "2026-11-22"], (22, 11), (22, 11)),
    ],
)
def test_a_notice_is_kept_with_its_days(type_, kept, days, first, last):
    done = type_("add", "Brez vode", "Jutri od 8. do 12. ure čšž.", *days)
    assert done.exit_code == 0, done.output
    first, last = (date(2026, month, day) for day, month in (first, last))
    assert kept() == [("Brez vode", "Jutri od 8. do 12. ure čšž.", first, last)]
    assert f"{first} do {last}" in done.output


def test_today_is_the_day_in_slovenia(today, type_, kept):
    today.move_to("2026-11-22T23:30:00Z")
    type_("add", "Brez vode", "Jutri.", "--to", "2026-11-24")
    assert kept()[0][2] == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (["--from", "2026-11-24", "--to", "2026-11-20"], "lies before the first"),
        (["--to", "2026-11-21"], "lies before the first"),
        (["--to", "2026-02-30"], "does not match the formats"),
        (["--to", "jutri"], "does not match the formats"),
        (["--from", "2026-11-20"], "Missing option '--to'"),
        ([], "Missing option '--to'"),
    ],
)
def test_wrong_days_keep_nothing_and_say_why(type_, kept, days, why):
    done = type_("add", "Brez vode", "Jutri.", *days)
    assert done.exit_code == 2
    assert why in done.output
    assert kept() == []


def test_the_list_has_every_notice_with_its_number_the_newest_first(type_):
    assert type_("list").output == ""
    type_("add", "Prvo", "…", "--from", "2026-01-01", "--to", "2026-01-02")
    type_("add", "Drugo", "…", "--from", "2026-03-01", "--to", "2026-03-02")
    type_("add", "Tretje", "…", "--from", "2026-02-01", "--to", "2026-12-31")
    found = [line.partition(": ")[2] for line in type_("list").output.splitlines()]
    assert found == [
        "2026-03-01 do 2026-03-02: Drugo",
        "2026-02-01 do 2026-12-31: Tretje",
        "2026-01-01 do 2026-01-02: Prvo",
    ]


def test_a_notice_is_taken_away_by_its_number(type_, kept):
    for title in ("Prvo", "Drugo"):
        type_("add", title, "…", "--to", "2026-12-31")
    number = type_("list").output.splitlines()[0].partition(":")[0]
    done = type_("remove", number)
    assert done.output == f"Obvestilo {number} je odstranjeno.\n"
    assert [row[0] for row in kept()] == ["Prvo"]


@pytest.mark.parametrize(("number", "status"), [("7", 1), ("x", 2)])
def test_a_number_that_is_none_takes_nothing_away(type_, kept, number, status):
    type_("add", "Prvo", "…", "--to", "2026-12-31")
    with_number = type_("list").output.partition(":")[0]
    done = type_("remove", str(int(with_number) + 7) if number == "7" else number)
    assert done.exit_code == status
    assert len(kept()) == 1


def test_the_database_refuses_days_that_lie_the_wrong_way_round(app):
    with app.app_context():
        db.session.add(
            Notice(title="A", text="B", from_on=date(2026, 2, 2), to_on=date(2026, 2, 1))
        )
        with pytest.raises(IntegrityError):
            db.session.flush()


DAYS = {"a": (1, 3), "b": (2, 2), "c": (3, 9), "d": (2, 3)}


@pytest.mark.parametrize(
    ("day", "found"), [(1, "a"), (2, "bad"), (3, "adc"), (4, "c"), (9, "c"), (10, "")]
)
def test_in_force_are_those_whose_days_hold_the_day(app, day, found):
    with app.app_context():
        for title, (first, last) in DAYS.items():
            days = {"from_on": date(2026, 5, first), "to_on": date(2026, 5, last)}
            db.session.add(Notice(title=title, text="…", **days))
        db.session.flush()
        assert "".join(one.title for one in notices_on(date(2026, 5, day))) == found
        assert "".join(one.title for one in all_notices()) == "cdba"
        db.session.rollback()
