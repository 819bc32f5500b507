"""What every command of the terminal shares: the portal around it, and short errors."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import click
from flask import current_app
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from . import logs
from .config import WrongSetting

P = ParamSpec("P")
T = TypeVar("T")

PRIVATE = 0o077  # the umask under which files are 0600 and folders 0700


class WrongSettings(click.ClickException):
    """One line on the terminal, and the status of a command that was called wrongly."""

    exit_code = 2


def in_portal(command: Callable[P, T]) -> Callable[P, T]:
    """Run ``command`` inside the application, where every new file is private to its user.

    A wrong setting is one line and status 2, a database that cannot be used one line and 1.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        logs.set_up(command.__name__)
        from . import create_app  # here, so that --help needs neither settings nor a database

        with _umask(PRIVATE) as callers:
            try:
                app = create_app()
            except WrongSetting as wrong:
                raise WrongSettings(str(wrong)) from wrong
            app.extensions["callers_umask"] = callers
            with app.app_context(), _database():
                return command(*args, **kwargs)

    return run


@contextlib.contextmanager
def outside_instance() -> Iterator[None]:
    """Create files as the caller's umask says: they are for others, such as a billing program."""
    callers = current_app.extensions.get("callers_umask")
    with contextlib.nullcontext() if callers is None else _umask(callers):
        yield


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[int]:
    """Set the process's umask and yield the one before."""
    before = os.umask(mask)
    try:
        yield before
    finally:
        os.umask(before)


@contextlib.contextmanager
def _database() -> Iterator[None]:
    """Close the database at the end of a command, and say in one line if it cannot be used."""
    from .extensions import db

    try:
        yield
    except DBAPIError as error:
        if line := _unusable(error):
            raise click.ClickException(line) from error
        raise
    finally:
        db.session.remove()
        db.engine.dispose()


def _unusable(error: DBAPIError) -> str:
    """Return in one line why the database cannot be used; nothing if that is not the reason.

    Raises ClickException if the schema is of another version.
    """
    from . import startup
    from .extensions import db

    if error.statement is not None:  # it was reached
        db.session.rollback()
        startup.require_current_schema()
        if not isinstance(error, OperationalError | InterfaceError):
            return ""
    # The driver's own line: it names host and port, but never the password.
    reason = (str(error.orig).splitlines() or [type(error).__name__])[0]
    where = db.engine.url.set(query={}).render_as_string()
    return f"The database {where} cannot be used: {reason}"
