"""Who works in the office, and as what. Nothing here commits."""

from ..accounts import actions as accounts
from ..accounts.models import Account
from ..accounts.roles import Role
from ..audit.actions import record
from ..extensions import db
from ..factors.actions import forget_factors
from ..values import clock
from . import queries


class LastOperator(Exception):
    """Somebody must be left who can manage the staff; nothing happened."""


def invite(email: str, role: Role, *, by: int | None) -> tuple[Account, str]:
    """A staff account that waits for its person, and the path at which it is accepted.

    Raises accounts.actions.AddressTaken.
    """
    account, path = accounts.invite(email, role)
    record(
        "staff.invited",
        account_id=by,
        subject=f"account:{account.id}",
        email=account.email,
        role=role.value,
    )
    return account, path


def invite_again(account: Account, *, by: int) -> None:
    """Another letter to somebody who has not accepted yet; the link of the old one dies."""
    accounts.send_invitation(account)
    record("staff.invited", account_id=by, subject=f"account:{account.id}", role=account.role)


def change_role(account: Account, role: Role, *, by: int) -> None:
    """From now on the person may do what ``role`` may. Raises LastOperator."""
    if role != Role.OPERATOR:
        _keep_an_operator(account)
    record(
        "staff.role-changed",
        account_id=by,
        subject=f"account:{account.id}",
        old=account.role,
        new=role.value,
    )
    account.role = role


def close(account: Account, *, by: int) -> None:
    """The person works here no more and is signed out everywhere. Raises LastOperator."""
    _keep_an_operator(account)
    account.closed_at = clock.now()
    accounts.end_devices(account.id)
    record("staff.closed", account_id=by, subject=f"account:{account.id}")


def reopen(account: Account, *, by: int) -> None:
    """The person works here again, with the password of before."""
    account.closed_at = None
    record("staff.reopened", account_id=by, subject=f"account:{account.id}")


def reset_factors(account: Account, *, by: int) -> None:
    """The person lost the phone: at the next sign-in another proof is set up."""
    forget_factors(account.id, by=by)


def _keep_an_operator(account: Account) -> None:
    # Two operators who close each other at once would leave none.
    operators = db.select(Account.id).where(Account.role == Role.OPERATOR).order_by(Account.id)
    db.session.execute(operators.with_for_update(key_share=True))
    if account.role == Role.OPERATOR and not queries.other_operators(account.id):
        raise LastOperator
