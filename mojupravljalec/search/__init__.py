"""Finding a customer by whatever is known of them."""

from flask import Flask

from ..extensions import every_hour
from . import actions


def init_app(app: Flask) -> None:
    """Let the worker make the words that are missing, as after an upgrade."""
    every_hour(app, actions.index_missing)
