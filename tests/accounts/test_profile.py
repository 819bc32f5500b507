"""What a person changes about their own access."""

from datetime import timedelta

import pytest

from mojupravljalec.accounts.models import Account, Device

from ..conftest import PASSWORD
from .conftest import english

NEW = {"password": "zelena breza 8", "again": "zelena breza 8"}


@pytest.fixture
def ana(browser, cast):
    return english(browser(cast.ana))


def sign_in(client, email, password=PASSWORD):
    return client.post("/prijava", data={"email": email, "password": password})


# ---------------------------------------------------------------- name


def test_the_name_is_changed_and_cleaned(ana, cast, row):
    names = {"first_name": "An\N{RIGHT-TO-LEFT OVERRIDE}ja\r\n", "last_name": "  Žnidar  Kos "}
    answer = ana.post("/profil/ime", data=names)
    assert (answer.status_code, answer.location) == (303, "/profil")
    page = ana.get("/profil").text
    assert "Your name is changed." in page
    assert "Anja Žnidar Kos" in page
    kept = row(Account, id=cast.ana.id)
    assert (kept.first_name, kept.last_name) == ("Anja", "Žnidar Kos")


def test_the_form_shows_the_name_there_is(ana):
    page = ana.get("/profil/ime").text
    assert 'value="Ana"' in page
    assert 'value="Novak"' in page


def test_a_name_is_shown_as_text(ana):
    ana.post("/profil/ime", data={"first_name": "<b>Ana", "last_name": "{{ 7*7 }}"})
    assert "&lt;b&gt;Ana {{ 7*7 }}" in ana.get("/profil").text


# ---------------------------------------------------------------- password


def test_the_password_is_changed_and_other_devices_are_signed_out(browser, ana, cast, letters):
    phone, bojan = browser(cast.ana), browser(cast.bojan)
    answer = ana.post("/profil/geslo", data={"old_password": PASSWORD, **NEW})
    assert (answer.status_code, answer.location) == (303, "/profil")
    assert ana.get("/profil").status_code == 200
    assert phone.get("/profil").status_code == 303
    assert bojan.get("/profil").status_code == 200
    assert [(one.kind, one.to_address) for one in letters()] == [
        ("password-changed", cast.ana.email)
    ]
    assert sign_in(browser(), cast.ana.email).status_code == 422
    assert sign_in(browser(), cast.ana.email, NEW["password"]).status_code == 303


def test_a_wrong_current_password_changes_nothing(ana, cast, row, letters):
    before = row(Account, id=cast.ana.id).password_hash
    answer = ana.post("/profil/geslo", data={"old_password": "wrong one", **NEW})
    assert answer.status_code == 422
    assert "This is not your current password." in answer.text
    assert "wrong one" not in answer.text
    assert f'value="{NEW["password"]}"' in answer.text
    assert row(Account, id=cast.ana.id).password_hash == before
    assert letters() == []


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/profil/geslo", {"old_password": "wrong one", **NEW}),
        ("/profil/naslov", {"email_password": "wrong one", "new_email": "anja@primer.si"}),
    ],
)
def test_the_current_password_is_not_guessed_here(ana, path, form, cast):
    for _ in range(10):
        assert ana.post(path, data=form).status_code == 422
    late = ana.post(path, data=form)
    assert late.status_code == 429
    assert "There were too many attempts" in late.text
    assert "wrong one" not in late.text


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("novak1", "This password is easy to guess"),
        ("ana-2026", "This password is easy to guess"),
        ("qwerty", "Many people use this password."),
        ("short", "The password is too short"),
    ],
)
def test_a_weak_new_password_is_refused(ana, password, says):
    form = {"old_password": PASSWORD, "password": password, "again": password}
    answer = ana.post("/profil/geslo", data=form)
    assert answer.status_code == 422
    assert says in answer.text


# ---------------------------------------------------------------- address


def ask(client, new_email="anja@primer.si", password=PASSWORD):
    return client.post("/profil/naslov", data={"new_email": new_email, "email_password": password})


def test_the_address_changes_only_once_the_new_one_confirms(browser, ana, cast, letters, row):
    assert ask(ana).status_code == 303
    assert "We sent a letter to anja@primer.si" in ana.get("/profil").text
    assert row(Account, id=cast.ana.id).email == cast.ana.email
    (asked,) = letters()
    assert (asked.kind, asked.to_address) == ("new-email", "anja@primer.si")
    elsewhere = english(browser())
    page = elsewhere.get(asked.facts["path"])
    assert page.status_code == 200
    assert "anja@primer.si" in page.text
    assert row(Account, id=cast.ana.id).email == cast.ana.email
    assert elsewhere.post(asked.facts["path"]).status_code == 303
    assert row(Account, id=cast.ana.id).email == "anja@primer.si"
    told = letters()[1]
    assert (told.kind, told.to_address) == ("email-changed", cast.ana.email)
    assert told.facts["new_email"] == "anja@primer.si"
    assert sign_in(browser(), cast.ana.email).status_code == 422
    assert sign_in(browser(), "ANJA@primer.si").status_code == 303


def test_the_link_is_used_once_and_for_three_days(ana, letters, clock):
    ask(ana)
    path = letters()[0].facts["path"]
    assert ana.post(path).status_code == 303
    assert ana.post(path).status_code == 410
    ask(ana, "tretja@primer.si")
    clock.shift(timedelta(days=3))
    answer = ana.post(letters()[-1].facts["path"])
    assert answer.status_code == 410
    assert 'class="btn" href="/profil/naslov"' in answer.text


def test_a_second_wish_kills_the_link_of_the_first(ana, letters):
    ask(ana)
    ask(ana, "druga@primer.si")
    first, second = letters()
    assert ana.post(first.facts["path"]).status_code == 410
    assert ana.post(second.facts["path"]).status_code == 303


def test_a_wrong_password_mails_nobody(ana, letters):
    answer = ask(ana, password="wrong one")
    assert answer.status_code == 422
    assert "This is not your current password." in answer.text
    assert 'value="anja@primer.si"' in answer.text
    assert "wrong one" not in answer.text
    assert letters() == []


def test_the_address_of_somebody_else_is_answered_alike_and_gets_no_letter(ana, cast, letters):
    answer = ask(ana, "BOJAN@primer.si")
    assert (answer.status_code, answer.location) == (303, "/profil")
    assert "We sent a letter to BOJAN@primer.si" in ana.get("/profil").text
    assert letters() == []


def test_an_address_taken_in_the_meantime_stays_with_its_owner(ana, browser, cast, letters, row):
    ask(ana)
    form = {"email": "anja@primer.si", "first_name": "Anja", "last_name": "Kos", **NEW}
    browser().post("/registracija", data=form)
    answer = ana.post(letters()[0].facts["path"])
    assert answer.status_code == 303
    assert "This address belongs to another access." in ana.get("/profil").text
    assert row(Account, id=cast.ana.id).email == cast.ana.email


def test_four_letters_an_hour_go_to_a_new_address_however_it_is_written(ana, letters):
    for address in ("a@žaga.si", "A@xn--aga-b3a.si", "a@ŽAGA.si", "A@žaga.si"):
        assert ask(ana, address).status_code == 303
    late = ask(ana, "a@žaga.si")
    assert late.status_code == 429
    assert "There were too many attempts. Try again in 60 minutes." in late.text
    assert 'value="a@žaga.si"' in late.text
    assert len(letters()) == 4
    assert ana.post(letters()[-1].facts["path"]).status_code == 303


def test_five_wishes_an_hour_come_from_one_account(ana, letters):
    for number in range(5):
        assert ask(ana, f"a{number}@primer.si").status_code == 303
    assert ask(ana, "a5@primer.si").status_code == 429
    assert len(letters()) == 5


def test_a_new_password_ends_a_wish_made_with_the_old_one(browser, cast, letters, row):
    """Whoever knew the old password must not take the access along."""
    thief = browser(cast.ana)
    ask(thief, "tat@primer.si")
    wish = letters()[-1].facts["path"]
    owner = browser()
    owner.post("/pozabljeno-geslo", data={"email": cast.ana.email})
    owner.post(letters()[-1].facts["path"], data=NEW)
    assert browser().post(wish).status_code == 410
    assert row(Account, id=cast.ana.id).email == cast.ana.email


def test_a_confirmed_address_ends_the_other_wishes(ana, browser, cast, letters, row):
    browser().post("/pozabljeno-geslo", data={"email": cast.ana.email})
    reset = letters()[-1].facts["path"]
    ask(ana)
    ana.post(letters()[-1].facts["path"])
    assert browser().post(reset, data=NEW).status_code == 410


# ---------------------------------------------------------------- devices


def test_another_device_is_signed_out_by_hand(browser, ana, cast, row, app):
    phone = browser(cast.ana)
    page = ana.get("/profil").text
    assert "this device" in page
    (path,) = [part.split('"')[0] for part in page.split('href="') if "/odjava" in part[:40]]
    assert ana.get(path).status_code == 200
    assert phone.get("/profil").status_code == 200
    assert ana.post(path).status_code == 303
    assert phone.get("/profil").status_code == 303
    assert ana.get("/profil").status_code == 200
    assert ana.post(path).status_code == 404


def test_an_ended_device_is_not_listed(ana, browser, cast):
    phone = browser(cast.ana)
    phone.post("/odjava")
    assert "/odjava" not in ana.get("/profil").text.replace('action="/odjava"', "")


def test_bojans_devices_are_his(ana, browser, cast, row):
    browser(cast.bojan)
    device = row(Device, account_id=cast.bojan.id)
    assert ana.post(f"/profil/naprave/{device.id}/odjava").status_code == 404
    assert row(Device, account_id=cast.bojan.id).ended_at is None


# ---------------------------------------------------------------- language


@pytest.mark.parametrize(
    ("chosen", "asked", "spoken"),
    [("sl", "en", "sl"), ("en", "sl", "en"), ("", "en", "en"), ("", "sl", "sl"), ("", "de", "sl")],
)
def test_the_profile_goes_before_the_browser(ana, chosen, asked, spoken):
    assert ana.post("/profil/jezik", data={"language": chosen}).status_code == 303
    page = ana.get("/profil", headers={"Accept-Language": asked}).text
    assert f'<html lang="{spoken}">' in page
    assert f'value="{chosen}"' in ana.get("/profil/jezik").text.split("selected")[1]


def test_the_thanks_are_already_in_the_chosen_language(ana):
    ana.post("/profil/jezik", data={"language": "sl"})
    ana.post("/profil/jezik", data={"language": "en"})
    assert "The language is set." in ana.get("/profil").text


def test_letters_follow_the_profile(ana, browser, cast, letters):
    ana.post("/profil/jezik", data={"language": "sl"})
    english(browser()).post("/pozabljeno-geslo", data={"email": cast.ana.email})
    assert letters()[0].language == "sl"


@pytest.mark.parametrize("language", ["de", "EN", "../sl", "<"])
def test_another_language_is_refused(ana, cast, row, language):
    assert ana.post("/profil/jezik", data={"language": language}).status_code == 422
    assert row(Account, id=cast.ana.id).language is None
