"""A page that has not changed is not made twice; one that has, is."""

import pytest

from mojupravljalec.audit.actions import record
from mojupravljalec.extensions import db

from .. import bills

PAGES = ["/", "/racuni", "/financna-kartica", "/racuni?leto=2026"]


@pytest.fixture
def ana(app, browser, cast):
    with app.app_context():
        bills.bill(cast.anas_customer, "2026-10-1")
        db.session.commit()
    return browser(cast.ana)


def again(client, path, first, **headers):
    return client.get(path, headers={"If-None-Match": first.headers["ETag"], **headers})


@pytest.mark.parametrize("path", PAGES)
def test_who_has_the_page_is_told_that_it_holds(ana, path):
    first = ana.get(path)
    second = again(ana, path, first)
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_a_change_anywhere_makes_it_anew(app, ana, path):
    first = ana.get(path)
    with app.app_context():
        record("import.done")
        db.session.commit()
    assert again(ana, path, first).status_code == 200


def test_another_language_or_part_or_address_is_another_page(ana):
    first = ana.get("/racuni", headers={"Accept-Language": "sl"})
    assert again(ana, "/racuni", first, **{"Accept-Language": "en"}).status_code == 200
    assert again(ana, "/racuni", first, **{"HX-Request": "true"}).status_code == 200
    assert again(ana, "/racuni?leto=2026", first).status_code == 200


def test_what_ana_has_is_not_bojans(browser, cast, ana):
    first = ana.get("/racuni")
    assert again(browser(cast.bojan), "/racuni", first).status_code == 200
    assert again(browser(), "/racuni", first).status_code == 303


def test_a_message_is_shown_once(ana):
    first = ana.get("/")
    with ana.session_transaction() as session:
        session["_flashes"] = [("message", "Shranjeno.")]
    shown = again(ana, "/", first)
    assert shown.status_code == 200
    assert "Shranjeno." in shown.text
    assert "ETag" not in shown.headers
