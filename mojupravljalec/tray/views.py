"""The tray: payments of which nobody knows whose they are, and saying whose they are."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from ..accounts.roles import Right
from ..extensions import db
from ..ledger.actions import RELEASED, AlreadyAssigned, NoSuchCustomer, NotAssigned, is_on_a_ledger
from ..ledger.models import BankPayment
from ..search.queries import find
from ..values import iban, references
from ..web import lists
from ..web.access import desk
from ..web.numbers import row_number
from ..web.page import ButtonForm
from . import actions, candidates, queries, wording
from .forms import WantedForm

bp = Blueprint("tray", __name__)
Answer = Response | str | tuple[str, int]
NAME = "placila"
MOST_FOUND = 20
LONGEST_QUERY = 100


@bp.get("/pisarna/placila")
@desk(Right.PAYMENTS)
def payments() -> Response:
    """What waits, each with a guess whose it may be; or what the office has assigned."""
    form = WantedForm(request.args, meta={"csrf": False})
    query = queries.payments(form.wanted) if form.validate() else queries.nothing()
    return _list(query, form)


def _list(query: lists.Query, form: WantedForm) -> Response:
    """A guess is nothing to take along: the file has only what the bank told."""
    as_file = lists.wants_csv()
    shown: dict[str, Any] = {
        "tie": BankPayment.id,
        "name": NAME,
        "form": form,
        "filters": form.asked,
    }
    if form.is_of_office:
        columns = wording.assigned()
        return lists.answer("tray/payments.html", query, columns, order="-dan", **shown)
    if not as_file:
        shown["prepare"] = candidates.lines
    columns = wording.waiting(with_guesses=not as_file)
    return lists.answer("tray/payments.html", query, columns, order="dan", **shown)


@bp.route("/pisarna/placila/<int:payment_id>", methods=["GET", "POST"])
@desk(Right.PAYMENTS)
def payment(payment_id: int) -> Answer:
    """The payment; while it waits, whose it may be, with a button for each of them."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return _page(payment_id, form)
    try:
        actions.assign(payment_id, _pressed(), by=current_user.id)
    except NoSuchCustomer:
        form.form_errors = [gettext("Choose a customer.")]
        return _page(payment_id, form)
    except AlreadyAssigned:
        flash(wording.was_assigned(queries.payment(payment_id)), "warn")
        return redirect(url_for(".payment", payment_id=payment_id), 303)
    db.session.commit()
    done = queries.payment(payment_id)
    flash(wording.is_assigned(done))
    return redirect(_next_place(done), 303)


@bp.route("/pisarna/placila/<int:payment_id>/sprosti", methods=["GET", "POST"])
@desk(Right.PAYMENTS)
def release(payment_id: int) -> Answer:
    """Take the payment from the card of the customer whom the page showed.

    Whoever comes back here after signing in sees that page.
    """
    form, before = ButtonForm(), queries.payment(payment_id)
    if not form.validate_on_submit():
        return _page(payment_id, form)
    try:
        actions.release(payment_id, _pressed(), by=current_user.id)
    except NotAssigned:
        flash(wording.was_released(), "warn")
    else:
        db.session.commit()
        flash(wording.is_released(before))
    return redirect(url_for(".payment", payment_id=payment_id), 303)


def _pressed() -> int:
    """The customer of the button that was pressed; 0, which is nobody's number, for none."""
    try:
        return row_number(request.form.get("stranka", ""))
    except ValueError:
        return 0


def _next_place(done: Any) -> str:
    following = queries.next_waiting(done.booked_on, done.id)
    return url_for(".payment", payment_id=following) if following else url_for(".payments")


def _page(payment_id: int, form: ButtonForm) -> Answer:
    found = queries.payment(payment_id)
    context = _taken(found) if found.customer_id else _waiting(found)
    html = render_template(
        "tray/payment.html",
        payment=found,
        account=iban.printed(found.payer_iban),
        reference=references.printed(found.reference),
        wording=wording,
        form=form,
        **context,
    )
    return html, form.status


def _taken(found: Any) -> dict[str, Any]:
    return {"stays": is_on_a_ledger(found.id)}


def _waiting(found: Any) -> dict[str, Any]:
    asked = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    matches = queries.customers(find(asked)[: MOST_FOUND + 1]) if asked else []
    return {
        "guesses": [(one.customer, one.why) for one in candidates.guesses([found])[found.id]],
        "asked": asked,
        "matches": [(one, ()) for one in matches[:MOST_FOUND]],
        "has_more": len(matches) > MOST_FOUND,
        "is_released": found.matched_by == RELEASED,
    }
