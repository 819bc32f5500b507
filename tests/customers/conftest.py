"""The day is frozen; pages are read in English."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It is Sunday noon in UTC; ``shift`` moves on."""
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def cvetka(browser, cast) -> FlaskClient:
    """The browser of Cvetka, who has linked nobody yet."""
    return english(browser(cast.cvetka))


def english(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client
