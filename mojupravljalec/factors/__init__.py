"""The second proof at signing in: a code from the phone, a passkey, or a recovery code."""

from flask import Flask

from ..extensions import on_password_reset
from . import actions


def init_app(app: Flask) -> None:
    """Wire the pages of this feature."""
    from . import views  # the library of passkeys only where the portal is served

    app.register_blueprint(views.bp)
    on_password_reset(app, actions.drop_after_reset)
