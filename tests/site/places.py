"""Every address of the portal, as it looks for Ana or the office. A new page gets one line here."""

import io
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
from mojupravljalec.accounts.roles import Right
from mojupravljalec.api.models import ApiToken
from mojupravljalec.codes.models import CodeBatch
from mojupravljalec.codes.rules import Choice, Whom
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.exports.files import pack
from mojupravljalec.exports.models import ExportLayout, ReadingExport
from mojupravljalec.exports.rules import OUR_HEADINGS
from mojupravljalec.extensions import Base, db
from mojupravljalec.factors.actions import code_hash
from mojupravljalec.factors.models import Passkey, RecoveryCode
from mojupravljalec.imports.models import ImportBatch
from mojupravljalec.intake.models import HeadingMap, Upload
from mojupravljalec.intake.report import Report
from mojupravljalec.jobs.models import Job, JobState
from mojupravljalec.ledger.models import BankPayment
from mojupravljalec.mail import letters
from mojupravljalec.mail.models import LetterState, OutboxLetter
from mojupravljalec.metering.models import Reading, Source
from mojupravljalec.values import clock

from .. import bills
from ..conftest import PASSWORD, Cast, Person

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
    # An answer that would be accepted, of which bytes are a file; None: no POST.
    form: Mapping[str, str | bytes] | None = None
    shown: Collection[str] = ()  # the fields that the form shows again, also after a mistake
    needs_token: bool = True  # False: the address itself is the permission
    may_be_empty: bool = False  # an answer without a field is one too
    missing: str = ""  # the same address with the number of nothing
    who: str = "ana"  # whose page it is
    right: Right | None = None  # what a role must include to open it
    is_shared: bool = False  # residents and staff have it alike
    is_fresh: bool = False  # only for a while after the password was typed
    opens: int = 200  # what looking is answered with
    untaken: int = 422  # what a form without its token is answered with
    answer: int = 303  # what a form that is accepted is answered with


def office(path: str, right: Right, **more: Any) -> Place:
    """A place of the office."""
    return Place(path, who="operator", right=right, **more)


def helps(path: str, missing: str = "", **more: Any) -> Place:
    """A place of the office about Ana's customer."""
    nobody = (
        "/pisarna/stranke/{customer}" + missing if missing else "/pisarna/stranke/987654" + path
    )
    return office("/pisarna/stranke/{customer}" + path, Right.CUSTOMERS, missing=nobody, **more)


def knows(path: str, **more: Any) -> Place:
    """A place of the office about Ana's access."""
    nobody = "/pisarna/dostopi/987654" + path
    return office("/pisarna/dostopi/{account}" + path, Right.CUSTOMERS, missing=nobody, **more)


def codes(path: str, **more: Any) -> Place:
    """A place of the office about a pile of letters."""
    nobody = "/pisarna/kode/987654" + path
    return office("/pisarna/kode/{pile}" + path, Right.CODES, missing=nobody, **more)


# Looking leads to the page with the button.
FILE: dict[str, Any] = {
    "form": {},
    "is_fresh": True,
    "is_page": False,
    "opens": 303,
    "untaken": 303,
    "answer": 200,
}
LAYOUT = {"name": "Obračun", "heading-stanje": "Odčitano", "place-stanje": "1"}
RECOVERY_CODE = "3467-ACDE-HJKM"
NEW_PASSWORD = "zelena breza 8"
PASSWORDS = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
STAFF_PASSWORD = "zelena breza nad potokom"
STAFF_PASSWORDS = {"password": STAFF_PASSWORD, "again": STAFF_PASSWORD}

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
        answer=422,  # not the code of the letter
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
        is_shared=True,
    ),
    "accounts.email": Place(
        "/profil/naslov",
        form={"new_email": "anja@primer.si", "email_password": PASSWORD},
        shown=["new_email"],
        is_shared=True,
    ),
    "accounts.password": Place(
        "/profil/geslo",
        form={"old_password": PASSWORD, **PASSWORDS},
        shown=["password", "again"],
        is_shared=True,
    ),
    "accounts.language": Place(
        "/profil/jezik", form={"language": "en"}, shown=["language"], is_shared=True
    ),
    "accounts.end_device": Place(
        "/profil/naprave/{device}/odjava",
        form={},
        missing="/profil/naprave/987654/odjava",
        is_shared=True,
    ),
    "accounts.accept": Place(
        "/povabilo/{invitation}",
        is_public=True,
        form={"first_name": "Cvetka", "last_name": "Kos", **STAFF_PASSWORDS},
        shown=["first_name", "last_name", "password", "again"],
    ),
    "accounts.again": Place("/prijava/ponovno", form={"password": PASSWORD}, is_shared=True),
    "factors.prove": Place(
        "/prijava/drugi-dokaz", form={"code": "{recovery_code}"}, shown=["code"], who="half"
    ),
    "factors.overview": Place("/profil/dvojna-prijava", is_shared=True),
    "factors.phone": Place(
        "/profil/dvojna-prijava/telefon",
        form={"begin": "1"},
        shown=["begin"],
        may_be_empty=True,
        is_shared=True,
        is_fresh=True,
    ),
    "factors.new_passkey": Place(
        "/profil/dvojna-prijava/kljuc",
        form={"name": "Telefon", "answer": "[]"},
        shown=["name"],
        is_shared=True,
        is_fresh=True,
        answer=422,
    ),
    "factors.renew_codes": Place(
        "/profil/dvojna-prijava/kode", form={}, is_shared=True, is_fresh=True
    ),
    "factors.remove_phone": Place(
        "/profil/dvojna-prijava/telefon/odstrani", form={}, is_shared=True, is_fresh=True
    ),
    "factors.remove_passkey": Place(
        "/profil/dvojna-prijava/kljuc/{passkey}/odstrani",
        form={},
        missing="/profil/dvojna-prijava/kljuc/987654/odstrani",
        is_shared=True,
        is_fresh=True,
    ),
    "office.board": office("/pisarna", Right.OFFICE),
    "programs.overview": office("/pisarna/programi", Right.STAFF),
    "programs.new": office(
        "/pisarna/programi/nov",
        Right.STAFF,
        form={"name": "Vodarček", "scopes": "import"},
        shown=["name", "scopes"],
        is_fresh=True,
    ),
    "programs.end": office(
        "/pisarna/programi/{token}/prekini",
        Right.STAFF,
        missing="/pisarna/programi/987654/prekini",
        form={},
        is_fresh=True,
    ),
    "api.document": Place("/api/openapi.json", is_public=True, is_page=False),
    "tray.payments": office("/pisarna/placila", Right.PAYMENTS),
    "tray.payment": office(
        "/pisarna/placila/{payment}",
        Right.PAYMENTS,
        missing="/pisarna/placila/987654",
        form={"stranka": "{customer}"},
        may_be_empty=True,
    ),
    "tray.release": office(
        "/pisarna/placila/{taken}/sprosti",
        Right.PAYMENTS,
        missing="/pisarna/placila/987654/sprosti",
        form={"stranka": "{customer}"},
        shown=["stranka"],
        may_be_empty=True,
    ),
    "codes.overview": office(
        "/pisarna/kode",
        Right.CODES,
        form={"whom": "vse", "codes": "obstojece"},
        shown=["whom", "codes"],
    ),
    "codes.batch": codes(""),
    "codes.make": office(
        "/pisarna/kode/{draft}/naredi",
        Right.CODES,
        missing="/pisarna/kode/987654/naredi",
        form={"count": "3"},
        shown=["count"],
        is_fresh=True,
    ),
    # The portal of another folder has no such file, and leads back to the pile.
    "codes.letters": codes("/pisma", **FILE | {"answer": 303}),
    "codes.codes": codes("/kode.csv", **FILE),
    "codes.discard": codes("/izbrisi", form={}),
    "journal.entries": office("/pisarna/dnevnik", Right.AUDIT),
    "staff.people": office("/pisarna/osebje", Right.STAFF),
    "staff.invite": office(
        "/pisarna/osebje/povabi",
        Right.STAFF,
        form={"email": "dana@primer.si", "role": "clerk"},
        shown=["email", "role"],
        is_fresh=True,
    ),
    "staff.person": office("/pisarna/osebje/{staff}", Right.STAFF),
    "staff.role": office(
        "/pisarna/osebje/{staff}/vloga",
        Right.STAFF,
        form={"role": "reader"},
        shown=["role"],
        is_fresh=True,
    ),
    "staff.close": office("/pisarna/osebje/{staff}/zapri", Right.STAFF, form={}, is_fresh=True),
    "staff.reopen": office("/pisarna/osebje/{staff}/odpri", Right.STAFF, form={}, is_fresh=True),
    "staff.invite_again": office(
        "/pisarna/osebje/{staff}/povabi-znova", Right.STAFF, form={}, is_fresh=True
    ),
    "staff.reset_factors": office(
        "/pisarna/osebje/{staff}/dvojna-prijava", Right.STAFF, form={}, is_fresh=True
    ),
    "intake.uploads": office(
        "/pisarna/uvozi", Right.IMPORTS, form={"files": b"sifra_stranke;naziv\n77;Ana\n"}
    ),
    "intake.upload": office(
        "/pisarna/uvozi/{upload}",
        Right.IMPORTS,
        form={"kind": "customers", "do": "check"},
        shown=["kind", "do"],
        may_be_empty=True,
    ),
    "intake.rejected": office(
        "/pisarna/uvozi/{upload}/zavrnjene/stranke.rejected.csv",
        Right.IMPORTS,
        is_page=False,
        is_fresh=True,
    ),
    "intake.batches": office("/pisarna/uvozi/stevilke", Right.IMPORTS),
    "intake.batch": office("/pisarna/uvozi/stevilke/{batch}", Right.IMPORTS, form={}),
    "intake.mapping": office("/pisarna/uvozi/naslovi/{mapping}", Right.IMPORTS, form={}),
    "desk.customers": office("/pisarna/stranke", Right.CUSTOMERS),
    "desk.customer": helps(""),
    "desk.invoices": helps("/racuni"),
    "desk.invoice": helps("/racuni/{invoice}", missing="/racuni/987654"),
    "desk.pdf": helps(
        "/racuni/{invoice}/racun.pdf", missing="/racuni/987654/racun.pdf", is_page=False
    ),
    "desk.card": helps("/kartica"),
    "desk.point": helps("/odjemna-mesta/{point}", missing="/odjemna-mesta/987654"),
    "desk.photo": helps(
        "/odjemna-mesta/{point}/odcitki/{reading}/fotografija",
        missing="/odjemna-mesta/{point}/odcitki/987654/fotografija",
        is_page=False,
    ),
    "desk.code": helps("/koda", form={}, is_fresh=True),
    "desk.renew_code": helps("/koda/nova", form={}, is_fresh=True),
    "desk.link": helps(
        "/prikljuci", form={"email": "cvetka@primer.si"}, shown=["email"], is_fresh=True
    ),
    "desk.unlink": helps("/povezave/{link}", missing="/povezave/987654", form={}, is_fresh=True),
    "desk.accounts": office("/pisarna/dostopi", Right.CUSTOMERS),
    "desk.account": knows(""),
    "desk.send_letter": knows("/pismo", form={}),
    "desk.sign_out": knows("/odjava", form={}),
    "desk.open_lock": knows("/zapora", form={}, is_fresh=True),
    "desk.new_email": knows(
        "/naslov",
        form={"email": "nova@primer.si", "reason": "izgubljen predal"},
        shown=["email", "reason"],
        is_fresh=True,
    ),
    "desk.drop_factors": knows("/dvojna-prijava", form={}, is_fresh=True),
    "desk.links": office("/pisarna/povezave", Right.CUSTOMERS),
    "desk.letters": office("/pisarna/sporocila", Right.CUSTOMERS),
    "desk.letter": office(
        "/pisarna/sporocila/{letter}", Right.CUSTOMERS, form={}, missing="/pisarna/sporocila/987654"
    ),
    "exports.overview": office("/pisarna/izvozi", Right.EXPORTS),
    "exports.new": office(
        "/pisarna/izvozi/nov",
        Right.EXPORTS,
        form={"month": "2026-11"},
        shown=["month"],
        is_fresh=True,
    ),
    "exports.export": office(
        "/pisarna/izvozi/{export}", Right.EXPORTS, missing="/pisarna/izvozi/987654"
    ),
    "exports.file": office(
        "/pisarna/izvozi/{export}/odcitki.csv",
        Right.EXPORTS,
        missing="/pisarna/izvozi/987654/odcitki.csv",
        form={},
        is_page=False,
        is_fresh=True,
        answer=200,
    ),
    "exports.take_back": office(
        "/pisarna/izvozi/{export}/razveljavi",
        Right.EXPORTS,
        missing="/pisarna/izvozi/987654/razveljavi",
        form={},
        is_fresh=True,
    ),
    "exports.layouts": office("/pisarna/izvozi/oblike", Right.EXPORTS),
    "exports.new_layout": office(
        "/pisarna/izvozi/oblike/nova", Right.EXPORTS, form=LAYOUT, shown=list(LAYOUT)
    ),
    "exports.layout": office(
        "/pisarna/izvozi/oblike/{layout}",
        Right.EXPORTS,
        missing="/pisarna/izvozi/oblike/987654",
        form=LAYOUT,
        shown=list(LAYOUT),
    ),
    "exports.delete_layout": office(
        "/pisarna/izvozi/oblike/{layout}/izbrisi",
        Right.EXPORTS,
        missing="/pisarna/izvozi/oblike/987654/izbrisi",
        form={},
    ),
    "profile.overview": Place("/profil", is_shared=True),
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
OFFICE = [name for name, place in PLACES.items() if place.right]
RESIDENTS = [name for name in CLOSED if PLACES[name].who == "ana" and not PLACES[name].is_shared]
FRESH = [name for name, place in PLACES.items() if place.is_fresh]
OF_ONE_PERSON = [name for name, place in PLACES.items() if place.missing and not place.right]
MISSING = [name for name, place in PLACES.items() if place.missing and place.right]


def whose(cast: Cast, name: str) -> Person | None:
    """Who looks at the place; nobody where whoever is signed in is led on."""
    if name in {"accounts.sign_in", "accounts.accept"}:
        return None
    person: Person = getattr(cast, PLACES[name].who)
    return person


class Places:
    """The addresses with what is Ana's filled in."""

    def __init__(self, own: Mapping[str, Any]) -> None:
        self.own = own

    def path(self, name: str) -> str:
        return PLACES[name].path.format_map(self.own)

    def missing(self, name: str) -> str:
        return PLACES[name].missing.format_map(self.own)

    def answers(self, name: str) -> dict[str, Any]:
        form = PLACES[name].form or {}
        return {
            field: text.format_map(self.own)
            if isinstance(text, str)
            else (io.BytesIO(text), f"{field}.csv")
            for field, text in form.items()
        }


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
        links["invitation"] = _link(cast.reader.id, Purpose.INVITATION)
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
        waits, taken = (
            BankPayment(
                key=key,
                account_iban=bills.IBAN,
                booked_on=date(2026, 11, 20),
                amount_cents=1250,
                payer_name="Novak Ana",
                customer_id=customer_id,
                matched_by=matched_by,
            )
            for key, customer_id, matched_by in (
                ("waits", None, ""),
                ("taken", cast.anas_customer, "office"),
            )
        )
        db.session.add_all((waits, taken))
        db.session.flush()
        invoice = bills.bill(cast.anas_customer, "2026-10-1", issued_on=date(2026, 11, 8))
        bills.payments_known()
        staff = furnish_office(cast.ana.id, cast.operator.id, cast.clerk.id)
        own = {
            **staff,
            **{name: tokens.sign(link) for name, link in links.items()},
            "point": cast.anas_point,
            "device": device.id,
            "reading": reading.id,
            "link": db.session.scalar(select(CustomerLink.id).filter_by(account_id=cast.ana.id)),
            "free_code": cast.free_code,
            "invoice": invoice.id,
            "payment": waits.id,
            "taken": taken.id,
            "customer": cast.anas_customer,
            "no_letters": letters.unsubscribe_token(cast.ana.id, "new-invoice"),
        }
        db.session.commit()
        path = storage.path_of(storage.Shelf.PHOTOS, photo)
    yield Places(own)
    letter.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def furnish_office(ana: int, operator: int, clerk: int) -> dict[str, Any]:
    """One of everything that the office has, and Ana's passkey."""
    passkey = Passkey(
        account_id=ana,
        credential_id="AQID",
        public_key="AQID",
        sign_count=0,
        name="Telefon",
        made_at=clock.now(),
    )
    batch = ImportBatch(
        kind="customers",
        file_name="stranke.csv",
        sha256="0" * 64,
        imported_by="terminal: ana",
        imported_at=clock.now(),
    )
    mapping = HeadingMap(
        kind="customers", name="Vodarček", mapping={"naziv": "Kupec"}, saved_at=clock.now()
    )
    code = RecoveryCode(account_id=operator, code_hash=code_hash(operator, RECOVERY_CODE))
    db.session.add_all((passkey, batch, mapping, code))
    db.session.flush()
    letter = OutboxLetter(
        message_id="<1@localhost>",
        kind="reset",
        to_address="ana@primer.si",
        language="sl",
        facts={"first_name": "Ana", "path": "/novo-geslo/x", "code": ""},
        created_at=clock.now(),
        next_try_at=clock.now(),
        state=LetterState.FAILED,
    )
    db.session.add(letter)
    upload = Upload(
        file_name="stranke.csv",
        stored=storage.keep(storage.Shelf.UPLOADS, b"sifra_stranke;naziv\n77;Ana\n", "bin"),
        size_bytes=29,
        sha256="0" * 64,
        received_at=clock.now(),
        by="operator@primer.si",
        account_id=operator,
        kind="customers",
        encoding="utf-8-sig",
        separator=";",
        headings=["sifra_stranke", "naziv"],
        sample=[["77", "Ana"]],
        report=Report(rejected_files=["stranke.rejected.csv"]).as_json(),
    )
    db.session.add(upload)
    db.session.flush()
    aside = storage.path_of(storage.Shelf.REJECTED, str(upload.id))
    aside.mkdir(exist_ok=True)
    (aside / "stranke.rejected.csv").write_text("sifra_stranke;razlog\n")
    layout = ExportLayout(name="Program", headings=OUR_HEADINGS, saved_at=clock.now())
    content, rows = pack([])
    export = ReadingExport(
        made_at=clock.now(),
        by="operator@primer.si",
        account_id=operator,
        counts_for=date(2026, 10, 1),
        from_on=None,
        to_on=None,
        headings=OUR_HEADINGS,
        rows=rows,
        content=content,
    )
    job = Job(
        kind="code-letters",
        subject_id=1,
        account_id=operator,
        asked_at=clock.now(),
        state=JobState.DONE,
    )
    db.session.add(job)
    db.session.flush()
    pile, draft = (
        CodeBatch(
            asked_at=clock.now(),
            by="operator@primer.si",
            account_id=operator,
            which=Choice(Whom.ALL).as_json(),
            makes_new=False,
            stored=stored,
            job_id=job_id,
        )
        for stored, job_id in (
            (storage.keep(storage.Shelf.LETTERS, b"%PDF", "pdf"), job.id),
            ("", None),
        )
    )
    db.session.add_all((pile, draft))
    token = ApiToken(
        name="Program",
        token_hash="0" * 64,
        scopes="import",
        made_at=clock.now(),
        account_id=operator,
    )
    db.session.add_all((layout, export, token))
    db.session.flush()
    return {
        "export": export.id,
        "token": token.id,
        "pile": pile.id,
        "draft": draft.id,
        "layout": layout.id,
        "staff": clerk,
        "passkey": passkey.id,
        "batch": batch.id,
        "mapping": mapping.id,
        "upload": upload.id,
        "recovery_code": RECOVERY_CODE,
        "letter": letter.id,
        "account": ana,
    }


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
