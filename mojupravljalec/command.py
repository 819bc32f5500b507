"""What every command of the terminal shares: the portal around it, and short errors."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from .config import WrongSetting

P = ParamSpec("P")
T = TypeVar("T")


class WrongSettings(click.ClickException):
    """One line on the terminal, and the status of a command that was called wrongly."""

    exit_code = 2


def in_portal(command: Callable[P, T]) -> Callable[P, T]:
    """Run ``command`` inside the application; a wrong setting is one line and status 2."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        from . import create_app  # here, so that --help needs neither settings nor a database

        try:
            app = create_app()
        except WrongSetting as wrong:
            raise WrongSettings(str(wrong)) from wrong
        with app.app_context():
            return command(*args, **kwargs)

    return run
