"""Saying whose a payment is, and taking that back. Nothing here commits."""

from ..audit.actions import record
from ..billing.actions import announce_payment
from ..ledger import actions as ledger
from ..ledger.models import BankPayment


def assign(payment_id: int, customer_id: int, *, by: int) -> None:
    """Put a waiting payment on the customer's card; whoever asked for such letters is told.

    Raises NotFound, ledger.actions.NoSuchCustomer, ledger.actions.AlreadyAssigned.
    """
    payment = ledger.assign(payment_id, customer_id)
    _note("payment.assigned", payment, customer_id, by)
    announce_payment(payment_id)


def release(payment_id: int, customer_id: int, *, by: int) -> None:
    """Let a payment of this customer wait again; no import assigns it by itself any more.

    Raises NotFound, ledger.actions.NotAssigned.
    """
    payment = ledger.release_payment(payment_id, customer_id)
    _note("payment.released", payment, customer_id, by)


def _note(event: str, payment: BankPayment, customer_id: int, by: int) -> None:
    record(
        event,
        account_id=by,
        subject=f"customer:{customer_id}",
        payment=payment.id,
        amount_cents=payment.amount_cents,
    )
