"""The supply points of a resident: the reading form, the history, the chart."""

from datetime import date
from decimal import Decimal

from flask import Blueprint, current_app, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..customers.queries import seen_by
from ..extensions import db
from ..transactions import once
from ..values import clock
from ..web.access import keeps, photos, unsent
from ..web.forms import read_day
from ..web.htmx import after_post, show
from ..web.numbers import row_number
from . import actions, queries, registers, wording
from . import page as pages
from .forms import ReadingForm
from .models import Reading, Source
from .photo import NotAPhoto

bp = Blueprint("metering", __name__, url_prefix="/odjemna-mesta")
A_DAY = 86_400  # a photo in the form must outlive the question


@bp.get("")
def points() -> str:
    seen = queries.points_of(seen_by(current_user.id))
    return render_template("metering/points.html", points=seen, today=clock.today())


@bp.route("/<int:point_id>", methods=["GET", "POST"])
@photos
@keeps("value", "taken_on")
def point(point_id: int) -> Response:
    seen = queries.point_of(seen_by(current_user.id), point_id)
    corrected = _corrected(seen)
    form = _form(corrected)
    if not form.validate_on_submit():
        return _show(seen, form, form.status, corrected=corrected)
    doubt = None
    try:
        reading = actions.submit_reading(current_user, seen, _answers(form, corrected))
    except actions.Doubtful as doubtful:
        doubt = doubtful
        form.confirmed_l.data = str(doubtful.value_l)
        form.offer(doubtful.verdict)
        if isinstance(doubtful, actions.KnownMeter):
            form.new_serial.errors = [
                gettext(
                    "This is the number of the old meter. Type the one on the new meter, or none."
                )
            ]
        elif request.form.get("confirmed_l") == form.confirmed_l.data:
            form.reason.errors = [gettext("Choose the nearest answer. »I do not know« is one too.")]
    except actions.TooLarge:
        form.photo.errors = [wording.too_large()]
        return _show(seen, form, 413, corrected=corrected)
    except (NotAPhoto, actions.TooManyPhotos, registers.NotAReading, actions.Refused) as trouble:
        _blame(form, seen, trouble)
    else:
        db.session.commit()
        url = url_for(".point", point_id=point_id, oddano=reading.id)
        thanks = gettext("Thank you, the reading is sent.")
        return after_post(thanks, url, lambda: _show(seen, _empty_form(), sent=reading.id))
    db.session.rollback()
    return _show(seen, form, 422, corrected=corrected, doubt=doubt)


@bp.get("/<int:point_id>/odcitki/<int:reading_id>/fotografija")
def photo(point_id: int, reading_id: int) -> Response:
    seen = queries.point_of(seen_by(current_user.id), point_id)
    return send_file(
        pages.photo_of(seen, reading_id),
        mimetype="image/jpeg",
        as_attachment=True,
        download_name=f"vodomer-{reading_id}.jpg",
    )


def _show(
    seen: queries.PointSeen,
    form: ReadingForm,
    status: int = 200,
    *,
    corrected: Reading | None = None,
    doubt: actions.Doubtful | None = None,
    sent: int | None = None,
) -> Response:
    if corrected or doubt:
        # Shown first, sent then: what nobody saw is no answer.
        form.recall(queries.report_on(seen.id, _day(form, corrected)))
    page = pages.page_of(seen, sent or request.args.get("oddano", type=row_number))
    return show(
        "metering/point.html",
        "panel",
        status,
        page=page,
        form=form,
        doubt=doubt,
        every="vse" in request.args,
        correcting=corrected,
        pages=pages,
        wording=wording,
    )


def _corrected(seen: queries.PointSeen) -> Reading | None:
    """The reading that ?popravi= wants corrected: one that was sent here."""
    reading_id = request.args.get("popravi", type=row_number)
    if reading_id is None:
        return None
    reading = queries.reading_of(seen, reading_id)
    if reading.source != Source.PORTAL:
        raise NotFound
    return reading


def _form(corrected: Reading | None) -> ReadingForm:
    """The form for today, or filled in with what is to be corrected or was not sent."""
    typed = unsent()
    if corrected:
        value = typed.get("value") or str(Decimal(corrected.value_l) / 1000)
        return ReadingForm(taken_on=corrected.taken_on, value=value)
    day = read_day(typed.get("taken_on", "")) or clock.today()
    return ReadingForm(taken_on=day, value=typed.get("value"))


def _empty_form() -> ReadingForm:
    return ReadingForm(formdata=None, taken_on=clock.today())


def _day(form: ReadingForm, corrected: Reading | None) -> date:
    """Of which day the value is; a correction is of the day that it corrects."""
    return corrected.taken_on if corrected else form.taken_on.day or clock.today()


def _answers(form: ReadingForm, corrected: Reading | None) -> actions.Answers:
    """What the form says."""
    return actions.Answers(
        typed=form.value.data,
        taken_on=_day(form, corrected),
        submission=form.submission.data,
        confirmed_l=form.confirmed,
        reason=form.reason.data or "",
        photo=_photo(form),
        new_serial=form.new_serial.data or "",
    )


def _photo(form: ReadingForm) -> str:
    """The name of the photo sent now, or of the one that came before a question of ours."""
    signer = URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="photo")
    sent = request.files.get("photo")
    if sent and sent.filename:
        data = sent.read()
        name = once("photo", lambda: _keep(data))
        form.kept_photo.data = signer.dumps([current_user.id, name])
        return name
    try:
        owner, name = signer.loads(form.kept_photo.data or "", max_age=A_DAY)
    except BadData:
        form.kept_photo.data = ""
        return ""
    return str(name) if owner == current_user.id else ""


def _keep(photo: bytes) -> str:
    actions.count_photo(current_user, len(photo))
    # Counted, whatever becomes of the reading; and nobody waits while it is shrunk.
    db.session.commit()
    return actions.keep_photo(photo)


def _blame(
    form: ReadingForm,
    seen: queries.PointSeen,
    trouble: NotAPhoto | actions.TooManyPhotos | registers.NotAReading | actions.Refused,
) -> None:
    """Put the sentence where the mistake is."""
    if isinstance(trouble, NotAPhoto):
        form.photo.errors = [
            gettext(
                "This is not a JPEG, PNG or HEIC picture. Choose another, "
                "or send the reading without one."
            )
        ]
    elif isinstance(trouble, actions.TooManyPhotos):
        form.photo.errors = [
            gettext("That was enough photos for today. Send the reading without one.")
        ]
    elif isinstance(trouble, actions.Refused):
        form.form_errors.append(wording.refusal(trouble.why))
    else:
        meter = queries.current_meter(seen.id)
        assert meter, "a flaw is found in a value of a meter"  # noqa: S101 narrows the type
        field = form.taken_on if trouble.code in wording.ABOUT_THE_DAY else form.value
        field.errors = [wording.flaw(trouble.code, meter)]
