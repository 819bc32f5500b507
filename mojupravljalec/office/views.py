"""The board of the office: what is to be done today."""

from flask import Blueprint, render_template
from flask_login import current_user

from ..accounts.roles import Right
from ..values import clock
from ..web.access import desk
from . import queries

bp = Blueprint("office", __name__)


@bp.get("/pisarna")
@desk(Right.OFFICE)
def board() -> str:
    """Each number is a link to what it counts; a role sees only what it may open."""
    may, no_worker_since = current_user.may, queries.no_worker_since()
    return render_template(
        "office/board.html",
        today=clock.today(),
        no_worker_since=no_worker_since and no_worker_since.astimezone(clock.LOCAL),
        may={right.value: may(right) for right in Right},
        last_import=queries.last_import() if may(Right.IMPORTS) else None,
        failed_files=queries.failed_files() if may(Right.IMPORTS) else 0,
        waiting_files=queries.waiting_files() if may(Right.IMPORTS) else 0,
        payments=queries.unmatched_payments() if may(Right.PAYMENTS) else None,
        letters=queries.letters() if may(Right.CUSTOMERS) else None,
        never_activated=queries.never_activated() if may(Right.CUSTOMERS) else 0,
        exchanges=queries.reported_exchanges() if may(Right.CUSTOMERS) else [],
        new_links=queries.new_links() if may(Right.CUSTOMERS) else 0,
    )
