"""The desk: finding a customer who calls, seeing what they see, and helping them in."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask_babel import gettext, ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from ..accounts.actions import AddressTaken, TooOften
from ..accounts.models import Account
from ..accounts.roles import Right
from ..audit.looks import note_look
from ..billing import page as billing_pages
from ..billing import queries as billing
from ..billing import wording as billing_wording
from ..billing.naming import titles
from ..customers.models import Customer, CustomerLink
from ..customers.queries import only
from ..extensions import db
from ..ledger import queries as ledger
from ..ledger import wording as ledger_wording
from ..mail.models import OutboxLetter
from ..metering import page as metering_pages
from ..metering import wording as metering_wording
from ..metering.queries import point_of
from ..values import clock, iban, references
from ..web import lists
from ..web.access import desk, fresh
from ..web.download import download
from ..web.htmx import show, wants_part
from ..web.numbers import row_number
from ..web.page import ButtonForm
from . import actions, columns, forms, page, queries, wording
from .rules import DAYS, Access, Pile, Stage, chosen, days

bp = Blueprint("desk", __name__)
Answer = Response | str | tuple[str, int]
SHOWN_CODE = "shown_code"  # in the session: whose code the next page shows, once
LONGEST_QUERY = 100
FILTERS = ("q", "dostop", "stanje", "dni")  # in the address of a list


@bp.url_defaults
def same_customer(endpoint: str, values: dict[str, Any]) -> None:
    """In what the residents' pages share, links name no customer: it is the one looked at."""
    asked = (request.view_args or {}).get("customer_id") if request else None
    if asked and current_app.url_map.is_endpoint_expecting(endpoint, "customer_id"):
        values.setdefault("customer_id", asked)


# ---------------------------------------------------------------- finding


@bp.get("/pisarna/stranke")
@desk(Right.CUSTOMERS)
def customers() -> Answer:
    """What the search finds, or all customers; one that is found alone is opened."""
    query = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    access = chosen(Access, request.args.get("dostop", ""))
    context: dict[str, Any] = {"asked": query, "access": access}
    context["choices"] = wording.choices(wording.ACCESS)
    if not query:
        return _list(
            "desk/customers.html",
            queries.customers(access),
            columns.customers(),
            order="stevilka",
            tie=Customer.id,
            name="stranke",
            **context,
        )
    found = queries.found(query)
    if len(found) == 1 and not wants_part():
        return redirect(url_for(".customer", customer_id=found[0].id))
    return show(
        "desk/customers.html",
        "found",
        matches=found[: queries.MOST_FOUND],
        has_more=len(found) > queries.MOST_FOUND,
        address=columns.address,
        **context,
    )


# ---------------------------------------------------------------- one customer


@bp.get("/pisarna/stranke/<int:customer_id>")
@desk(Right.CUSTOMERS)
def customer(customer_id: int) -> Answer:
    found = _looked_at(customer_id)
    return render_template(
        "desk/customer.html",
        page=page.page_of(found),
        customer=found,
        form=ButtonForm(),
        entry_rows=ledger_wording.rows,
        **_words(),
    )


@bp.get("/pisarna/stranke/<int:customer_id>/racuni")
@desk(Right.CUSTOMERS)
def invoices(customer_id: int) -> Answer:
    found, seen, at = _looked_at(customer_id), only(customer_id), _page()
    wanted = billing.Filter(
        year=request.args.get("leto", type=_year), unpaid=bool(request.args.get("neplacani"))
    )
    rows = billing.invoices_of(seen, wanted, at)
    known = ledger.known_until()
    return show(
        "desk/invoices.html",
        "found",
        customer=found,
        bills=page.bills(rows[: billing.PAGE_ROWS], known),
        totals=billing.totals_of(seen, wanted, today=clock.today(), known_until=known),
        years=[(year, year) for year in billing.years_of(seen)],
        wanted=wanted,
        page=at,
        has_more=len(rows) > billing.PAGE_ROWS,
        address=lists.address,
        **_words(),
    )


@bp.get("/pisarna/stranke/<int:customer_id>/racuni/<int:invoice_id>")
@desk(Right.CUSTOMERS)
def invoice(customer_id: int, invoice_id: int) -> Answer:
    customer = _looked_at(customer_id)
    found = billing.invoice_of(only(customer_id), invoice_id)
    seen = billing_pages.page_of(found)
    return render_template(
        "desk/invoice.html",
        customer=customer,
        page=seen,
        invoice=found,
        wording=billing_wording,
        reference=references.printed(seen.order.reference),
        account=iban.printed(seen.order.iban),
    )


@bp.get("/pisarna/stranke/<int:customer_id>/racuni/<int:invoice_id>/racun.pdf")
@desk(Right.CUSTOMERS)
def pdf(customer_id: int, invoice_id: int) -> Response:
    """The same file that the resident gets."""
    from ..billing.printed import invoice_on_paper  # draws with reportlab: loaded when needed

    name = billing_pages.pdf_name(billing.invoice_of(only(customer_id), invoice_id))
    _taken(customer_id, name)
    found = billing.invoice_of(only(customer_id), invoice_id)
    if kept := billing_pages.kept_pdf(found):
        return send_file(kept, mimetype="application/pdf", as_attachment=True, download_name=name)
    return download(invoice_on_paper(billing_pages.page_of(found)), "application/pdf", name)


@bp.get("/pisarna/stranke/<int:customer_id>/kartica")
@desk(Right.CUSTOMERS)
def card(customer_id: int) -> Answer:
    found, at, year = _looked_at(customer_id), _page(), request.args.get("leto", type=_year)
    span = ledger.Span(date(year, 1, 1), date(year, 12, 31)) if year else ledger.Span(None, None)
    known, sums = ledger.known_until(), ledger.sums_of(customer_id, span)
    return show(
        "desk/card.html",
        "found",
        customer=found,
        entries=ledger_wording.rows(ledger.entries_of(customer_id, span, at)),
        standing=ledger.standing_of([customer_id], today=clock.today(), known_until=known),
        sums=sums,
        years=[(one, one) for one in ledger.years_of(customer_id)],
        year=year,
        known_until=known,
        page=at,
        has_more=at * ledger.PAGE_ROWS < sums.entries,
        address=lists.address,
    )


@bp.get("/pisarna/stranke/<int:customer_id>/odjemna-mesta/<int:point_id>")
@desk(Right.CUSTOMERS)
def point(customer_id: int, point_id: int) -> Answer:
    """The history of the customer's own time there; only the resident sends and corrects."""
    customer = _looked_at(customer_id)
    seen = point_of(only(customer_id), point_id)
    found = metering_pages.page_of(seen, None)
    return render_template(
        "desk/point.html",
        customer=customer,
        page=replace(found, meter=None, photos=frozenset()),
        meter=found.meter,
        photos=[row for row in found.rows if row.reading_id in found.photos],
        pages=metering_pages,
        wording=metering_wording,
    )


@bp.get(
    "/pisarna/stranke/<int:customer_id>/odjemna-mesta/<int:point_id>"
    "/odcitki/<int:reading_id>/fotografija"
)
@desk(Right.CUSTOMERS)
def photo(customer_id: int, point_id: int, reading_id: int) -> Response:
    seen = point_of(only(customer_id), point_id)
    path = metering_pages.photo_of(seen, reading_id)
    name = f"vodomer-{reading_id}.jpg"
    _taken(customer_id, name)
    return send_file(path, mimetype="image/jpeg", as_attachment=True, download_name=name)


# ---------------------------------------------------------------- the customer's code and accesses


@bp.route("/pisarna/stranke/<int:customer_id>/koda", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
@fresh
def code(customer_id: int) -> Answer:
    """The code by which residents link the customer: shown once for each press."""
    found, form = queries.customer(customer_id), ButtonForm()
    if form.validate_on_submit():
        actions.note_code_shown(found, by=current_user.id)
        db.session.commit()
        return _show_code(customer_id)
    shown = request.method == "GET" and session.get(SHOWN_CODE) == customer_id
    if shown:
        session.pop(SHOWN_CODE)
    return _page_about("code", found, form, code=found.access_code if shown else "")


@bp.route("/pisarna/stranke/<int:customer_id>/koda/nova", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
@fresh
def renew_code(customer_id: int) -> Answer:
    found = queries.customer(customer_id)
    # A button that was sent without its mark must not borrow the present one.
    form = forms.RenewForm(mark=actions.mark_of(found) if request.method == "GET" else "")
    if not form.validate_on_submit():
        return _page_about("renew_code", found, form)
    if not actions.renew_code(found, form.mark.data or "", by=current_user.id):
        flash(gettext("The code was renewed already. Nothing more was done."), "warn")
        return redirect(url_for(".code", customer_id=customer_id), 303)
    db.session.commit()
    flash(gettext("The new code works, the old one does not any more."))
    return _show_code(customer_id)


def _show_code(customer_id: int) -> Response:
    session[SHOWN_CODE] = customer_id
    return redirect(url_for(".code", customer_id=customer_id), 303)


@bp.route("/pisarna/stranke/<int:customer_id>/prikljuci", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
@fresh
def link(customer_id: int) -> Answer:
    found, form = queries.customer(customer_id), forms.LinkForm()
    if not form.validate_on_submit():
        return _page_about("link", found, form)
    try:
        is_new = actions.link(form.email.data, found, by=current_user.id)
    except actions.NoSuchResident:
        form.email.errors = [
            gettext("No resident has an activated access with this address. Check it.")
        ]
        return _page_about("link", found, form)
    db.session.commit()
    flash(
        gettext("The customer is linked. We told everybody by e-mail.")
        if is_new
        else gettext("This customer was linked already.")
    )
    return redirect(url_for(".customer", customer_id=customer_id), 303)


@bp.route("/pisarna/stranke/<int:customer_id>/povezave/<int:link_id>", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
@fresh
def unlink(customer_id: int, link_id: int) -> Answer:
    found, form = queries.customer(customer_id), ButtonForm()
    ended, account = queries.link_of(customer_id, link_id)
    if ended.ended_at:
        flash(gettext("This access was unlinked already."))
        return redirect(url_for(".customer", customer_id=customer_id), 303)
    if not form.validate_on_submit():
        return _page_about("unlink", found, form, account=account)
    actions.end_link(ended, account, found, by=current_user.id)
    db.session.commit()
    flash(gettext("The customer is no longer linked. We told the owner of the access."))
    return redirect(url_for(".customer", customer_id=customer_id), 303)


def _page_about(name: str, found: Customer, form: Any, **context: Any) -> Answer:
    return render_template(f"desk/{name}.html", form=form, customer=found, **context), form.status


# ---------------------------------------------------------------- accesses


@bp.get("/pisarna/dostopi")
@desk(Right.CUSTOMERS)
def accounts() -> Answer:
    stage = chosen(Stage, request.args.get("stanje", ""))
    beginning = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    return _list(
        "desk/accounts.html",
        queries.residents(stage, beginning),
        columns.accounts(),
        order="naslov",
        tie=Account.id,
        name="dostopi",
        stage=stage,
        beginning=beginning,
        choices=wording.choices(wording.STAGES),
    )


@bp.get("/pisarna/dostopi/<int:account_id>")
@desk(Right.CUSTOMERS)
def account(account_id: int) -> Answer:
    queries.resident(account_id)
    note_look(current_user.id, f"account:{account_id}")
    found = page.account_page_of(queries.resident(account_id))
    return render_template("desk/account.html", page=found, account=found.account, wording=wording)


@bp.route("/pisarna/dostopi/<int:account_id>/pismo", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
def send_letter(account_id: int) -> Answer:
    """The activation once more, or a link for a new password: whichever leads in."""
    found, form = queries.resident(account_id), ButtonForm()
    if not form.validate_on_submit():
        return _page_on("send_letter", found, form)
    try:
        actions.send_letter(found, by=current_user.id)
    except TooOften as wait:
        db.session.rollback()
        form.form_errors.append(_enough_letters(wait))
        return _page_on("send_letter", queries.resident(account_id), form, 429)
    return _done(account_id, gettext("The letter is on its way to %(email)s.", email=found.email))


def _enough_letters(wait: TooOften) -> str:
    return ngettext(
        "Several letters were sent to this address lately. The page of the access tells what "
        "became of them. Open the lock, or try again in %(num)d minute.",
        "Several letters were sent to this address lately. The page of the access tells what "
        "became of them. Open the lock, or try again in %(num)d minutes.",
        wait.minutes,
    )


@bp.route("/pisarna/dostopi/<int:account_id>/naslov", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
@fresh
def new_email(account_id: int) -> Answer:
    found, form = queries.resident(account_id), forms.NewEmailForm()
    if not form.validate_on_submit():
        return _page_on("new_email", found, form)
    try:
        actions.change_email(
            found, form.email.data, reason=form.reason.data.strip(), by=current_user.id
        )
    except AddressTaken:
        form.email.errors = [gettext("This address has an access already. Take another one.")]
        return _page_on("new_email", found, form)
    return _done(
        account_id,
        gettext("The address is changed. A letter is on its way to %(email)s.", email=found.email),
    )


@bp.route("/pisarna/dostopi/<int:account_id>/odjava", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
def sign_out(account_id: int) -> Answer:
    found, form = queries.resident(account_id), ButtonForm()
    if not form.validate_on_submit():
        return _page_on("sign_out", found, form)
    actions.sign_out(found, by=current_user.id)
    return _done(account_id, gettext("All devices are signed out."))


@bp.route("/pisarna/dostopi/<int:account_id>/zapora", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
@fresh
def open_lock(account_id: int) -> Answer:
    found, form = queries.resident(account_id), ButtonForm()
    if not form.validate_on_submit():
        return _page_on("open_lock", found, form)
    actions.open_lock(found, by=current_user.id)
    return _done(account_id, gettext("The lock is open: signing in and codes can be tried again."))


@bp.route("/pisarna/dostopi/<int:account_id>/dvojna-prijava", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
@fresh
def drop_factors(account_id: int) -> Answer:
    found, form = queries.resident(account_id), ButtonForm()
    if not form.validate_on_submit():
        return _page_on("drop_factors", found, form)
    if found.factor_since is not None:
        actions.drop_factors(found, by=current_user.id)
    return _done(account_id, gettext("Two-step sign-in is turned off."))


def _page_on(name: str, found: Account, form: Any, status: int | None = None) -> Answer:
    answer = render_template(f"desk/{name}.html", form=form, account=found)
    return answer, status or form.status


def _done(account_id: int, sentence: str) -> Response:
    db.session.commit()
    flash(sentence)
    return redirect(url_for(".account", account_id=account_id), 303)


# ---------------------------------------------------------------- what is new


@bp.get("/pisarna/povezave")
@desk(Right.CUSTOMERS)
def links() -> Answer:
    """Who was linked to whom of late."""
    number = days(request.args.get("dni", ""))
    return _list(
        "desk/links.html",
        queries.links(clock.now() - timedelta(days=number)),
        columns.links(),
        order="-kdaj",
        tie=CustomerLink.id,
        name="povezave",
        days=number,
        choices=[
            (one, ngettext("the last %(num)d day", "the last %(num)d days", one)) for one in DAYS
        ],
    )


@bp.get("/pisarna/sporocila")
@desk(Right.CUSTOMERS)
def letters() -> Answer:
    """Letters that wait, that were refused, or that were sent."""
    pile = chosen(Pile, request.args.get("stanje", "")) or Pile.WAITING
    return _list(
        "desk/letters.html",
        queries.letters(pile),
        columns.letters(),
        order="-kdaj",
        tie=OutboxLetter.id,
        name="sporocila",
        pile=pile,
        choices=wording.choices(wording.PILES),
    )


@bp.route("/pisarna/sporocila/<int:letter_id>", methods=["GET", "POST"])
@desk(Right.CUSTOMERS)
def letter(letter_id: int) -> Answer:
    """What became of one letter; one that was given up can be tried again."""
    found, form = queries.letter(letter_id), ButtonForm()
    if not form.validate_on_submit():
        return render_template(
            "desk/letter.html",
            form=form,
            letter=found,
            can_go_again=actions.can_go_again(found),
            wording=wording,
        ), form.status
    if actions.try_again(found, by=current_user.id):
        db.session.commit()
        flash(gettext("The letter is queued and leaves at once."))
    else:
        flash(gettext("This letter cannot be tried again now."), "warn")
    return redirect(url_for(".letter", letter_id=letter_id), 303)


# ---------------------------------------------------------------- common to them


def _looked_at(customer_id: int) -> Customer:
    """The customer, of whom it is noted that somebody of the office looks."""
    queries.customer(customer_id)
    note_look(current_user.id, f"customer:{customer_id}")
    return queries.customer(customer_id)


def _taken(customer_id: int, name: str) -> None:
    """Note that a file about the customer leaves the house. What was read before is out of date."""
    db.session.rollback()  # on SQLite, what has read may not write once others have
    actions.note_file(customer_id, name, by=current_user.id)
    db.session.commit()


def _list(template: str, query: lists.Query, columns: Any, *, name: str, **rest: Any) -> Answer:
    asked = {key: request.args[key] for key in FILTERS if key in request.args}
    return lists.answer(template, query, columns, name=name, filters=asked, **rest)


def _words() -> dict[str, Any]:
    """How the parts of a customer's page are spoken of."""
    return {"wording": wording, "called": titles(), "bill_words": billing_wording}


def _page() -> int:
    return max(request.args.get("stran", 1, type=row_number), 1)


def _year(text: str) -> int:
    number = row_number(text)
    if not date.min.year <= number <= date.max.year:
        raise ValueError(text)
    return number
