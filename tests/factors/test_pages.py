"""Signing in with two proofs: setting it up, giving it, losing the phone."""

import base64
import re
import zlib
from dataclasses import replace

import pyotp
import pytest
import time_machine

from mojupravljalec.accounts import shown_once
from mojupravljalec.accounts.models import Account, Device
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.factors import rules
from mojupravljalec.factors.actions import PROOFS_PER_ACCOUNT, code_hash
from mojupravljalec.factors.models import RecoveryCode, TotpKey
from mojupravljalec.mail.models import OutboxLetter
from mojupravljalec.values import clock

PAGE = "/profil/dvojna-prijava"


def signs_in(client, person, goal=""):
    form = {"email": person.email, "password": person.password}
    return client.post(f"/prijava?next={goal}" if goal else "/prijava", data=form)


def secret_of(app, person):
    with app.app_context():
        return db.session.get(TotpKey, person.id).secret


def code_now(secret):
    return pyotp.TOTP(secret).at(clock.now())


def sets_up_phone(app, client, person):
    """The recovery codes that were shown."""
    assert client.post(f"{PAGE}/telefon", data={"begin": "1"}).status_code == 303
    secret = secret_of(app, person)
    assert rules.grouped(secret) in client.get(f"{PAGE}/telefon").text
    answer = client.post(f"{PAGE}/telefon", data={"code": code_now(secret)})
    assert answer.location == PAGE
    return shown_codes(client)


def shown_codes(client):
    return re.findall(r"<li>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</li>", client.get(PAGE).text)


@pytest.fixture
def new_clerk(app, cast):
    """A clerk who has not set up a second proof yet."""
    with app.app_context():
        db.session.get(Account, cast.clerk.id).factor_since = None
        db.session.commit()
    return cast.clerk


def test_staff_set_a_proof_up_before_anything_opens(app, browser, new_clerk):
    client = browser()
    assert signs_in(client, new_clerk).location == PAGE
    assert client.get("/pisarna").location.startswith("/prijava?next=")
    codes = sets_up_phone(app, client, new_clerk)
    assert len(codes) == 10
    assert client.get(PAGE).text.count(codes[0]) == 0  # shown once
    assert client.get("/pisarna").status_code == 200


def test_signing_in_then_asks_for_a_code_and_leads_on(app, browser, new_clerk):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as day:
        client = browser()
        signs_in(client, new_clerk)
        sets_up_phone(app, client, new_clerk)
        other = browser()
        answer = signs_in(other, new_clerk, "/pisarna/dnevnik")
        assert answer.location == "/prijava/drugi-dokaz?next=/pisarna/dnevnik"
        assert other.get("/pisarna").location.startswith("/prijava?next=")
        used = code_now(secret_of(app, new_clerk))
        assert other.post(answer.location, data={"code": used}).status_code == 422  # once only
        day.shift(60)
        code = code_now(secret_of(app, new_clerk))
        proven = other.post(answer.location, data={"code": f" {code[:3]} {code[3:]} "})
        assert (proven.status_code, proven.location) == (303, "/pisarna/dnevnik")
        assert other.get("/pisarna").status_code == 200


def test_a_recovery_code_works_once(app, browser, new_clerk):
    client = browser()
    signs_in(client, new_clerk)
    code = sets_up_phone(app, client, new_clerk)[3]
    for status in (303, 422):
        other = browser()
        signs_in(other, new_clerk)
        answer = other.post("/prijava/drugi-dokaz", data={"code": code.lower().replace("-", " ")})
        assert answer.status_code == status


def test_codes_are_guessed_a_few_times_only(app, browser, cast):
    client = browser(cast.half)
    with app.app_context():
        known = code_hash(cast.operator.id, "3467-ACDE-HJKM")
        db.session.add(RecoveryCode(account_id=cast.operator.id, code_hash=known))
        db.session.commit()
    for _ in range(PROOFS_PER_ACCOUNT.most):
        assert client.post("/prijava/drugi-dokaz", data={"code": "000000"}).status_code == 422
    late = client.post("/prijava/drugi-dokaz", data={"code": "3467-ACDE-HJKM"})
    assert late.status_code == 429
    assert client.get("/pisarna").status_code == 303


def test_a_resident_may_set_it_up_and_is_then_asked(app, browser, cast):
    phone, elsewhere = browser(cast.ana), browser(cast.ana)
    assert phone.get("/racuni").status_code == 200
    assert len(sets_up_phone(app, phone, cast.ana)) == 10
    assert phone.get("/racuni").status_code == 200
    assert elsewhere.get("/racuni").status_code == 303  # had not given the proof
    assert signs_in(browser(), cast.ana).location == "/prijava/drugi-dokaz"
    with app.app_context():
        kinds = list(db.session.scalars(db.select(OutboxLetter.kind)))
    assert kinds == ["factor-changed"]


def test_removing_the_last_proof_asks_for_the_password_alone(app, browser, cast):
    client = browser(cast.ana)
    sets_up_phone(app, client, cast.ana)
    assert client.post(f"{PAGE}/telefon/odstrani").status_code == 303
    assert signs_in(browser(), cast.ana).location == "/"
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(RecoveryCode.id))) == 0


def test_staff_who_remove_it_must_set_it_up_at_once(app, browser, new_clerk):
    client = browser()
    signs_in(client, new_clerk)
    sets_up_phone(app, client, new_clerk)
    client.post(f"{PAGE}/telefon/odstrani")
    assert client.get("/pisarna").status_code == 303
    assert client.get(PAGE).status_code == 200


def test_new_recovery_codes_void_the_old_ones(app, browser, cast):
    client = browser(cast.ana)
    old = sets_up_phone(app, client, cast.ana)
    assert client.post(f"{PAGE}/kode").location == PAGE
    other = browser()
    signs_in(other, cast.ana)
    assert other.post("/prijava/drugi-dokaz", data={"code": old[0]}).status_code == 422


def test_a_wrong_first_code_sets_nothing_up(app, browser, cast):
    client = browser(cast.ana)
    client.post(f"{PAGE}/telefon", data={"begin": "1"})
    wrong = f"{(int(code_now(secret_of(app, cast.ana))) + 1) % 10**6:06}"
    answer = client.post(f"{PAGE}/telefon", data={"code": wrong})
    assert answer.status_code == 422
    assert signs_in(browser(), cast.ana).location == "/"


def test_passkeys_are_offered_only_where_browsers_make_them(browser, cast, make_app):
    assert f"{PAGE}/kljuc" in browser(cast.ana).get(PAGE).text
    app = make_app()
    app.config["SITE_URL"] = "http://127.0.0.1"
    client = browser(cast.ana, app)
    assert f"{PAGE}/kljuc" not in client.get(PAGE).text
    assert client.get(f"{PAGE}/kljuc").status_code == 404


def test_a_passkey_that_does_not_fit_sets_nothing_up(browser, cast):
    client = browser(cast.ana)
    assert client.get(f"{PAGE}/kljuc").status_code == 200
    answer = client.post(f"{PAGE}/kljuc", data={"name": "Telefon", "answer": '{"id": "x"}'})
    assert answer.status_code == 422
    assert signs_in(browser(), cast.ana).location == "/"


def test_whoever_owes_the_proof_can_sign_out(app, browser, cast):
    client = browser(cast.half)
    assert client.post("/odjava").status_code == 303
    with app.app_context():
        assert db.session.scalars(db.select(Device)).one().ended_at


def test_the_profile_leads_there_and_shows_staff_nothing_of_residents(browser, cast):
    for person in (cast.ana, cast.operator):
        assert f'href="{PAGE}"' in browser(person).get("/profil").text
    text = browser(cast.operator).get("/profil").text
    assert "/prikljuci-stranko" not in text
    assert "/profil/sporocila" not in text


# ---------------------------------------------------------------- shown once


def cookies_of(client):
    """Everything that the browser can read in its cookies, unpacked."""
    found = []
    for cookie in client._cookies.values():
        text = cookie.value
        packed = text.startswith(".")
        payload = text.removeprefix(".").split(".")[0]
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        found.append((zlib.decompress(raw) if packed else raw).decode())
    return " ".join(found)


def test_recovery_codes_do_not_travel_in_a_cookie(app, browser, cast):
    client = browser(cast.ana)
    client.post(f"{PAGE}/telefon", data={"begin": "1"})
    client.post(f"{PAGE}/telefon", data={"code": code_now(secret_of(app, cast.ana))})
    before = cookies_of(client)
    codes = shown_codes(client)
    assert len(codes) == 10
    after = cookies_of(client)
    assert "_user_id" in before
    for code in codes:
        assert code not in before + after
        assert code.replace("-", "") not in before + after


def test_recovery_codes_are_not_in_the_database(app, browser, cast):
    client = browser(cast.ana)
    codes = sets_up_phone(app, client, cast.ana)
    with app.app_context():
        rows = [
            str(row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(db.select(table))
        ]
    assert not [code for code in codes if code in " ".join(rows)]


def test_codes_whose_page_got_lost_are_shown_when_it_is_asked_for_again(app, browser, cast):
    client = browser(cast.ana)
    client.post(f"{PAGE}/telefon", data={"begin": "1"})
    client.post(f"{PAGE}/telefon", data={"code": code_now(secret_of(app, cast.ana))})
    cookie = client.get_cookie("portal").value
    codes = shown_codes(client)
    assert shown_codes(client) == []
    client.set_cookie("portal", cookie)  # as if the answer had not arrived
    assert shown_codes(client) == codes


def test_codes_are_shown_on_the_device_that_made_them_and_for_ten_minutes(app, browser, cast):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as day:
        client = browser(cast.ana)
        client.post(f"{PAGE}/telefon", data={"begin": "1"})
        code = code_now(secret_of(app, cast.ana))
        client.post(f"{PAGE}/telefon", data={"code": code})
        other = browser(replace(cast.ana, proven=True))
        assert shown_codes(other) == []
        day.shift(600)
        assert shown_codes(client) == []
        with app.app_context():
            shown_once.clear_seeds()
            db.session.commit()
            assert not list(db.session.scalars(db.select(Device.id).where(Device.once_seed != "")))


def test_a_second_tap_on_the_first_code_is_no_mistake(app, browser, cast):
    client = browser(cast.ana)
    client.post(f"{PAGE}/telefon", data={"begin": "1"})
    code = code_now(secret_of(app, cast.ana))
    for _ in range(2):
        assert client.post(f"{PAGE}/telefon", data={"code": code}).location == PAGE
    codes = shown_codes(client)
    assert len(codes) == 10
    other = browser()
    signs_in(other, cast.ana)
    assert other.post("/prijava/drugi-dokaz", data={"code": codes[0]}).status_code == 303


# ---------------------------------------------------------------- a new password by mail

NEW = {"password": "zelena breza nad potokom", "again": "zelena breza nad potokom"}


def resets(app, client, person):
    client.post("/pozabljeno-geslo", data={"email": person.email})
    with app.app_context():
        query = db.select(OutboxLetter).filter_by(kind="reset", to_address=person.email)
        (letter,) = db.session.scalars(query)
    assert client.post(letter.facts["path"], data=NEW).status_code == 303
    return signs_in(client, replace(person, password=NEW["password"]))


def test_without_a_customer_a_new_password_by_mail_takes_the_second_proofs_away(app, browser, cast):
    sets_up_phone(app, browser(cast.cvetka), cast.cvetka)
    assert resets(app, browser(), cast.cvetka).location == "/"
    with app.app_context():
        assert db.session.get(Account, cast.cvetka.id).factor_since is None
        assert db.session.get(TotpKey, cast.cvetka.id) is None
        assert db.session.scalar(db.select(db.func.count(RecoveryCode.id))) == 0
        kinds = list(db.session.scalars(db.select(OutboxLetter.kind).order_by(OutboxLetter.id)))
        event = db.select(AuditEntry).filter_by(event="factor.removed")
        assert db.session.scalars(event).one().details == {"how": "password-reset"}
    assert kinds == ["factor-changed", "reset", "password-changed", "factor-changed"]


def test_who_sees_a_customer_keeps_them(app, browser, cast):
    sets_up_phone(app, browser(cast.ana), cast.ana)
    assert resets(app, browser(), cast.ana).location == "/prijava/drugi-dokaz"


def test_who_saw_a_customer_once_does_not(app, browser, cast):
    sets_up_phone(app, browser(cast.ana), cast.ana)
    with app.app_context():
        db.session.execute(db.update(CustomerLink).values(ended_at=clock.now()))
        db.session.commit()
    assert resets(app, browser(), cast.ana).location == "/"


@pytest.mark.parametrize("who", ["operator", "clerk", "reader"])
def test_staff_keep_them(app, browser, cast, who):
    person = getattr(cast, who)
    assert resets(app, browser(), person).location == "/prijava/drugi-dokaz"
    with app.app_context():
        assert db.session.get(Account, person.id).factor_since is not None


def test_without_second_proofs_nothing_is_told_of_them(app, browser, cast):
    assert resets(app, browser(), cast.cvetka).location == "/"
    with app.app_context():
        kinds = list(db.session.scalars(db.select(OutboxLetter.kind).order_by(OutboxLetter.id)))
    assert kinds == ["reset", "password-changed"]
