"""Shape and wording of the customer code."""

from flask_babel import lazy_gettext as _
from wtforms import StringField

from ..web.forms import Form, Required, Shorter


class LinkForm(Form):
    code = StringField(
        _("customer code"),
        [Required(_("Copy the customer code from your last bill.")), Shorter(64)],
        description=_("Capitals, spaces and hyphens do not matter."),
        render_kw={
            "autocomplete": "off",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "class": "code",
        },
    )


class ProvenLinkForm(LinkForm):
    serial = StringField(
        _("Meter number"),
        [Required(_("Copy the number from the meter or from the bill.")), Shorter(64)],
        description=_("It is engraved on the meter and printed on the bill."),
        render_kw={"autocomplete": "off", "class": "code"},
    )
