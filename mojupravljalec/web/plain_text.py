"""What comes with a request as text is text that a database takes: without NUL."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, request
from flask.wrappers import Request
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items
from werkzeug.exceptions import NotFound


class PlainFields(ImmutableMultiDict[str, Any]):
    """The fields of a form or a query; NUL, which Postgres takes nowhere, is left out."""

    def __init__(self, fields: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__(
            [(_plain(name), _plain(value)) for name, value in iter_multi_items(fields)]
        )


def _plain(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


class PlainRequest(Request):
    """A request whose fields are plain."""

    parameter_storage_class = PlainFields


def init_app(app: Flask) -> None:
    """Read requests that way, and find nothing at an address with NUL."""
    app.request_class = PlainRequest

    @app.before_request
    def addresses_are_plain() -> None:
        if "\0" in request.path:
            raise NotFound
