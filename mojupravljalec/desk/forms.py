"""Shape and wording of what is typed at the desk."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import EmailField, HiddenField, StringField
from wtforms.validators import ValidationError

from ..accounts.rules import NotAnAddress, tidy_email
from ..web.forms import Form, Required, Shorter

_TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class _EmailForm(Form):
    email = EmailField(
        _("E-mail address"),
        [Required(_("Type the e-mail address.")), Shorter(254)],
        render_kw=_TYPED,
    )

    def validate_email(self, field: StringField) -> None:
        try:
            field.data = tidy_email(field.data or "")
        except NotAnAddress as wrong:
            raise ValidationError(
                gettext("This is not an e-mail address. It looks like ana@example.com.")
            ) from wrong


class LinkForm(_EmailForm):
    """Whom to link."""


class NewEmailForm(_EmailForm):
    reason = StringField(
        _("Reason"),
        [Required(_("Write why, and how you know who is calling.")), Shorter(300)],
        description=_(
            "It is kept in the audit. For example: lost the mailbox, identity card seen."
        ),
        render_kw={"autocomplete": "off"},
    )


class RenewForm(Form):
    """A button, and which code it is to replace."""

    mark = HiddenField()
