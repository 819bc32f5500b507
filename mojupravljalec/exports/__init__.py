"""Readings on their way to the billing program."""

from flask import Flask

from . import views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature."""
    app.register_blueprint(views.bp)
