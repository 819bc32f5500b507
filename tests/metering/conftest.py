"""The house in which the meter is read."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine

from .household import NOON, Home


@pytest.fixture
def clock() -> Iterator[Any]:
    """It is Sunday noon in UTC; ``move_to`` another moment."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def home(clock, app, browser, cast) -> Home:
    """Ana's house and her signed-in browser."""
    return Home(app, browser(cast.ana), cast.anas_point, cast.anas_meter)


@pytest.fixture
def home_at(clock, make_app, browser, cast) -> Callable[..., Home]:
    """Ana's house at another moment, on a portal with other settings."""

    def make(moment: datetime = NOON, **settings: Any) -> Home:
        clock.move_to(moment)
        app = make_app(**settings)
        return Home(app, browser(cast.ana, app), cast.anas_point, cast.anas_meter)

    return make
