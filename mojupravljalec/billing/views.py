"""Invoices of a resident: the list, one invoice, its PDF, and how to pay it."""

from datetime import date
from functools import lru_cache

from flask import Blueprint, request, send_file, url_for
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..audit.revisits import revisited
from ..customers.queries import customers_of, seen_by
from ..ledger.queries import known_until
from ..metering.queries import point_names
from ..values import clock, iban, money, references
from ..web.download import download
from ..web.filters import short_day
from ..web.htmx import show
from ..web.numbers import row_number
from . import page as pages
from . import queries, upn_qr, wording
from .calendar import due_entry
from .document import Kind
from .naming import titles

bp = Blueprint("billing", __name__, url_prefix="/racuni")
PICTURES_KEPT = 200  # of about 1.5 kB; making one takes 20 ms


@bp.get("")
@revisited
def invoices() -> Response:
    wanted = _filter()
    page = max(request.args.get("stran", 1, type=row_number), 1)
    seen = seen_by(current_user.id)
    found = queries.invoices_of(seen, wanted, page)
    known, today = known_until(), clock.today()
    customers = {row.id: row for row in customers_of(current_user.id)}
    part = "page" if request.headers.get("HX-Target") == "older" else "found"
    return show(
        "billing/invoices.html",
        part,
        rows=_rows(found[: queries.PAGE_ROWS], known, today),
        next_page=page + 1 if len(found) > queries.PAGE_ROWS else None,
        page=page,
        wanted=wanted,
        totals=queries.totals_of(seen, wanted, today=today, known_until=known),
        years=[(year, year) for year in queries.years_of(seen)],
        customers=customers,
        choices=[(one.id, one.called) for one in customers.values()],
        points=point_names(seen),
        known_until=known,
        pay=f"{request.script_root}{bp.url_prefix}/",
    )


def _filter() -> queries.Filter:
    return queries.Filter(
        year=request.args.get("leto", type=_year),
        customer_id=request.args.get("stranka", type=row_number),
        supply_point=request.args.get("mesto", "").replace("\0", "")[:100],
        unpaid=bool(request.args.get("neplacani")),
    )


def _year(text: str) -> int:
    number = row_number(text)
    if not date.min.year <= number <= date.max.year:
        raise ValueError(text)
    return number


Row = tuple[int, int, str, str, str, str, str, str, str, str]


def _rows(found: list[queries.InvoiceRow], known: date | None, today: date) -> list[Row]:
    """Rows as the table writes them: everything ready, so that the loop is quick."""
    called, states = titles(), wording.states()
    rows = []
    for row in found:
        now = row.state(today=today, known_until=known)
        partly = 0 < row.open_cents < row.amount_cents
        rows.append(
            (
                row.id,
                row.customer_id,
                row.number,
                called(row),
                short_day(row.issued_on),
                "" if row.kind == Kind.CREDIT_NOTE else short_day(row.due_on),
                money.euros(row.amount_cents),
                *states[now],
                money.euros(row.open_cents) if partly else "",
            )
        )
    return rows


@bp.get("/<int:invoice_id>")
@revisited
def invoice(invoice_id: int) -> Response:
    found = queries.invoice_of(seen_by(current_user.id), invoice_id)
    page = pages.page_of(found)
    return show(
        "billing/invoice.html",
        "content",
        page=page,
        invoice=found,
        wording=wording,
        reference=references.printed(page.order.reference),
        account=iban.printed(page.order.iban),
    )


@bp.get("/<int:invoice_id>/racun.pdf")
def pdf(invoice_id: int) -> Response:
    """The operator's own PDF where there is one, else ours."""
    from .printed import invoice_on_paper  # draws with reportlab: loaded when it is needed

    found = queries.invoice_of(seen_by(current_user.id), invoice_id)
    name = pages.pdf_name(found)
    if kept := pages.kept_pdf(found):
        return send_file(kept, mimetype="application/pdf", as_attachment=True, download_name=name)
    return download(invoice_on_paper(pages.page_of(found)), "application/pdf", name)


@bp.get("/<int:invoice_id>/upn.png")
def picture(invoice_id: int) -> Response:
    """The UPN QR as a picture, as long as there is something to pay."""
    page = pages.page_of(queries.invoice_of(seen_by(current_user.id), invoice_id))
    if not page.is_payable:
        raise NotFound
    name = f"upn-{pages.plain(page.invoice.number)}.png"
    as_file = "shrani" in request.args
    return download(_picture(page.order), "image/png", name, attached=as_file)


@lru_cache(maxsize=PICTURES_KEPT)
def _picture(order: upn_qr.Order) -> bytes:
    return upn_qr.png(order)


@bp.get("/<int:invoice_id>/rok.ics")
def due_date(invoice_id: int) -> Response:
    found = queries.invoice_of(seen_by(current_user.id), invoice_id)
    status = pages.status_of(found, queries.charge_of(found).open_cents)
    if found.kind == Kind.CREDIT_NOTE or status.pay_by is None:
        raise NotFound
    entry = due_entry(
        uid=f"invoice-{found.id}@{request.host.partition(':')[0]}",
        due_on=found.due_on,
        issued_on=found.issued_on,
        title=f"{wording.title(found)}: {money.euros(status.open_cents)}",
        text=url_for(".invoice", invoice_id=found.id, _external=True),
    )
    return download(entry, "text/calendar", f"rok-{pages.plain(found.number)}.ics")
