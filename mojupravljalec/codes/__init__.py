"""Customer codes: made anew, printed in letters, listed for the bill printer."""

from flask import Flask

from ..extensions import every_hour
from ..jobs.actions import Handler, register
from . import actions, views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature, and what the worker does for it."""
    app.register_blueprint(views.bp)
    register(app, actions.LETTERS, Handler(actions.run, actions.note_failure))
    every_hour(app, actions.clear_files)
