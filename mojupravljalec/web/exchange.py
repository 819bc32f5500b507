"""What the gateway and the application agree on about one request.

A request holds a thread only while there is something to compute. Where it would have to wait,
for the rest of its body or for a turn to hash a password, the application gives it up by raising
`Suspended`; the gateway waits without a thread and then runs the application on it anew. So
nothing may be committed before that point unless it may be committed twice. A request that becomes
another one (`Continued`) has committed its own part.

Without the gateway (another WSGI server, the tests' client) no exchange exists, and requests wait
in their threads.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from flask import has_request_context, request

EXCHANGE = "mojupravljalec.exchange"  # in the WSGI environ


class Suspended(BaseException):
    """The request cannot go on in this thread; no error, so no error handler may see it."""


class BodyNeeded(Suspended):
    """The application reads the body, which has not arrived yet."""


class HashingNeeded(Suspended):
    """The application wants to hash a password, which is done in threads of its own."""


class Continued(Suspended):
    """The request goes on as another one, in a thread that does not hash.

    ``environ`` is what changes in the WSGI environ, ``body`` the body.
    """

    def __init__(self, environ: dict[str, Any], body: bytes) -> None:
        super().__init__()
        self.environ, self.body = environ, body


class Hashing(Enum):
    """Whether the thread of a request may hash passwords."""

    ELSEWHERE = "elsewhere"  # raise HashingNeeded
    HERE = "here"
    FULL = "full"  # too many requests wait already


@dataclass
class Exchange:
    """One request between gateway and application."""

    body_limit: int  # bytes; the application lowers or raises it before it reads the body
    refusal: int = 0  # an HTTP status that the application must answer with, or 0
    trouble: OSError | None = None  # why the body could not be stored; the application words it
    hashing: Hashing = Hashing.ELSEWHERE
    answer_at: float = 0.0  # on the clock of time.monotonic; the answer is not sent before


def current_exchange() -> Exchange | None:
    """Return the exchange of the current request, or None without a gateway."""
    if not has_request_context():
        return None
    found: Exchange | None = request.environ.get(EXCHANGE)
    return found
