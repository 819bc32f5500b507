"""What a person sends and says of a file."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, MultipleFileField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..imports.cells import plain
from ..imports.guessing import kind_of_table
from ..imports.kinds import KINDS as IMPORTED
from ..web.forms import Form, Shorter
from .models import Upload
from .wording import CHOSEN_ENCODINGS, KINDS

COLUMN = "column-"  # begins the names of the fields in which our headings are mapped


class EncodingField(SelectField):
    """In which encoding text is."""

    def __init__(self, **more: Any) -> None:
        choices = [SelectChoice(*one) for one in CHOSEN_ENCODINGS.items()]
        super().__init__(_("Encoding of text"), choices=choices, default="", **more)


class FileForm(Form):
    files = MultipleFileField(
        _("File"),
        description=_("Choose a file, or drop it here. Several files are taken together."),
    )

    encoding = EncodingField()

    def validate_files(self, field: Any) -> None:
        field.data = [one for one in field.data or () if one and one.filename]
        if not field.data:
            raise ValidationError(str(_("Choose a file first.")))


class FitForm(Form):
    """What the file is. The columns are mapped in fields of their own: see `mapped`."""

    kind = SelectField(
        _("What is in the file"), choices=[SelectChoice(*one) for one in KINDS.items()]
    )
    encoding = EncodingField()
    skip_bad = BooleanField(_("leave bad rows out and import the rest"))
    accept_sums = BooleanField(_("let invoices in that do not add up, and mark them"))
    keep_as = StringField(
        _("Keep these headings under a name"),
        [Shorter(60)],
        description=_("For the next file of the same program. Leave empty to keep nothing."),
        render_kw={"autocomplete": "off"},
    )


def columns(upload: Upload, kind: str) -> list[tuple[str, bool, str]]:
    """Our headings of the kind, whether they must be there, and the file's that is chosen."""
    if kind not in IMPORTED or not upload.headings:
        return []
    wanted = kind_of_table(upload.file_name, upload.headings, kind, upload.mapping).wanted
    same = {plain(heading): heading for heading in upload.headings}
    return [
        (ours, required, upload.mapping.get(ours) or same.get(plain(ours), ""))
        for ours, required in wanted.items()
    ]


def mapped(upload: Upload) -> dict[str, str]:
    """What the form says: our heading → the file's, where it is called otherwise."""
    return only_known(
        upload,
        {
            name.removeprefix(COLUMN): text
            for name, text in request.form.items()
            if name.startswith(COLUMN)
        },
    )


def only_known(upload: Upload, mapping: Mapping[str, str]) -> dict[str, str]:
    """Of a mapping, what is needed for this file: its own headings, under other names than ours."""
    return {
        ours: theirs
        for ours, theirs in mapping.items()
        if theirs in upload.headings and plain(theirs) != plain(ours)
    }
