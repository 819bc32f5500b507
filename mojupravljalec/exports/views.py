"""Readings out for billing: what waits, making an export, its files, taking it back, layouts."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from ..accounts.roles import Right
from ..extensions import db
from ..web import lists
from ..web.access import desk, fresh
from ..web.download import download
from ..web.filters import moment, month, period
from ..web.page import ButtonForm
from . import actions, files, forms, queries
from .files import MIME, Ending
from .models import ExportLayout, ReadingExport
from .rules import OUR_HEADINGS

bp = Blueprint("exports", __name__)
Answer = Response | str | tuple[str, int]
ROWS_SHOWN = 10


@bp.get("/pisarna/izvozi")
@desk(Right.EXPORTS)
def overview() -> Answer:
    """What waits, and the exports that were made."""
    return lists.answer(
        "exports/overview.html",
        queries.exports(),
        (
            lists.Column("stevilka", gettext("Number"), _number_cell, ReadingExport.id),
            lists.Column("kdaj", gettext("When"), lambda row: moment(row.made_at)),
            lists.Column("kdo", gettext("Who"), lambda row: row.by),
            lists.Column("za", gettext("Which readings"), _which),
            lists.Column(
                "odcitkov",
                gettext("Readings"),
                lambda row: str(row.rows),
                ReadingExport.rows,
                is_number=True,
            ),
            lists.Column("stanje", gettext("State"), _state_cell),
        ),
        order="-stevilka",
        tie=ReadingExport.id,
        name="izvozi",
        months_waiting=queries.months_waiting,  # not asked where only the list is wanted
    )


@bp.route("/pisarna/izvozi/nov", methods=["GET", "POST"])
@desk(Right.EXPORTS)
@fresh
def new() -> Answer:
    """Taking readings out, once more after a look at what waits."""
    form = forms.ExportForm(month=request.args.get("mesec"), after=str(queries.newest()))
    form.offer(queries.months_waiting(), queries.layouts())
    if not form.validate_on_submit():
        return render_template("exports/new.html", form=form), form.status
    try:
        made = actions.make(
            form.choice,
            form.headings,
            by=current_user.email,
            account_id=current_user.id,
            after=form.newest_seen,
        )
    except actions.Overtaken as overtaken:
        db.session.rollback()
        flash(_overtaken(overtaken.number), "warn")
        return _to_export(overtaken.number)
    except actions.NothingWaits as nothing:
        db.session.rollback()
        form.form_errors.append(_nothing_waits(nothing.doubtful))
        return render_template("exports/new.html", form=form), 422
    db.session.commit()
    flash(_made(made))
    return _to_export(made.number)


@bp.get("/pisarna/izvozi/<int:export_id>")
@desk(Right.EXPORTS)
def export(export_id: int) -> Answer:
    """One export: what is in it, and its files."""
    found, kept = queries.export_of(export_id), queries.kept(export_id)
    return render_template(
        "exports/export.html",
        export=found,
        which=_which(found),
        headings=list(kept.headings.values()),
        rows=files.first_rows(kept, ROWS_SHOWN),
        has_xlsx=kept.rows <= files.XLSX_ROWS,
        can_be_taken_back=queries.last_in_force() == export_id,
    )


@bp.route(
    "/pisarna/izvozi/<int:export_id>/odcitki.<any(csv, xlsx):ending>", methods=["GET", "POST"]
)
@desk(Right.EXPORTS)
@fresh
def file(export_id: int, ending: str) -> Answer:
    """The export as a file. Asked by a button, because it is noted who took it."""
    found = queries.export_of(export_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        page = render_template("exports/file.html", form=form, export=found, ending=ending)
        return page, form.status
    try:
        kept = actions.take_out(
            export_id, Ending(ending), by=current_user.email, account_id=current_user.id
        )
    except files.TooManyRows:
        flash(gettext("A workbook has not so many rows. Take the CSV."), "warn")
        return _to_export(export_id)
    db.session.commit()
    data = files.written(kept, Ending(ending))
    return download(data, MIME[Ending(ending)], kept.name(Ending(ending)))


@bp.route("/pisarna/izvozi/<int:export_id>/razveljavi", methods=["GET", "POST"])
@desk(Right.EXPORTS)
@fresh
def take_back(export_id: int) -> Answer:
    """Opening the readings of the last export again."""
    found = queries.export_of(export_id)
    if queries.last_in_force() != export_id:
        return _not_the_last(export_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return render_template("exports/take_back.html", form=form, export=found), form.status
    try:
        opened = actions.take_back(export_id, by=current_user.email, account_id=current_user.id)
    except actions.NotTheLast:  # by another press, since this one began
        db.session.rollback()
        return _not_the_last(export_id)
    db.session.commit()
    flash(_taken_back(opened))
    return _to_export(export_id)


# ---------------------------------------------------------------- layouts


@bp.get("/pisarna/izvozi/oblike")
@desk(Right.EXPORTS)
def layouts() -> Answer:
    return render_template("exports/layouts.html", layouts=queries.layouts())


@bp.route("/pisarna/izvozi/oblike/nova", methods=["GET", "POST"])
@desk(Right.EXPORTS)
def new_layout() -> Answer:
    form = forms.LayoutForm(data=forms.as_typed("", OUR_HEADINGS))
    return _layout_page(
        form,
        None,
        lambda: actions.add_layout(
            form.name.data.strip(), form.headings, account_id=current_user.id
        ),
    )


@bp.route("/pisarna/izvozi/oblike/<int:layout_id>", methods=["GET", "POST"])
@desk(Right.EXPORTS)
def layout(layout_id: int) -> Answer:
    found = queries.layout_of(layout_id)
    form = forms.LayoutForm(data=forms.as_typed(found.name, found.headings))
    return _layout_page(
        form,
        found,
        lambda: actions.change_layout(
            found, form.name.data.strip(), form.headings, account_id=current_user.id
        ),
    )


def _layout_page(
    form: forms.LayoutForm, found: ExportLayout | None, save: Callable[[], Any]
) -> Answer:
    if form.validate_on_submit():
        try:
            save()
        except actions.NameTaken:
            form.name.errors = [gettext("Another layout has this name. Take another one.")]
        else:
            db.session.commit()
            flash(gettext("The layout is saved."))
            return redirect(url_for(".layouts"), 303)
    status = 422 if form.is_submitted() else 200
    return render_template("exports/layout.html", form=form, layout=found), status


@bp.route("/pisarna/izvozi/oblike/<int:layout_id>/izbrisi", methods=["GET", "POST"])
@desk(Right.EXPORTS)
def delete_layout(layout_id: int) -> Answer:
    found = queries.layout_of(layout_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        page = render_template("exports/delete_layout.html", form=form, layout=found)
        return page, form.status
    actions.delete_layout(found, account_id=current_user.id)
    db.session.commit()
    flash(gettext("The layout is deleted."))
    return redirect(url_for(".layouts"), 303)


# ---------------------------------------------------------------- in words


def _to_export(export_id: int) -> Response:
    return redirect(url_for(".export", export_id=export_id), 303)


def _not_the_last(export_id: int) -> Response:
    flash(gettext("Only the last export in force can be taken back."), "warn")
    return _to_export(export_id)


def _made(made: actions.Made) -> str:
    said = ngettext(
        "%(num)d reading is exported and locked.",
        "%(num)d readings are exported and locked.",
        made.rows,
    )
    return f"{said} {_left_out(made.left_out)}" if made.left_out else said


def _left_out(count: int) -> str:
    return gettext("Doubtful readings that were left out: %(count)s.", count=count)


def _taken_back(count: int) -> str:
    return ngettext(
        "The export is taken back. %(num)d reading is open again.",
        "The export is taken back. %(num)d readings are open again.",
        count,
    )


def _nothing_waits(doubtful: int) -> str:
    said = gettext("No reading of this choice waits for export. Perhaps it was exported already.")
    return f"{said} {_left_out(doubtful)}" if doubtful else said


def _overtaken(number: int) -> str:
    return gettext(
        "Export %(number)s was made in the meantime, so no other one was. If you need another "
        "one, begin again.",
        number=number,
    )


def _number_cell(row: Any) -> lists.Cell:
    return lists.Cell(str(row.id), url_for(".export", export_id=row.id))


def _which(row: Any) -> str:
    """The month of the bill, or the days."""
    if row.counts_for:
        return gettext("for the bill of %(month)s", month=month(row.counts_for))
    return gettext("read %(days)s", days=period(row.from_on, row.to_on))


def _state_cell(row: Any) -> lists.Cell:
    if row.undone_at:
        return lists.Cell(gettext("taken back"), tone="bad")
    return lists.Cell(gettext("in force"), tone="ok")
