"""Which language a page speaks."""

from flask import Flask, has_request_context, request
from flask_babel import get_locale
from flask_login import current_user

from ..extensions import babel

# Named in their own language, as a reader looks for them.
LANGUAGES = {"sl": "Slovenščina", "en": "English"}


def init_app(app: Flask) -> None:
    """Choose by the profile first, then by the browser, then by the setting."""

    def choose() -> str:
        if not has_request_context():
            return str(app.config["DEFAULT_LANGUAGE"])
        own = getattr(current_user, "language", None)
        if own in LANGUAGES:
            return str(own)
        asked = request.accept_languages.best_match(LANGUAGES)
        return asked or str(app.config["DEFAULT_LANGUAGE"])

    babel.init_app(app, locale_selector=choose)
    app.jinja_env.globals.update(language=lambda: str(get_locale()), languages=LANGUAGES)
