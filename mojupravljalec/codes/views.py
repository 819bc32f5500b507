"""Customer codes in the browser: for whom, which codes, the letters, the list, the end of both."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from ..accounts.roles import Right
from ..extensions import db
from ..jobs.leases import progress_of
from ..web import lists
from ..web.access import desk, fresh
from ..web.download import download
from ..web.filters import moment, number
from ..web.htmx import show
from ..web.page import ButtonForm
from . import actions, forms, queries, wording
from .models import CodeBatch
from .queries import Pile, Stage
from .rules import Choice, Whom, from_json

bp = Blueprint("codes", __name__)
Answer = Response | str | tuple[str, int]
ROWS_SHOWN = 5


@bp.route("/pisarna/kode", methods=["GET", "POST"])
@desk(Right.CODES)
def overview() -> Answer:
    """Saying for whom codes are wanted, and the piles that were made."""
    form = forms.ChoiceForm(data=_begun())
    if not form.validate_on_submit():
        return _overview_page(form, form.status)
    batch = actions.choose(
        form.choice,
        makes_new=form.makes_new,
        by=current_user.email,
        account_id=current_user.id,
    )
    db.session.commit()
    return redirect(url_for(".batch", batch_id=batch.id), 303)


def _begun() -> dict[str, Any]:
    """What the form begins with: an earlier choice, or a customer that the desk has open."""
    if earlier := lists.number("izbor"):
        found = queries.pile_of(earlier).batch
        return forms.as_typed(from_json(found.which), makes_new=found.makes_new)
    if customer := request.args.get("stranka"):
        return {"whom": Whom.NUMBERS.value, "numbers": customer, "codes": wording.PRESENT}
    return {}


@bp.get("/pisarna/kode/<int:batch_id>")
@desk(Right.CODES)
def batch(batch_id: int) -> Answer:
    """A choice before it is gone on with, then the pile that is made of it."""
    pile = queries.pile_of(batch_id)
    if pile.stage == Stage.DRAFT:
        return _draft_page(pile)
    return show(
        "codes/batch.html",
        "found",
        form=ButtonForm(),
        pile=pile,
        batch=pile.batch,
        stage=pile.stage,
        label=wording.stage(pile.stage),
        whom=wording.called(from_json(pile.batch.which)),
        codes=wording.codes(pile.batch.makes_new),
        goes_at=pile.batch.asked_at + actions.KEPT,
        most=actions.ONE_PDF,
        newer=queries.newer_codes(pile.batch) if pile.stage == Stage.READY else None,
        progress=progress_of(pile.batch.job_id) if pile.batch.job_id else None,
    )


@bp.route("/pisarna/kode/<int:batch_id>/naredi", methods=["GET", "POST"])
@desk(Right.CODES)
@fresh
def make(batch_id: int) -> Answer:
    """What is about to happen, and to how many; a press lets the worker do it."""
    pile = queries.pile_of(batch_id)
    if not pile.can_be_made:
        return _to_batch(batch_id)
    count = queries.count(from_json(pile.batch.which))
    form = forms.MakeForm()
    if form.validate_on_submit():
        if form.count.data == str(count):
            _begin(pile.batch)
            return _to_batch(batch_id)
        form.form_errors.append(
            gettext("The number of customers has changed since. Look once more, then press.")
        )
    form.count.data = str(count)
    return render_template(
        "codes/make.html",
        form=form,
        batch=pile.batch,
        count=count,
        whom=wording.called(from_json(pile.batch.which)),
    ), form.status


def _begin(batch: CodeBatch) -> None:
    try:
        actions.begin(batch, by=current_user.email, account_id=current_user.id)
        db.session.commit()
    except actions.NotNow:  # another press was quicker
        db.session.rollback()


# ---------------------------------------------------------------- files


@bp.route("/pisarna/kode/<int:batch_id>/pisma", methods=["GET", "POST"])
@desk(Right.CODES)
@fresh
def letters(batch_id: int) -> Answer:
    """The letters as a file. Asked by a button, because it is noted who took them."""
    batch = queries.pile_of(batch_id).batch
    if not _is_pressed():
        return _to_batch(batch_id)
    path = actions.take_letters(batch, account_id=current_user.id)
    if path is None:
        flash(gettext("The file is deleted. Make the letters once more."), "warn")
        return _to_batch(batch_id)
    db.session.commit()
    name = f"pisma-{batch_id}{path.suffix}"
    return send_file(path, as_attachment=True, download_name=name)


@bp.route("/pisarna/kode/<int:batch_id>/kode.csv", methods=["GET", "POST"])
@desk(Right.CODES)
@fresh
def codes(batch_id: int) -> Answer:
    """The codes as a list for the bill printer, also asked by a button."""
    batch = queries.pile_of(batch_id).batch
    if not _is_pressed():
        return _to_batch(batch_id)
    data = actions.take_list(batch, account_id=current_user.id)
    db.session.commit()
    return download(data, "text/csv", f"kode-{batch_id}.csv")


def _is_pressed() -> bool:
    form = ButtonForm()
    if form.validate_on_submit():
        return True
    if form.expired:
        flash(gettext("Please send the form once more"), "warn")
    return False


@bp.route("/pisarna/kode/<int:batch_id>/izbrisi", methods=["GET", "POST"])
@desk(Right.CODES)
def discard(batch_id: int) -> Answer:
    """Deleting the file of a pile."""
    batch, form = queries.pile_of(batch_id).batch, ButtonForm()
    if not form.validate_on_submit():
        return render_template("codes/discard.html", form=form, batch=batch), form.status
    actions.discard(batch, account_id=current_user.id)
    db.session.commit()
    flash(gettext("The file is deleted. The codes stay as they are."))
    return _to_batch(batch_id)


# ---------------------------------------------------------------- in words


def _to_batch(batch_id: int) -> Response:
    return redirect(url_for(".batch", batch_id=batch_id), 303)


def _overview_page(form: forms.ChoiceForm, status: int) -> Response:
    answer = lists.answer(
        "codes/overview.html",
        queries.piles(),
        (
            lists.Column("stevilka", gettext("Number"), _number_cell, CodeBatch.id),
            lists.Column("kdaj", gettext("When"), lambda row: moment(row.asked_at)),
            lists.Column("kdo", gettext("Who"), lambda row: row.by),
            lists.Column("za", gettext("For whom"), _whom),
            lists.Column("kode", gettext("Codes"), lambda row: wording.codes(row.makes_new)),
            lists.Column(
                "pisem",
                gettext("Number of letters"),
                lambda row: number(row.letters),
                CodeBatch.letters,
                is_number=True,
            ),
            lists.Column("stanje", gettext("State"), _stage_cell),
        ),
        order="-stevilka",
        tie=CodeBatch.id,
        name="pisma-s-kodami",
        form=form,
    )
    answer.status_code = status if answer.status_code == 200 else answer.status_code
    return answer


def _draft_page(pile: Pile) -> str:
    choice = from_json(pile.batch.which)
    count = queries.count(choice)
    return render_template(
        "codes/draft.html",
        form=forms.MakeForm(data={"count": str(count)}),
        batch=pile.batch,
        count=count,
        customers=queries.first(choice, ROWS_SHOWN),
        unknown=_unknown(choice),
        most=actions.ONE_PDF,
        whom=wording.called(choice),
    )


def _unknown(choice: Choice) -> str:
    """The numbers of a list that nobody has."""
    numbers = queries.unknown(choice.numbers) if choice.numbers else []
    return forms.some_of(numbers) if numbers else ""


def _number_cell(row: Any) -> lists.Cell:
    return lists.Cell(str(row.id), url_for(".batch", batch_id=row.id))


def _whom(row: Any) -> str:
    return wording.called(from_json(row.which))


def _stage_cell(row: Any) -> lists.Cell:
    text, tone = wording.stage(queries.stage(row.job_state, row.stored))
    return lists.Cell(text, tone=tone)
