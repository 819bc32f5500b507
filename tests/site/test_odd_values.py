"""Whatever anybody sends to any address, the portal answers as if it had expected it.

Everybody stays signed in meanwhile, so that it is the pages that answer and not the door.
"""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete
from werkzeug.test import TestResponse

from mojupravljalec.api import actions
from mojupravljalec.api.operations import OPERATIONS, RAW_TYPES
from mojupravljalec.api.rules import Scope
from mojupravljalec.extensions import db
from mojupravljalec.throttle.models import ThrottleWindow

from ..conftest import sign_in
from .places import PLACES, whose

ROLES = ("nobody", "ana", "half", "operator", "clerk", "reader")
ODD: dict[str, str | bytes] = {
    "NUL": "a\0b",
    "only NUL": "\0",
    "not UTF-8": b"\xff\xfe\xed\xa0\x80",
    "beyond 32 bits": str(2**31),
    "beyond 64 bits": str(2**64),
    "beyond int()": "9" * 5000,
    "negative": "-1",
    "huge negative": str(-(2**64)),
    "infinite": "1e999",
    "not a number": "nan",
    "other digits": "\N{SUPERSCRIPT TWO}\N{ARABIC-INDIC DIGIT THREE}",
    "day zero": "0000-00-00",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "year 99999": "99999-01-01",
    "no such day": "31. 2. 2026",
    "month zero": "2026-00",
    "first month": "0001-01",
    "last month": "9999-12",
    "empty": "",
    "spaces": " \t\r\n",
    "long": "x" * 20_000,
    "reversed": "\N{RIGHT-TO-LEFT OVERRIDE}<b>",
    "emoji": "\N{WATER WAVE}",
    "pattern": "%_\\'\";--",
    "JSON": '{"a": [null, {"b": "\\ud800"}]}',
    "path": "../../../etc/passwd",
    "address": "//evil.example/\t/",
}
STRONG = ("NUL", "not UTF-8", "beyond 64 bits", "negative", "day zero", "empty")
QUERY = (
    *("next", "red", "stran", "stanje", "q", "dostop", "dni", "leto", "od", "do", "stranka"),
    *("mesec", "mesto", "neplacani", "vse", "oddano", "popravi", "vloga", "kdo", "dogodek"),
    *("vrsta", "shrani", "zadeva", "skupina", "kaj", "tip", "razlog"),
)
JSON_BODIES = (
    *("", "{", "null", "[]", "0", "1e999", '"\\ud800"', '"\\u0000"', "[" * 100_000, '{"a": NaN}'),
    json.dumps({"month": "0000-00"}),
    json.dumps({"month": "9999-12"}),
    json.dumps({"month": ["2026-11"]}),
    json.dumps({"from": "0001-01-01", "to": "9999-12-31"}),
    json.dumps({"from": "99999-01-01", "to": "0000-00-00"}),
    json.dumps({"month": "2026-11", "layout": "\0"}),
    json.dumps({"month": "2026-11", "layout": "\ud800"}),
    json.dumps({"month": "2026-11", "layout": 10**400}),
    json.dumps({"month": "2026-11", "include_doubtful": {}}),
    json.dumps({"\0": "\0"}),
)


class Sent(NamedTuple):
    """One odd request, and what is odd about it."""

    what: str
    more: dict[str, Any]
    query: str = ""
    path: str = ""


@pytest.fixture
def files(app: Flask) -> Iterator[None]:
    """Remove the files that come to lie in the instance."""
    folder = Path(app.config["STORAGE"])
    before = set(folder.rglob("*"))
    yield
    for path in sorted(set(folder.rglob("*")) - before, reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.fixture
def asks(app: Flask, cast: Any) -> Callable[..., list[str]]:
    """Sends odd requests as somebody; what was answered with 5xx, and where the door was shut."""

    def ask(role: str, method: str, path: str, odd: Iterator[Sent], *, opens: bool) -> list[str]:
        person, failures = getattr(cast, role, None), []
        client = _client(app, person)
        for sent in odd:
            target = f"{sent.path or path}?{sent.query}"
            with client.open(target, method=method, **sent.more) as answer:
                if answer.status_code >= 500 or (opens and _is_shut(answer)):
                    failures.append(f"{role}: {method} {path}: {sent.what}: {answer.status}")
                accepted = method == "POST" and answer.status_code < 400
            if answer.status_code == 429:
                _forget_tries(app)
            if accepted and person is not None:
                client = _client(app, person)  # it may have signed out
        return failures

    return ask


def _client(app: Flask, person: Any) -> FlaskClient:
    client = app.test_client()
    if person is not None:
        sign_in(app, client, person)
    return client


def _is_shut(answer: TestResponse) -> bool:
    return (answer.location or "").startswith("/prijava?")


def _forget_tries(app: Flask) -> None:
    with app.app_context():
        db.session.execute(delete(ThrottleWindow))
        db.session.commit()


def _encoded(value: str | bytes) -> str:
    return quote(value, safe="")


def _whole_query(what: str, value: str | bytes, more: str = "") -> Sent:
    text = _encoded(value)[:3000]
    names = [name for name in QUERY if len(text) < 300 or name in {"q", "next", "stran", "od"}]
    return Sent(f"{what}{more}", {}, "&".join(f"{name}={text}" for name in names) + more)


def queries() -> Iterator[Sent]:
    """Every name in the query with an odd value; some alone, twice, as an array, for a file."""
    for what, value in ODD.items():
        yield _whole_query(what, value)
    for what, value in FEW.items():
        yield _whole_query(what, value, "&oblika=csv&shrani=1")
    for name in ("stran", "od", "do", "leto", "mesec", "popravi", "stranka", "dni"):
        for what in ("beyond 64 bits", "day zero", "last day"):
            yield Sent(f"{name}: {what}", {}, f"{name}={_encoded(ODD[what])}")
    yield Sent("twice", {}, "&".join(f"{name}=1&{name}=a&{name}[]=1" for name in QUERY))
    yield Sent("odd names", {}, "%00=1&=&&;&%ff=%ff&red[a][b]=1")


def headers() -> Iterator[Sent]:
    """Headers that are not as they should be."""
    for name in (
        *("Accept-Language", "If-None-Match", "If-Modified-Since", "Range", "Cookie", "Referer"),
        *("HX-Request", "HX-Current-URL", "User-Agent", "Authorization", "X-Forwarded-For"),
    ):
        for value in (
            "\xff\xfe",
            "9" * 3000,
            '"\\"; q=nan, *;q=1e999',
            "bytes=9-1,-1",
            "Bearer \xff",
        ):
            yield Sent(f"{name}: {value[:10]}", {"headers": {name: value}})


def forms(answers: dict[str, Any]) -> Iterator[Sent]:
    """A form whose fields have odd values: all of them, or one beside right ones."""
    fresh = {name: _again(value) for name, value in answers.items()}
    names = [*answers] or ["a"]
    for what, value in ODD.items():
        yield _urlencoded(f"all {what}", [(name, value) for name in names])
        for name in names if what in STRONG else ():
            others = {key: make() for key, make in fresh.items() if key != name}
            data = {**others, name: value.decode("latin-1") if isinstance(value, bytes) else value}
            yield Sent(f"{name} {what}", {"data": data})
    for name in names:
        others = {key: make() for key, make in fresh.items() if key != name}
        yield Sent(f"{name} as a file", {"data": {**others, name: (io.BytesIO(b"1"), "\0a")}})
        yield Sent(f"{name} as text", {"data": {**others, name: "text"}})
        yield Sent(f"{name} missing", {"data": others})
        yield Sent(f"{name} twice", {"data": {**others, name: ["1", "a"]}})
        yield Sent(
            f"{name} as an array", {"data": {**others, f"{name}[]": ["1"], f"{name}[a]": "1"}}
        )
    yield from bodies(names)


def _again(value: Any) -> Callable[[], Any]:
    """Makes a value of a form anew: a file can be sent once."""
    if not isinstance(value, tuple):
        return lambda: value
    content = value[0].getvalue()
    return lambda: (io.BytesIO(content), value[1])


def few_forms(names: list[str]) -> list[Sent]:
    """Forms for those who may not send them."""
    odd = [_urlencoded(what, [(name, value) for name in names]) for what, value in FEW.items()]
    return [*odd, Sent("a file", {"data": {names[0]: (io.BytesIO(b"1"), "a")}})]


def _urlencoded(what: str, fields: list[tuple[str, str | bytes]]) -> Sent:
    data = "&".join(f"{name}={_encoded(value)}" for name, value in fields)
    return Sent(what, {"data": data, "content_type": "application/x-www-form-urlencoded"})


def bodies(names: list[str]) -> Iterator[Sent]:
    """Bodies of another type than they say."""
    text = "&".join(f"{name}=1" for name in names).encode()
    part = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n1\r\n'
    parts = b"".join(part % (name.encode(), b"") for name in names) + b"--b--\r\n"
    charset = part % (names[0].encode(), b"\r\nContent-Type: text/plain; charset=utf-7")
    for content_type, data in (
        ("", text),
        ("text/plain", text),
        ("application/x-www-form-urlencoded; charset=utf-16", text.decode().encode("utf-16")),
        ("application/x-www-form-urlencoded; charset=none", text),
        ("application/x-www-form-urlencoded", parts),
        ("application/x-www-form-urlencoded", b"\xff=\xfe&%=%%&" + b"a" * 50_000),
        ("application/x-www-form-urlencoded", b"a=1&" * 5000),
        ("multipart/form-data", parts),
        ("multipart/form-data; boundary=", parts),
        ("multipart/form-data; boundary=c", parts),
        ("multipart/form-data; boundary=b", parts[:-20]),
        ("multipart/form-data; boundary=b", charset + b"--b--\r\n"),
        ("multipart/form-data; boundary=b", parts.replace(b'name="', b'filename="" name="\0')),
        ("multipart/form-data; boundary=b", part % (b"a", b"") * 1200 + b"--b--"),
        ("application/json", json.dumps({name: {"a": []} for name in names}).encode()),
        ("application/json", b"[" * 1000),
        ("application/json", b'{"a": "\\u0000\\ud800"}'),
    ):
        yield Sent(
            f"{content_type or 'no type'}: {data[:20]!r}",
            {"data": data, "content_type": content_type},
        )


FEW = {name: ODD[name] for name in ("NUL", "beyond 64 bits")}


def _owner(cast: Any, name: str) -> str:
    return "nobody" if whose(cast, name) is None else PLACES[name].who


@pytest.mark.parametrize("name", PLACES)
def test_no_value_breaks_a_page(files, cast, places, asks, name):
    place, path, owner = PLACES[name], places.path(name), _owner(cast, name)
    is_closed = not place.is_public and name != "factors.prove"
    failures = asks(owner, "GET", path, queries(), opens=is_closed)
    if place.form is not None:
        failures += asks(owner, "POST", path, forms(places.answers(name)), opens=is_closed)
    assert not failures


@pytest.mark.parametrize("name", PLACES)
def test_no_value_breaks_a_page_for_those_to_whom_it_is_closed(files, cast, places, asks, name):
    place, path, owner = PLACES[name], places.path(name), _owner(cast, name)
    names = [*(place.form or "a")]
    failures = []
    for role in ROLES:
        if role != owner:
            odd = (_whole_query(what, value) for what, value in FEW.items())
            failures += asks(role, "GET", path, odd, opens=False)
            failures += asks(role, "POST", path, iter(few_forms(names)), opens=False)
    assert not failures


@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if "{" in place.path])
def test_nothing_in_an_address_breaks_it(files, cast, asks, name):
    class Odd(dict[str, str]):
        def __init__(self, value: str | bytes) -> None:
            self.value = _encoded(value)[:3000] or "a"

        def __missing__(self, key: str) -> str:
            return self.value

    paths = [PLACES[name].path.format_map(Odd(value)) for value in ODD.values()]
    odd = [Sent("address", {}, path=path) for path in paths]
    owner = _owner(cast, name)
    assert not asks(owner, "GET", "", iter(odd), opens=False)
    assert not asks(owner, "POST", "", iter(odd), opens=False)


@pytest.mark.parametrize("name", ["home.start", "intake.upload", "metering.photo", "static"])
def test_no_header_breaks_a_page(files, cast, places, asks, name):
    assert not asks(_owner(cast, name), "GET", places.path(name), headers(), opens=False)


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_value_breaks_the_api(app, files, cast, places, name):
    operation = OPERATIONS[name]
    with app.app_context():
        token = actions.make_token("Vodarček", tuple(Scope), key=bytes(32), by=cast.operator.id)
        db.session.commit()
    known = {"export": places.own["export"]}.get("export" if "exports" in operation.rule else "")
    number = known or places.own["upload"]
    authorized = {"Authorization": f"Bearer {token}"}
    client, failures = app.test_client(), []

    def ask(what: str, path: str, **more: Any) -> None:
        given = {**authorized, **more.pop("headers", {})}
        with client.open(path, method=operation.method, headers=given, **more) as answer:
            if answer.status_code >= 500 or answer.status_code in (401, 429):
                failures.append(f"{what}: {answer.status} {answer.text[:200]}")

    path = "/api" + operation.rule.replace("<int:number>", str(number))
    for sent in api_requests(name):
        ask(sent.what, f"{path}?{sent.query}", **sent.more)
    for what, value in ODD.items():
        odd_path = "/api" + operation.rule.replace("<int:number>", _encoded(value)[:3000])
        ask(f"address {what}", odd_path)
    assert not failures


def api_requests(name: str) -> Iterator[Sent]:
    """Odd parameters, bodies and headers of one operation."""
    operation = OPERATIONS[name]
    csv = {"data": b"sifra_stranke;naziv\n77;Ana\n", "content_type": "text/csv"}
    for what, value in ODD.items():
        for parameter in operation.parameters:
            yield Sent(
                f"{parameter.name} {what}", csv, f"{parameter.name}={_encoded(value)[:3000]}"
            )
        yield Sent(f"unknown {what}", csv, f"{_encoded(value)[:3000]}={_encoded(value)[:3000]}")
        yield Sent(f"key {what}", {**csv, "headers": {"Idempotency-Key": _header(value)}})
        yield Sent(f"file name {what}", {**csv, "headers": {"X-File-Name": _header(value)}})
    if not operation.takes:
        return
    for mapping in (
        "[]",
        "1",
        '{"naziv": 1}',
        '{"naziv": "\\ud800"}',
        '{"\\u0000": "a"}',
        "[" * 5000,
    ):
        yield Sent(f"mapping {mapping[:20]}", csv, f"mapping={_encoded(mapping)}")
    for body in JSON_BODIES:
        yield Sent(f"body {body[:30]}", {"data": body, "content_type": "application/json"})
    for content_type in (*RAW_TYPES, "multipart/form-data", "text/csv; charset=utf-16"):
        for data in (b"", b"\0", b"\xff\xfe", b"PK\x03\x04", b"<a", b"{"):
            yield Sent(f"{content_type} {data!r}", {"data": data, "content_type": content_type})
    yield from forms({"file": (io.BytesIO(b"sifra_stranke;naziv\n"), "a.csv")})


def _header(value: str | bytes) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return "".join(sign for sign in text if " " <= sign <= "\xff")[:3000]
