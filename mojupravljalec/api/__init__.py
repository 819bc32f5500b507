"""The way in for programs: the same imports and exports, by JSON."""

from flask import Flask

from ..extensions import every_hour
from ..intake.actions import note_failure
from ..jobs.actions import Handler, register
from . import actions, endpoints, views


def init_app(app: Flask) -> None:
    """Wire the addresses below /api/, who checks their tokens, and the office's pages of these."""
    app.register_blueprint(views.bp)
    app.register_blueprint(endpoints.bp)
    app.extensions["by_token"] = endpoints.check
    register(app, actions.BRING_IN, Handler(actions.run_bring_in, note_failure))
    every_hour(app, actions.clear_answers)
