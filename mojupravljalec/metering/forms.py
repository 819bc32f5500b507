"""Shape and wording of a reading."""

from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import FileField, HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..web.forms import DayField, Form, Required, Shorter
from . import rules, wording
from .models import Reading

LONGEST_SERIAL = 40  # characters


def _printable(text: str | None) -> str:
    """The text on one line, without what no meter has on it."""
    return "".join(filter(str.isprintable, text or "")).strip()[:LONGEST_SERIAL]


class ReadingForm(Form):
    has_reported_photo = False  # see ``recall``

    value = StringField(
        _("Meter reading in m³"),
        [Required(_("Copy the black digits from the meter.")), Shorter(40)],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    taken_on = DayField(_("Read on"), [Required(_("Write the day of the reading."))])
    photo = FileField(
        _("Photo of the meter"),
        description=_("Optional. JPEG, PNG or HEIC."),
        render_kw={"accept": "image/*"},
    )
    reason = RadioField(
        _("If the number is right: why does it differ?"),
        choices=[],  # see ``offer``
        validate_choice=False,
    )
    new_serial = StringField(
        _("Number of the new meter"),
        description=_("Optional. It is written on the meter."),
        filters=[_printable],
        render_kw={"autocomplete": "off", "maxlength": LONGEST_SERIAL},
    )
    submission = HiddenField(default=lambda: str(uuid4()))
    confirmed_l = HiddenField()
    kept_photo = HiddenField()

    def validate_submission(self, field: Any) -> None:
        try:
            field.data = str(UUID(field.data or ""))
        except ValueError as wrong:
            field.data = str(uuid4())
            field.raw_data = [field.data]
            raise ValidationError(gettext("Please send the form once more.")) from wrong

    def validate_reason(self, field: Any) -> None:
        if field.data not in {None, "", *rules.Reason}:
            field.data = None

    def offer(self, verdict: rules.Verdict) -> None:
        """Ask for one of the reasons that fit what is odd."""
        fitting = rules.reasons(verdict.doubts)
        self.reason.choices = [SelectChoice(code, wording.REASONS[code]) for code in fitting]

    def recall(self, report: Reading | None) -> None:
        """Fill in what stays of a reported exchange, where the form does not say otherwise."""
        if report is None:
            return
        self.new_serial.data = self.new_serial.data or report.reported_serial
        if report.reason == rules.Reason.METER_CHANGED:
            self.reason.data = self.reason.data or report.reason
        self.has_reported_photo = bool(report.photo)

    @property
    def confirmed(self) -> int | None:
        """The litres that the resident was asked about, in the form before this one."""
        text = self.confirmed_l.data or ""
        return int(text) if text.isdecimal() and len(text) < 16 else None
