"""Whatever goes wrong below /api/, a program reads of it in JSON."""

import logging

import pytest
from sqlalchemy import text

from mojupravljalec.extensions import db
from mojupravljalec.web.access import public

from ..conftest import _app
from .conftest import Program


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("POST", "/api/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/imports/x", 404),
        ("GET", f"/api/imports/{2**31}", 404),
        ("GET", "/api/imports/1/", 404),
        ("GET", "/api//imports/1", 404),
        ("GET", "/api/problems/not-valid", 404),
        ("DELETE", "/api/imports/1", 405),
        ("OPTIONS", "/api/exports", 405),
        ("PUT", "/api/openapi.json", 405),
        ("GET", "/api/imports", 405),
        ("GET", "/api/openapi.json?x=1", 422),
        ("GET", "/api/exports?stran=1", 422),
    ],
)
def test_an_error_is_a_problem(program, method, path, status):
    answer = program.ask(method, path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert {"type", "title", "detail"} <= set(answer.json)
    assert ("Allow" in answer.headers) is (status == 405)


def test_a_missing_import_is_a_problem(program):
    answer = program.get("/api/imports/987654")
    assert answer.status_code == 404
    assert answer.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
    }


def test_people_get_pages_as_ever(browser):
    for path in ("/apiji", "/api", "/nothing"):
        assert browser().get(path).mimetype == "text/html"


@pytest.fixture
def crashing(make_app):
    """The portal with an address for programs that crashes, also after writing."""
    app = make_app()

    @public
    def crash():
        db.session.execute(
            text("INSERT INTO throttle_window (key, tries, ends_at) VALUES ('x', '[]', 0)")
        )
        raise RuntimeError("the secret inside")

    app.add_url_rule("/api/crash", view_func=crash, methods=["POST"])
    return app


def test_a_crash_is_a_problem_with_a_mark_that_leads_to_the_log(crashing, caplog):
    with caplog.at_level(logging.ERROR):
        answer = Program(crashing).post("/api/crash")
    assert answer.status_code == 500
    (record,) = caplog.records
    assert answer.json["mark"] == record.getMessage().split()[-1]
    assert "secret" not in answer.text
    assert Program(crashing).get("/api/openapi.json").status_code == 200


def test_with_the_database_away_a_problem_says_when_to_try_again(tmp_path, caplog):
    away = _app(tmp_path, f"sqlite:///{tmp_path}/no-such-folder/portal.db")
    answer = Program(away, "mu_x").get("/api/exports")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "no-such-folder" not in answer.text
    with away.app_context():
        db.engine.dispose()


def test_a_foreign_host_is_not_served(app):
    answer = app.test_client().get("/api/openapi.json", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
