"""Writing the audit; the row joins the caller's transaction."""

from typing import Any

from flask import has_request_context

from ..extensions import db
from ..values import clock
from ..web.access import client_address
from .models import AuditEntry


def record(event: str, *, account_id: int | None = None, subject: str = "", **details: Any) -> None:
    """Note that ``event`` happened to ``subject`` (``table:id``); never a secret in ``details``."""
    db.session.add(
        AuditEntry(
            at=clock.now(),
            event=event,
            account_id=account_id,
            address=client_address() if has_request_context() else "",
            subject=subject,
            details=details,
        )
    )
