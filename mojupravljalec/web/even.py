"""Work whose time does not tell what it found."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app

from .exchange import current_exchange


@contextmanager
def even_time() -> Iterator[None]:
    """Let the block take a whole number of steps (ANSWER_STEP_S), however long its work was.

    A hundred requests tell 2 ms apart, and an address that is known costs another row or two.
    The block commits, so that nobody waits for its locks meanwhile. One that raises does not
    wait: limits refuse before anything is looked up.

    The gateway holds the answer back without a thread; elsewhere the thread sleeps.
    """
    begun = time.monotonic()
    yield
    step, now = current_app.config["ANSWER_STEP_S"], time.monotonic()
    wait = -(now - begun) % step if step else 0
    if exchange := current_exchange():
        exchange.answer_at = now + wait
    else:
        time.sleep(wait)
