"""Imports in the browser: a file comes in, is looked at, tried, imported, taken back."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from .. import storage
from ..accounts.roles import Right
from ..audit.looks import note_saved
from ..extensions import db
from ..imports import text_encoding
from ..imports.guessing import refit
from ..imports.models import ImportBatch
from ..imports.table_file import Unreadable
from ..jobs.leases import progress_of
from ..jobs.models import JobState
from ..storage import Shelf
from ..web import lists
from ..web.access import desk, fresh_file, large_files
from ..web.filters import moment
from ..web.htmx import show
from ..web.numbers import row_number
from ..web.page import ButtonForm
from . import actions, forms, queries
from .actions import NamedFile, Who
from .models import Upload, UploadState
from .report import from_json
from .wording import DOING, ENCODINGS, KINDS, SEPARATORS, STATES

bp = Blueprint("intake", __name__)
Answer = Response | str | tuple[str, int]


@bp.route("/pisarna/uvozi", methods=["GET", "POST"])
@desk(Right.IMPORTS)
@large_files
def uploads() -> Answer:
    """Sending a file, and those that were sent."""
    form = forms.FileForm()
    if not form.validate_on_submit():
        return _uploads_page(form, form.status)
    files = [NamedFile(one.filename, one.stream) for one in form.files.data]
    upload = actions.receive(files, _who())
    actions.inspect(upload, _who(), encoding=form.encoding.data)
    db.session.commit()
    return redirect(url_for(".upload", upload_id=upload.id), 303)


@bp.route("/pisarna/uvozi/<int:upload_id>", methods=["GET", "POST"])
@desk(Right.IMPORTS)
def upload(upload_id: int) -> Answer:
    """One file: what it is, what it would do, what it did."""
    found = queries.upload_of(upload_id)
    form = forms.FitForm(
        kind=found.kind,
        encoding=found.chosen_encoding,
        skip_bad=found.skip_bad,
        accept_sums=found.accept_sums,
    )
    if not form.validate_on_submit():
        return _upload_page(found, form, form.status)
    try:
        _do(found, form)
    except Unreadable as error:
        db.session.rollback()
        form.kind.errors = [f"{error}."]
        return _upload_page(found, form, 422)
    except actions.NotNow:
        db.session.rollback()
        flash(gettext("The file is busy or done with. This is how it stands now."), "warn")
    db.session.commit()
    return redirect(url_for(".upload", upload_id=upload_id), 303)


def _do(found: Upload, form: forms.FitForm) -> None:
    """What the pressed button says. Raises Unreadable, NotNow."""
    match request.form.get("do"):
        case "discard":
            actions.discard(found, _who())
            flash(gettext("The file is discarded. Nothing was imported."))
        case "import":
            found.skip_bad = form.skip_bad.data
            actions.begin_import(found, _who())
        case _ if not found.encoding or form.encoding.data != found.chosen_encoding:
            kind = form.kind.data if found.kind else ""
            actions.inspect(found, _who(), kind=kind, encoding=form.encoding.data)
        case "fit":
            _fit(found, form)
        case _:
            _change(found, form)
            actions.check(found, _who())


def _fit(found: Upload, form: forms.FitForm) -> None:
    """The file as another kind, or with headings that were kept."""
    kept = request.form.get("kept", type=row_number)
    if kept is not None:
        mapping = forms.only_known(found, queries.mapping_of(kept).mapping)
    else:
        mapping = dict(refit(found.file_name, found.encoding, found.headings, form.kind.data))
    actions.change(
        found,
        form.kind.data,
        mapping,
        skip_bad=found.skip_bad,
        accept_sums=found.accept_sums,
    )


def _change(found: Upload, form: forms.FitForm) -> None:
    mapping = forms.mapped(found)
    actions.change(
        found,
        form.kind.data,
        mapping,
        skip_bad=form.skip_bad.data,
        accept_sums=form.accept_sums.data,
    )
    if name := (form.keep_as.data or "").strip():
        actions.keep_mapping(form.kind.data, name, mapping)


@bp.get("/pisarna/uvozi/<int:upload_id>/zavrnjene/<name>")
@desk(Right.IMPORTS)
@fresh_file("intake.upload")
def rejected(upload_id: int, name: str) -> Response:
    """The bad rows with their reasons, to be mended and sent once more."""
    found = queries.upload_of(upload_id)
    path = storage.path_of(Shelf.REJECTED, str(upload_id)) / name
    if name not in from_json(found.report).rejected_files or not path.is_file():
        raise NotFound
    note_saved(current_user.id, f"upload:{upload_id}", name)
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=name)


@bp.get("/pisarna/uvozi/stevilke")
@desk(Right.IMPORTS)
def batches() -> Answer:
    """Every import that wrote something, by its number."""
    return lists.answer(
        "intake/batches.html",
        queries.batches(),
        (
            lists.Column("stevilka", gettext("Number"), _batch_cell, ImportBatch.id),
            lists.Column(
                "vrsta", gettext("Kind"), lambda row: str(KINDS[row.kind]), ImportBatch.kind
            ),
            lists.Column("datoteka", gettext("File"), lambda row: row.file_name),
            lists.Column("kdaj", gettext("When"), lambda row: moment(row.imported_at)),
            lists.Column("kdo", gettext("Who"), lambda row: row.imported_by),
            lists.Column("novih", gettext("New"), lambda row: str(row.new_rows), is_number=True),
            lists.Column(
                "spremenjenih",
                gettext("Changed"),
                lambda row: str(row.changed_rows),
                is_number=True,
            ),
            lists.Column("stanje", gettext("State"), _undone_cell),
        ),
        order="-stevilka",
        tie=ImportBatch.id,
        name="uvozi",
    )


@bp.route("/pisarna/uvozi/stevilke/<int:batch_id>", methods=["GET", "POST"])
@desk(Right.IMPORTS)
def batch(batch_id: int) -> Answer:
    """One import, and taking it back."""
    found = queries.batch_of(batch_id)
    form = ButtonForm()
    job = queries.job_about(actions.UNDO, batch_id)
    busy = job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)
    if form.validate_on_submit():
        if not busy and found.undone_at is None:
            actions.ask_undo(found, _who())
            db.session.commit()
        return redirect(url_for(".batch", batch_id=batch_id), 303)
    return show(
        "intake/batch.html",
        "found",
        form.status,
        form=form,
        batch=found,
        kind=KINDS[found.kind],
        is_last=queries.is_last(found),
        busy=busy,
        trouble=job.trouble if job and not found.undone_at else "",
        progress=progress_of(job.id) if job else None,
    )


@bp.route("/pisarna/uvozi/naslovi/<int:mapping_id>", methods=["GET", "POST"])
@desk(Right.IMPORTS)
def mapping(mapping_id: int) -> Answer:
    """Headings that were kept under a name, and forgetting them."""
    found = queries.mapping_of(mapping_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        page = render_template(
            "intake/mapping.html", form=form, mapping=found, kind=KINDS[found.kind]
        )
        return page, form.status
    actions.forget_mapping(found)
    db.session.commit()
    flash(gettext("The headings are forgotten."))
    return redirect(url_for(".uploads"), 303)


def _who() -> Who:
    return Who(current_user.email, current_user.id)


def _uploads_page(form: forms.FileForm, status: int) -> Response:
    state = request.args.get("stanje", "")
    answer = lists.answer(
        "intake/uploads.html",
        queries.uploads(state),
        (
            lists.Column("datoteka", gettext("File"), _file_cell),
            lists.Column("vrsta", gettext("Kind"), lambda row: str(KINDS.get(row.kind, "–"))),
            lists.Column("kdaj", gettext("When"), lambda row: moment(row.received_at), Upload.id),
            lists.Column("kdo", gettext("Who"), lambda row: row.by),
            lists.Column("stanje", gettext("State"), _state_cell),
        ),
        order="-kdaj",
        tie=Upload.id,
        name="datoteke",
        filters={"stanje": state},
        form=form,
        kept=queries.all_mappings(),
        kinds=KINDS,
        state=state,
        states=[(one.value, name) for one, (name, _) in STATES.items()],
    )
    answer.status_code = status if answer.status_code == 200 else answer.status_code
    return answer


def _upload_page(found: Upload, form: forms.FitForm, status: int) -> Response:
    busy = found.state in queries.BUSY
    kind = form.kind.data or found.kind
    return show(
        "intake/upload.html",
        "found",
        status,
        form=form,
        upload=found,
        states=STATES,
        kinds=KINDS,
        encoding=ENCODINGS.get(found.encoding, ""),
        was_read=bool(found.encoding),
        takes_encoding=found.encoding in {"", "zip", *text_encoding.ENCODINGS.values()},
        doing=DOING.get(UploadState(found.state), ""),
        separator=SEPARATORS.get(found.separator, ""),
        columns=forms.columns(found, kind),
        prefix=forms.COLUMN,
        kept=queries.mappings(kind),
        is_open=queries.is_open(found),
        busy=busy,
        progress=progress_of(found.job_id) if busy and found.job_id else None,
        report=from_json(found.report),
    )


def _file_cell(row: Any) -> lists.Cell:
    return lists.Cell(row.file_name, url_for(".upload", upload_id=row.id))


def _state_cell(row: Any) -> lists.Cell:
    state, tone = STATES[row.state]
    return lists.Cell(str(state), tone=tone or "plain-tag")


def _batch_cell(row: Any) -> lists.Cell:
    return lists.Cell(str(row.id), url_for(".batch", batch_id=row.id))


def _undone_cell(row: Any) -> lists.Cell:
    if row.undone_at:
        return lists.Cell(gettext("taken back"), tone="bad")
    return lists.Cell(gettext("in force"), tone="ok")
