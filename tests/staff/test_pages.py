"""Who works in the office: invited, given a role, leaving, coming back."""

import pytest

from mojupravljalec.accounts.models import Account
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db
from mojupravljalec.mail.models import OutboxLetter

from ..site.places import STAFF_PASSWORD

PEOPLE = "/pisarna/osebje"


@pytest.fixture
def desk(browser, cast):
    return browser(cast.operator)


def account(app, email):
    with app.app_context():
        return db.session.scalar(db.select(Account).filter_by(email=email))


def events(app):
    with app.app_context():
        return list(db.session.scalars(db.select(AuditEntry.event).order_by(AuditEntry.id)))


def letters(app, email):
    with app.app_context():
        rows = db.session.scalars(db.select(OutboxLetter).filter_by(to_address=email))
        return [(row.kind, row.facts) for row in rows]


def test_an_invitation_leads_to_an_access_with_two_proofs(app, browser, desk):
    answer = desk.post(f"{PEOPLE}/povabi", data={"email": "dana@primer.si", "role": "clerk"})
    assert answer.location == PEOPLE
    ((kind, facts),) = letters(app, "dana@primer.si")
    assert kind == "invitation"
    names = {"first_name": "Dana", "last_name": "Kos"}
    short = {"password": "modra lipa", "again": "modra lipa"}
    client = browser()
    assert client.get(facts["path"]).status_code == 200
    assert "12" in client.post(facts["path"], data=names | short).text  # characters, at least
    long = {"password": STAFF_PASSWORD, "again": STAFF_PASSWORD}
    assert client.post(facts["path"], data=names | long).location == "/prijava"
    assert client.get(facts["path"]).status_code == 410
    signed_in = client.post(
        "/prijava", data={"email": "dana@primer.si", "password": STAFF_PASSWORD}
    )
    assert signed_in.location == "/profil/dvojna-prijava"
    assert account(app, "dana@primer.si").role == "clerk"
    assert "staff.invited" in events(app)


def test_nobody_is_resident_and_staff_with_one_address(app, desk, cast):
    answer = desk.post(f"{PEOPLE}/povabi", data={"email": "Ana@Primer.si", "role": "clerk"})
    assert answer.status_code == 422
    assert account(app, cast.ana.email).role is None


def test_who_registers_at_an_invited_address_gets_the_invitation_and_changes_nothing(
    app, browser, desk
):
    desk.post(f"{PEOPLE}/povabi", data={"email": "dana@primer.si", "role": "operator"})
    form = {"email": "dana@primer.si", "first_name": "X", "last_name": "Y"}
    passwords = {"password": "nekaj svojega 7", "again": "nekaj svojega 7"}
    assert browser().post("/registracija", data=form | passwords).status_code == 303
    assert account(app, "dana@primer.si").password_hash == ""
    assert [kind for kind, _ in letters(app, "dana@primer.si")] == ["invitation"] * 2


def test_a_role_is_changed_and_holds_at_once(app, browser, desk, cast):
    clerk = browser(cast.clerk)
    assert clerk.get("/pisarna/dnevnik").status_code == 200
    answer = desk.post(f"{PEOPLE}/{cast.clerk.id}/vloga", data={"role": "reader"})
    assert answer.status_code == 303
    assert clerk.get("/pisarna/dnevnik").status_code == 403
    assert "staff.role-changed" in events(app)


@pytest.mark.parametrize(("what", "form"), [("zapri", {}), ("vloga", {"role": "clerk"})])
def test_the_last_operator_stays(app, desk, cast, what, form):
    answer = desk.post(f"{PEOPLE}/{cast.operator.id}/{what}", data=form)
    assert answer.status_code == 422
    assert account(app, cast.operator.email).role == "operator"
    assert account(app, cast.operator.email).closed_at is None


def test_who_leaves_is_out_at_once_and_may_come_back(app, browser, desk, cast):
    clerk = browser(cast.clerk)
    assert clerk.get("/pisarna").status_code == 200
    assert desk.post(f"{PEOPLE}/{cast.clerk.id}/zapri").status_code == 303
    assert clerk.get("/pisarna").status_code == 303
    form = {"email": cast.clerk.email, "password": cast.clerk.password}
    assert browser().post("/prijava", data=form).status_code == 422
    browser().post("/pozabljeno-geslo", data={"email": cast.clerk.email})
    with app.app_context():
        states = list(db.session.scalars(db.select(OutboxLetter.state)))
    assert states == ["dropped"]
    assert desk.post(f"{PEOPLE}/{cast.clerk.id}/odpri").status_code == 303
    assert browser().post("/prijava", data=form).location == "/prijava/drugi-dokaz"


def test_who_lost_the_phone_sets_up_another(app, browser, desk, cast):
    assert desk.post(f"{PEOPLE}/{cast.clerk.id}/dvojna-prijava").status_code == 303
    form = {"email": cast.clerk.email, "password": cast.clerk.password}
    assert browser().post("/prijava", data=form).location == "/profil/dvojna-prijava"
    assert "factor.reset" in events(app)


def test_a_resident_is_no_page_of_the_staff(desk, cast):
    for what in ("", "/vloga", "/zapri", "/odpri", "/povabi-znova", "/dvojna-prijava"):
        assert desk.get(f"{PEOPLE}/{cast.ana.id}{what}").status_code == 404


def test_another_invitation_voids_the_first(app, browser, desk):
    desk.post(f"{PEOPLE}/povabi", data={"email": "dana@primer.si", "role": "clerk"})
    dana = account(app, "dana@primer.si")
    desk.post(f"{PEOPLE}/{dana.id}/povabi-znova")
    (_, first), (_, second) = letters(app, "dana@primer.si")
    assert browser().get(first["path"]).status_code == 410
    assert browser().get(second["path"]).status_code == 200


def test_the_list_shows_everybody_and_can_be_saved(desk, cast):
    assert cast.reader.email in desk.get(PEOPLE).text
    assert cast.reader.email not in desk.get(f"{PEOPLE}?vloga=clerk").text
    saved = desk.get(f"{PEOPLE}?oblika=csv&red=-naslov")
    lines = saved.data.decode("utf-8-sig").splitlines()
    assert [line.split(";")[1] for line in lines[1:]] == [
        "reader@primer.si",
        "operator@primer.si",
        "clerk@primer.si",
    ]
