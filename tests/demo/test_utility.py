"""The demo utility: the same for the same seed, and such as could be."""

from collections import defaultdict
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.demo import actions
from mojupravljalec.demo.utility import SHOWN_M3, UNUSED, Rows, Utility
from mojupravljalec.extensions import db
from mojupravljalec.metering.models import MeterInstallation, Reading

UNTIL = date(2026, 10, 31)


def grown(seed: int = 1, customers: int = 80) -> list[Rows]:
    return list(Utility(customers, 36, seed, UNTIL).chunks(30))


def rows_of(table: str) -> list[dict[str, Any]]:
    return [row for chunk in grown() for row in getattr(chunk, table)]


def test_the_same_seed_gives_the_same_rows() -> None:
    assert grown(seed=7) == grown(seed=7)


def test_another_seed_gives_others() -> None:
    assert grown(seed=7) != grown(seed=8)


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
        actions.grow(Utility(20, 36, 1, UNTIL), lambda _done: None)
        db.session.commit()
    return app


def test_the_residents_are_linked_and_one_code_is_left(demo: Flask) -> None:
    with demo.app_context():
        assert db.session.scalar(select(func.count(CustomerLink.id))) == 3
        left = db.session.scalars(select(Customer).filter_by(access_code=actions.unused_code()))
        assert left.one().id == UNUSED


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
        actions.grow(Utility(20, 12, 1, UNTIL), lambda _done: None)


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
