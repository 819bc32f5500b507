"""Which payments are looked for; all of it stands in the address."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..web.forms import DayField, Form
from .queries import Wanted

ASSIGNED = "razporejena"


class WantedForm(Form):
    """Sent by GET, and without a token: it changes nothing."""

    state = SelectField(
        _("Show"),
        name="stanje",
        default="",
        choices=[
            SelectChoice("", _("payments that wait")),
            SelectChoice(ASSIGNED, _("payments the office has assigned")),
        ],
        validate_choice=False,
    )
    from_on = DayField(_("From the day"), name="od")
    to_on = DayField(_("Up to the day"), name="do")

    def validate_to_on(self, field: Any) -> None:
        first, last = self.from_on.day, field.day
        if first and last and last < first:
            raise ValidationError(gettext("The last day lies before the first one."))

    @property
    def asked(self) -> dict[str, str]:
        """What was chosen, by its name in the address."""
        return {field.name: field.data for field in self if field.data}

    @property
    def is_of_office(self) -> bool:
        """Whether what the office has assigned is asked for."""
        return self.state.data == ASSIGNED

    @property
    def wanted(self) -> Wanted:
        """What to look for; only of a form that is valid."""
        return Wanted(self.is_of_office, self.from_on.day, self.to_on.day)
