"""Shape and wording of the customer code."""

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import StringField

from ..web.forms import Form, Required, Shorter
from .rules import Fault, LooksLike

MOST_GROUPS = 2  # of impossible signs that are named beside a wrong length


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


def in_words(fault: Fault) -> str:
    """Return what is wrong with a code that was typed, and what to do."""
    match fault.looks_like:
        case LooksLike.CUSTOMER_NUMBER:
            return gettext(
                "This looks like a customer number. The code is on your last bill, in the frame "
                "»Customer code«."
            )
        case LooksLike.OTHER_NUMBER:
            return gettext(
                "This looks like the number of a meter, or another number on the bill. The code is "
                "on your last bill, in the frame »Customer code«."
            )
        case LooksLike.INVOICE_NUMBER:
            return gettext(
                "This looks like the number of an invoice. The code is on your last bill, in the "
                "frame »Customer code«."
            )
    if fault.is_miscopied:
        return gettext(
            "The code is not copied right: one sign is wrong, or two have changed places. Compare "
            "it with the bill once more."
        )
    sentences = [_about_length(fault)] if fault.lengths else []
    if not fault.lengths or 0 < len(fault.impossible) <= MOST_GROUPS:
        sentences.append(_about_signs(fault))
    return " ".join((*sentences, gettext("Compare the code with the bill once more.")))


def _about_length(fault: Fault) -> str:
    *others, last = map(str, fault.lengths)
    lengths = gettext("%(some)s or %(last)s", some=", ".join(others), last=last) if others else last
    return ngettext(
        "You typed %(num)d sign, the code has %(lengths)s.",
        "You typed %(num)d signs, the code has %(lengths)s.",
        fault.typed_length,
        lengths=lengths,
    )


def _about_signs(fault: Fault) -> str:
    signs = [sign for group in fault.impossible for sign in reversed(group)]
    *others, last = signs
    listed = gettext("%(some)s and %(last)s", some=", ".join(others), last=last) if others else last
    return ngettext(
        "There is no %(signs)s in the code.",
        "There are no %(signs)s in the code.",
        len(signs),
        signs=listed,
    )
