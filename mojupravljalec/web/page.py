"""What every page is made of: the stylesheet in its head, the operator at its foot."""

import base64
import hashlib
import re
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from .forms import Form

ROOT = Path(__file__).resolve().parents[2]
_STYLESHEET = ROOT / "static" / "site.css"


def _small(css: str) -> str:
    """``css`` without what only people need; equal input gives equal bytes."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,>]) ?", r"\1", css).replace(";}", "}").replace(": ", ":").strip()


_CSS = _STYLESHEET.read_text(encoding="utf-8")
STYLE = _small(_CSS)
# The first part of it: what the forms before signing in need, on the slowest of lines.
LEAN_STYLE = _small(_CSS.partition("/* inside:")[0])
STYLE_HASHES = [
    f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"
    for style in (STYLE, LEAN_STYLE)
]


class ButtonForm(Form):
    """A form that is only a button: it carries the token and nothing else."""


def _pages_version() -> str:
    """Another one whenever what pages are made of changes: templates, words, style."""
    folders = (ROOT / "templates", Path(__file__).parents[1] / "translations")
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256(STYLE.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def init_app(app: Flask) -> None:
    """Give the templates what all of them use."""
    app.config["PAGES_VERSION"] = _pages_version()
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    names = ("SITE_NAME", "OPERATOR_NAME", "OPERATOR_PHONE", "OPERATOR_HOURS", "OPERATOR_EMAIL")
    app.jinja_env.globals.update({name.lower(): app.config[name] for name in names})
    app.jinja_env.globals.update(
        style=Markup(STYLE),  # noqa: S704 our own file
        lean_style=Markup(LEAN_STYLE),  # noqa: S704 our own file
        csrf_token=generate_csrf,
        has_mailbox=app.config["HAS_MAILBOX"],
    )
