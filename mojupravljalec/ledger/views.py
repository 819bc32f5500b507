"""The financial card of a resident, on the screen and as files."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, request
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..audit.revisits import revisited
from ..customers.queries import CustomerRow, customers_of
from ..values import clock
from ..web.download import download
from ..web.forms import read_day
from ..web.htmx import show
from ..web.numbers import row_number
from . import files, queries, wording
from .queries import Span

bp = Blueprint("ledger", __name__, url_prefix="/financna-kartica")
ENDINGS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@dataclass(frozen=True)
class Asked:
    """Whose card is wanted, and which days of it."""

    customers: list[CustomerRow]
    customer: CustomerRow
    span: Span
    year: int | None


@bp.get("")
@revisited
def card() -> Response:
    """The card of the customer that was chosen, or of the first one."""
    customers = customers_of(current_user.id)
    if not customers:
        return show("ledger/empty.html", "content")
    chosen = request.args.get("stranka", customers[0].id, type=row_number)
    return _card(chosen)


@bp.get("/<int:customer_id>")
@revisited
def card_of(customer_id: int) -> Response:
    return _card(customer_id)


def _card(customer_id: int) -> Response:
    asked = _asked(customer_id)
    page = max(request.args.get("stran", 1, type=row_number), 1)
    known = queries.known_until()
    sums = queries.sums_of(asked.customer.id, asked.span)
    today = clock.today()
    return show(
        "ledger/card.html",
        "page" if request.headers.get("HX-Target") == "older" else "found",
        asked=asked,
        entries=wording.rows(queries.entries_of(asked.customer.id, asked.span, page)),
        page=page,
        next_page=page + 1 if page * queries.PAGE_ROWS < sums.entries else None,
        sums=sums,
        standing=queries.standing_of([asked.customer.id], today=today, known_until=known),
        open_items=wording.open_items(
            queries.open_items_of(asked.customer.id), today=today, known_until=known
        ),
        years=[(year, year) for year in queries.years_of(asked.customer.id)],
        customers=[(one.id, one.called) for one in asked.customers],
        known_until=known,
        invoices=f"{request.script_root}/racuni/",
    )


def _asked(customer_id: int) -> Asked:
    """What the address asks for; a stranger's customer is simply not found."""
    customers = customers_of(current_user.id)
    found = [one for one in customers if one.id == customer_id]
    if not found:
        raise NotFound
    year = request.args.get("leto", type=_year)
    from_on, to_on = (read_day(request.args.get(name, "").strip()) for name in ("od", "do"))
    if year and not (from_on or to_on):
        from_on, to_on = date(year, 1, 1), date(year, 12, 31)
    return Asked(customers, found[0], Span(from_on, to_on), year)


def _year(text: str) -> int:
    number = row_number(text)
    if not date.min.year <= number <= date.max.year:
        raise ValueError(text)
    return number


@bp.get("/<int:customer_id>/kartica.<any(csv, xlsx, pdf):ending>")
def file(customer_id: int, ending: str) -> Response:
    """The card of a span as a file: a table to count with, or a statement to print."""
    asked = _asked(customer_id)
    statement = files.Statement(
        customer_number=asked.customer.number,
        customer_name=asked.customer.name,
        span=asked.span,
        sums=queries.sums_of(asked.customer.id, asked.span),
        entries=queries.all_entries_of(asked.customer.id, asked.span),
        until_on=asked.span.to_on or clock.today(),
    )
    write = {"csv": files.as_csv, "xlsx": files.as_xlsx, "pdf": files.as_pdf}[ending]
    name = f"kartica-{''.join(s for s in asked.customer.number if s.isalnum())}.{ending}"
    return download(write(statement), ENDINGS[ending], name)
