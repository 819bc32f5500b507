"""Work whose time does not tell what it found."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app


@contextmanager
def even_time() -> Iterator[None]:
    """Let the block take a whole number of steps (ANSWER_STEP_S), however long its work was.

    A hundred requests tell 2 ms apart, and an address that is known costs another row or two.
    The block commits, so that nobody waits for its locks meanwhile. One that raises does not
    wait: limits refuse before anything is looked up.
    """
    begun = time.perf_counter()
    yield
    if step := current_app.config["ANSWER_STEP_S"]:
        time.sleep(-(time.perf_counter() - begun) % step)
