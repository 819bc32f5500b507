"""The signed text inside mailed links."""

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from ..extensions import db
from .models import MailLink, Purpose


def sign(link: MailLink) -> str:
    """The token of ``link``: its number and purpose, signed and dated."""
    return _signer(Purpose(link.purpose)).dumps(link.id)


def link_of(token: str, purpose: Purpose) -> MailLink | None:
    """The link that ``token`` was made for; None if it is not whole or of another purpose.

    How long it lasts, and whether it was used, is kept with the link itself.
    """
    try:
        number = _signer(purpose).loads(token)
    except BadData:
        return None
    return db.session.get(MailLink, number)


def _signer(purpose: Purpose) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"mail-link-{purpose}")
