"""The demo utility: the same for the same seed, and such as could be."""

from collections import defaultdict
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select, update

from mojupravljalec.accounts.models import Account
from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.demo import actions
from mojupravljalec.demo.cli import say_how_to_sign_in
from mojupravljalec.demo.utility import SHOWN_M3, UNUSED, Rows, Utility
from mojupravljalec.extensions import db
from mojupravljalec.imports.models import ImportBatch
from mojupravljalec.metering.models import MeterInstallation, Reading, SupplyPoint
from mojupravljalec.values import clock

UNTIL, TODAY = date(2026, 10, 31), date(2026, 11, 22)


def grown(seed: int = 1, customers: int = 80) -> list[Rows]:
    return list(Utility(customers, 36, seed, UNTIL, TODAY).chunks(30))


def rows_of(table: str) -> list[dict[str, Any]]:
    return [row for chunk in grown() for row in getattr(chunk, table)]


def test_the_same_seed_gives_the_same_rows() -> None:
    assert grown(seed=7) == grown(seed=7)


def test_another_seed_gives_others() -> None:
    assert grown(seed=7) != grown(seed=8)


def test_rows_can_be_asked_for_twice() -> None:
    utility = Utility(20, 12, 1, UNTIL, TODAY)
    assert list(utility.chunks()) == list(utility.chunks())


@pytest.mark.parametrize("months", [1, 5, 6, 20, 36, 120])
def test_anas_meter_ends_the_same_however_long_its_history(months: int) -> None:
    (rows,) = Utility(UNUSED, months, 1, UNTIL, TODAY).chunks()
    anas = {meter["id"] for meter in rows.meters if meter["supply_point_id"] == 1}
    shown = [row["value_l"] for row in rows.readings if row["installation_id"] in anas]
    assert shown[-1] == SHOWN_M3 * 1000


def test_registers_never_fall_and_fit_their_digits() -> None:
    shown = defaultdict(list)
    for reading in rows_of("readings"):
        shown[reading["installation_id"]].append(reading["value_l"])
    for meter in rows_of("meters"):
        values = [meter["start_l"], *shown[meter["id"]]]
        if meter["removed_on"]:
            values.append(meter["end_l"])
        assert values == sorted(values)
        assert 0 <= values[0] <= values[-1] < 100_000_000


def test_readings_lie_within_the_time_of_their_meter() -> None:
    meters = {meter["id"]: meter for meter in rows_of("meters")}
    for reading in rows_of("readings"):
        meter = meters[reading["installation_id"]]
        assert meter["installed_on"] < reading["taken_on"] <= (meter["removed_on"] or UNTIL)


def test_nobody_lives_where_another_still_lives() -> None:
    stays = defaultdict(list)
    for stay in rows_of("occupancies"):
        stays[stay["supply_point_id"]].append((stay["from_on"], stay["to_on"] or date.max))
    for spans in stays.values():
        ends = sorted(spans)
        assert all(one[1] < two[0] for one, two in pairwise(ends))


@pytest.fixture
def demo(app: Flask) -> Flask:
    with app.app_context():
        actions.grow(Utility(20, 36, 1, UNTIL, TODAY), lambda _done: None)
        db.session.commit()
    return app


def test_the_residents_are_linked_and_one_code_is_left(demo: Flask) -> None:
    with demo.app_context():
        assert db.session.scalar(select(func.count(CustomerLink.id))) == 3
        left = db.session.scalars(select(Customer).filter_by(access_code=actions.unused_code()))
        assert left.one().id == UNUSED


def test_a_code_is_free_again_once_the_link_has_ended(demo: Flask) -> None:
    with demo.app_context():
        link = CustomerLink(account_id=_ana(), customer_id=UNUSED, linked_at=clock.now())
        left = actions.unused_code()
        db.session.add(link)
        db.session.flush()
        assert actions.unused_code() not in {left, None}
        link.ended_at = clock.now()
        db.session.flush()
        assert actions.unused_code() == left


def test_the_residents_are_named_also_when_no_code_is_left(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        actions.grow(Utility(UNUSED, 2, 1, UNTIL, TODAY), lambda _done: None)
        db.session.add(CustomerLink(account_id=_ana(), customer_id=UNUSED, linked_at=clock.now()))
        say_how_to_sign_in()
    said = capsys.readouterr().out
    assert "ana@demo.example" in said
    assert "koda" not in said


def test_an_imported_customers_code_is_never_shown(app: Flask) -> None:
    with app.app_context():
        actions.grow(Utility(UNUSED, 2, 1, UNTIL, TODAY), lambda _done: None)
        db.session.execute(update(Customer).where(Customer.id == UNUSED).values(batch_id=_batch()))
        assert actions.unused_code() is None


def test_nothing_is_said_where_it_is_no_demo(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    with app.app_context():
        say_how_to_sign_in()
    assert not capsys.readouterr().out


def test_a_supply_point_alone_keeps_the_demo_out(app: Flask) -> None:
    with app.app_context():
        db.session.add(SupplyPoint(number="1", street="Lipova ulica 1"))
        with pytest.raises(actions.NotEmpty):
            actions.grow(Utility(20, 12, 1, UNTIL, TODAY), lambda _done: None)


def _ana() -> int:
    return db.session.scalars(select(Account.id).filter_by(email_key="ana@demo.example")).one()


def _batch() -> int:
    batch = ImportBatch(
        kind="customers",
        file_name="stranke.csv",
        sha256="",
        imported_by="",
        imported_at=clock.now(),
    )
    db.session.add(batch)
    db.session.flush()
    return batch.id


def test_anas_meter_shows_a_year_and_an_exchange(demo: Flask) -> None:
    with demo.app_context():
        meters = db.session.scalars(
            select(MeterInstallation).filter_by(supply_point_id=1).order_by(MeterInstallation.id)
        ).all()
        last = db.session.scalar(
            select(Reading.value_l)
            .filter_by(installation_id=meters[-1].id)
            .order_by(Reading.taken_on.desc())
            .limit(1)
        )
        assert [bool(meter.removed_on) for meter in meters] == [True, False]
        assert last == SHOWN_M3 * 1000


def test_a_demo_is_not_mixed_into_real_data(demo: Flask) -> None:
    with demo.app_context(), pytest.raises(actions.NotEmpty):
        actions.grow(Utility(20, 12, 1, UNTIL, TODAY), lambda _done: None)


@time_machine.travel("2026-11-22 12:00 +0000", tick=False)
def test_a_new_customer_follows_the_demos_numbers(demo: Flask) -> None:
    """The database's own counters go on after the rows that were numbered here."""
    with demo.app_context():
        customer = Customer(number="X", name="Nova", access_code="A", access_code_key="A")
        db.session.add(customer)
        db.session.commit()
        assert customer.id == 21


def test_the_command_explains_itself() -> None:
    from mojupravljalec.cli import main

    shown = CliRunner().invoke(main, ["demo", "--help"])
    assert shown.exit_code == 0
    assert "Same seed, same demo" in shown.output
