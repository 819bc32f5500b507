"""What the desk does for somebody who calls. Nothing here commits.

Whoever has chosen no language gets letters in the utility's, not in that of the clerk's page.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from flask_babel import force_locale

from ..accounts import actions as accounts
from ..accounts.models import Account
from ..accounts.queries import account_by_email, devices_of
from ..audit.actions import record
from ..customers import actions as linking
from ..customers.models import Customer, CustomerLink
from ..extensions import db
from ..factors.actions import PROOFS_PER_ACCOUNT, forget_factors
from ..mail.models import LetterState, OutboxLetter
from ..throttle.actions import forget
from ..values import clock


class NoSuchResident(Exception):
    """No resident has an activated access with this address; nothing happened."""


@contextmanager
def _letters_as_usual() -> Iterator[None]:
    with force_locale(current_app.config["DEFAULT_LANGUAGE"]):
        yield


# ---------------------------------------------------------------- customers


def link(email: str, customer: Customer, *, by: int) -> bool:
    """Let the access with this address see the customer; whether it did not before.

    Raises NoSuchResident.
    """
    account = account_by_email(email)
    if account is None or account.role is not None or account.activated_at is None:
        raise NoSuchResident(email)
    with _letters_as_usual():
        return linking.link_by_office(account, customer, by=by)


def end_link(ended: CustomerLink, account: Account, customer: Customer, *, by: int) -> None:
    """The access sees the customer no more."""
    with _letters_as_usual():
        linking.end_link_by_office(ended, account, customer, by=by)


def mark_of(customer: Customer) -> str:
    """What tells the present code from the next one and gives nothing of it away."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    text = f"renew:{customer.id}:{customer.access_code_key}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16]


def renew_code(customer: Customer, mark: str, *, by: int) -> bool:
    """Replace the code that ``mark`` was made of; False if it is another one by now.

    Two presses of the same button are one new code.
    """
    db.session.refresh(customer, with_for_update=True)
    if mark != mark_of(customer):
        return False
    linking.renew_code(customer, by=by)
    return True


def note_code_shown(customer: Customer, *, by: int) -> None:
    """Somebody of the office looks at the code, by which anybody could link the customer."""
    record("customer.code-shown", account_id=by, subject=f"customer:{customer.id}")


def note_file(customer_id: int, name: str, *, by: int) -> None:
    """Somebody of the office takes a file about the customer along."""
    record("customer.file-taken", account_id=by, subject=f"customer:{customer_id}", file=name)


# ---------------------------------------------------------------- accesses


def send_letter(account: Account, *, by: int) -> None:
    """Mail the activation, or a link for a new password. Raises accounts.actions.TooOften."""
    with _letters_as_usual():
        accounts.send_letter(account, by=by)


def change_email(account: Account, new_email: str, *, reason: str, by: int) -> None:
    """See `accounts.actions.change_email`. Raises accounts.actions.AddressTaken."""
    with _letters_as_usual():
        accounts.change_email(account, new_email, reason=reason, by=by)


def sign_out(account: Account, *, by: int) -> None:
    """Sign the account out everywhere."""
    record(
        "account.signed-out-everywhere",
        account_id=by,
        subject=f"account:{account.id}",
        devices=len(devices_of(account.id)),
    )
    accounts.end_devices(account.id)


def open_lock(account: Account, *, by: int) -> None:
    """Forget the wrong passwords, second proofs and customer codes of the account."""
    accounts.open_lock(account)
    forget(PROOFS_PER_ACCOUNT, str(account.id))
    linking.open_lock(account.id)
    record("account.lock-opened", account_id=by, subject=f"account:{account.id}")


def drop_factors(account: Account, *, by: int) -> None:
    """From now on the password alone signs in; the owner is told."""
    with _letters_as_usual():
        forget_factors(account.id, by=by)


# ---------------------------------------------------------------- letters


def can_go_again(letter: OutboxLetter) -> bool:
    """Whether the letter was given up and can still be written."""
    return letter.state == LetterState.FAILED and bool(letter.facts)


def try_again(letter: OutboxLetter, *, by: int) -> bool:
    """Queue a letter that was given up once more, at once; False if there is nothing to do."""
    if not can_go_again(letter):
        return False
    record(
        "letter.tried-again",
        account_id=by,
        subject=f"letter:{letter.id}",
        old=letter.state,
        new=LetterState.QUEUED.value,
    )
    letter.state, letter.next_try_at = LetterState.QUEUED, clock.now()
    return True
