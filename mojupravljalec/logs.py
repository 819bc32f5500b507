"""The log: one formatter for every process, with nothing of a person in it.

A line is `2026-11-27T21:05:12Z INFO worker: started`; within a request the request's id comes
after the process: `… ERROR web A1B2C3: …`. E-mail addresses are masked, line breaks of a message
escaped, and the lines of a traceback indented, so that no text from outside looks like a line of
its own. SQL parameters stay out: the engine hides its own (`hide_parameters`), and of a driver's
errors only what can hold no value is written.
"""

import logging
import logging.config
import re
import secrets
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from flask import has_request_context, request
from sqlalchemy.exc import StatementError

REQUEST_ID = "mojupravljalec.request_id"  # in the WSGI environment
INDENT = "    "
MASK = "…@…"
# The local part may be quoted, and the sign may come encoded from an address or a form. It has at
# most 64 characters (RFC 5321), so that long text without a blank is looked through quickly.
_ADDRESS = re.compile(
    r"""(?:"[^"\n]{0,64}"|[^\s<>()\[\]{},;:"'=/?&|\\@]{1,64})(?:@|%40)[^\s<>()\[\]{},;:"'/?&|\\@]+""",
    re.IGNORECASE,
)
# Classes of SQLSTATE whose messages quote values: data exceptions, constraint violations.
_QUOTES_VALUES = ("22", "23")


def request_id() -> str:
    """Return the id of the current request, as error pages show it; "" outside of requests.

    It is made here and never taken from a header.
    """
    if not has_request_context():
        return ""
    return str(request.environ.setdefault(REQUEST_ID, secrets.token_hex(3).upper()))


class Formatter(logging.Formatter):
    """Write a record as described above; ``process`` names what runs: web, worker, watch."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of the record, and below it its traceback."""
        moment = datetime.fromtimestamp(record.created, UTC)
        origin = f"{self.process} {request_id()}".rstrip()
        line = f"{moment:%Y-%m-%dT%H:%M:%SZ} {record.levelname} {origin}: {_message(record)}"
        lines = [_escaped(line)]
        if record.exc_info and record.exc_info[1]:
            lines += [INDENT + _escaped(one) for one in _traceback(record.exc_info[1])]
        if record.stack_info:
            lines += [INDENT + _escaped(one) for one in record.stack_info.splitlines()]
        return _ADDRESS.sub(MASK, "\n".join(lines))


def _message(record: logging.LogRecord) -> str:
    """Return the message; of exceptions among its arguments, what may be written."""
    args = record.args
    if isinstance(args, tuple):
        args = tuple(described(one) if isinstance(one, BaseException) else one for one in args)
    message = str(record.msg)
    return message % args if args else message


def _escaped(line: str) -> str:
    return "".join(
        sign if sign.isprintable() or sign == "\N{NO-BREAK SPACE}" else ascii(sign)[1:-1]
        for sign in line
    )


def described(error: BaseException) -> str:
    """Return an exception's class and message on one line, without values from the database."""
    if isinstance(error, StatementError) and error.orig:
        return described(error.orig)
    text, name = _text(error), type(error).__name__
    return " ".join(f"{name}: {text}".split()) if text else name


def _text(error: BaseException) -> str:
    if isinstance(error, StatementError):
        return f"{described(error)} [SQL: {error.statement}]" if error.orig else str(error)
    if (diagnosis := getattr(error, "diag", None)) is not None:
        return _driver_text(error, diagnosis)
    return str(error)


def _driver_text(error: BaseException, diagnosis: Any) -> str:
    """Return what psycopg says of an error, without DETAIL and CONTEXT, which quote values."""
    state = getattr(error, "sqlstate", None)
    if state is None:  # no answer of the server: the connection failed
        return str(error)
    if state.startswith(_QUOTES_VALUES):
        names = (diagnosis.constraint_name, diagnosis.table_name, diagnosis.column_name)
        return " ".join(filter(None, (state, *names)))
    return f"{state} {diagnosis.message_primary or ''}".rstrip()


def _traceback(error: BaseException) -> list[str]:
    """Return the lines of the traceback, the first cause first, as Python orders them."""
    lines: list[str] = []
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    for one in reversed(chain):
        lines += ["Traceback (most recent call last):"]
        for frame in traceback.format_tb(one.__traceback__):
            lines += frame.splitlines()
        kind, text = type(one), _text(one)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        lines += f"{name}: {text}".splitlines() if text else [name]
    return lines


def settings(process: str) -> dict[str, Any]:
    """Return the configuration of `logging` for ``process``, also for granian's own lines."""
    through_root = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Formatter, "process": process}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "_granian": {**through_root, "level": "WARNING"},
            "granian.access": {**through_root, "level": "WARNING"},
            "alembic": {"level": "WARNING"},
        },
    }


def set_up(process: str, *, anew: bool = False) -> None:
    """Send the log of this process to its standard error, crashes and warnings included.

    Where something has set up logging already, as pytest does, it stays, unless ``anew``.
    """
    if logging.getLogger().handlers and not anew:
        return
    logging.config.dictConfig(settings(process))
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash


def _log_crash(
    kind: type[BaseException], error: BaseException, _traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).critical("crashed", exc_info=error)


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None and not isinstance(crash.exc_value, SystemExit):
        name = crash.thread.name if crash.thread else "?"
        logging.getLogger(__name__).critical("thread %s crashed", name, exc_info=crash.exc_value)
