"""What every page keeps to, on the way it is written and on the way it is sent."""

import base64
import hashlib
import re
import subprocess
from pathlib import Path

import brotli
import pytest

from mojupravljalec.config import ROOT
from mojupravljalec.web.page import LEAN_STYLE, STYLE

from .html import faults, parse, part_faults
from .places import FORMS, PAGES, PLACES, PUBLIC, whose

LANGUAGES = ["sl", "en"]
FIRST_FLIGHT = 14_600  # bytes: ten packets, what a server sends before it hears back
OPEN_PAGES = [name for name in PAGES if name in PUBLIC]
WITH_FIELDS = [name for name in FORMS if PLACES[name].form and not PLACES[name].may_be_empty]
VENDOR = ROOT / "static" / "vendor"


def ask(client, path, language, **more):
    """The page, found without fault."""
    headers = {"Accept-Language": language, **more.pop("headers", {})}
    answer = client.open(path, headers=headers, **more)
    assert answer.mimetype == "text/html"
    assert faults(answer.text, language=language) == []
    return answer


def wire_size(answer):
    """Bytes on the wire: the page as a proxy compresses it on the fly, and its headers."""
    lines = [f"{name}: {value}\r\n" for name, value in answer.headers]
    head = len("HTTP/1.1 200 OK\r\n\r\n") + len("".join(lines).encode())
    return head + len(brotli.compress(answer.data, quality=5))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OPEN_PAGES)
def test_a_page_for_everybody_has_no_fault(browser, places, name, language):
    assert ask(browser(), places.path(name), language).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault_for_whose_it_is(browser, cast, places, name, language):
    assert ask(browser(whose(cast, name)), places.path(name), language).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WITH_FIELDS)
def test_an_empty_form_comes_back_without_fault(browser, cast, places, name, language):
    client = browser(None if PLACES[name].is_public else whose(cast, name))
    data = {"language": "xx"} if name == "accounts.language" else {}
    answer = ask(client, places.path(name), language, method="POST", data=data)
    assert answer.status_code == 422
    assert 'id="errors"' in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name",
    ["metering.points", "profile.link", "profile.overview", "billing.invoices", "ledger.card"],
)
def test_a_page_of_cvetka_who_has_nothing_yet_has_no_fault(browser, cast, places, name, language):
    assert ask(browser(cast.cvetka), places.path(name), language).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("query", ["?oddano={}", "?popravi={}", "?vse=1"])
def test_every_face_of_the_supply_point_has_no_fault(browser, cast, places, query, language):
    path = places.path("metering.point") + query.format(places.own["reading"])
    assert ask(browser(cast.ana), path, language).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", ["9999", "4", "477913", "abc"])
def test_a_question_about_a_reading_has_no_fault(browser, cast, places, value, language):
    answers = places.answers("metering.point") | {"value": value}
    path = places.path("metering.point")
    answer = ask(browser(cast.ana), path, language, method="POST", data=answers)
    assert answer.status_code == 422


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", ["ana", "nobody"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing-here", 404), ("POST", "/pomoc", 405), ("GET", "/novo-geslo/x", 404)],
)
def test_a_page_that_says_no_has_no_fault(browser, cast, method, path, status, who, language):
    answer = ask(browser(getattr(cast, who, None)), path, language, method=method)
    assert answer.status_code == status


@pytest.mark.parametrize("state", ["used_at", "replaced_at"])
@pytest.mark.parametrize(
    "name", ["accounts.activate", "accounts.new_password", "accounts.confirm_email"]
)
def test_a_link_that_is_over_leads_to_a_page_without_fault(app, browser, places, name, state):
    from sqlalchemy import update

    from mojupravljalec.accounts.models import MailLink
    from mojupravljalec.extensions import db
    from mojupravljalec.values import clock

    with app.app_context():
        db.session.execute(update(MailLink).values({state: clock.now()}))
        db.session.commit()
    answer = ask(browser(), places.path(name), "sl")
    assert answer.status_code == 410
    (main,) = parse(answer.text).all("main")
    assert [link for link in main.all("a") if link["class"].startswith("btn")]


def test_every_form_carries_a_token(browser, cast, places, make_app):
    app = make_app(csrf=True)
    for name in PAGES:
        client = browser(whose(cast, name), app)
        forms = parse(client.get(places.path(name)).text).all("form")
        posts = [form for form in forms if form["method"] == "post" and PLACES[name].needs_token]
        posts += [form for form in forms if form["action"] == "/odjava"]
        for form in posts:
            tokens = [one["value"] for one in form.all("input") if one["name"] == "csrf_token"]
            assert len(tokens) == 1, name
            assert tokens[0], name


def test_only_views_of_forms_with_a_file_field_take_files(app, browser, cast, places):
    for name in PAGES:
        page = parse(browser(whose(cast, name)).get(places.path(name)).text)
        has_field = any(one["type"] == "file" for one in page.all("input"))
        view = app.view_functions[name]
        takes = hasattr(view, "takes_photos") or hasattr(view, "takes_large_files")
        assert takes == has_field, name


@pytest.mark.parametrize("query", ["", "?vse=1", "?popravi={}"])
def test_the_part_for_htmx_is_one_block_and_the_messages(browser, cast, places, query):
    path = places.path("metering.point") + query.format(places.own["reading"])
    answer = browser(cast.ana).get(path, headers={"HX-Request": "true"})
    part = parse(answer.text)
    assert [(one.tag, one["id"]) for one in part.children] == [
        ("div", "panel"),
        ("div", "messages"),
    ]
    assert part.children[1]["data-hx-swap-oob"] == "true"
    assert part_faults(answer.text) == []
    ids = [one["id"] for one in part.all() if "id" in one]
    assert len(ids) == len(set(ids))


# ---------------------------------------------------------------- what is sent along


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_the_one_style_and_nothing_inline(browser, cast, places, name):
    client = browser(whose(cast, name))
    answer = client.get(places.path(name))
    told = answer.headers["Content-Security-Policy"]
    policy = dict(part.split(" ", 1) for part in told.split("; "))
    (style,) = parse(answer.text).all("style")
    digest = hashlib.sha256("".join(style.texts).encode()).digest()
    allowed = policy["style-src"].split()
    assert f"'sha256-{base64.b64encode(digest).decode()}'" in allowed
    assert all(one.startswith("'sha256-") for one in allowed)
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in told


@pytest.mark.parametrize("name", [name for name in PLACES if name != "static"])
def test_every_answer_carries_the_headers(browser, cast, places, name):
    with browser(whose(cast, name)).get(places.path(name)) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert "Content-Security-Policy" in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert {"Cookie", "Accept-Language"} <= set(answer.vary)
        assert "Server" not in answer.headers


def test_errors_and_redirects_carry_the_headers_too(browser):
    for path in ("/nothing-here", "/profil"):
        answer = browser().get(path)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_over_https_the_browser_is_bound_to_it(make_app):
    app = make_app(csrf=True, SITE_URL="https://portal.example")
    answer = app.test_client().get("/prijava", base_url="https://portal.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie


def test_over_http_the_cookie_is_closed_to_scripts(browser, make_app):
    cookie = browser(other=make_app(csrf=True)).get("/prijava").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


# ---------------------------------------------------------------- how much is sent


@pytest.mark.parametrize(
    ("name", "scripts"), [("accounts.sign_in", []), ("accounts.register", ["/static/code.js"])]
)
def test_the_first_pages_are_one_request_each(browser, places, name, scripts):
    """A registration may begin with a letter's code; what keeps it is waited for by nobody."""
    page = parse(browser().get(places.path(name)).text)
    assert list(page.all("img", "iframe", "video", "object", "embed", "use")) == []
    assert [script["src"] for script in page.all("script") if "defer" in script] == scripts
    assert len(list(page.all("script"))) == len(scripts)
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    assert "url(" not in STYLE
    assert "@import" not in STYLE


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_arrives_in_the_first_flight(browser, cast, places, make_app, language):
    app = make_app(csrf=True, DEFAULT_LANGUAGE=language)
    for name in PAGES:
        client = browser(whose(cast, name), app)
        size = wire_size(client.get(places.path(name)))
        assert size <= FIRST_FLIGHT, f"{name} takes {size} bytes"


def test_the_sign_in_page_is_small(browser, make_app):
    answer = browser(other=make_app(csrf=True)).get("/prijava")
    size = len(brotli.compress(answer.data, quality=5))
    assert size <= 3000, f"the sign-in page takes {size} bytes in brotli"


LEAN = [name for name in PUBLIC if name.startswith("accounts.")]


@pytest.mark.parametrize("name", LEAN)
def test_what_the_lean_style_leaves_out_is_not_there(browser, places, name):
    client = browser()
    answers = [client.open(places.path(name), method=method) for method in ("GET", "POST")]
    for page in [parse(one.text) for one in answers if one.status_code in {200, 422}]:
        (style,) = page.all("style")
        assert "".join(style.texts) == LEAN_STYLE
        used = {f".{one}" for element in page.all() for one in element["class"].split()}
        used |= {element.tag for element in page.all()}
        assert [one for one in _LEFT_OUT if set(re.findall(r"\.?[a-z][\w-]*", one)) <= used] == []


# Selectors of the rules that only the whole style has.
_LEFT_OUT = [
    selector
    for selectors in re.findall(r"([^{}@]+)\{", STYLE.removeprefix(LEAN_STYLE))
    for selector in selectors.split(",")
]


def test_the_lean_style_begins_the_whole_one():
    assert STYLE.startswith(LEAN_STYLE)
    assert ".nav a" in _LEFT_OUT


HTMX = [r"/static/vendor/htmx-2[.\d]+\.min\.js", r"/static/offline\.js"]
SCRIPTS = {
    "accounts.register": [r"/static/code\.js"],
    "profile.link": [r"/static/code\.js"],
    "metering.point": HTMX,
    "billing.invoices": HTMX,
    "billing.invoice": [r"/static/pay\.js"],
    "ledger.card": HTMX,
    "ledger.card_of": HTMX,
    "factors.new_passkey": [r"/static/passkey\.js"],
    "tray.payment": [r"/static/tray\.js"],
    "tray.release": [r"/static/tray\.js"],
    **dict.fromkeys(
        (
            *("staff.people", "intake.uploads", "intake.upload", "intake.batches", "intake.batch"),
            *("desk.customers", "desk.invoices", "desk.card", "desk.accounts", "desk.links"),
            *("desk.letters", "exports.overview", "journal.entries", "tray.payments"),
            *("codes.overview", "codes.batch", "programs.overview"),
        ),
        HTMX,
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_scripts_come_only_where_a_page_needs_them(browser, cast, places, name):
    client = browser(whose(cast, name))
    scripts = list(parse(client.get(places.path(name)).text).all("script"))
    for script, pattern in zip(scripts, SCRIPTS.get(name, []), strict=True):
        assert re.fullmatch(pattern, script["src"])
        assert "defer" in script


def test_htmx_is_told_not_to_evaluate_store_or_style(browser, cast, places):
    import json

    page = parse(browser(cast.ana).get(places.path("metering.point")).text)
    (meta,) = [one for one in page.all("meta") if one["name"] == "htmx-config"]
    told = json.loads(meta["content"])
    assert told["allowEval"] is False
    assert told["selfRequestsOnly"] is True
    assert told["includeIndicatorStyles"] is False
    assert told["historyCacheSize"] == 0
    assert told["responseHandling"][-1] == {"code": "...", "swap": True}


def test_the_stylesheet_is_under_12_kb():
    assert len(STYLE.encode()) < 12_000


def test_what_is_vendored_has_its_checksum():
    lines = (VENDOR / "CHECKSUMS").read_text("ascii").splitlines()
    kept = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert kept == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")
    }


def test_the_checksums_are_in_the_form_of_sha256sum():
    subprocess.run(["sha256sum", "--check", "--strict", "CHECKSUMS"], cwd=VENDOR, check=True)


def test_no_template_calls_something_safe():
    for path in Path(ROOT / "templates").rglob("*.html"):
        assert not re.search(r"\|\s*safe\b|autoescape", path.read_text("utf-8")), path
