"""Files that the office brings in: guessed, mapped, looked at before, imported."""

from flask import Flask

from ..extensions import every_hour
from ..jobs.actions import Handler, register
from . import actions, views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature, and what the worker does for it."""
    app.register_blueprint(views.bp)
    register(app, actions.INSPECT, Handler(actions.run_inspect, actions.note_failure))
    register(app, actions.CHECK, Handler(actions.run_check, actions.note_failure))
    register(app, actions.IMPORT, Handler(actions.run_import, actions.note_failure))
    register(app, actions.UNDO, Handler(actions.run_undo, actions.note_nothing))
    every_hour(app, actions.clear_files)
