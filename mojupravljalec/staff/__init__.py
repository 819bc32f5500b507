"""Who works in the office: invitations, roles, and leaving."""

from flask import Flask

from . import views


def init_app(app: Flask) -> None:
    """Wire the pages of this feature."""
    app.register_blueprint(views.bp)
