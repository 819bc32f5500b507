"""The first page after signing in."""

from flask import Blueprint, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from ..customers.queries import is_linked

bp = Blueprint("home", __name__)


@bp.get("/")
def start() -> Response:
    """Whoever has linked nobody yet is asked for the code; others see their supply points."""
    goal = "metering.points" if is_linked(current_user.id) else "profile.link"
    return redirect(url_for(goal))
