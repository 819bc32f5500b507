"""The day is frozen, and everything that has an address exists once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from ..conftest import Cast
from .places import Places, furnish


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def places(app: Flask, cast: Cast) -> Iterator[Places]:
    """Ana's addresses, and those of nobody in particular."""
    yield from furnish(app, cast)


@pytest.fixture
def content(app: Flask) -> Callable[..., dict[str, list[str]]]:
    """Reads every row of every table, except those named."""
    from .places import rows_of

    return lambda *but: rows_of(app, but)
