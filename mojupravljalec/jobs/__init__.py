"""Long work that goes on when the browser closes, done by the worker."""

from flask import Flask

from ..extensions import beside_mail
from .actions import do_next
from .heartbeat import Heartbeat


def init_app(app: Flask) -> None:
    """Let the worker do what is asked for, and show that it lives."""
    beside_mail(app, do_next)
    beside_mail(app, Heartbeat())
