"""What a person reads when something goes wrong: never a trace, never a blank page."""

import io
import logging
from uuid import uuid4

import pytest
from sqlalchemy import text
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from mojupravljalec.extensions import db
from mojupravljalec.web.access import public, safe_next

from ..conftest import _app, sign_in
from .html import faults, parse

HTMX = {"HX-Request": "true"}
ENGLISH = {"Accept-Language": "en"}


def heading(answer):
    (one,) = parse(answer.text).all("h1")
    return one.text


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/nothing-here", 404, "There is no such page"),
        ("POST", "/nothing-here", 404, "There is no such page"),
        ("GET", "/odjemna-mesta/x", 404, "There is no such page"),
        ("GET", "/aktivacija/not-a-token", 404, "This link no longer works"),
        ("GET", "/novo-geslo/not-a-token", 404, "This link no longer works"),
        ("GET", "/nov-naslov/not-a-token", 404, "This link no longer works"),
        ("GET", "/static/nothing.js", 404, "There is no such page"),
        ("POST", "/pomoc", 405, "This page cannot be opened like that"),
        ("DELETE", "/prijava", 405, "This page cannot be opened like that"),
    ],
)
def test_an_error_is_a_page_with_a_way_on(browser, method, path, status, says):
    answer = browser().open(path, method=method, headers=ENGLISH)
    assert answer.status_code == status
    assert heading(answer) == says
    assert faults(answer.text, language="en") == []
    (main,) = parse(answer.text).all("main")
    assert "/" in [link["href"] for link in main.all("a")]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing-here", 404), ("POST", "/pomoc", 405)]
)
def test_an_error_for_htmx_is_a_message(browser, method, path, status):
    answer = browser().open(path, method=method, headers=HTMX)
    assert answer.status_code == status
    (block,) = parse(answer.text).children
    assert (block.tag, block["id"], block["role"]) == ("div", "messages", "alert")
    assert block.text


def send_photo(client, cast, size, headers, **form):
    """Send a reading with a photo of so many bytes."""
    photo = FileStorage(io.BytesIO(b"x" * size), "meter.jpg")
    cut, body = encode_multipart(form | {"photo": photo})
    return client.post(
        f"/odjemna-mesta/{cast.anas_point}",
        data=body,
        content_type=f"multipart/form-data; boundary={cut}",
        headers=headers,
    )


@pytest.mark.parametrize("headers", [ENGLISH, ENGLISH | HTMX], ids=["page", "htmx"])
def test_a_body_that_is_too_large_is_413_with_a_sentence(browser, cast, make_app, headers):
    client = browser(cast.ana, make_app(csrf=True, PHOTO_MAX_MB=1))
    answer = send_photo(client, cast, 4_000_000, headers)
    assert answer.status_code == 413
    assert "The file is too large" in answer.text


@pytest.mark.parametrize("headers", [ENGLISH, ENGLISH | HTMX], ids=["page", "htmx"])
def test_a_photo_that_is_too_large_is_413_and_nothing_typed_is_lost(
    browser, cast, make_app, headers
):
    client = browser(cast.ana, make_app(PHOTO_MAX_MB=1))
    form = {"value": "475", "taken_on": "2026-11-20", "submission": str(uuid4())}
    answer = send_photo(client, cast, 2_000_000, headers, **form)
    assert answer.status_code == 413
    assert "The photo is larger than 1 MB." in answer.text
    for typed in form.values():
        assert f'value="{typed}"' in answer.text


@pytest.mark.parametrize("more", [{}, {"photo": (io.BytesIO(b""), "")}], ids=["plain", "multipart"])
def test_fields_that_are_too_large_are_413(browser, more):
    answer = browser().post("/registracija", data={"first_name": "x" * 300_000, **more})
    assert answer.status_code == 413


@pytest.fixture
def crashing(make_app):
    """The portal with a page that crashes, also after writing."""
    app = make_app(DEFAULT_LANGUAGE="en")

    @public
    def crash():
        db.session.execute(
            text("INSERT INTO throttle_window (key, tries, ends_at) VALUES ('x', '[]', 0)")
        )
        raise RuntimeError("the secret inside")

    app.add_url_rule("/crash", view_func=crash, methods=["GET", "POST"])
    return app


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_crash_shows_a_mark_and_logs_everything(crashing, caplog, content, headers):
    before = content()
    with caplog.at_level(logging.ERROR):
        answer = crashing.test_client().post("/crash", headers=headers)
    assert answer.status_code == 500
    (record,) = caplog.records
    mark = record.getMessage().split()[-1]
    assert len(mark) == 6
    assert f"Error mark: {mark}" in answer.text
    assert "the secret inside" not in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError: the secret inside" in caplog.text
    assert "Traceback" in caplog.text
    assert content() == before


def test_after_a_crash_the_next_page_comes_as_ever(crashing, caplog):
    client = crashing.test_client()
    assert client.post("/crash").status_code == 500
    assert client.get("/prijava").status_code == 200


@pytest.mark.parametrize("headers", [ENGLISH, ENGLISH | HTMX], ids=["page", "htmx"])
def test_with_the_database_away_a_page_of_ours_says_so(app, cast, tmp_path, caplog, headers):
    away = _app(tmp_path, f"sqlite:///{tmp_path}/no-such-folder/portal.db")
    client = away.test_client()
    sign_in(app, client, cast.ana)
    answer = client.get("/odjemna-mesta", headers=headers)
    assert answer.status_code == 503
    assert "The data cannot be reached now" in answer.text
    assert "Traceback" not in answer.text
    assert "no-such-folder" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1", ""])
@pytest.mark.parametrize("path", ["/prijava", "/", "/nothing-here", "/pozabljeno-geslo"])
def test_a_foreign_host_is_not_served(browser, path, host):
    answer = browser().get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert "evil" not in answer.text


def test_no_header_makes_another_host_of_us(browser):
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Original-URL": "/profil",
        "Forwarded": "host=evil.example",
    }
    answer = browser().get("/profil", headers=headers)
    assert answer.location == "/prijava?next=/profil"


# ---------------------------------------------------------------- where one is led on to


@pytest.mark.parametrize(
    ("target", "goal"),
    [
        ("/profil", "/profil"),
        ("/", "/"),
        ("/odjemna-mesta/12?vse=1", "/odjemna-mesta/12?vse=1"),
        ("/novo-geslo/abc.def", "/novo-geslo/abc.def"),
        ("/profil#part", "/profil"),
    ],
)
def test_only_pages_of_ours_are_a_goal(app, target, goal):
    with app.test_request_context():
        assert safe_next(target) == goal


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "profil",
        "//evil.example",
        "///evil.example",
        "////evil.example/profil",
        "/\t/evil.example",
        "/%09/evil.example",
        "/%2F/evil.example",
        "/profil\t",
        "\t/profil",
        "/profil\r\nSet-Cookie: a=b",
        "/\\evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "https://evil.example",
        "https://evil.example/profil",
        "https:/profil",
        "https:profil",
        "http:///profil",
        "//localhost/profil",
        "http://localhost/profil",
        "//[",
        "http://[::1",
        "//evil.example\\@localhost/profil",
        "javascript:alert(1)",
        "data:text/html,x",
        "/nothing-here",
        "/profil/nothing",
        "/odjemna-mesta/x",
        "/odjemna-mesta//12",
        "/prijava",
        "/odjava",
        "/registracija",
        "/static/site.css",
        "/profil\N{RIGHT-TO-LEFT OVERRIDE}",
        "/\N{FULLWIDTH SOLIDUS}evil.example",
        "/" + "9" * 5000,
        "/odjemna-mesta/" + "9" * 5000,
    ],
)
def test_nothing_else_is_a_goal(app, browser, target):
    with app.test_request_context():
        assert safe_next(target) is None
    answer = browser().get("/prijava", query_string={"next": target or ""})
    assert answer.status_code == 200


@pytest.mark.parametrize("target", ["//evil.example", "/%09/evil.example", "https://evil.example"])
def test_a_foreign_goal_leads_home_after_signing_in(browser, cast, target):
    form = {"email": cast.ana.email, "password": cast.ana.password}
    answer = browser().post("/prijava", data=form, query_string={"next": target})
    assert answer.status_code == 303
    assert answer.location == "/"
