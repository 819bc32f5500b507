"""How kinds of files, and what becomes of them, are called."""

from flask_babel import lazy_gettext as _

from ..imports import text_encoding
from .models import UploadState

KINDS = {
    "customers": _("customers"),
    "supply-points": _("supply points"),
    "meters": _("meters"),
    "readings": _("readings"),
    "invoices": _("invoices"),
    "ledger": _("financial card"),
    "statements": _("bank statements"),
    "all": _("several tables"),
}
STATES = {
    UploadState.READING: (_("is being read"), ""),
    UploadState.RECEIVED: (_("waits for you"), "warn"),
    UploadState.CHECKING: (_("is being checked"), ""),
    UploadState.CHECKED: (_("checked, not imported"), "warn"),
    UploadState.IMPORTING: (_("is being imported"), ""),
    UploadState.IMPORTED: (_("imported"), "ok"),
    UploadState.REFUSED: (_("not imported"), "bad"),
    UploadState.DISCARDED: (_("discarded"), ""),
}
DOING = {
    UploadState.READING: _("The file is being read"),
    UploadState.CHECKING: _("The file is being checked"),
    UploadState.IMPORTING: _("The file is being imported"),
}
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "cp1250": "Windows-1250",
    "iso8859_2": "ISO 8859-2",
    "cp852": "CP852",
    "xlsx": "XLSX",
    "xml": "XML",
    "zip": "ZIP",
}
CHOSEN_ENCODINGS = {
    "": _("find it out"),
    **{name: ENCODINGS[codec] for name, codec in text_encoding.ENCODINGS.items()},
}
SEPARATORS = {";": _("semicolon ;"), ",": _("comma ,"), "\t": _("tab")}
