"""Shape and wording of the second proof."""

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField

from ..web.forms import Form, Required, Shorter

_CODE = {"inputmode": "numeric", "autocomplete": "one-time-code", "class": "codebox"}


class ProofForm(Form):
    code = StringField(
        _("Code"),
        [Required(_("Type the six digits from the phone, or a recovery code.")), Shorter(40)],
        description=_("Six digits from the application on your phone, or a recovery code."),
        render_kw={**_CODE, "inputmode": "text", "autocapitalize": "characters"},
    )


class PhoneForm(Form):
    code = StringField(
        _("Six digits from the phone"),
        [Required(_("Type the six digits that the phone shows now.")), Shorter(12)],
        render_kw=_CODE,
    )


class KeyForm(Form):
    """What the browser brings from the passkey, without anybody typing it."""

    answer = HiddenField()


class NewKeyForm(KeyForm):
    name = StringField(
        _("What you call it"),
        [Required(_("Name the passkey, so that you know it later.")), Shorter(60)],
        description=_("For example: office computer, blue key."),
        render_kw={"autocomplete": "off"},
    )
