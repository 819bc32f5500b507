"""A real Chromium and a real portal: a server process, a mail server, files of a utility."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, make_url, text

from mojupravljalec.accounts.models import Account
from mojupravljalec.accounts.rules import email_key
from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.values import clock

from ..conftest import PASSWORD, Person
from .office import Office
from .served import Portal
from .utility import Household, export
from .walker import PHONE, Walker

HOUSEHOLDS = 60
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Town:
    """A portal with the data of a utility in it, and the people who are not there yet."""

    portal: Portal
    rich: Household
    free: list[Household]
    password_hash: str
    password: str = PASSWORD
    people: int = 0

    def household(self) -> Household:
        """One that no test has had before."""
        return self.free.pop()

    def address(self) -> str:
        """An e-mail address that no test has had before."""
        self.people += 1
        return f"oseba.{self.people}@primer.si"

    def resident(self, *households: Household) -> Person:
        """Somebody who activated the access earlier, and linked these."""
        email = self.address()
        with self.portal.data():
            person = Account(
                email=email,
                email_key=email_key(email),
                first_name="Živa",
                last_name="Čuček",
                password_hash=self.password_hash,
                created_at=clock.now(),
                activated_at=clock.now(),
            )
            db.session.add(person)
            db.session.flush()
            for household in households:
                found = db.select(Customer.id).filter_by(number=household.customer)
                link = CustomerLink(
                    account_id=person.id,
                    customer_id=db.session.scalars(found).one(),
                    linked_at=clock.now(),
                )
                db.session.add(link)
            db.session.commit()
            return Person(person.id, email)


def browser_path() -> str | None:
    """Where the machine's Chromium is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show what the portal wrote beside a test that failed."""
    report = yield
    for used in getattr(item, "funcargs", {}).values():
        portal = used.portal if isinstance(used, Town) else used
        if report.failed and isinstance(portal, Portal):
            report.sections.append(("log of the portal", portal.log()[-8000:]))
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's browser. Without one the tests are left out, but never in CI."""
    path = browser_path()
    if path is None:
        leave_out = pytest.fail if os.environ.get("CI") else pytest.skip
        leave_out("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def make_database(database_uri: str) -> Iterator[Callable[[str], str]]:
    """Make databases beside the one of the other tests; "" is SQLite in the portal's folder."""
    uri = make_url(database_uri)
    made = []

    def make(name: str) -> str:
        if uri.drivername.startswith("sqlite"):
            return ""
        made.append(f"{uri.database}_{name}")
        _do(f'DROP DATABASE IF EXISTS "{made[-1]}" WITH (FORCE)')
        _do(f'CREATE DATABASE "{made[-1]}"')
        return uri.set(database=made[-1]).render_as_string(hide_password=False)

    def _do(statement: str) -> None:
        admin = create_engine(uri, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()

    yield make
    for name in made:
        _do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def town(
    chromium: Browser,  # no portal is started where no browser is
    make_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    password_hash: str,
) -> Iterator[Town]:
    """The portal as a utility runs it: with a mail server and its data. SIGTERM ends it."""
    portal = Portal(tmp_path_factory.mktemp("portal"), make_database("portal"))
    rich, *others = [Household(number) for number in range(HOUSEHOLDS)]
    portal.run("upgrade")
    _import(portal, portal.folder / "izvoz", [rich, *others], rich)
    with portal.with_mail_server(), portal.served(signal.SIGTERM):
        yield Town(portal, rich, others, password_hash)


@pytest.fixture(scope="session")
def demo_portal(
    chromium: Browser,
    make_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Portal]:
    """The portal without a mail server, as `make run` serves it. Ctrl-C ends it."""
    portal = Portal(tmp_path_factory.mktemp("demo"), make_database("demo"))
    with portal.served(signal.SIGINT, "--demo"):
        yield portal


@pytest.fixture(scope="session")
def make_office(
    chromium: Browser,
    make_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    password_hash: str,
) -> Iterator[Callable[[str], Office]]:
    """Serve a portal with the demo utility in it, as the office uses it."""
    with ExitStack() as served:

        def make(name: str) -> Office:
            portal = Portal(tmp_path_factory.mktemp(name), make_database(name))
            portal.run("upgrade")
            portal.run("demo", "--months", "14")
            served.enter_context(portal.served())
            return Office(portal, password_hash)

        yield make


@pytest.fixture(scope="session")
def office(make_office: Callable[[str], Office]) -> Office:
    """The office in which the journeys are played; each leaves rows behind."""
    return make_office("office")


def _import(portal: Portal, folder: Path, households: list[Household], rich: Household) -> None:
    export(folder, households, clock.today(), rich)
    assert "je zapisan" in portal.run("import", "all", folder)


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., Walker]]:
    """Open a browser of a person of their own; what it noticed is judged at the end."""
    with ExitStack() as opened:
        walkers: list[Walker] = []

        def open_one(where: Town | Portal, **options: Any) -> Walker:
            context = opened.enter_context(chromium.new_context(**{**PHONE, **options}))
            portal = where.portal if isinstance(where, Town) else where
            walkers.append(Walker(context, portal.url))
            return walkers[-1]

        yield open_one
        for walker in walkers:
            walker.all_was_well()
