"""What went wrong, as RFC 9457 has it: `web.errors` writes it."""

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.exceptions import HTTPException

from .rules import Fault

# Status and title by name, of which the type is made.
TYPES: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The body cannot be read"),
    "key-not-valid": (400, "The Idempotency-Key is not valid"),
    "no-token": (401, "A token is needed"),
    "scope-missing": (403, "The token is not for this"),
    "too-many-rows": (404, "A workbook has not so many rows"),
    "not-checked": (409, "Only a checked file can be imported"),
    "nothing-waits": (409, "No reading waits for export"),
    "key-in-use": (409, "The first request with this Idempotency-Key is not done yet"),
    "not-valid": (422, "Something in the request is not valid"),
    "key-reused": (422, "The Idempotency-Key belongs to another request"),
    "too-many-tokens": (429, "Too many wrong tokens"),
}


def type_of(name: str) -> str:
    """The URI by which programs tell problems apart."""
    return f"/api/problems/{name}"


class Problem(HTTPException):
    """A problem of ours, to be raised; ``more`` stands in it beside the usual members."""

    def __init__(
        self, name: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.code, title = TYPES[name]
        self.headers = headers or {}
        self.members = {"type": type_of(name), "title": title, "detail": detail, **more}

    def get_headers(self, *_: Any) -> list[tuple[str, str]]:
        """What is sent along."""
        return list(self.headers.items())


def not_valid(faults: Iterable[Fault]) -> Problem:
    """A problem that names each fault."""
    errors = [fault.as_json() for fault in faults]
    said = " ".join(sorted({error["detail"] for error in errors}))
    return Problem("not-valid", said, errors=errors)
