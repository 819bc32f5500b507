"""People who sign in."""

from flask import Flask

from ..extensions import login
from . import queries, views


def init_app(app: Flask) -> None:
    """Sessions are rows: a signed-out device is signed out at once."""
    login.init_app(app)
    login.session_protection = "basic"
    login.user_loader(queries.signed_in)
    app.register_blueprint(views.bp)
