"""Every page of the office as somebody with poor eyes, a narrow window or a dark room meets it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser

from mojupravljalec.accounts.models import Account
from mojupravljalec.accounts.roles import Role
from mojupravljalec.billing.models import Invoice
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import BankPayment

from ..site.places import PLACES, furnish_office
from .office import DESKTOP, Office
from .test_every_page import _found_on
from .walker import Walker

pytestmark = pytest.mark.browser

# Taking a payment back is a button on the payment's own page.
PAGES = [
    name
    for name, place in PLACES.items()
    if place.right and place.is_page and name != "tray.release"
]
OWN = [name for name in PLACES if name.startswith("factors.") and PLACES[name].who == "ana"]


@pytest.fixture(scope="session")
def scene(make_office: Callable[[str], Office], chromium: Browser):
    """Somebody at the desk, and one of everything that has an address.

    The portal is its own: what a journey leaves behind, such as a heading map, may have the
    name of what is made here.
    """
    office = make_office("pages")
    context = chromium.new_context(locale="sl-SI", **DESKTOP)
    walker = Walker(context, office.portal.url)
    clerk, operator = office.hire(Role.CLERK), office.hire()
    office.signs_in(walker, operator)
    with office.portal.data():
        ids = {
            row.email: row.id for row in db.session.execute(db.select(Account.email, Account.id))
        }
        own = furnish_office(ids["ana@demo.example"], ids[operator], ids[clerk])
        own |= _of_the_demo(ids["ana@demo.example"])
        db.session.commit()
    yield SimpleNamespace(walker=walker, own=own)
    context.close()


def _of_the_demo(account_id: int) -> dict[str, Any]:
    customer = 1  # Ana's
    return {
        "customer": customer,
        "point": 1,
        "link": db.session.scalar(db.select(CustomerLink.id).filter_by(account_id=account_id)),
        "invoice": db.session.scalar(
            db.select(db.func.max(Invoice.id)).filter_by(customer_id=customer)
        ),
        "payment": db.session.scalar(
            db.select(db.func.max(BankPayment.id)).where(BankPayment.customer_id.is_(None))
        ),
    }


@pytest.mark.parametrize("name", PAGES)
def test_page(scene, name):
    walker: Walker = scene.walker
    walker.goes(PLACES[name].path.format_map(scene.own))
    assert not _found_on(walker.page)


@pytest.mark.parametrize("name", [n for n in OWN if PLACES[n].is_page and not PLACES[n].missing])
def test_page_of_the_second_proof(scene, name):
    walker: Walker = scene.walker
    walker.goes(PLACES[name].path)
    assert not _found_on(walker.page)


def test_the_pages_between_password_and_office(office: Office, open_browser):
    walker: Walker = open_browser(office.portal, **DESKTOP)
    email = office.hire()
    walker.goes("/prijava")
    walker.signs_in(email, "modra lipa 7")
    walker.is_at("/prijava/drugi-dokaz")
    assert not _found_on(walker.page)


@pytest.mark.parametrize("words", ["nov", "demsar ana x", "100001"])
def test_what_was_found_and_what_was_not(scene, words):
    walker: Walker = scene.walker
    walker.goes(f"/pisarna/stranke?q={words}")
    assert not _found_on(walker.page)


def test_an_upload_after_it_was_checked(office: Office, scene):
    walker: Walker = scene.walker
    walker.goes("/pisarna/uvozi")
    path = office.portal.folder / "demo" / "partnerji.csv"
    walker.page.locator("[name=files]").set_input_files(path)
    walker.presses("Pošlji datoteko")
    walker.presses("Preveri datoteko")
    walker.page.get_by_text("Kaj bi uvoz naredil").wait_for(timeout=30_000)
    assert not _found_on(walker.page)
