"""Which language a page speaks."""

from typing import Any

from flask import Flask, g, has_request_context, request
from flask_babel import get_locale, get_translations
from flask_login import current_user

from ..extensions import babel

# Named in their own language, as a reader looks for them.
LANGUAGES = {"sl": "Slovenščina", "en": "English"}


def locale() -> str:
    """In which language it is spoken now.

    A page asks a hundred times, and finding it out takes 5 µs: within a request it is kept.
    """
    if not has_request_context():
        return str(get_locale())
    if "locale" not in g:
        g.locale = str(get_locale())
    return str(g.locale)


def _translations() -> Any:
    """The catalogue of this request, kept as the language is."""
    if not has_request_context():
        return get_translations()
    if "translations" not in g:
        g.translations = get_translations()
    return g.translations


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
    app.jinja_env.globals.update(language=locale, languages=LANGUAGES)
    extension: Any = app.jinja_env
    extension.install_gettext_callables(
        lambda text: _translations().ugettext(text),
        lambda one, many, n: _translations().ungettext(one, many, n),
        newstyle=True,
    )
