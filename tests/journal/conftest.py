"""It is Sunday noon; somebody of the office reads the audit in English."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.extensions import db
from mojupravljalec.values import clock

from ..bills import NOON, Resident


@pytest.fixture(autouse=True)
def today() -> Iterator[Any]:
    """``shift`` moves on."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def clerk(app, browser, cast) -> Resident:
    return Resident(app, browser(cast.clerk))


@pytest.fixture
def happened(app: Flask) -> Callable[..., None]:
    """Puts entries in the audit; where nothing else is said, nobody did it, just now."""

    def put(*events: str, at: datetime | None = None, **fields: Any) -> None:
        fields = {"account_id": None, **fields}
        with app.app_context():
            for event in events:
                db.session.add(AuditEntry(at=at or clock.now(), event=event, **fields))
            db.session.commit()

    return put


@pytest.fixture
def noted(app: Flask) -> Callable[..., list[AuditEntry]]:
    """Reads the entries of these events."""

    def read(*events: str) -> list[AuditEntry]:
        with app.app_context():
            query = select(AuditEntry).where(AuditEntry.event.in_(events))
            return list(db.session.scalars(query.order_by(AuditEntry.id)))

    return read
