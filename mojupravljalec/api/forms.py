"""Shape and wording of what is said of a program."""

from typing import Any
from uuid import uuid4

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from ..web.forms import Form, Required, Shorter
from .rules import LONGEST_NAME
from .wording import SCOPES


def _one_line(_form: Any, field: Any) -> None:
    if not (field.data or "").isprintable():
        raise ValidationError(gettext("Write it in one line."))


class TokenForm(Form):
    submission = HiddenField(default=lambda: str(uuid4()))
    name = StringField(
        _("What the program is called"),
        [
            Required(_("Name the program, so that you know it later.")),
            Shorter(LONGEST_NAME),
            _one_line,
        ],
        description=_("The audit shows what it does under this name."),
        render_kw={"autocomplete": "off"},
    )
    scopes = SelectMultipleField(
        _("What the program may do"),
        choices=[SelectChoice(scope.value, name) for scope, name in SCOPES.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )

    def validate_scopes(self, field: Any) -> None:
        if not field.data or not set(field.data) <= set(SCOPES):
            raise ValidationError(gettext("Choose at least one thing that the program may do."))
