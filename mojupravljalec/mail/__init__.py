"""Letters: queued with what they tell about, sent by the worker."""

from flask import Flask
from flask_mail import Mail


def init_app(app: Flask) -> None:
    """Register the mail settings and, on a demo, the page that shows letters."""
    Mail().init_app(app)
    if not app.config["HAS_MAILBOX"]:
        return
    from . import views

    app.register_blueprint(views.bp)
    app.before_request(views.only_from_here)
