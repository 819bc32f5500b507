"""What every page is made of: the stylesheet in its head, the operator at its foot."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from flask_babel import lazy_gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from .access import is_same_machine, own_address
from .forms import Form

ROOT = Path(__file__).resolve().parents[2]
_STYLESHEET = ROOT / "static" / "site.css"


def _small(css: str) -> str:
    """``css`` without what only people need; equal input gives equal bytes."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,>]) ?", r"\1", css).replace(";}", "}").replace(": ", ":").strip()


_CSS = _STYLESHEET.read_text(encoding="utf-8")
OFFICE_STYLE = _small(_CSS)
# Residents do not carry what only the office needs.
STYLE = _small(_CSS.partition("/* office:")[0])
# The first part of it: what the forms before signing in need, on the slowest of lines.
LEAN_STYLE = _small(_CSS.partition("/* inside:")[0])
STYLE_HASHES = [
    f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"
    for style in (STYLE, LEAN_STYLE, OFFICE_STYLE)
]

# What stands in the menu: an endpoint and its name; for the office with the right it needs.
MENU = (
    ("metering.points", _("Meter readings")),
    ("billing.invoices", _("Invoices")),
    ("ledger.card", _("Card")),
    ("profile.overview", _("Profile")),
)
OFFICE_MENU = (
    ("office.board", _("Today"), "office"),
    ("desk.customers", _("Customers"), "customers"),
    ("tray.payments", _("Payments"), "payments"),
    ("intake.uploads", _("Import"), "imports"),
    ("exports.overview", _("Export"), "exports"),
    ("codes.overview", _("Codes"), "codes"),
    ("journal.entries", _("Audit"), "audit"),
    ("staff.people", _("Staff"), "staff"),
    ("profile.overview", _("Profile"), "office"),
)


class ButtonForm(Form):
    """A form that is only a button: it carries the token and nothing else."""


def _pages_version() -> str:
    """Another one whenever what pages are made of changes: templates, words, style."""
    folders = (ROOT / "templates", Path(__file__).parents[1] / "translations")
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256(OFFICE_STYLE.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _style_of(person: Any) -> Markup:
    """The stylesheet of a page, by who looks at it."""
    if not person.is_authenticated:
        lean = request.blueprint == "accounts"
        return Markup(LEAN_STYLE if lean else STYLE)  # noqa: S704 our own file
    return Markup(OFFICE_STYLE if person.role else STYLE)  # noqa: S704 our own file


def _menu() -> Iterator[tuple[str, Any]]:
    """What the menu offers to whoever is signed in."""
    if current_user.role is None:
        yield from MENU
        return
    for endpoint, name, right in OFFICE_MENU:
        if current_user.may(right):
            yield endpoint, name


def _has_mailbox() -> bool:
    """Whether the page links to the demo mailbox: it opens only on the same machine."""
    return current_app.config["HAS_MAILBOX"] and is_same_machine()


def init_app(app: Flask) -> None:
    """Give the templates what all of them use."""
    app.config["PAGES_VERSION"] = _pages_version()
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    names = ("SITE_NAME", "OPERATOR_NAME", "OPERATOR_PHONE", "OPERATOR_HOURS", "OPERATOR_EMAIL")
    app.jinja_env.globals.update({name.lower(): app.config[name] for name in names})
    app.jinja_env.globals.update(
        style_of=_style_of,
        menu=_menu,
        csrf_token=generate_csrf,
        has_mailbox=_has_mailbox,
        own_address=own_address,
    )
