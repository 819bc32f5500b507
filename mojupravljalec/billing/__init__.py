"""Invoices: how they are read, shown, explained, paid and printed."""

from flask import Flask

from ..extensions import every_hour
from . import actions, views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature, and its hourly chores."""
    app.register_blueprint(views.bp)
    every_hour(app, actions.remind)
    every_hour(app, actions.clear_originals)
