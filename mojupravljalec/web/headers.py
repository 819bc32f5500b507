"""What every answer promises the browser."""

from flask import Flask, request
from werkzeug.wrappers import Response

from .page import STYLE_HASHES


def policy() -> str:
    """The content security policy: our own files, and our stylesheet by its hashes."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src " + " ".join(f"'{one}'" for one in STYLE_HASHES),
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def init_app(app: Flask) -> None:
    """Send the headers with every answer."""
    fixed = {
        "Content-Security-Policy": policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if app.config["SITE_URL"].startswith("https://"):
        fixed["Strict-Transport-Security"] = "max-age=31536000"

    @app.after_request
    def promise(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            # A phone is passed around: the back button must not show a neighbour's page,
            # nor the cache a photo.
            response.headers["Cache-Control"] = "no-store"
            response.vary.update(("Accept-Language", "Cookie"))
        return response
