"""The first page after signing in: what a person wants to know in one look."""

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from ..audit.revisits import revisited
from ..billing.naming import title
from ..billing.queries import Filter, invoices_of
from ..customers.queries import customers_of, seen_by
from ..ledger.queries import known_until, standing_of
from ..metering.queries import last_readings, points_of
from ..metering.windows import parse_window
from ..notices.queries import notices_on
from ..values import clock

bp = Blueprint("home", __name__)
POINTS_SHOWN = 3


@bp.get("/")
@revisited
def start() -> Response | str:
    """Whoever has linked nobody yet is asked for the code first."""
    customers = customers_of(current_user.id)
    if not customers:
        return redirect(url_for("profile.link"))
    today, known, seen = clock.today(), known_until(), seen_by(current_user.id)
    points = [point for point in points_of(seen) if point.has(today)]
    window = parse_window(current_app.config["READING_WINDOW"])
    readings = last_readings(points[:POINTS_SHOWN])
    next_bill = window.counts_for(today)
    last = next(iter(invoices_of(seen, Filter(), rows=1)), None)
    return render_template(
        "home/start.html",
        customers=customers,
        today=today,
        known_until=known,
        standing=standing_of([one.id for one in customers], today=today, known_until=known),
        last=last,
        last_title=title(last) if last else "",
        points=points[:POINTS_SHOWN],
        more_points=len(points) > POINTS_SHOWN,
        readings=readings,
        sent={point for point, one in readings.items() if one.counts_for == next_bill},
        span=window.span_on(today),
        next_bill=next_bill,
        notices=notices_on(today),
    )
