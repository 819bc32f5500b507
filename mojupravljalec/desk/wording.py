"""How events, letters and choices are called at the desk."""

from typing import Any

from flask_babel import lazy_gettext as _

from ..mail.models import LetterState
from .rules import Access, Pile, Stage

EVENTS = {
    "account.registration-asked": _("registered"),
    "account.letter-asked": _("a letter was asked for"),
    "account.activated": _("the access was activated"),
    "account.signed-in": _("a sign-in"),
    "account.sign-in-refused": _("a wrong password"),
    "account.signed-out": _("a sign-out"),
    "account.signed-out-everywhere": _("signed out everywhere by the office"),
    "account.password-changed": _("the password was changed"),
    "account.email-changed": _("the e-mail address was changed"),
    "account.renamed": _("the name was changed"),
    "account.lock-opened": _("the lock was opened"),
    "customer.linked": _("the customer was linked"),
    "customer.unlinked": _("the customer was unlinked"),
    "customer.code-shown": _("the customer code was looked at"),
    "customer.code-renewed": _("a new customer code"),
    "customer.code-refused": _("a wrong customer code"),
    "customer.file-taken": _("the office saved a file"),
    "factor.added": _("two-step sign-in was set up"),
    "factor.removed": _("a second proof was removed"),
    "factor.reset": _("two-step sign-in was turned off by the office"),
    "reading.sent": _("a reading was sent"),
}

LETTERS = {
    "activation": _("Activation"),
    "invitation": _("Invitation to the office"),
    "factor-changed": _("Two-step sign-in has changed"),
    "known-address": _("Registered once more"),
    "reset": _("A new password"),
    "new-email": _("Confirmation of a new address"),
    "email-changed": _("The address has changed"),
    "password-changed": _("The password has changed"),
    "customer-linked": _("One more person has access"),
    "linked-by-office": _("Linked by the office"),
    "unlinked-by-office": _("Unlinked by the office"),
    "new-invoice": _("A new invoice"),
    "invoice-due": _("An invoice is due"),
    "payment-booked": _("A payment was received"),
}

STATES = {
    LetterState.QUEUED: (_("waiting"), "warn"),
    LetterState.SENT: (_("sent"), "ok"),
    LetterState.FAILED: (_("refused"), "bad"),
}

ACCESS = {
    Access.NOW: _("somebody has access now"),
    Access.NEVER: _("nobody ever had access"),
}
STAGES = {
    Stage.WAITING: _("never activated"),
    Stage.ACTIVE: _("active"),
}
PILES = {
    Pile.WAITING: _("waiting"),
    Pile.REFUSED: _("refused"),
    Pile.SENT: _("sent"),
}


def event(name: str) -> str:
    """What happened; what is seldom keeps the name it has in the audit."""
    return str(EVENTS.get(name, name))


def letter(kind: str) -> str:
    """What a letter is about."""
    return str(LETTERS.get(kind, kind))


def state(letter: Any) -> tuple[str, str]:
    """What became of a letter, and the colour of its label."""
    words, tone = STATES[LetterState(letter.state)]
    return str(words), tone


def choices(table: dict[Any, Any]) -> list[tuple[str, str]]:
    """A table of this module as the options of a field."""
    return [(one.value, str(words)) for one, words in table.items()]
