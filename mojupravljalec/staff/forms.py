"""Shape and wording of what is said about staff."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import EmailField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..accounts.roles import Role
from ..accounts.rules import NotAnAddress, tidy_email
from ..web.forms import Form, Required, Shorter
from .wording import ROLES

_CHOICES = [SelectChoice(role.value, name) for role, name in ROLES.items()]


def _role(**settings: Any) -> RadioField:
    asked = Required(_("Choose a role."))
    return RadioField(_("Role"), [asked], choices=_CHOICES, **settings)


class InvitationForm(Form):
    email = EmailField(
        _("E-mail address"),
        [Required(_("Type the e-mail address.")), Shorter(254)],
        description=_(
            "Not one with which somebody signs in as a resident: for work, take another."
        ),
        render_kw={"autocomplete": "off"},
    )
    role = _role(default=Role.CLERK.value)

    def validate_email(self, field: StringField) -> None:
        try:
            field.data = tidy_email(field.data or "")
        except NotAnAddress as wrong:
            raise ValidationError(
                str(_("This is not an e-mail address. It looks like ana@example.com."))
            ) from wrong


class RoleForm(Form):
    role = _role()
