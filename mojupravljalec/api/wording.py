"""How scopes and states of tokens are called."""

from flask_babel import lazy_gettext as _

from .rules import Scope

SCOPES = {
    Scope.IMPORT: _("send files to be imported, and follow them"),
    Scope.EXPORT: _("export readings for billing"),
}
SCOPES_SHORT = {Scope.IMPORT: _("Import"), Scope.EXPORT: _("Export")}
STATES = {
    "works": (_("works"), "ok"),
    "ended": (_("ended"), "bad"),
    "stopped": (_("stopped: its maker no longer manages the office"), "warn"),
}
