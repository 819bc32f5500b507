"""The day is frozen; pages are read in English; letters are read in the outbox."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from mojupravljalec.extensions import db
from mojupravljalec.mail.models import LetterState, OutboxLetter


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It is Sunday noon; ``shift`` moves on."""
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def client(browser: Callable[..., FlaskClient]) -> FlaskClient:
    """A browser of somebody who reads English and is not signed in."""
    return english(browser())


def english(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[OutboxLetter]]:
    """The letters that will be sent, in the order in which they were written."""

    def read() -> list[OutboxLetter]:
        with app.app_context():
            query = select(OutboxLetter).where(OutboxLetter.state != LetterState.DROPPED)
            return list(db.session.scalars(query.order_by(OutboxLetter.id)))

    return read


@pytest.fixture
def row(app: Flask) -> Callable[..., Any]:
    """Reads the one row of a table that fits, or None."""

    def read(table: type, **what: Any) -> Any:
        with app.app_context():
            return db.session.scalar(select(table).filter_by(**what))

    return read


@pytest.fixture
def writes(app: Flask) -> Callable[..., Any]:
    """Counts the statements that change rows, as »INSERT account«."""

    @contextmanager
    def count() -> Iterator[Counter[str]]:
        seen: Counter[str] = Counter()

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            found = re.match(r"(INSERT) INTO (\w+)|(UPDATE) (\w+)|(DELETE) FROM (\w+)", statement)
            if found:
                seen[" ".join(filter(None, found.groups()))] += 1

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return count


def told(answer: Any, *addresses: str) -> tuple[Any, ...]:
    """What an answer says to whoever asked, apart from tokens and the address typed."""
    body = re.sub(r'(name="csrf_token"[^>]* value=")[^"]*', r"\1", answer.text)
    for address in addresses:
        body = body.replace(address, "ADDRESS")
    kept = [(k, v) for k, v in answer.headers if k not in {"Set-Cookie", "Content-Length"}]
    cookies = sorted(line.split("=")[0] for line in answer.headers.getlist("Set-Cookie"))
    return answer.status_code, kept, cookies, body
