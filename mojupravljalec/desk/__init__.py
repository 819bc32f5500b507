"""Helping a customer who calls: the search, and all that is known of one."""

from flask import Flask

from . import views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature."""
    app.register_blueprint(views.bp)
