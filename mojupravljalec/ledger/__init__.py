"""The financial card: what was charged, what was paid, and what is still open."""

from flask import Flask

from . import views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature."""
    app.register_blueprint(views.bp)
