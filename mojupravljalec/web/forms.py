"""The base of every form: our words, our dates, and what was typed is kept."""

import re
from datetime import date
from typing import Any

from flask import request
from flask_babel import get_translations, gettext, ngettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FileField, StringField
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import DateInput


class _Catalogue:
    """WTForms asks here for its own sentences; ours are in the catalogues."""

    def gettext(self, text: str) -> str:
        return str(get_translations().ugettext(text))

    def ngettext(self, one: str, many: str, n: int) -> str:
        # Not flask_babel's: it would fill in the number, and WTForms fills in more.
        return str(get_translations().ungettext(one, many, n))


class Form(FlaskForm):
    """A form whose token, once expired, costs a second press and nothing that was typed."""

    class Meta(FlaskForm.Meta):
        locales = ()

        def get_translations(self, _form: Any) -> _Catalogue:
            return _Catalogue()

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Give fields of files only files, and the others only text: not what JSON says."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            if request.method != "POST":
                return None
            files = {field.name for field in form if isinstance(field, FileField)}
            text = [one for one in request.form.items(multi=True) if one[0] not in files]
            sent = [one for one in request.files.items(multi=True) if one[0] in files]
            return MultiDict([*text, *sent]) or None

    @property
    def expired(self) -> bool:
        """Whether the form was open for so long that it must be sent once more."""
        return bool(self.errors.get("csrf_token"))

    @property
    def status(self) -> int:
        """What to answer with: 422 where something is to be mended."""
        return 422 if self.errors else 200


class Required:
    """Something other than spaces must be there; the sentence says what to type."""

    field_flags = {"required": True}  # noqa: RUF012 WTForms' protocol

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, _form: Any, field: Any) -> None:
        if not field.raw_data or not str(field.raw_data[0]).strip():
            field.errors[:] = []
            raise StopValidation(str(self.message))


class Shorter:
    """At most ``most`` characters."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, _form: Any, field: Any) -> None:
        if len(field.data or "") > self.most:
            raise ValidationError(
                ngettext(
                    "Use at most %(num)d character.", "Use at most %(num)d characters.", self.most
                )
            )


class DayField(StringField):
    """A calendar day, as browsers send it (2026-11-22) or as people write it (22. 11. 2026)."""

    widget = DateInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.day: date | None = None
        self.data = valuelist[0].strip() if valuelist else None
        if self.data:
            self.day = read_day(self.data)
            if self.day is None:
                raise ValueError(gettext("Write the day like this: 22. 11. 2026."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if isinstance(self.data, date) else (self.data or "")


def read_day(text: str) -> date | None:
    """The day that ``text`` names, or None."""
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    local = re.fullmatch(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})\.?", text)
    if not (iso or local):
        return None
    parts = [int(part) for part in (iso or local).groups()]  # type: ignore[union-attr]  # one of them is there
    year, month, day = parts if iso else reversed(parts)
    try:
        return date(year, month, day)
    except ValueError:
        return None
