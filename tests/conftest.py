"""One suite for both databases: TEST_DATABASE is sqlite (the default) or postgres."""

import os
import secrets
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from mojupravljalec import create_app
from mojupravljalec.accounts import passwords
from mojupravljalec.accounts.models import Account, Device
from mojupravljalec.accounts.roles import Role
from mojupravljalec.accounts.rules import email_key
from mojupravljalec.audit.models import NO_DELETE
from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.customers.rules import code_from_number, code_key
from mojupravljalec.extensions import Base, db
from mojupravljalec.identity import PortalIdentity, mark_folder
from mojupravljalec.metering.models import MeterInstallation, Occupancy, Reading, SupplyPoint
from mojupravljalec.values import clock

from .postgres import new_database, running_server

SECRET = "a secret key for tests, over 32 characters"
PASSWORD = "modra lipa 7"


def pytest_report_header() -> str:
    return f"database: {os.environ.get('TEST_DATABASE', 'sqlite')}"


@pytest.fixture(scope="session")
def database_uri(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """An empty database of its own for each test process."""
    if os.environ.get("TEST_DATABASE", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/test.db"
        return
    # All test processes share one server, in the folder above their own.
    root = tmp_path_factory.getbasetemp()
    root = root.parent if worker_id != "master" else root
    with running_server(root) as uri:
        yield new_database(uri, f"test_{worker_id}")


@pytest.fixture(scope="session")
def base_app(database_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = _app(tmp_path_factory.mktemp("instance"), database_uri)
    with app.app_context():
        Base.metadata.drop_all(db.engine)
        Base.metadata.create_all(db.engine)
        db.session.add(PortalIdentity(id=secrets.token_hex(16)))
        db.session.commit()
        mark_folder()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(base_app: Flask) -> Iterator[Flask]:
    """The portal with an empty database. No context is held open: requests bring their own."""
    yield base_app
    _empty(base_app)


@pytest.fixture
def make_app(app: Flask, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """The portal on the same database with other settings."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        uri = app.config["SQLALCHEMY_DATABASE_URI"]
        made.append(_app(tmp_path, uri, **settings))
        return made[-1]

    yield make
    for other in made:
        with other.app_context():
            db.session.remove()
            db.engine.dispose()


def _app(
    instance: Path, uri: str, *, csrf: bool = False, demo: bool = True, **settings: Any
) -> Flask:
    settings = {"SITE_URL": "http://localhost", "DEFAULT_LANGUAGE": "sl", **settings}
    settings = {"SECRET_KEY": SECRET, "SQLALCHEMY_DATABASE_URI": uri, **settings}
    app = create_app(instance, demo=demo, **settings)
    app.config["WTF_CSRF_ENABLED"] = csrf
    app.config["ANSWER_STEP_S"] = 0  # nobody listens to the time here
    app.testing = True
    return app


def _empty(app: Flask) -> None:
    with app.app_context(), warnings.catch_warnings():
        db.session.remove()
        # The identity is drawn with the schema, and stays as long.
        tables = [one for one in Base.metadata.sorted_tables if one is not PortalIdentity.__table__]
        tables.reverse()
        with db.engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                # The audit lets nothing be deleted; here it has to.
                connection.execute(text("DROP TRIGGER audit_entry_no_delete"))
                for table in tables:
                    connection.execute(table.delete())
                connection.execute(NO_DELETE)
            else:
                names = ", ".join(f'"{table.name}"' for table in tables)
                connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


@dataclass(frozen=True)
class Person:
    """Somebody with access, and what they have."""

    id: int
    email: str
    password: str = PASSWORD
    proven: bool = False  # has given the second proof


@dataclass(frozen=True)
class Cast:
    """Ana has a house with a meter; Bojan has another; Cvetka has linked nobody yet.

    The office has one person in each role.
    """

    ana: Person
    bojan: Person
    cvetka: Person
    anas_point: int
    anas_meter: int
    anas_customer: int
    bojans_point: int
    bojans_customer: int
    free_code: str
    operator: Person
    clerk: Person
    reader: Person

    @property
    def half(self) -> Person:
        """The operator, who has typed the password and owes the second proof."""
        return replace(self.operator, proven=False)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def cast(app: Flask, password_hash: str) -> Cast:
    with app.app_context():
        people = [_person(name, password_hash) for name in ("Ana", "Bojan", "Cvetka")]
        customers = [_customer(number) for number in range(3)]
        points = [_house(customer) for customer in customers[:2]]
        moment = clock.now()
        for person, customer in zip(people, customers[:2], strict=False):
            db.session.add(
                CustomerLink(account_id=person.id, customer_id=customer.id, linked_at=moment)
            )
        staff = {role.value: _staff(role, password_hash) for role in Role}
        db.session.commit()
        ana, bojan, cvetka = (Person(person.id, person.email) for person in people)
        return Cast(
            ana,
            bojan,
            cvetka,
            anas_point=points[0].id,
            anas_meter=_meter_of(points[0]),
            anas_customer=customers[0].id,
            bojans_point=points[1].id,
            bojans_customer=customers[1].id,
            free_code=customers[2].access_code,
            **staff,
        )


def _person(name: str, password_hash: str) -> Account:
    email = f"{name.lower()}@primer.si"
    person = Account(
        email=email,
        email_key=email_key(email),
        first_name=name,
        last_name="Novak",
        password_hash=password_hash,
        created_at=clock.now(),
        activated_at=clock.now(),
    )
    db.session.add(person)
    db.session.flush()
    return person


def _staff(role: Role, password_hash: str) -> Person:
    """Somebody of the office who signs in with a phone besides the password."""
    account = _person(role.title(), password_hash)
    account.role, account.factor_since = role, clock.now()
    return Person(account.id, account.email, proven=True)


def _customer(number: int) -> Customer:
    code = code_from_number(number + 1)
    customer = Customer(
        number=f"0{number + 1}",
        name=f"Stranka {number + 1}",
        street="Lipova ulica 7",
        post_code="2000",
        town="Podgorje",
        access_code=code,
        access_code_key=code_key(code),
    )
    db.session.add(customer)
    db.session.flush()
    return customer


def _house(customer: Customer) -> SupplyPoint:
    """A house whose meter showed 431, 443, 455 and 467 m³ on the last days of four months."""
    point = SupplyPoint(number=f"OM-{customer.number}", street=f"Lipova ulica {customer.number}")
    db.session.add(point)
    db.session.flush()
    db.session.add(Occupancy(supply_point_id=point.id, customer_id=customer.id))
    meter = MeterInstallation(
        supply_point_id=point.id,
        serial=f"1820441{customer.number}",
        start_l=0,
        installed_on=date(2023, 5, 14),
        dn_mm=20,
        verified_year=2023,
    )
    db.session.add(meter)
    db.session.flush()
    days = (date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31))
    for taken_on, value_m3 in zip(days, (431, 443, 455, 467), strict=True):
        db.session.add(
            Reading(
                installation_id=meter.id,
                taken_on=taken_on,
                value_l=value_m3 * 1000,
                source="collector",
            )
        )
    return point


def _meter_of(point: SupplyPoint) -> int:
    return int(
        db.session.scalar(db.select(MeterInstallation.id).filter_by(supply_point_id=point.id)) or 0
    )


@pytest.fixture
def browser(app: Flask) -> Callable[..., FlaskClient]:
    """A browser in which ``person`` is signed in, or nobody."""

    def open_browser(person: Person | None = None, other: Flask | None = None) -> FlaskClient:
        client = (other or app).test_client()
        if person is not None:
            sign_in(other or app, client, person)
        return client

    return open_browser


def sign_in(app: Flask, client: FlaskClient, person: Person) -> None:
    """Sign ``person`` in as the sign-in page does, without the price of a hash."""
    secret = secrets.token_urlsafe(12)
    with app.app_context():
        moment = clock.now()
        device = Device(
            account_id=person.id, secret=secret, name="", created_at=moment, fresh_at=moment
        )
        device.proven_at = moment if person.proven else None
        db.session.add(device)
        db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = f"{person.id}:{secret}"
        session["_fresh"] = True
