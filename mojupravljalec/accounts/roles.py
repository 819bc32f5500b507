"""What the people of the office may do, and what signing in asks of them.

A resident has no role.
"""

from datetime import timedelta
from enum import StrEnum

FRESH_LASTS = timedelta(minutes=15)  # so long, a password that was typed counts as just typed
STAFF_PASSWORD = 12  # characters, at least


class Role(StrEnum):
    """What a staff account is for."""

    OPERATOR = "operator"
    CLERK = "clerk"
    READER = "reader"


class Right(StrEnum):
    """What a page of the office is for; each page asks for one."""

    OFFICE = "office"  # the desk itself
    CUSTOMERS = "customers"  # finding customers and helping them
    PAYMENTS = "payments"  # saying whose a payment is
    CODES = "codes"  # customer codes and their letters
    EXPORTS = "exports"  # readings out, for billing
    AUDIT = "audit"  # who did what
    IMPORTS = "imports"  # data in, and taken back
    STAFF = "staff"  # who works here, and programs that do


_CLERK = frozenset(Right) - {Right.IMPORTS, Right.STAFF}
RIGHTS = {
    Role.OPERATOR: frozenset(Right),
    Role.CLERK: _CLERK,
    Role.READER: frozenset({Right.OFFICE}),
}


def may(role: str | None, right: str) -> bool:
    """Whether somebody with ``role`` may open what asks for ``right``; residents never."""
    return role is not None and right in RIGHTS[Role(role)]


class Owes(StrEnum):
    """What is missing between the right password and being signed in."""

    PROOF = "proof"  # the second one, by a code or a key
    FACTOR = "factor"  # something to give that proof with


def owes(role: str | None, *, has_factor: bool, proven: bool) -> Owes | None:
    """What is still asked of somebody whose password was right.

    >>> owes(Role.CLERK, has_factor=False, proven=False)
    <Owes.FACTOR: 'factor'>
    """
    if has_factor:
        return None if proven else Owes.PROOF
    return Owes.FACTOR if role else None
