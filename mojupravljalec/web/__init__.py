"""HTTP plumbing that every feature stands on."""

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from . import access, deadlines, errors, files, filters, headers, i18n, numbers, page, plain_text


def init_app(app: Flask) -> None:
    """Wire the plumbing into ``app``."""
    if hops := app.config["PROXIES"]:
        # Never x_host: links are made from SITE_URL, whatever a caller claims.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # as Flask documents it
    files.init_app(app)
    plain_text.init_app(app)
    numbers.init_app(app)
    i18n.init_app(app)
    filters.init_app(app)
    deadlines.init_app(app)
    page.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    access.init_app(app)
    app.teardown_request(_close)


def _close(_error: BaseException | None) -> None:
    """Let go of the files that came with the request, also where nobody read them."""
    request.close()
