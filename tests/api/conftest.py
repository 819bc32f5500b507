"""A program with a token, whose every answer is held against the document of the API."""

import io
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import jsonschema_rs
import pytest
import time_machine
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from mojupravljalec.api import actions
from mojupravljalec.api.models import ApiToken
from mojupravljalec.api.openapi import document_of
from mojupravljalec.api.rules import Scope
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db
from mojupravljalec.jobs.actions import do_next
from mojupravljalec.metering.models import Reading, Source

from ..conftest import Cast

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OURS = "sifra_stranke;naziv;ulica\n77;Ana Čuk;Lipova 1\n78;Bojan Žgur;Lipova 2\n"
BOTH = tuple(Scope)
DOCUMENT = document_of("http://localhost", "mojupravljalec.si")


def told(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The document's path and its operation for a request, if it has one."""
    parts = path.partition("?")[0].strip("/").split("/")
    for template, operations in DOCUMENT["paths"].items():
        wanted = template.strip("/").split("/")
        if len(parts) == len(wanted) and all(
            one == part or one.startswith("{") for one, part in zip(wanted, parts, strict=True)
        ):
            return template, operations.get(method.lower(), {})
    return "", {}


def assert_told(method: str, path: str, answer: TestResponse) -> None:
    """The answer is one that the document speaks of, in status, type and shape."""
    template, operation = told(method, path)
    if not operation:
        assert answer.mimetype == "application/problem+json"
        return
    said = operation["responses"][str(answer.status_code)]
    assert answer.mimetype in said["content"], (template, answer.status_code)
    schema = said["content"][answer.mimetype]["schema"]
    if answer.is_json or answer.mimetype.endswith("+json"):
        whole = {**schema, "components": DOCUMENT["components"]}
        jsonschema_rs.validator_for(whole, validate_formats=True).validate(answer.json)
    for name in said.get("headers", {}):
        assert name in answer.headers, name


@dataclass
class Program:
    """A program that asks the portal; with no ``token`` it shows none."""

    app: Flask
    token: str | None = None

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        answer = self.app.test_client().open(path, method=method, headers=headers, **more)
        assert "Set-Cookie" not in answer.headers
        assert answer.mimetype != "text/html"
        assert_told(method, path, answer)
        return answer

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self.ask("POST", path, **more)

    def sends(
        self, content: str | bytes, query: str = "", name: str = "stranke.csv", **more: Any
    ) -> TestResponse:
        data = content.encode() if isinstance(content, str) else content
        form = {"file": (io.BytesIO(data), name)}
        return self.post(f"/api/imports{query}", data=form, **more)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It is Sunday noon in UTC."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The portal on a port of its own."""
    server = make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def made(clock: Any, app: Flask, cast: Cast) -> Callable[..., str]:
    """Makes tokens of the operator."""

    def make(*scopes: Scope, name: str = "Vodarček", by: int | None = None) -> str:
        with app.app_context():
            key = secrets.token_bytes(32)
            token = actions.make_token(name, scopes or BOTH, key=key, by=by or cast.operator.id)
            db.session.commit()
            return token

    return make


@pytest.fixture
def program(app: Flask, made: Callable[..., str]) -> Program:
    """The billing program, which may do everything."""
    return Program(app, made())


@pytest.fixture
def works(app: Flask) -> Callable[[], None]:
    """Lets the worker do all that waits."""

    def work() -> None:
        with app.app_context():
            while do_next(lambda: False):
                pass

    return work


@pytest.fixture
def sent(app: Flask, cast: Cast) -> Callable[..., int]:
    """A resident's reading of November 2026, Ana's unless said otherwise."""

    def send(value_l: int = 480_000, day: int = 20, **more: Any) -> int:
        with app.app_context():
            reading = Reading(
                installation_id=more.pop("installation_id", cast.anas_meter),
                taken_on=date(2026, 11, day),
                value_l=value_l,
                source=Source.PORTAL,
                counts_for=date(2026, 11, 1),
                **more,
            )
            db.session.add(reading)
            db.session.commit()
            return reading.id

    return send


@pytest.fixture
def audit(app: Flask) -> Callable[[str], list[tuple[int | None, str, dict[str, Any]]]]:
    """What was noted of an event: who, of what, and details."""

    def read(event: str) -> list[tuple[int | None, str, dict[str, Any]]]:
        with app.app_context():
            query = db.select(AuditEntry).filter_by(event=event).order_by(AuditEntry.id)
            found = db.session.scalars(query)
            return [(one.account_id, one.subject, one.details) for one in found]

    return read


@pytest.fixture
def tokens(app: Flask) -> Callable[[], list[ApiToken]]:
    """Reads every token."""

    def read() -> list[ApiToken]:
        with app.app_context():
            return list(db.session.scalars(db.select(ApiToken).order_by(ApiToken.id)))

    return read
