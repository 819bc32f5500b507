"""What is said of an export, and of a layout."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..web.filters import month
from ..web.forms import DayField, Form, Required, Shorter, read_day
from ..web.numbers import row_number
from . import rules
from .models import ExportLayout
from .queries import MonthWaiting
from .rules import HEADINGS, OUR_HEADINGS, Choice, Wanted

HEADING, PLACE = "heading-", "place-"  # begin the names of the fields of a column


class ExportForm(Form):
    """``after`` is the newest export when the form was opened: see `actions.make`."""

    month = SelectField(_("For the bill of"), validate_choice=False)
    from_on = DayField(_("Read from"))
    to_on = DayField(_("Read up to"))
    layout = SelectField(_("Headings of the file"), default="", choices=[], validate_choice=False)
    with_doubtful = BooleanField(_("export doubtful readings as well, with a remark"))
    after = HiddenField()

    def offer(self, waiting: Sequence[MonthWaiting], layouts: Sequence[ExportLayout]) -> None:
        """Let a month and a layout be chosen; the page begins with the newest month."""
        self.month.choices = [
            *(SelectChoice(f"{one.counts_for:%Y-%m}", _month_waiting(one)) for one in waiting),
            SelectChoice("", gettext("days that I write below")),
        ]
        if self.month.data is None and not self.is_submitted():
            self.month.data = self.month.choices[0].value
        self._layouts = {str(one.id): one.headings for one in layouts}
        self.layout.choices = [
            SelectChoice("", gettext("as the portal calls them")),
            *(SelectChoice(str(one.id), one.name) for one in layouts),
        ]

    def validate_month(self, field: Any) -> None:
        if field.data and self.counts_for is None:
            raise ValidationError(gettext("Choose a month from the list."))
        if field.data and (self.from_on.data or self.to_on.data):
            raise ValidationError(gettext("Choose a month or write days, not both."))

    def validate_to_on(self, field: Any) -> None:
        first, last = self._days()
        if self.month.data or self.from_on.errors or field.errors:
            return
        if not (first and last):
            raise ValidationError(gettext("Write both days, or choose a month."))
        if last < first:
            raise ValidationError(gettext("The last day lies before the first one."))

    def validate_layout(self, field: Any) -> None:
        if field.data and field.data not in self._layouts:
            raise ValidationError(gettext("This layout is gone. Choose another one."))

    @property
    def counts_for(self) -> date | None:
        """First day of the month that was chosen, if it is one."""
        return read_day(f"{self.month.data}-01")

    @property
    def choice(self) -> Choice:
        """Which readings; only of a form that is valid."""
        with_doubtful = bool(self.with_doubtful.data)
        if self.month.data:
            return Choice(counts_for=self.counts_for, with_doubtful=with_doubtful)
        first, last = self._days()
        return Choice(from_on=first, to_on=last, with_doubtful=with_doubtful)

    def _days(self) -> tuple[date | None, date | None]:
        return read_day(self.from_on.data or ""), read_day(self.to_on.data or "")

    @property
    def headings(self) -> dict[str, str]:
        """The file's headings by ours."""
        return self._layouts[self.layout.data] if self.layout.data else OUR_HEADINGS

    @property
    def newest_seen(self) -> int | None:
        """The newest export that whoever sent the form knew of."""
        try:
            return row_number(self.after.data or "")
        except ValueError:
            return None


def _month_waiting(one: MonthWaiting) -> str:
    """»november 2026: 120 odčitkov, od tega dvomljivih 3«."""
    said = ngettext(
        "%(month)s: %(num)d reading",
        "%(month)s: %(num)d readings",
        one.ready + one.doubtful,
        month=month(one.counts_for),
    )
    return f"{said}, {_doubtful(one.doubtful)}" if one.doubtful else said


def _doubtful(count: int) -> str:
    """»od tega dvomljivih 3«."""
    return gettext("doubtful among them: %(count)s", count=count)


class PlaceField(IntegerField):
    """Where a column stands; empty is the end."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if typed:
            if not (typed.isascii() and typed.isdigit() and len(typed) <= 3):
                raise ValueError(gettext("Write a number such as 3, or leave it empty."))
            self.data = int(typed)


def _one_line(_form: Any, field: Any) -> None:
    if not (field.data or "").isprintable():
        raise ValidationError(gettext("Write it in one line."))


class LayoutForm(Form):
    """Each column of ours has two fields more: its heading in the file, and its place."""

    name = StringField(
        _("Name of the layout"),
        [Required(_("Write a name for the layout.")), Shorter(60), _one_line],
        render_kw={"autocomplete": "off"},
    )

    @property
    def columns(self) -> list[tuple[str, Any, Any]]:
        """Our columns, each with its two fields."""
        return [(ours, self[HEADING + ours], self[PLACE + ours]) for ours in HEADINGS]

    def validate(self, extra_validators: Any = None) -> bool:
        """Also that there is a column, and none twice."""
        if not super().validate(extra_validators):
            return False
        try:
            self.headings = rules.arranged(
                Wanted(ours, heading.data or "", place.data)
                for ours, heading, place in self.columns
            )
        except rules.NoColumn:
            self.form_errors.append(gettext("Name at least one column."))
            return False
        except rules.DoubledHeading as doubled:
            field = self[HEADING + doubled.ours]
            field.errors = [gettext("Another column has this name already. Take another one.")]
            return False
        return True


for _ours in HEADINGS:
    _heading = StringField(
        _("Name in the file"), [Shorter(60), _one_line], render_kw={"autocomplete": "off"}
    )
    setattr(LayoutForm, HEADING + _ours, _heading)
    setattr(LayoutForm, PLACE + _ours, PlaceField(_("Place"), render_kw={"min": 1, "max": 999}))


def as_typed(name: str, headings: dict[str, str]) -> dict[str, Any]:
    """A layout as the fields of its form show it."""
    places = {ours: place for place, ours in enumerate(headings, 1)}
    return {
        "name": name,
        **{HEADING + ours: headings.get(ours, "") for ours in HEADINGS},
        **{PLACE + ours: places.get(ours) for ours in HEADINGS},
    }
