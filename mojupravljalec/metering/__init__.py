"""Supply points, meters and their readings."""

from flask import Flask

from ..extensions import every_hour
from . import actions, views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature, and the clearing away of photos nobody sent."""
    app.register_blueprint(views.bp)
    every_hour(app, actions.clear_photos)
