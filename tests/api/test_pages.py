"""The operator gives programs their tokens, and takes them away."""

import re

import pytest

from ..site.html import faults, parse
from .conftest import Program

LIST = "/pisarna/programi"
NEW = f"{LIST}/nov"


@pytest.fixture
def desk(browser, cast):
    client = browser(cast.operator)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def shows(desk, path):
    answer = desk.get(path)
    assert answer.status_code == 200
    assert faults(answer.text, language="en") == []
    return re.sub(r"\s+", " ", parse(answer.text).text)


def token_in(text):
    found = re.search(r"mu_[\w-]{43}", text)
    return found and found[0]


def test_a_token_is_shown_once_and_works(app, desk, tokens, audit, cast):
    answer = desk.post(NEW, data={"name": " Vodarček ", "scopes": ["import", "export"]})
    assert (answer.status_code, answer.location) == (303, LIST)
    shown = shows(desk, LIST)
    assert "save it now" in shown
    token = token_in(shown)
    assert Program(app, token).get("/api/exports").status_code == 200
    again = shows(desk, LIST)
    assert token_in(again) is None
    assert "Vodarček" in again
    (kept,) = tokens()
    assert (kept.name, kept.scopes, kept.account_id) == (
        "Vodarček",
        "export import",
        cast.operator.id,
    )
    ((who, subject, details),) = audit("api.token-made")
    assert (who, subject) == (cast.operator.id, f"api_token:{kept.id}")
    assert details == {"name": "Vodarček", "scopes": "export import"}


def test_pressing_twice_makes_one_token(desk, tokens):
    fields = parse(desk.get(NEW).text).all("input")
    submission = next(one["value"] for one in fields if one["name"] == "submission")
    form = {"name": "Vodarček", "scopes": ["import"], "submission": submission}
    assert [desk.post(NEW, data=form).location for _ in range(2)] == [LIST, LIST]
    assert len(tokens()) == 1
    assert token_in(shows(desk, LIST))
    desk.post(NEW, data=form | {"submission": "another form"})
    assert len(tokens()) == 2


def test_a_new_token_does_not_travel_in_a_cookie(desk):
    desk.post(NEW, data={"name": "Vodarček", "scopes": ["import"]})
    kept = desk.get_cookie("portal").value
    with desk.session_transaction() as session:
        before = str(dict(session))
    token = token_in(shows(desk, LIST))
    with desk.session_transaction() as session:
        after = str(dict(session))
    assert token
    assert token[3:] not in before + after
    assert token_in(shows(desk, LIST)) is None
    desk.set_cookie("portal", kept)  # as if the answer had not arrived
    assert token_in(shows(desk, LIST)) == token


def test_a_new_token_is_shown_to_who_made_it_alone(browser, cast, desk):
    desk.post(NEW, data={"name": "Vodarček", "scopes": ["import"]})
    assert token_in(browser(cast.operator).get(LIST).text) is None
    assert token_in(desk.get(LIST).text)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": "", "scopes": ["import"]}, "Name the program"),
        ({"name": "   ", "scopes": ["import"]}, "Name the program"),
        ({"name": "A", "scopes": []}, "Choose at least one"),
        ({"name": "x" * 61, "scopes": ["import"]}, "at most 60"),
        ({"name": "A\x07", "scopes": ["import"]}, "in one line"),
        ({"name": "A", "scopes": ["staff"]}, "Choose at least one"),
    ],
)
def test_a_mistake_makes_no_token_and_keeps_what_was_typed(desk, tokens, typed, says):
    answer = desk.post(NEW, data=typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert faults(answer.text, language="en") == []
    assert tokens() == []


def test_what_was_chosen_stays_chosen(desk):
    html = desk.post(NEW, data={"name": "", "scopes": ["export"]}).text
    checked = re.findall(r"<input[^>]*checked[^>]*>", html)
    assert len(checked) == 1
    assert 'value="export"' in checked[0]


def test_an_ended_token_is_ended_at_once(app, desk, made, tokens, audit, cast):
    program = Program(app, made())
    (token,) = tokens()
    path = f"{LIST}/{token.id}/prekini"
    assert "Vodarček" in shows(desk, path)
    assert program.get("/api/exports").status_code == 200
    for _ in range(2):
        assert desk.post(path).location == LIST
    assert program.get("/api/exports").status_code == 401
    assert audit("api.token-ended") == [
        (cast.operator.id, f"api_token:{token.id}", {"name": "Vodarček"})
    ]
    assert "ended" in shows(desk, LIST)
    assert desk.get(f"{LIST}/987654/prekini").status_code == 404


def test_the_list_shows_when_a_program_last_asked(app, desk, made):
    program = Program(app, made())
    assert "not yet" in shows(desk, LIST)
    program.get("/api/exports")
    assert "not yet" not in shows(desk, LIST)


def test_the_list_is_there_as_csv(desk, made):
    made()
    rows = desk.get(f"{LIST}?oblika=csv").data.decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert "Vodarček" in rows[1]


def test_the_example_speaks_of_this_portal(desk):
    assert "http://localhost/api/imports" in shows(desk, LIST)


@pytest.mark.parametrize("who", ["clerk", "reader"])
def test_other_roles_have_no_programs(browser, cast, made, tokens, who):
    made()
    (token,) = tokens()
    client = browser(getattr(cast, who))
    for path in (LIST, NEW, f"{LIST}/{token.id}/prekini"):
        assert client.get(path).status_code == 403
        if path != LIST:
            answer = client.post(path, data={"name": "A", "scopes": ["import"]})
            assert answer.status_code == 403
    assert len(tokens()) == 1
    assert tokens()[0].ended_at is None
