"""Which doors open, for whom, and what may change behind them."""

import io
from urllib.parse import quote

import pytest
import time_machine

from mojupravljalec.accounts.roles import FRESH_LASTS, RIGHTS, Role
from mojupravljalec.values import clock

from .places import (
    CLOSED,
    FORMS,
    FRESH,
    MISSING,
    OF_ONE_PERSON,
    OFFICE,
    PLACES,
    PUBLIC,
    RESIDENTS,
    bare,
    whose,
)

WHO_COUNTS = ("throttle_window", "audit_entry")
HTMX = {"HX-Request": "true"}
LISTS = [
    *("desk.customers", "desk.accounts", "desk.links", "desk.letters", "tray.payments"),
    *("journal.entries", "intake.uploads", "intake.batches", "exports.overview"),
    *("codes.overview", "staff.people", "programs.overview"),
]


@pytest.fixture
def doors(app):
    """Every address that people open; programs have their own tests."""
    views = app.view_functions
    return [r for r in app.url_map.iter_rules() if not hasattr(views[r.endpoint], "scope")]


def test_every_address_is_in_the_table_of_places(doors):
    assert {rule.endpoint for rule in doors} == set(PLACES)


def test_every_form_is_in_the_table_of_places(doors):
    takes = {rule.endpoint for rule in doors if "POST" in rule.methods}
    assert takes == {name for name, place in PLACES.items() if place.form is not None}
    assert not [rule for rule in doors if rule.methods & {"PUT", "PATCH", "DELETE"}]


@pytest.mark.parametrize("name", PLACES)
def test_the_paths_in_the_table_lead_to_their_pages(app, places, name):
    found, _ = app.url_map.bind("localhost").match(places.path(name))
    assert found == name


def test_exactly_these_doors_open_signed_out(app):
    open_doors = {
        name for name, view in app.view_functions.items() if getattr(view, "is_public", False)
    }
    assert open_doors | {"static"} == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_an_open_door_opens_signed_out(browser, places, name):
    with browser().get(places.path(name)) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_door_leads_to_the_sign_in_page_and_back(browser, places, name, method):
    path = places.path(name)
    answer = browser().open(path, method=method)
    assert answer.status_code == 303
    assert answer.location == f"/prijava?next={quote(path, safe='/')}"


@pytest.mark.parametrize("name", [name for name in CLOSED if name in FORMS])
def test_a_form_behind_a_closed_door_is_not_taken_signed_out(browser, places, content, name):
    before = content()
    answer = browser().post(places.path(name), data=places.answers(name))
    assert answer.status_code == 303
    assert answer.location.startswith("/prijava?next=")
    assert content() == before


@pytest.mark.parametrize("name", CLOSED)
def test_htmx_is_led_to_the_sign_in_page_too(browser, places, name):
    answer = browser().get(places.path(name), headers=HTMX)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/prijava?next=")


def test_htmx_going_back_in_history_gets_a_redirect_that_shows_a_whole_page(browser, places):
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    answer = browser().get(places.path("metering.point"), headers=headers)
    assert answer.status_code == 303


@pytest.mark.parametrize("name", CLOSED)
def test_a_place_opens_to_whose_it_is(browser, cast, places, name):
    with browser(whose(cast, name)).get(places.path(name)) as answer:
        assert answer.status_code == PLACES[name].opens


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("name", OF_ONE_PERSON)
def test_bojan_finds_anas_places_no_more_than_what_is_missing(browser, cast, places, name, headers):
    bojan = browser(cast.bojan)
    hers = bojan.get(places.path(name), headers=headers)
    missing = bojan.get(places.missing(name), headers=headers)
    assert (hers.status_code, missing.status_code) == (404, 404)
    assert bare(hers.text) == bare(missing.text)
    assert _headers(hers) == _headers(missing)


@pytest.mark.parametrize("name", [name for name in OF_ONE_PERSON if name in FORMS])
def test_bojan_changes_nothing_of_anas(browser, cast, places, content, name):
    bojan = browser(cast.bojan)
    before = content()
    hers = bojan.post(places.path(name), data=places.answers(name))
    missing = bojan.post(places.missing(name), data=places.answers(name))
    assert (hers.status_code, missing.status_code) == (404, 404)
    assert bare(hers.text) == bare(missing.text)
    assert content() == before


# ---------------------------------------------------------------- the office


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", MISSING)
def test_what_is_not_there_is_not_found_in_the_office_either(browser, cast, places, name, method):
    if method == "POST" and PLACES[name].form is None:
        return
    answer = browser(cast.operator).open(
        places.missing(name), method=method, data=places.answers(name)
    )
    assert answer.status_code == 404


def test_every_door_asks_for_what_the_table_says(app):
    views = app.view_functions
    asked = {name: getattr(views[name], "right", None) for name in PLACES}
    assert asked == {name: place.right for name, place in PLACES.items()}
    fresh = {name for name in PLACES if getattr(views[name], "needs_fresh", False)}
    assert fresh == set(FRESH)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", ["clerk", "reader"])
@pytest.mark.parametrize("name", OFFICE)
def test_a_role_opens_what_it_includes_and_nothing_else(
    browser, cast, places, content, name, role, method
):
    included = PLACES[name].right in RIGHTS[Role(role)]
    if method == "POST" and (included or PLACES[name].form is None):
        return
    client = browser(getattr(cast, role))
    before = content("audit_entry")
    asked = {"method": method, "data": places.answers(name)}
    with client.open(places.path(name), **asked) as answer:
        assert answer.status_code == (PLACES[name].opens if included else 403)
    assert content("audit_entry") == before


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", OFFICE)
def test_for_a_resident_there_is_no_office(browser, cast, places, content, name, method):
    ana = browser(cast.ana)
    before = content()
    answer = ana.open(places.path(name), method=method, data=places.answers(name))
    missing = ana.open("/pisarna/nikjer", method=method)
    assert answer.status_code == (405 if method == "POST" and PLACES[name].form is None else 404)
    if answer.status_code == 404:
        assert bare(answer.text) == bare(missing.text)
    assert content() == before


@pytest.mark.parametrize("name", [name for name in OFFICE if not PLACES[name].is_fresh])
def test_who_owes_the_second_proof_is_not_signed_in(browser, cast, places, name):
    answer = browser(cast.half).get(places.path(name))
    assert answer.status_code == 303
    assert answer.location.startswith("/prijava?next=")


@pytest.mark.parametrize("role", list(RIGHTS))
@pytest.mark.parametrize("name", RESIDENTS)
def test_staff_have_no_pages_of_residents(browser, cast, places, name, role):
    answer = browser(getattr(cast, role)).get(places.path(name))
    if name == "home.start":
        assert (answer.status_code, answer.location) == (302, "/pisarna")
    else:
        assert answer.status_code == 404


@pytest.mark.parametrize("name", [name for name in CLOSED if PLACES[name].is_shared])
def test_staff_have_pages_of_their_own_access(browser, cast, places, name):
    answer = browser(cast.operator).get(places.path(name))
    assert answer.status_code == (404 if PLACES[name].missing else 200)


@pytest.mark.parametrize("name", FRESH)
def test_what_is_important_asks_for_the_password_once_more(
    app, browser, cast, places, content, name
):
    client = browser(whose(cast, name))
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        before = content("held_form")
        path = places.path(name)
        led = client.get(path)
        if PLACES[name].form is not None:
            pressed = client.post(path, data=places.answers(name))
            assert pressed.status_code == 303
            assert pressed.location.startswith(f"{led.location}&obrazec=")
        assert content("held_form") == before
        assert led.status_code == 303
        assert led.location.startswith(f"/prijava/ponovno?next={quote(path, safe='/')}")
        client.post(led.location, data={"password": cast.ana.password})
        with client.get(path) as page:
            assert page.status_code == PLACES[name].opens


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("name", [name for name in FRESH if name in FORMS])
def test_the_right_password_performs_what_was_pressed(
    browser, cast, places, make_app, name, headers
):
    client = browser(whose(cast, name), make_app(csrf=True))
    path = places.path(name)
    page = path if PLACES[name].opens == 200 else "/profil"
    answers = places.answers(name) | {"csrf_token": _token(client.get(page).text)}
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        led = client.post(path, data=answers, headers=headers)
        again = led.headers["HX-Redirect"] if headers else led.location
        form = {"csrf_token": answers["csrf_token"], "password": "not the password"}
        wrong = client.post(again, data=form)
        assert wrong.status_code == 422
        with client.post(again, data=form | {"password": cast.ana.password}) as done:
            assert done.status_code == PLACES[name].answer


@pytest.mark.parametrize("name", [name for name in FRESH if name in FORMS])
def test_what_was_pressed_is_performed_once(browser, cast, places, content, name):
    client = browser(whose(cast, name))
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        again = client.post(places.path(name), data=places.answers(name)).location
        client.post(again, data={"password": cast.ana.password}).close()
        before = content("audit_entry", "device")  # the password is confirmed once more
        twice = client.post(again, data={"password": cast.ana.password})
        assert (twice.status_code, twice.location) == (303, places.path(name))
        assert content("audit_entry", "device") == before


def test_what_was_pressed_and_is_wrong_can_be_corrected_there(browser, cast, places):
    client = browser(cast.operator)
    path = places.path("desk.link")
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        again = client.post(path, data={"email": "nobody@primer.si"}).location
        answer = client.post(again, data={"password": cast.operator.password})
        assert answer.status_code == 422
        assert f'action="{path}"' in answer.text
        assert "nobody@primer.si" in answer.text


def test_what_was_pressed_long_ago_is_not_performed(browser, cast, places, content):
    client = browser(cast.clerk)
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False) as now:
        path = places.path("desk.code")
        again = client.post(path).location
        now.shift(FRESH_LASTS)
        answer = client.post(again, data={"password": cast.clerk.password})
        assert (answer.status_code, answer.location) == (303, path)
        page = client.get(path)
        assert "big code" not in page.text
        assert "Nič še ni narejeno" in page.text


def test_a_form_is_performed_only_in_the_browser_that_sent_it(browser, cast, places, content):
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        path = places.path("desk.renew_code")
        again = browser(cast.clerk).post(path, data={"mark": "x"}).location
    before = content("device", "audit_entry")
    for person in (cast.operator, cast.clerk):
        answer = browser(person).post(again, data={"password": person.password})
        assert answer.status_code == 303
    assert content("device", "audit_entry") == before


def test_a_form_with_a_file_is_sent_once_more(browser, cast, places, content):
    client = browser(cast.clerk)
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        file = (io.BytesIO(b"x"), "x.csv")
        answer = client.post(places.path("desk.code"), data={"file": file})
        assert "obrazec" not in answer.location
    assert content()["held_form"] == []


SPREADSHEETS = {
    "text/csv",
    "application/zip",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pytest.mark.parametrize("query", ["", "oblika=csv"])
@pytest.mark.parametrize("name", OFFICE)
def test_no_spreadsheet_leaves_the_office_without_a_recent_password(
    browser, cast, places, name, query
):
    client = browser(cast.operator)
    path = places.path(name)
    for method in ("GET", "POST") if PLACES[name].form is not None else ("GET",):
        asked = {"method": method, "data": places.answers(name), "query_string": query}
        later = time_machine.travel(clock.now() + FRESH_LASTS, tick=False)
        with later, client.open(path, **asked) as answer:
            assert answer.mimetype not in SPREADSHEETS


@pytest.mark.parametrize("name", OFFICE)
def test_every_spreadsheet_of_the_office_is_audited(browser, cast, places, content, name):
    client = browser(cast.operator)
    paths = [places.path(name), f"{places.path(name)}?oblika=csv"]
    for path in paths:
        before = content()["audit_entry"]
        with client.get(path) as answer:
            if answer.mimetype in SPREADSHEETS:
                assert len(content()["audit_entry"]) == len(before) + 1
    with_form = PLACES[name].form is not None and PLACES[name].is_fresh
    if with_form:
        before = content()["audit_entry"]
        with client.post(paths[0], data=places.answers(name)) as answer:
            if answer.mimetype in SPREADSHEETS:
                assert len(content()["audit_entry"]) == len(before) + 1


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_for_the_password_and_is_saved_then(browser, cast, places, name):
    client = browser(cast.operator)
    path = f"{places.path(name)}?oblika=csv"
    with time_machine.travel(clock.now() + FRESH_LASTS, tick=False):
        led = client.get(path)
        assert led.location.startswith("/prijava/ponovno?next=")
        page = client.get(led.location).text
        assert f'href="{places.path(name)}"' in page
        saved = client.post(led.location, data={"password": cast.operator.password})
        assert (saved.status_code, saved.location) == (303, path)
        with client.get(saved.location) as answer:
            assert answer.mimetype == "text/csv"


@pytest.mark.parametrize("name", [name for name in PLACES if name not in OFFICE])
def test_residents_own_files_need_no_recent_password(browser, cast, places, name):
    if PLACES[name].is_page or PLACES[name].who != "ana":
        return
    client = browser(cast.ana)
    later = time_machine.travel(clock.now() + FRESH_LASTS, tick=False)
    with later, client.get(places.path(name)) as answer:
        assert answer.status_code == PLACES[name].opens


def test_bojan_does_not_find_anas_photo_under_his_own_supply_point(browser, cast, places):
    path = places.path("metering.photo").replace(
        f"/{cast.anas_point}/", f"/{cast.bojans_point}/", 1
    )
    assert browser(cast.bojan).get(path).status_code == 404


@pytest.mark.parametrize("query", ["oddano={reading}", "popravi={reading}", "vse=1"])
def test_bojan_sees_nothing_of_anas_through_his_own_page(browser, cast, places, query):
    query = query.format_map(places.own)
    answer = browser(cast.bojan).get(f"/odjemna-mesta/{cast.bojans_point}?{query}")
    assert "474" not in bare(answer.text)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("who", ["ana", "bojan", "operator", "clerk", "half", "nobody"])
def test_looking_changes_nothing(browser, cast, places, content, who, headers, method):
    client = browser(getattr(cast, who, None))
    before = content("audit_entry")  # the office's looks are noted there
    for name in PLACES:
        client.open(places.path(name), method=method, headers=headers).close()
        assert content("audit_entry") == before, name


@pytest.mark.parametrize("name", FORMS)
def test_a_form_without_its_token_comes_back_as_it_was_and_changes_nothing(
    browser, cast, places, content, make_app, name
):
    app = make_app(csrf=True, DEFAULT_LANGUAGE="en")
    client = browser(None if PLACES[name].is_public else whose(cast, name), app)
    before = content(*WHO_COUNTS)
    answers = places.answers(name)
    answer = client.post(places.path(name), data=answers)
    assert answer.status_code == PLACES[name].untaken
    assert content(*WHO_COUNTS) == before
    _assert_shows(answer.text, answers, PLACES[name].shown)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_with_its_token_is_taken(browser, cast, places, make_app, name):
    client = browser(None if PLACES[name].is_public else whose(cast, name), make_app(csrf=True))
    path = places.path(name)
    page = path if PLACES[name].opens == 200 else "/profil"
    answers = places.answers(name) | {"csrf_token": _token(client.get(page).text)}
    answer = client.post(path, data=answers)
    assert answer.status_code == PLACES[name].answer


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}], ids=str
)
@pytest.mark.parametrize("name", FORMS)
def test_a_foreign_pages_form_is_refused_and_signs_nobody_out(
    browser, places, content, name, headers
):
    before = content()
    answer = browser().post(places.path(name), data=places.answers(name), headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert content() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost:80"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_our_own_forms_are_taken_whatever_the_browser_calls_them(browser, cast, headers):
    form = {"email": cast.ana.email, "password": cast.ana.password}
    answer = browser().post("/prijava", data=form, headers=headers)
    assert answer.status_code == 303


def test_signing_in_replaces_the_token(browser, cast, make_app):
    client = browser(other=make_app(csrf=True))
    before = _token(client.get("/prijava").text)
    form = {"email": cast.ana.email, "password": cast.ana.password, "csrf_token": before}
    assert client.post("/prijava", data=form).status_code == 303
    late = client.post("/profil/ime", data={"first_name": "X", "last_name": "Y"} | form)
    assert late.status_code == 422


@pytest.mark.parametrize("huge", [str(2**31), "9" * 25, "9" * 5000], ids=len)
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/odjemna-mesta/{huge}", 404),
        ("/odjemna-mesta/{point}/odcitki/{huge}/fotografija", 404),
        ("/odjemna-mesta/{point}?popravi={huge}", 200),
        ("/odjemna-mesta/{point}?oddano={huge}", 200),
        ("/odjemna-mesta/{point}?popravi=-1", 200),
        ("/profil/stranke/{huge}/odklop", 404),
        ("/profil/naprave/{huge}/odjava", 404),
        ("/prijava?next=/odjemna-mesta/{huge}", 302),
    ],
)
def test_a_number_that_no_row_can_have_is_missing(browser, cast, path, status, huge):
    answer = browser(cast.ana).get(path.format(huge=huge, point=cast.anas_point))
    assert answer.status_code == status


def _headers(answer):
    return sorted((k, v) for k, v in answer.headers if k not in {"Set-Cookie", "Content-Length"})


def _token(html):
    return html.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def _assert_shows(html, answers, shown):
    for field, text in answers.items():
        where = 'value="en"' if field == "language" else f'value="{text}"'
        assert (where in html) == (field in shown), field
