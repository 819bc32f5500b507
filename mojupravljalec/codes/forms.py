"""What is said of letters that are to be made."""

from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..web.forms import Form, Required, Shorter
from ..web.numbers import row_number
from . import queries
from .rules import Choice, Whom, numbers_in
from .wording import CODES, NEW, PRESENT, WHOM

MOST_NUMBERS = 5000
NAMED = 20  # numbers that nobody has

_TYPED = {"autocomplete": "off"}


class ChoiceForm(Form):
    """For whom, and which codes. Fields of another choice than the one made are not looked at."""

    whom = RadioField(
        _("For whom"),
        [Required(_("Choose for whom."))],
        choices=[SelectChoice(one.value, words) for one, words in WHOM.items()],
        default=Whom.UNLINKED.value,
    )
    numbers = TextAreaField(
        _("Customer numbers"),
        description=_("For a list. Paste them, one in a line or apart by spaces or commas."),
        render_kw={"rows": 5, "spellcheck": "false", **_TYPED},
    )
    imported = StringField(
        _("Number of the import"),
        description=_("For the customers that an import brought."),
        render_kw={"inputmode": "numeric", **_TYPED},
    )
    post_code = StringField(
        _("Post code"),
        [Shorter(20)],
        description=_("For the customers with one post code."),
        render_kw=_TYPED,
    )
    codes = RadioField(
        _("Which codes"),
        [Required(_("Choose which codes."))],
        choices=[SelectChoice(value, words) for value, words in CODES.items()],
        default=PRESENT,
    )

    def validate_numbers(self, field: Any) -> None:
        if self.whom.data != Whom.NUMBERS:
            return
        numbers = numbers_in(field.data or "")
        if not numbers:
            raise ValidationError(gettext("Paste at least one customer number."))
        if len(numbers) > MOST_NUMBERS:
            raise ValidationError(
                gettext("Paste at most %(most)s numbers at once.", most=MOST_NUMBERS)
            )
        if not queries.count(self.choice):
            raise ValidationError(
                gettext("No customer has these numbers: %(numbers)s.", numbers=some_of(numbers))
            )

    def validate_imported(self, field: Any) -> None:
        if self.whom.data != Whom.IMPORTED:
            return
        try:
            row_number(field.data or "")
        except ValueError:
            raise ValidationError(gettext("Write the number of the import, such as 12.")) from None
        self._must_find(gettext("This import brought no customer, or there is none."))

    def validate_post_code(self, field: Any) -> None:
        if self.whom.data != Whom.POST_CODE:
            return
        field.data = (field.data or "").replace("\0", "").strip()
        if not field.data:
            raise ValidationError(gettext("Write the post code."))
        self._must_find(gettext("No customer has this post code."))

    def validate_whom(self, field: Any) -> None:
        if field.data in {Whom.ALL, Whom.UNLINKED, Whom.UNREACHED}:
            self._must_find(gettext("There is no such customer."))

    def _must_find(self, sentence: str) -> None:
        if not queries.count(self.choice):
            raise ValidationError(sentence)

    @property
    def choice(self) -> Choice:
        """For whom; only of a form that is valid."""
        whom = Whom(self.whom.data)
        return Choice(
            whom,
            numbers=numbers_in(self.numbers.data or "") if whom == Whom.NUMBERS else (),
            batch_id=row_number(self.imported.data) if whom == Whom.IMPORTED else None,
            post_code=self.post_code.data if whom == Whom.POST_CODE else "",
        )

    @property
    def makes_new(self) -> bool:
        return bool(self.codes.data == NEW)


def as_typed(choice: Choice, *, makes_new: bool) -> dict[str, Any]:
    """A choice as the fields of the form show it."""
    return {
        "whom": choice.whom.value,
        "numbers": "\n".join(choice.numbers),
        "imported": str(choice.batch_id or ""),
        "post_code": choice.post_code,
        "codes": NEW if makes_new else PRESENT,
    }


def some_of(numbers: Any) -> str:
    """The first of ``numbers``, and how many more there are."""
    named, more = ", ".join(numbers[:NAMED]), len(numbers) - NAMED
    if more <= 0:
        return named
    return ngettext("%(named)s and %(num)d more", "%(named)s and %(num)d more", more, named=named)


class MakeForm(Form):
    """A button, and how many customers whoever presses it has seen."""

    count = HiddenField()
