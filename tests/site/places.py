"""Every address of the portal, as it looks for Ana. A new page gets one line here."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask
from sqlalchemy import select

from mojupravljalec import storage
from mojupravljalec.accounts import tokens
from mojupravljalec.accounts.models import Device, MailLink, Purpose
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import Base, db
from mojupravljalec.mail import letters
from mojupravljalec.metering.models import Reading, Source
from mojupravljalec.values import clock

from .. import bills
from ..conftest import PASSWORD, Cast

LETTER = """\
From: portal@podgorje.example
To: ana@primer.si
Subject: Pismo
Date: Sun, 22 Nov 2026 12:00:00 +0000
Content-Type: text/plain; charset=utf-8

http://localhost/aktivacija
"""


@dataclass(frozen=True)
class Place:
    """An address: who may open it, what a form there takes, and what of it is shown again."""

    path: str
    is_public: bool = False
    is_page: bool = True  # an HTML page that answers 200
    form: Mapping[str, str] | None = None  # an answer that would be accepted; None: no POST
    shown: Collection[str] = ()  # the fields that the form shows again, also after a mistake
    needs_token: bool = True  # False: the address itself is the permission
    may_be_empty: bool = False  # an answer without a field is one too
    missing: str = ""  # the same address with the number of nothing


NEW_PASSWORD = "zelena breza 8"
PASSWORDS = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}

# By endpoint; what stands in braces is filled in by ``furnish``.
PLACES = {
    "static": Place("/static/site.css", is_public=True, is_page=False),
    "home.start": Place("/"),
    "info.help": Place("/pomoc", is_public=True),
    "info.privacy": Place("/zasebnost", is_public=True),
    "info.accessibility": Place("/dostopnost", is_public=True),
    "mail.mailbox": Place("/demo-posta", is_public=True),
    "mail.letter_file": Place("/demo-posta/1.eml", is_public=True, is_page=False),
    "accounts.sign_in": Place(
        "/prijava",
        is_public=True,
        form={"email": "bojan@primer.si", "password": PASSWORD},
        shown=["email"],
    ),
    "accounts.sign_out": Place("/odjava", is_public=True, form={}),
    "accounts.register": Place(
        "/registracija",
        is_public=True,
        form={
            "email": "dana@primer.si",
            "first_name": "Dana",
            "last_name": "Kos",
            **PASSWORDS,
        },
        shown=["email", "first_name", "last_name", "password", "again"],
    ),
    "accounts.activate_by_code": Place(
        "/aktivacija",
        is_public=True,
        form={"email": "dana@primer.si", "code": "123456"},
        shown=["email", "code"],
    ),
    "accounts.activate": Place("/aktivacija/{activation}", is_public=True, form={}),
    "accounts.resend": Place(
        "/aktivacija/novo-sporocilo",
        is_public=True,
        form={"email": "dana@primer.si"},
        shown=["email"],
    ),
    "accounts.forgotten": Place(
        "/pozabljeno-geslo",
        is_public=True,
        form={"email": "ana@primer.si"},
        shown=["email"],
    ),
    "accounts.letter_sent": Place("/pozabljeno-geslo/poslano", is_public=True),
    "accounts.new_password": Place(
        "/novo-geslo/{reset}", is_public=True, form=PASSWORDS, shown=["password", "again"]
    ),
    "accounts.confirm_email": Place("/nov-naslov/{new_email}", is_public=True, form={}),
    "accounts.name": Place(
        "/profil/ime",
        form={"first_name": "Anja", "last_name": "Kos"},
        shown=["first_name", "last_name"],
    ),
    "accounts.email": Place(
        "/profil/naslov",
        form={"new_email": "anja@primer.si", "email_password": PASSWORD},
        shown=["new_email"],
    ),
    "accounts.password": Place(
        "/profil/geslo",
        form={"old_password": PASSWORD, **PASSWORDS},
        shown=["password", "again"],
    ),
    "accounts.language": Place("/profil/jezik", form={"language": "en"}, shown=["language"]),
    "accounts.end_device": Place(
        "/profil/naprave/{device}/odjava", form={}, missing="/profil/naprave/987654/odjava"
    ),
    "profile.overview": Place("/profil"),
    "profile.link": Place("/prikljuci-stranko", form={"code": "{free_code}"}, shown=["code"]),
    "profile.unlink": Place(
        "/profil/stranke/{link}/odklop", form={}, missing="/profil/stranke/987654/odklop"
    ),
    "profile.letters": Place(
        "/profil/sporocila", form={"wanted": "new-invoice"}, shown=["wanted"], may_be_empty=True
    ),
    "profile.no_letters": Place(
        "/brez-sporocil/{no_letters}", is_public=True, form={}, needs_token=False
    ),
    "billing.invoices": Place("/racuni"),
    "billing.invoice": Place("/racuni/{invoice}", missing="/racuni/987654"),
    "billing.pdf": Place(
        "/racuni/{invoice}/racun.pdf", is_page=False, missing="/racuni/987654/racun.pdf"
    ),
    "billing.picture": Place(
        "/racuni/{invoice}/upn.png", is_page=False, missing="/racuni/987654/upn.png"
    ),
    "billing.due_date": Place(
        "/racuni/{invoice}/rok.ics", is_page=False, missing="/racuni/987654/rok.ics"
    ),
    "ledger.card": Place("/financna-kartica"),
    "ledger.card_of": Place("/financna-kartica/{customer}", missing="/financna-kartica/987654"),
    "ledger.file": Place(
        "/financna-kartica/{customer}/kartica.csv",
        is_page=False,
        missing="/financna-kartica/987654/kartica.csv",
    ),
    "metering.points": Place("/odjemna-mesta"),
    "metering.point": Place(
        "/odjemna-mesta/{point}",
        form={
            "value": "475",
            "taken_on": "2026-11-21",
            "submission": "5f0c1b9e-6f0a-4f0e-9f3b-0a4b6a1c2d3e",
        },
        shown=["value", "taken_on", "submission"],
        missing="/odjemna-mesta/987654",
    ),
    "metering.photo": Place(
        "/odjemna-mesta/{point}/odcitki/{reading}/fotografija",
        is_page=False,
        missing="/odjemna-mesta/{point}/odcitki/987654/fotografija",
    ),
}

PUBLIC = [name for name, place in PLACES.items() if place.is_public]
CLOSED = [name for name, place in PLACES.items() if not place.is_public]
FORMS = [name for name, place in PLACES.items() if place.form is not None and place.needs_token]
PAGES = [name for name, place in PLACES.items() if place.is_page]
OF_ONE_PERSON = [name for name, place in PLACES.items() if place.missing]


class Places:
    """The addresses with what is Ana's filled in."""

    def __init__(self, own: Mapping[str, Any]) -> None:
        self.own = own

    def path(self, name: str) -> str:
        return PLACES[name].path.format_map(self.own)

    def missing(self, name: str) -> str:
        return PLACES[name].missing.format_map(self.own)

    def answers(self, name: str) -> dict[str, str]:
        form = PLACES[name].form or {}
        return {field: text.format_map(self.own) for field, text in form.items()}


def furnish(app: Flask, cast: Cast) -> Iterator[Places]:
    """Give Ana one of everything that has an address; the files go when the test is over."""
    letter = app.config["MAILBOX"] / "1.eml"
    letter.parent.mkdir(parents=True, exist_ok=True)
    letter.write_text(LETTER)
    with app.app_context():
        photo = storage.keep(storage.Shelf.PHOTOS, b"a photo", "jpg")
        links = {
            purpose.name.lower(): _link(cast.ana.id, purpose)
            for purpose in (Purpose.ACTIVATION, Purpose.RESET, Purpose.NEW_EMAIL)
        }
        device = Device(
            account_id=cast.ana.id,
            secret="another device",
            name="",
            created_at=clock.now(),
        )
        reading = Reading(
            installation_id=cast.anas_meter,
            taken_on=date(2026, 11, 20),
            value_l=474_000,
            source=Source.PORTAL,
            received_at=clock.now(),
            account_id=cast.ana.id,
            counts_for=date(2026, 11, 1),
            photo=photo,
        )
        db.session.add_all((device, reading, *links.values()))
        db.session.flush()
        invoice = bills.bill(cast.anas_customer, "2026-10-1", issued_on=date(2026, 11, 8))
        bills.payments_known()
        own = {
            **{name: tokens.sign(link) for name, link in links.items()},
            "point": cast.anas_point,
            "device": device.id,
            "reading": reading.id,
            "link": db.session.scalar(select(CustomerLink.id).filter_by(account_id=cast.ana.id)),
            "free_code": cast.free_code,
            "invoice": invoice.id,
            "customer": cast.anas_customer,
            "no_letters": letters.unsubscribe_token(cast.ana.id, "new-invoice"),
        }
        db.session.commit()
        path = storage.path_of(storage.Shelf.PHOTOS, photo)
    yield Places(own)
    letter.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _link(account_id: int, purpose: Purpose) -> MailLink:
    return MailLink(
        account_id=account_id,
        asked_for="ana@primer.si",
        purpose=purpose,
        created_at=clock.now(),
        new_email="anja@primer.si" if purpose == Purpose.NEW_EMAIL else "",
    )


def rows_of(app: Flask, but: Collection[str] = ()) -> dict[str, list[str]]:
    """Every row of every table, except of those named."""
    with app.app_context():
        return {
            table.name: sorted(str(row) for row in db.session.execute(select(table)))
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }


def bare(html: str) -> str:
    """A page without what differs each time: its tokens."""
    return re.sub(r'(name="(?:csrf_token|submission)"[^>]* value=")[^"]*', r"\1", html)


Content = Callable[..., dict[str, list[str]]]
