"""Static files: compressed once, at the installation, and kept by browsers."""

from collections.abc import MutableMapping

from flask import Flask
from whitenoise import WhiteNoise

A_DAY = 86_400


def init_app(app: Flask) -> None:
    """Serve static/ before the application is even asked."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # as Flask documents it
        app.wsgi_app,
        root=app.static_folder,
        prefix="static/",
        max_age=A_DAY,
        immutable_file_test=_is_versioned,
        add_headers_function=_promise,
        allow_all_origins=False,
    )


def _is_versioned(_path: str, url: str) -> bool:
    """What is vendored has its version in its name, and never changes under it."""
    return "/vendor/" in url


def _promise(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
