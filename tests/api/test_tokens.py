"""Every address but the document is closed, and opens to a token of the right scope alone."""

from datetime import timedelta

import pytest
import time_machine

from mojupravljalec.accounts.models import Account
from mojupravljalec.accounts.roles import Role
from mojupravljalec.api.models import ApiToken
from mojupravljalec.api.operations import OPERATIONS
from mojupravljalec.api.rules import Scope
from mojupravljalec.extensions import db

from .conftest import NOON, Program, told

CLOSED = [name for name in OPERATIONS if name != "document"]


def path_of(name):
    return "/api" + OPERATIONS[name].rule.replace("<int:number>", "1")


def asks(program, name, **more):
    return program.ask(OPERATIONS[name].method, path_of(name), **more)


def change_operator(app, cast, **values):
    with app.app_context():
        db.session.execute(
            db.update(Account).where(Account.id == cast.operator.id).values(**values)
        )
        db.session.commit()


def test_the_document_is_the_only_open_address(app):
    views = {
        rule.endpoint: app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
    }
    open_ones = {name for name, view in views.items() if not hasattr(view, "scope")}
    assert open_ones == {"api.document"}
    assert Program(app).get("/api/openapi.json").status_code == 200


@pytest.mark.parametrize("name", CLOSED)
def test_without_a_token_nothing_opens(app, name):
    answer = asks(Program(app), name)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


@pytest.mark.parametrize("name", CLOSED)
def test_a_wrong_token_opens_nothing(app, name):
    answer = asks(Program(app, "mu_wrong"), name)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("name", CLOSED)
def test_a_token_for_something_else_is_refused(app, made, name):
    other = Scope.EXPORT if OPERATIONS[name].scope == Scope.IMPORT else Scope.IMPORT
    answer = asks(Program(app, made(other)), name)
    assert answer.status_code == 403
    assert answer.json["type"] == "/api/problems/scope-missing"
    assert f'scope="{OPERATIONS[name].scope}"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("name", CLOSED)
def test_the_session_of_a_browser_is_not_enough(browser, cast, name):
    operator = browser(cast.operator)
    answer = operator.open(path_of(name), method=OPERATIONS[name].method)
    assert answer.status_code == 401


@pytest.mark.parametrize("name", CLOSED)
def test_the_right_token_gets_past_the_door(program, name):
    assert asks(program, name).status_code not in {401, 403, 429}


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_foreign_page_without_a_token_gets_nothing(app, headers):
    headers |= {"Sec-Fetch-Site": "cross-site"}
    assert asks(Program(app), "bring_in", headers=headers).status_code == 401


def test_what_a_browser_says_of_itself_does_not_matter_to_a_token(program):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = program.sends("sifra_stranke;naziv\n77;Ana\n", headers=headers)
    assert answer.status_code == 202


@pytest.mark.parametrize("scheme", ["Basic", "Token", "mu_"])
def test_a_token_goes_with_the_scheme_bearer_alone(app, made, scheme):
    headers = {"Authorization": f"{scheme} {made()}"}
    assert asks(Program(app), "exports", headers=headers).status_code == 401


def test_only_the_hash_of_a_token_is_kept(made, tokens, audit):
    token = made()
    (kept,) = tokens()
    assert token not in repr(kept)
    assert token[3:] not in repr(audit("api.token-made"))


def test_an_ended_token_works_no_more(app, program):
    assert asks(program, "exports").status_code == 200
    with app.app_context():
        db.session.execute(db.update(ApiToken).values(ended_at=NOON))
        db.session.commit()
    assert asks(program, "exports").status_code == 401


@pytest.mark.parametrize("values", [{"closed_at": NOON}, {"role": Role.CLERK}, {"role": None}])
def test_a_token_stops_with_the_access_of_whoever_made_it(app, cast, program, values):
    change_operator(app, cast, **values)
    assert asks(program, "exports").status_code == 401
    change_operator(app, cast, closed_at=None, role=Role.OPERATOR)
    assert asks(program, "exports").status_code == 200


def test_the_last_use_is_noted_once_an_hour(program, tokens):
    assert tokens()[0].used_at is None
    for minutes, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
        with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
            asks(program, "exports")
        assert tokens()[0].used_at == NOON + timedelta(minutes=noted)


def test_sixty_wrong_tokens_an_hour_are_judged_and_no_more(app, program):
    for number in range(60):
        assert asks(Program(app, f"mu_{number}"), "exports").status_code == 401
    over = asks(Program(app, "mu_60"), "exports")
    assert over.status_code == 429
    assert over.headers["Retry-After"] == "3600"
    assert asks(program, "exports").status_code == 200
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        assert asks(Program(app, "mu_61"), "exports").status_code == 401


def test_no_token_is_no_try(app):
    for _ in range(70):
        assert asks(Program(app), "exports").status_code == 401


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_told_of(name):
    template, operation = told(OPERATIONS[name].method, path_of(name))
    assert operation["operationId"] == name, template
