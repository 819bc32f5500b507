"""Every page as a person with poor eyes, a small phone or a dark room meets it.

axe must find nothing, nothing may have to be scrolled sideways, and what is pressed or typed
into must be large enough for a thumb. A page that is added and not visited here fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from mojupravljalec import create_app
from mojupravljalec.accounts import actions, queries, tokens
from mojupravljalec.accounts.models import MailLink, Purpose
from mojupravljalec.accounts.roles import Role
from mojupravljalec.billing.document import Kind
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.mail import letters
from mojupravljalec.metering.models import SupplyPoint

from .. import bills
from ..conftest import SECRET
from ..site.places import PLACES
from .conftest import Town
from .served import Portal
from .utility import LAST_M3, USUAL_M3
from .walker import PHONE, Walker

pytestmark = pytest.mark.browser

WIDTHS = (320, 1280)
NORMAL_M3 = LAST_M3 + USUAL_M3
# Everything in the light; the dark changes the colours and nothing else.
RULES = {
    "light": {"resultTypes": ["violations"], "preload": False},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast"]},
}

Doing = Callable[[Walker], None]


@dataclass(frozen=True)
class Visit:
    """A page in one of its states; ``path`` may name what the scene knows."""

    name: str
    endpoint: str
    who: str
    path: str
    do: Doing | None = None


def sends(**fields: str) -> Doing:
    """Fill the form in, send it, and be told what is wrong with it."""

    def do(walker: Walker) -> None:
        walker.types(**fields)
        walker.page.locator("main form button").first.click()
        expect(walker.page.locator("#errors")).to_be_visible()

    return do


def reading(value: int, shown: str, reason: bool = False) -> Doing:
    """Send a reading and see ``shown``; where a reason is asked for, give one."""

    def do(walker: Walker) -> None:
        walker.types(value=str(value))
        walker.page.locator("#panel form button").click()
        if reason:
            walker.page.locator("label.choice").last.click()
            walker.page.locator("#panel form button").click()
        expect(walker.page.locator(shown)).to_be_visible()

    return do


def no_reason(walker: Walker) -> None:
    reading(NORMAL_M3 + 2 * USUAL_M3, "#doubt")(walker)
    walker.page.locator("#panel form button").click()
    expect(walker.page.locator("#reason .error")).to_be_visible()


def correcting(walker: Walker) -> None:
    reading(NORMAL_M3, "#receipt")(walker)
    walker.page.locator("#receipt ~ a.btn").click()
    expect(walker.page.locator("[name=value]")).to_have_value(str(NORMAL_M3))


def opened(walker: Walker) -> None:
    """With everything unfolded that can be."""
    for summary in walker.page.locator("main summary").all():
        summary.click()


VISITS = [
    Visit("sign in", "accounts.sign_in", "nobody", "/prijava"),
    Visit("sign in first", "accounts.sign_in", "nobody", "/prijava?next=%2Fprofil"),
    Visit(
        "sign in, wrong",
        "accounts.sign_in",
        "nobody",
        "/prijava",
        sends(email="neznan@primer.si", password="ni pravo"),
    ),
    Visit("registration", "accounts.register", "nobody", "/registracija"),
    Visit("registration, empty", "accounts.register", "nobody", "/registracija", sends()),
    Visit(
        "registration, wrong",
        "accounts.register",
        "nobody",
        "/registracija",
        sends(email="žiga", first_name="Ž", last_name="Ž", password="geslo", again="gesla"),
    ),
    Visit("code", "accounts.activate_by_code", "nobody", "/aktivacija"),
    Visit(
        "code, wrong",
        "accounts.activate_by_code",
        "nobody",
        "/aktivacija",
        sends(email="neznan@primer.si", code="123456"),
    ),
    Visit("activation", "accounts.activate", "nobody", "/aktivacija/{activation}"),
    Visit("activation, replaced", "accounts.activate", "nobody", "/aktivacija/{replaced}"),
    Visit("activation, used", "accounts.activate", "nobody", "/aktivacija/{used}"),
    Visit("new letter", "accounts.resend", "nobody", "/aktivacija/novo-sporocilo"),
    Visit("forgotten", "accounts.forgotten", "nobody", "/pozabljeno-geslo"),
    Visit("forgotten, wrong", "accounts.forgotten", "nobody", "/pozabljeno-geslo", sends()),
    Visit("letter sent", "accounts.letter_sent", "nobody", "/pozabljeno-geslo/poslano"),
    Visit("new password", "accounts.new_password", "nobody", "/novo-geslo/{reset}"),
    Visit(
        "new password, wrong",
        "accounts.new_password",
        "nobody",
        "/novo-geslo/{reset}",
        sends(password="geslo1", again="geslo2"),
    ),
    Visit("invitation", "accounts.accept", "nobody", "/povabilo/{invitation}"),
    Visit(
        "invitation, wrong",
        "accounts.accept",
        "nobody",
        "/povabilo/{invitation}",
        sends(password="x"),
    ),
    Visit("once more", "accounts.again", "resident", "/prijava/ponovno"),
    Visit("new address", "accounts.confirm_email", "nobody", "/nov-naslov/{email}"),
    Visit("sign out", "accounts.sign_out", "resident", "/odjava"),
    Visit("help", "info.help", "nobody", "/pomoc"),
    Visit("privacy", "info.privacy", "nobody", "/zasebnost"),
    Visit("accessibility", "info.accessibility", "nobody", "/dostopnost"),
    Visit("no such page", "", "nobody", "/ni-je"),
    Visit("no such page, signed in", "", "resident", "/odjemna-mesta/987654"),
    Visit("first link", "profile.link", "newcomer", "/prikljuci-stranko", opened),
    Visit(
        "first link, wrong",
        "profile.link",
        "newcomer",
        "/prikljuci-stranko",
        sends(code="7K4M-9QTA"),
    ),
    Visit("another link", "profile.link", "resident", "/prikljuci-stranko"),
    Visit("no points", "metering.points", "newcomer", "/odjemna-mesta"),
    Visit("points", "metering.points", "resident", "/odjemna-mesta"),
    Visit("point", "metering.point", "resident", "/odjemna-mesta/{point}", opened),
    Visit("point, all", "metering.point", "resident", "/odjemna-mesta/{rich}?vse=1", opened),
    Visit("reading, empty", "metering.point", "resident", "/odjemna-mesta/{point}", sends()),
    Visit(
        "reading, wrong day",
        "metering.point",
        "resident",
        "/odjemna-mesta/{point}",
        lambda walker: (opened(walker), sends(value="503", taken_on="2099-01-01")(walker))[0],
    ),
    Visit(
        "question",
        "metering.point",
        "resident",
        "/odjemna-mesta/{point}",
        reading(NORMAL_M3 + 2 * USUAL_M3, "#doubt"),
    ),
    Visit(
        "question, lower",
        "metering.point",
        "resident",
        "/odjemna-mesta/{point}",
        reading(LAST_M3 - USUAL_M3, "#doubt"),
    ),
    Visit("no reason", "metering.point", "resident", "/odjemna-mesta/{point}", no_reason),
    Visit(
        "receipt",
        "metering.point",
        "resident",
        "/odjemna-mesta/{rich}",
        reading(NORMAL_M3, "#receipt"),
    ),
    Visit(
        "receipt, pending",
        "metering.point",
        "resident",
        "/odjemna-mesta/{other}",
        reading(LAST_M3 + 6 * USUAL_M3, "#receipt", reason=True),
    ),
    Visit("correction", "metering.point", "resident", "/odjemna-mesta/{rich}", correcting),
    Visit("home", "home.start", "resident", "/"),
    Visit("invoices", "billing.invoices", "resident", "/racuni"),
    Visit("invoices, unpaid", "billing.invoices", "resident", "/racuni?neplacani=1"),
    Visit("no such invoices", "billing.invoices", "resident", "/racuni?leto=1999"),
    Visit("no invoices", "billing.invoices", "newcomer", "/racuni"),
    Visit("invoice", "billing.invoice", "resident", "/racuni/{open_invoice}", opened),
    Visit("invoice, paid", "billing.invoice", "resident", "/racuni/{paid_invoice}", opened),
    Visit("credit note", "billing.invoice", "resident", "/racuni/{credit_note}"),
    Visit("card", "ledger.card", "resident", "/financna-kartica"),
    Visit("card of one", "ledger.card_of", "resident", "/financna-kartica/{customer}?leto=2026"),
    Visit("no card", "ledger.card", "newcomer", "/financna-kartica"),
    Visit("letters", "profile.letters", "resident", "/profil/sporocila"),
    Visit("no letters", "profile.no_letters", "nobody", "/brez-sporocil/{no_letters}"),
    Visit(
        "no letters, done",
        "profile.no_letters",
        "nobody",
        "/brez-sporocil/{no_letters}",
        lambda walker: walker.presses("Izključi sporočilo"),
    ),
    Visit("profile", "profile.overview", "resident", "/profil"),
    Visit("profile of a newcomer", "profile.overview", "newcomer", "/profil"),
    Visit("unlink", "profile.unlink", "resident", "/profil/stranke/{link}/odklop"),
    Visit("name", "accounts.name", "resident", "/profil/ime"),
    Visit(
        "name, empty",
        "accounts.name",
        "resident",
        "/profil/ime",
        sends(first_name="", last_name=""),
    ),
    Visit("address", "accounts.email", "resident", "/profil/naslov"),
    Visit("address, empty", "accounts.email", "resident", "/profil/naslov", sends()),
    Visit("password", "accounts.password", "resident", "/profil/geslo"),
    Visit("password, empty", "accounts.password", "resident", "/profil/geslo", sends()),
    Visit("language", "accounts.language", "resident", "/profil/jezik"),
    Visit("device", "accounts.end_device", "resident", "/profil/naprave/{device}/odjava"),
]


@dataclass
class Scene:
    """People who are signed in, or are not, and what addresses name."""

    people: dict[str, Walker]
    named: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="session")
def scene(town: Town, chromium: Browser):
    newcomer = town.resident()
    points = [town.rich, town.household(), town.household()]
    resident = town.resident(*points)
    options = {**PHONE, "is_mobile": False, "has_touch": False}
    contexts = [chromium.new_context(**options) for _ in range(3)]
    people = [Walker(context, town.portal.url) for context in contexts]
    for person, walker in ((newcomer, people[1]), (resident, people[2])):
        walker.goes("/prijava?next=%2Fprofil")
        walker.signs_in(person.email, person.password)
        walker.is_at("/profil")
    scene = Scene(dict(zip(("nobody", "newcomer", "resident"), people, strict=True)))
    with town.portal.data():
        scene.named |= _tokens(town, resident)
        scene.named |= _numbers(points, resident)
        scene.named |= _bills(points[0].customer)
        scene.named["no_letters"] = letters.unsubscribe_token(resident.id, "new-invoice")
        db.session.commit()
    yield scene
    for context in contexts:
        context.close()


def _tokens(town: Town, resident) -> dict[str, str]:
    """Links as letters carry them."""

    def newest(purpose: Purpose) -> MailLink:
        found = db.select(MailLink).filter_by(purpose=purpose).order_by(MailLink.id.desc())
        return db.session.scalars(found).first()

    address = town.address()
    actions.register(address, "Žan", "Novak", "tri modre lipe")
    replaced = newest(Purpose.ACTIVATION)
    actions.ask_activation(address)
    activation = newest(Purpose.ACTIVATION)
    actions.register(town.address(), "Žan", "Novak", "tri modre lipe")
    used = newest(Purpose.ACTIVATION)
    actions.activate(used)
    actions.ask_reset(resident.email)
    person = actions.sign_in(resident.email, resident.password, "Telefon")
    actions.ask_new_email(person, resident.password, town.address())
    return {
        "replaced": tokens.sign(replaced),
        "activation": tokens.sign(activation),
        "used": tokens.sign(used),
        "reset": tokens.sign(newest(Purpose.RESET)),
        "invitation": actions.invite(town.address(), Role.CLERK)[1].rpartition("/")[2],
        "email": tokens.sign(newest(Purpose.NEW_EMAIL)),
    }


def _bills(number: str) -> dict[str, int]:
    """A year of invoices of the customer, all but the last one paid, and a credit note."""
    customer_id = db.session.scalars(db.select(Customer.id).filter_by(number=number)).one()
    made = bills.a_year_of(customer_id, "P")
    note = bills.bill(customer_id, "P-1", kind=Kind.CREDIT_NOTE, corrects=made[0].number)
    bills.payments_known()
    return {
        "open_invoice": made[-1].id,
        "paid_invoice": made[-2].id,
        "credit_note": note.id,
        "customer": customer_id,
    }


def _numbers(points, resident) -> dict[str, int]:
    from mojupravljalec.customers.queries import links_of

    ids = [db.session.scalar(db.select(SupplyPoint.id).filter_by(number=p.point)) for p in points]
    return {
        **dict(zip(("rich", "point", "other"), ids, strict=True)),
        "link": links_of(resident.id)[0][0].id,
        "device": queries.devices_of(resident.id)[0].id,
    }


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name.replace(" ", "-"))
def test_page(scene: Scene, visit: Visit):
    walker = scene.people[visit.who]
    page = walker.page
    page.set_viewport_size({"width": WIDTHS[0], "height": 640})
    walker.goes(visit.path.format(**scene.named))
    if visit.do:
        visit.do(walker)
    found = _found_on(page)
    walker.forgets()
    assert not found, "\n".join(found)


def test_demo_mailbox(demo_portal: Portal, open_browser):
    walker: Walker = open_browser(demo_portal, is_mobile=False)
    found = []
    for _ in range(2):  # without a letter, and with one
        walker.page.set_viewport_size({"width": WIDTHS[0], "height": 640})
        walker.goes("/demo-posta")
        found += _found_on(walker.page)
        walker.goes("/registracija")
        walker.types(email="žana@primer.si", first_name="Žana", last_name="Novak")
        walker.types(password="tri modre lipe", again="tri modre lipe")
        walker.presses("Potrdi")
        walker.is_at("/aktivacija")
        demo_portal.letter_to("žana@primer.si")
    assert not found, "\n".join(found)


def test_every_address_is_visited(tmp_path):
    app = create_app(tmp_path, demo=True, SECRET_KEY=SECRET, SITE_URL="http://127.0.0.1")
    pages = {name for name, place in PLACES.items() if place.is_page}
    assert pages <= {rule.endpoint for rule in app.url_map.iter_rules()}
    visited = {visit.endpoint for visit in VISITS if visit.endpoint} | {"mail.mailbox"}
    elsewhere = {name for name in pages if PLACES[name].right or name.startswith("factors.")}
    assert visited == pages - elsewhere  # see test_office_pages.py


def _found_on(page: Page) -> list[str]:
    page.evaluate(AXE_SCRIPT)
    found = []
    for width, scheme in product(WIDTHS, RULES):
        page.set_viewport_size({"width": width, "height": 640})
        page.emulate_media(color_scheme=scheme)
        found += [f"{width}, {scheme}: {one}" for one in _violations(page, scheme)]
        if scheme == "light":
            found += [f"{width}: {one}" for one in _misfits(page)]
    return found


def _violations(page: Page, scheme: str) -> list[str]:
    found = page.evaluate("options => axe.run(options)", RULES[scheme])["violations"]
    return [
        f"{one['id']}: {node['target'][0]}: {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


def _misfits(page: Page) -> list[str]:
    """What sticks out at the side, and what is too small for a thumb."""
    return page.evaluate(
        """() => {
        const found = [];
        const wide = document.scrollingElement.scrollWidth;
        if (wide > innerWidth) {
          const out = [...document.querySelectorAll('body *')].filter(
            one => one.getBoundingClientRect().right > innerWidth + 0.5);
          found.push(`sideways ${wide}: ${out.map(one => one.outerHTML.slice(0, 80)).join(' | ')}`);
        }
        for (const one of document.querySelectorAll(
            'button, .btn, summary, .go, select, input:not([type=hidden])')) {
          const box = (one.closest('label') || one).getBoundingClientRect();
          if (box.width && box.height && (box.height < 43.99 || box.width < 43.99))
            found.push(`${box.width}×${box.height}: ${one.outerHTML.slice(0, 120)}`);
        }
        return found;
        }"""
    )
