"""How roles and states of staff are called."""

from flask_babel import lazy_gettext as _

from ..accounts.roles import Role

ROLES = {
    Role.OPERATOR: _("operator"),
    Role.CLERK: _("clerk"),
    Role.READER: _("meter reader"),
}
ABOUT_ROLES = {
    Role.OPERATOR: _("does everything, also imports, staff and programs"),
    Role.CLERK: _("helps customers, assigns payments, exports readings, prints codes"),
    Role.READER: _("reads meters; sees nothing else of the office"),
}
STATES = {
    "invited": (_("invited"), "warn"),
    "active": (_("active"), "ok"),
    "closed": (_("closed"), "bad"),
}
