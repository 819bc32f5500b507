"""How entries of the audit are read: who, what happened, to what, and what is otherwise now."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import current_app, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from ..accounts.roles import Role
from ..values import clock
from ..values.money import euros
from ..web.filters import short_day
from ..web.lists import Cell
from .queries import Entry, Person, account_in, number_in

EVENTS = {
    "account.registration-asked": _("registered"),
    "account.letter-asked": _("a letter was asked for"),
    "account.activated": _("the access was activated"),
    "account.signed-in": _("signed in"),
    "account.sign-in-refused": _("a wrong password"),
    "account.signed-out": _("signed out"),
    "account.signed-out-everywhere": _("signed out everywhere by the office"),
    "account.confirmed": _("the password was confirmed"),
    "account.password-refused": _("a wrong password while signed in"),
    "account.password-changed": _("the password was changed"),
    "account.email-changed": _("the e-mail address was changed"),
    "account.renamed": _("the name was changed"),
    "account.lock-opened": _("the lock was opened"),
    "account.viewed": _("the access was looked at"),
    "api.token-made": _("a program was given a key"),
    "api.token-ended": _("the key of a program was ended"),
    "codes.made": _("letters with codes were made"),
    "codes.downloaded": _("letters or a list of codes were saved"),
    "codes.discarded": _("a file of code letters was deleted"),
    "customer.linked": _("the customer was linked"),
    "customer.unlinked": _("the customer was unlinked"),
    "customer.viewed": _("the customer was looked at"),
    "customer.file-taken": _("a document of the customer was saved"),
    "customer.code-shown": _("the customer code was looked at"),
    "customer.code-renewed": _("a new customer code"),
    "customer.code-refused": _("a wrong customer code"),
    "customer.code-alarm": _("unusually many wrong customer codes"),
    "demo.grown": _("the demo was filled"),
    "export.made": _("readings were exported"),
    "export.taken-back": _("an export was taken back"),
    "export.downloaded": _("an export was saved as a file"),
    "export.layout-saved": _("headings of exports were kept"),
    "export.layout-deleted": _("headings of exports were deleted"),
    "factor.added": _("two-step sign-in was set up"),
    "factor.removed": _("a second proof was removed"),
    "factor.reset": _("two-step sign-in was turned off by the office"),
    "factor.proven": _("the second proof was right"),
    "factor.refused": _("the second proof was wrong"),
    "factor.codes-renewed": _("new recovery codes"),
    "import.done": _("a file was imported"),
    "import.undone": _("an import was taken back"),
    "letter.tried-again": _("a letter was sent once more"),
    "list.exported": _("a list was saved as a file"),
    "notice.added": _("a notice was published"),
    "notice.removed": _("a notice was removed"),
    "payment.assigned": _("a payment was assigned"),
    "payment.released": _("a payment was taken back"),
    "reading.exchange-reported": _("an exchange of the meter was reported"),
    "reading.sent": _("a reading was sent"),
    "staff.invited": _("somebody was invited to the office"),
    "staff.role-changed": _("the role was changed"),
    "staff.closed": _("a staff access was closed"),
    "staff.reopened": _("a staff access was opened again"),
    "upload.received": _("a file has come in"),
    "upload.discarded": _("a file was discarded"),
}


class Group(NamedTuple):
    """Events that are looked for together, by what their names begin with."""

    title: Any
    prefixes: tuple[str, ...]


# By what stands in the address.
GROUPS = {
    "prijave": Group(_("Accesses and signing in"), ("account.", "factor.")),
    "stranke": Group(_("Customers"), ("customer.",)),
    "odcitki": Group(_("Readings"), ("reading.",)),
    "placila": Group(_("Payments"), ("payment.",)),
    "uvozi": Group(_("Import"), ("import.", "upload.")),
    "izvozi": Group(_("Export"), ("export.", "list.")),
    "kode": Group(_("Codes"), ("codes.",)),
    "osebje": Group(_("Staff"), ("staff.",)),
    "programi": Group(_("Programs"), ("api.",)),
    "drugo": Group(_("Other"), ("letter.", "notice.", "demo.")),
}
ROLES = {
    Role.OPERATOR: _("operator"),
    Role.CLERK: _("clerk"),
    Role.READER: _("meter reader"),
}
# What an entry is about, by the table.
TABLES = {
    "api_token": _("key of a program"),
    "code_batch": _("letters with codes"),
    "device": _("device"),
    "export_layout": _("headings of exports"),
    "import_batch": _("import"),
    "letter": _("letter"),
    "notice": _("notice"),
    "reading": _("reading"),
    "reading_export": _("export"),
    "upload": _("file"),
}
DETAILS = {
    "account": _("access"),
    "amount_cents": _("amount"),
    "counts_for": _("month"),
    "devices": _("devices"),
    "email": _("e-mail address"),
    "file": _("file"),
    "filters": _("choice"),
    "from_on": _("from the day"),
    "how": _("how"),
    "kind": _("kind"),
    "left_out": _("left out"),
    "list": _("list"),
    "meter": _("meter"),
    "name": _("name"),
    "new_serial": _("new meter"),
    "old_name": _("former name"),
    "payment": _("payment"),
    "reason": _("reason"),
    "role": _("role"),
    "rows": _("rows"),
    "scopes": _("may"),
    "taken_on": _("day"),
    "title": _("title"),
    "to_on": _("up to the day"),
    "value_l": _("litres"),
}


def at(entry: Entry) -> str:
    """When it happened, in local time to the second."""
    local = entry.at.astimezone(clock.LOCAL)
    return f"{short_day(local.date())} {local:%H:%M:%S}"


def who(entry: Entry) -> str:
    """Whose account did it; »terminal: root« or the name of a program beside or instead of it."""
    person = entry.names.accounts.get(entry.account_id)
    by = str(entry.details.get("by") or "")
    if person is None:
        return by or gettext("nobody signed in")
    return _called(person) if by in {"", person.email} else f"{_called(person)}; {by}"


def _called(person: Person) -> str:
    called = ", ".join(
        filter(None, (f"{person.first_name} {person.last_name}".strip(), person.email))
    )
    return f"{called} ({ROLES[Role(person.role)]})" if person.role else called


def what(entry: Entry) -> str:
    """What happened; without words, as the audit calls it."""
    return str(EVENTS.get(entry.event, entry.event))


def about(entry: Entry) -> Cell:
    """What it happened to, and where that is looked at."""
    customer = entry.names.customers.get(number_in(entry.subject, "customer"))
    if customer is not None:
        return Cell(f"{customer.number} {customer.name}", _url_of(customer.id))
    account = entry.names.accounts.get(number_in(entry.subject, "account"))
    if account is not None:
        return Cell(account.email)
    table, _colon, number = entry.subject.partition(":")
    return Cell(f"{TABLES[table]} {number}" if table in TABLES else entry.subject)


def _url_of(customer_id: int) -> str:
    if "desk.customer" not in current_app.view_functions:
        return ""
    return url_for("desk.customer", customer_id=customer_id)


def details(entry: Entry) -> str:
    """What it was and what it is now, then whatever else is known, on one line."""
    known = {name: value for name, value in entry.details.items() if name != "by"}
    parts = []
    if "old" in known:
        parts.append(f"{said(known.pop('old'))} → {said(known.pop('new', None))}")
    parts += [f"{DETAILS.get(name, name)}: {_said(entry, name)}" for name in known]
    return "; ".join(parts)


def _said(entry: Entry, name: str) -> str:
    if name == "account" and (account := entry.names.accounts.get(account_in(entry.details))):
        return account.email
    if name.endswith("_cents") and isinstance(entry.details[name], int):
        return euros(entry.details[name])
    return said(entry.details[name])


def said(value: Any) -> str:
    """A value of the details, as a person reads it.

    >>> said(["a", ["b", 1]]), said({"c": "d"}), said("")
    ('a, b = 1', 'c = d', '–')
    """
    match value:
        case None | "":
            return "–"
        case bool():
            return gettext("yes") if value else gettext("no")
        case Mapping():
            return ", ".join(f"{name} = {said(one)}" for name, one in value.items()) or "–"
        case list():
            return ", ".join(map(_pair, value)) or "–"
    return str(value)


def _pair(value: Any) -> str:
    return (" = ".join(map(said, value)) if isinstance(value, list) else said(value)) or "–"
