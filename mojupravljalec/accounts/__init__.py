"""People who sign in."""

from flask import Flask

from ..extensions import every_hour, login
from . import actions, held_forms, queries, views


def init_app(app: Flask) -> None:
    """Sessions are rows: a signed-out device is signed out at once."""
    login.init_app(app)
    login.session_protection = "basic"
    login.user_loader(queries.signed_in)
    app.register_blueprint(views.bp)
    app.extensions["hold_form"] = views.hold_form
    every_hour(app, actions.clear_links)
    every_hour(app, held_forms.clear)
