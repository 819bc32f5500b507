"""Registrations that wait: each has its own link, name and password, and none replaces another."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mojupravljalec.accounts.actions import clear_links
from mojupravljalec.accounts.models import Account, MailLink
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db

from .conftest import english

ADDRESS = "ana@primer.si"
ANA = {"first_name": "Ana", "last_name": "Novak", "password": "zelena breza 8"}
BOJAN = {"first_name": "Bojan", "last_name": "Kos", "password": "rjava smreka 9"}
RESEND = "/aktivacija/novo-sporocilo"


def register(client, who):
    form = {**who, "again": who["password"], "email": ADDRESS}
    assert client.post("/registracija", data=form).status_code == 303


def signs_in(client, who):
    form = {"email": ADDRESS, "password": who["password"]}
    return client.post("/prijava", data=form).status_code == 303


@pytest.fixture
def ana(browser):
    """Ana's browser; she has registered."""
    client = english(browser())
    register(client, ANA)
    return client


@pytest.fixture
def bojan(browser, ana):
    """Bojan's browser; he has registered Ana's address after her."""
    client = english(browser())
    register(client, BOJAN)
    return client


@pytest.fixture
def mailed(letters):
    """The facts of the letters, by whose registration they are for, in their order."""

    def read(who):
        return [one.facts for one in letters() if one.facts["first_name"] == who["first_name"]]

    return read


@pytest.mark.parametrize(("used", "other"), [(ANA, BOJAN), (BOJAN, ANA)], ids=["ana", "bojan"])
@pytest.mark.parametrize("by", ["link", "code"])
def test_each_letter_activates_its_own_registration(bojan, browser, mailed, row, used, other, by):
    client = english(browser())
    (mine,), (its,) = mailed(used), mailed(other)
    if by == "link":
        assert f"Registered as {used['first_name']}" in client.get(mine["path"]).text
        assert client.post(mine["path"]).status_code == 303
    else:
        form = {"email": ADDRESS, "code": mine["code"]}
        assert client.post("/aktivacija", data=form).status_code == 303
    assert not signs_in(client, other)
    assert signs_in(client, used)
    account = row(Account)
    assert (account.first_name, account.last_name) == (used["first_name"], used["last_name"])
    late = client.post(its["path"])
    assert late.status_code == 410
    assert "The link was used already" in late.text
    form = {"email": ADDRESS, "code": its["code"]}
    assert client.post("/aktivacija", data=form).status_code == 422
    assert not signs_in(browser(), other)


def test_a_waiting_password_is_kept_with_its_link_alone(bojan, app, row):
    with app.app_context():
        hashes = list(db.session.scalars(select(MailLink.password_hash)))
    assert len(set(hashes)) == 2
    assert row(Account).password_hash == ""
    assert row(Account).first_name == "Ana"


def test_both_letters_at_once_are_one_activation(bojan, browser, app, mailed):
    paths = [mailed(who)[0]["path"] for who in (ANA, BOJAN)] * 3
    clients, start, statuses = [browser() for _ in paths], threading.Barrier(len(paths)), []

    def press(client, path):
        start.wait()
        statuses.append(client.post(path).status_code)

    threads = [
        threading.Thread(target=press, args=pair) for pair in zip(clients, paths, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303] + [410] * 5
    assert [signs_in(browser(), who) for who in (ANA, BOJAN)].count(True) == 1
    with app.app_context():
        activated = select(func.count()).select_from(AuditEntry)
        assert db.session.scalar(activated.filter_by(event="account.activated")) == 1


@pytest.mark.parametrize("path", [RESEND, "/pozabljeno-geslo"])
def test_a_stranger_who_asks_for_letters_does_not_end_anas(bojan, browser, mailed, path):
    bojan.post(path, data={"email": ADDRESS})
    client = browser()
    assert client.post(mailed(ANA)[0]["path"]).status_code == 303
    assert signs_in(client, ANA)


def test_a_new_letter_is_for_the_registration_of_the_browser_that_asks(ana, bojan, mailed):
    ana.post(RESEND, data={"email": ADDRESS})
    assert [len(mailed(who)) for who in (ANA, BOJAN)] == [2, 1]
    bojan.post(RESEND, data={"email": ADDRESS})
    assert [len(mailed(who)) for who in (ANA, BOJAN)] == [2, 2]


def test_elsewhere_a_new_letter_is_for_the_latest_registration(bojan, browser, mailed):
    browser().post(RESEND, data={"email": ADDRESS})
    assert [len(mailed(who)) for who in (ANA, BOJAN)] == [1, 2]


def test_a_new_letter_ends_the_older_link_of_its_registration_alone(ana, bojan, mailed, browser):
    ana.post(RESEND, data={"email": ADDRESS})
    old, new = mailed(ANA)
    late = ana.post(old["path"])
    assert late.status_code == 410
    assert "We sent you a newer letter" in late.text
    assert bojan.get(mailed(BOJAN)[0]["path"]).status_code == 200
    assert ana.post(new["path"]).status_code == 303
    assert signs_in(ana, ANA)


def test_the_number_in_another_browser_is_worth_nothing_for_another_address(ana, browser, letters):
    """A session of Ana's with somebody else's address gets that address' letter."""
    other = english(browser())
    form = {**BOJAN, "again": BOJAN["password"], "email": "bojan@primer.si"}
    other.post("/registracija", data=form)
    ana.post(RESEND, data={"email": "bojan@primer.si"})
    last = letters()[-1]
    assert (last.to_address, last.facts["first_name"]) == ("bojan@primer.si", "Bojan")


def test_wrong_codes_count_against_every_letter_of_the_address(bojan, browser, mailed, row):
    codes = {mailed(who)[0]["code"] for who in (ANA, BOJAN)}
    wrong = next(code for code in ("000000", "000001", "000002") if code not in codes)
    for _ in range(5):
        bojan.post("/aktivacija", data={"email": ADDRESS, "code": wrong})
    for code in codes:
        answer = bojan.post("/aktivacija", data={"email": ADDRESS, "code": code})
        assert answer.status_code == 422
    assert bojan.post(mailed(ANA)[0]["path"]).status_code == 303


def test_a_wrong_code_costs_the_same_writes_for_everybody(ana, browser, mailed, writes):
    wrong = f"{(int(mailed(ANA)[0]['code']) + 1) % 10**6:06}"
    seen_by = []
    for address in (ADDRESS, "nobody@primer.si"):
        with writes() as seen:
            browser().post("/aktivacija", data={"email": address, "code": wrong})
        seen_by.append(seen)
    assert seen_by[0] == seen_by[1]


def test_right_codes_do_not_count_against_an_address(ana, browser, mailed, app):
    from mojupravljalec.accounts.actions import CODES_PER_ADDRESS
    from mojupravljalec.throttle.actions import book, spent

    with app.test_request_context():
        for _ in range(CODES_PER_ADDRESS.most - 1):
            book(CODES_PER_ADDRESS, "127.0.0.1")
        db.session.commit()
    form = {"email": ADDRESS, "code": mailed(ANA)[0]["code"]}
    assert browser().post("/aktivacija", data=form).status_code == 303
    with app.app_context():
        assert not spent(CODES_PER_ADDRESS, "127.0.0.1")


def test_a_registration_is_kept_as_long_as_its_access_waits(ana, app, clock, mailed, browser):
    clock.shift(timedelta(days=90))
    with app.app_context():
        clear_links()
        db.session.commit()
    client = browser()
    client.post(RESEND, data={"email": ADDRESS})
    assert client.post(mailed(ANA)[1]["path"]).status_code == 303
    assert signs_in(client, ANA)
    clock.shift(timedelta(days=31))
    with app.app_context():
        clear_links()
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(MailLink)) == 0


def test_an_access_that_waited_before_links_carried_registrations_is_activated(
    ana, app, mailed, browser, password_hash
):
    """Its links were forgotten: what the account itself holds is activated."""
    with app.app_context():
        db.session.execute(db.delete(MailLink))
        db.session.execute(db.update(Account).values(password_hash=password_hash))
        db.session.commit()
    client = browser()
    client.post(RESEND, data={"email": ADDRESS})
    assert client.post(mailed(ANA)[-1]["path"]).status_code == 303
    assert signs_in(client, {"password": "modra lipa 7"})


def test_with_a_strangers_letter_the_owner_gets_in_by_a_new_password(bojan, browser, mailed):
    owner = english(browser())
    owner.post(mailed(BOJAN)[0]["path"])
    assert signs_in(bojan, BOJAN)
    owner.post("/pozabljeno-geslo", data={"email": ADDRESS})
    new = {"password": "modra jelka 10", "again": "modra jelka 10"}
    assert owner.post(mailed(BOJAN)[-1]["path"], data=new).status_code == 303
    assert bojan.get("/profil").status_code == 303
    assert signs_in(owner, new)
    assert not signs_in(browser(), BOJAN)
