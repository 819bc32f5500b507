"""The page that shows the letters where there is no mail server."""

import re

import pytest
from markupsafe import escape

from mojupravljalec import create_app
from mojupravljalec.config import WrongSetting
from mojupravljalec.extensions import db
from mojupravljalec.mail.actions import post
from mojupravljalec.mail.sending import send_round
from mojupravljalec.mail.views import pieces

from ..conftest import SECRET

SITE = "https://portal.example"


def sent(app, first_name="Ana", path="/novo-geslo/abc"):
    with app.app_context():
        post("reset", "ana@example.com", language="en", first_name=first_name, path=path)
        db.session.commit()
        assert send_round().sent == 1


def get(app, url="/demo-posta"):
    return app.test_client().get(url, base_url=app.config["SITE_URL"])


def test_an_empty_mailbox_says_so(app):
    assert get(app).status_code == 200


def test_letters_are_shown_newest_first_with_their_links(app):
    sent(app, path="/novo-geslo/first")
    sent(app, path="/novo-geslo/second")
    page = get(app).text
    links = re.findall(r'<a href="([^"]+/novo-geslo/[^"]+)"', page)
    site = app.config["SITE_URL"]
    assert links == [f"{site}/novo-geslo/second", f"{site}/novo-geslo/first"]
    assert "ana@example.com" in page


def test_names_are_escaped(app):
    sent(app, first_name="<script>alert(1)</script>")
    page = get(app).text
    assert "<script>alert" not in page
    assert escape("<script>alert(1)") in page


def test_the_whole_letter_is_a_download(app):
    sent(app)
    (file,) = app.config["MAILBOX"].glob("*.eml")
    with get(app, f"/demo-posta/{file.name}") as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "message/rfc822"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.data == file.read_bytes()


@pytest.mark.parametrize("name", ["nothing.eml", "..%2Ftest.db", "%2e%2e", "accepted", "a%00b"])
def test_only_letters_are_downloaded(app, name):
    sent(app)
    (app.config["MAILBOX"].parent / "secret.eml").touch()
    assert get(app, f"/demo-posta/{name}").status_code == 404


def test_with_a_mail_server_there_is_no_such_page(make_app):
    app = make_app(MAIL_SERVER="mail.example")
    assert "mail.mailbox" not in app.view_functions
    assert get(app).status_code == 404


def test_without_a_demo_there_is_no_such_page(make_app):
    app = make_app(demo=False)
    assert "mail.mailbox" not in app.view_functions
    assert get(app).status_code == 404
    assert "/demo-posta" not in get(app, "/pomoc").text


@pytest.mark.parametrize(
    "caller",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "::ffff:192.0.2.7"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("proxies", ["0", "1"])
def test_for_another_machine_the_mailbox_is_any_missing_page(make_app, caller, method, proxies):
    app = make_app(PROXIES=proxies)
    sent(app)
    (file,) = app.config["MAILBOX"].glob("*.eml")
    client = app.test_client()
    asked = {"method": method, "environ_overrides": caller}
    base_url = app.config["SITE_URL"]
    missing = client.open("/nothing-here", base_url=base_url, **asked)
    assert missing.status_code == 404
    for path in ("/demo-posta", f"/demo-posta/{file.name}", "/demo-posta/", "/demo-posta/x/y"):
        answer = client.open(path, base_url=base_url, **asked)
        assert (answer.status_code, answer.data) == (404, missing.data)
        assert sorted(answer.headers) == sorted(missing.headers)
    if method == "GET":
        page = client.get("/pomoc", base_url=base_url, environ_overrides=caller)
        assert "/demo-posta" not in page.text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_from_this_machine_pages_lead_to_the_mailbox(app, address):
    client, caller = app.test_client(), {"REMOTE_ADDR": address}
    page = client.get("/pomoc", base_url=app.config["SITE_URL"], environ_overrides=caller)
    assert 'href="/demo-posta"' in page.text
    opened = client.get("/demo-posta", base_url=app.config["SITE_URL"], environ_overrides=caller)
    assert opened.status_code == 200


@pytest.mark.parametrize("name", ["DEMO", "HAS_MAILBOX", "MAILBOX"])
def test_no_setting_opens_the_mailbox(tmp_path, name):
    with pytest.raises(WrongSetting):
        create_app(tmp_path, SECRET_KEY=SECRET, **{name: "yes"})


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (f"{SITE}/a/b.c?d=e", [f"{SITE}/a/b.c?d=e"]),
        (f"See {SITE}/a.", [f"{SITE}/a"]),
        (f"See {SITE}, or {SITE}/", [SITE, f"{SITE}/"]),
        (f"{SITE}.evil.example/a", []),
        (f"{SITE}@evil.example/", []),
        (f"{SITE}:8000/", []),
        (f"https://evil.example/{SITE}/", []),
        ("https://evil.example/", []),
        (f"line\n{SITE}/a\nline", [f"{SITE}/a"]),
    ],
)
def test_only_our_own_addresses_are_links(text, links):
    cut = pieces(text, SITE)
    assert "".join(piece for piece, _ in cut) == text
    assert [piece for piece, is_link in cut if is_link] == links
