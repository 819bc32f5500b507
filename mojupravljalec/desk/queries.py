"""What the desk reads of customers, accesses and letters. Lists are rows, never entities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from werkzeug.exceptions import NotFound

from ..accounts import actions as accounts
from ..accounts.models import Account, Device
from ..accounts.rules import SIGNED_IN_LASTS
from ..audit.looks import LOOKS
from ..audit.models import AuditEntry
from ..customers import actions as linking
from ..customers.models import Customer, CustomerLink
from ..extensions import db
from ..factors.actions import PROOFS_PER_ACCOUNT
from ..ledger.models import LedgerEntry
from ..mail.models import LetterState, OutboxLetter
from ..metering.models import MeterInstallation
from ..metering.queries import PointSeen
from ..search.queries import find
from ..search.rules import after
from ..throttle.actions import spent
from ..values import clock
from ..web.lists import Query
from .rules import Access, Pile, Stage

MOST_FOUND = 50

# ---------------------------------------------------------------- customers

_OWED = (
    select(func.sum(LedgerEntry.open_cents))
    .where(LedgerEntry.customer_id == Customer.id, LedgerEntry.open_cents > 0)
    .correlate(Customer)
    .scalar_subquery()
    .label("owed_cents")
)
_LINKED = (
    select(func.count())
    .select_from(CustomerLink)
    .where(CustomerLink.customer_id == Customer.id, CustomerLink.ended_at.is_(None))
    .correlate(Customer)
    .scalar_subquery()
    .label("linked")
)
_CUSTOMER = (
    Customer.id,
    Customer.number,
    Customer.name,
    Customer.street,
    Customer.post_code,
    Customer.town,
    _OWED,
    _LINKED,
)


def customers(access: Access | None) -> Query:
    """All customers, or those that somebody sees now, or that nobody ever saw."""
    query = select(*_CUSTOMER)
    if access is None:
        return query
    link = exists().where(CustomerLink.customer_id == Customer.id)
    if access == Access.NOW:
        return query.where(link.where(CustomerLink.ended_at.is_(None)))
    return query.where(~link)


def found(query: str) -> list[Row[Any]]:
    """The customers that the search finds, best first; one more than `MOST_FOUND` if there are."""
    ids = find(query)
    rows = {
        row.id: row for row in db.session.execute(select(*_CUSTOMER).where(Customer.id.in_(ids)))
    }
    return [rows[one] for one in ids if one in rows]


def customer(customer_id: int) -> Customer:
    """The customer; one that is not there is not found."""
    return db.get_or_404(Customer, customer_id)


def meters_at(points: Sequence[PointSeen]) -> dict[int, str]:
    """The number of the meter that runs now, by supply point, where the customer is there today."""
    today = clock.today()
    own = [point.id for point in points if point.has(today)]
    rows = db.session.execute(
        select(MeterInstallation.supply_point_id, MeterInstallation.serial).where(
            MeterInstallation.supply_point_id.in_(own), MeterInstallation.removed_on.is_(None)
        )
    )
    return dict(rows.all())


# ---------------------------------------------------------------- who sees a customer


def people_of(customer_id: int) -> list[Row[Any]]:
    """Who sees the customer, and who did: those of now first."""
    return list(
        db.session.execute(
            select(
                CustomerLink.id,
                CustomerLink.account_id,
                CustomerLink.linked_at,
                CustomerLink.ended_at,
                Account.email,
                Account.first_name,
                Account.last_name,
            )
            .join(Account, Account.id == CustomerLink.account_id)
            .where(CustomerLink.customer_id == customer_id)
            .order_by(CustomerLink.ended_at.is_not(None), CustomerLink.id.desc())
        )
    )


def link_of(customer_id: int, link_id: int) -> Row[CustomerLink, Account]:
    """A link of the customer, also one that has ended, and whose it is; any other is not found."""
    row = db.session.execute(
        select(CustomerLink, Account)
        .join(Account, Account.id == CustomerLink.account_id)
        .where(CustomerLink.id == link_id, CustomerLink.customer_id == customer_id)
    ).first()
    if row is None:
        raise NotFound
    return row


def links(since: datetime) -> Query:
    """Everybody who was linked after ``since``, also where the link has ended."""
    return (
        select(
            CustomerLink.id,
            CustomerLink.linked_at,
            CustomerLink.ended_at,
            CustomerLink.account_id,
            CustomerLink.customer_id,
            Account.email,
            Account.first_name,
            Account.last_name,
            Customer.number,
            Customer.name,
        )
        .join(Account, Account.id == CustomerLink.account_id)
        .join(Customer, Customer.id == CustomerLink.customer_id)
        .where(CustomerLink.linked_at > since)
    )


# ---------------------------------------------------------------- accesses


def residents(stage: Stage | None, beginning: str) -> Query:
    """Residents' accesses whose address begins so; the office's own people are not among them."""
    linked = (
        select(func.count())
        .select_from(CustomerLink)
        .where(CustomerLink.account_id == Account.id, CustomerLink.ended_at.is_(None))
        .correlate(Account)
        .scalar_subquery()
        .label("linked")
    )
    return select(
        Account.id,
        Account.email,
        Account.first_name,
        Account.last_name,
        Account.created_at,
        Account.activated_at,
        linked,
    ).where(Account.role.is_(None), *_stage(stage), *_beginning(beginning))


def _stage(stage: Stage | None) -> list[ColumnElement[bool]]:
    if stage is None:
        return []
    waits = Account.activated_at.is_(None)
    return [waits if stage == Stage.WAITING else ~waits]


def _beginning(text: str) -> list[ColumnElement[bool]]:
    key = text.strip().casefold()
    if not key:
        return []
    return [Account.email_key >= key, Account.email_key < after(key)]


def resident(account_id: int) -> Account:
    """A resident's access; that of somebody of the office is not found here."""
    found = db.session.get(Account, account_id)
    if found is None or found.role is not None:
        raise NotFound
    return found


class Locks(NamedTuple):
    """What of an access is locked for a while, after too many wrong ones."""

    passwords: bool
    proofs: bool
    codes: bool


def locks_of(account: Account) -> Locks:
    """What is locked now."""
    return Locks(
        accounts.is_locked(account),
        spent(PROOFS_PER_ACCOUNT, str(account.id)),
        linking.is_locked(account.id),
    )


def devices_of(account_ids: Sequence[int], rows: int) -> list[Row[Any]]:
    """Where these accounts signed in last, and whether they are still signed in there."""
    since = clock.now() - SIGNED_IN_LASTS
    is_open = and_(Device.ended_at.is_(None), Device.created_at > since).label("is_open")
    return list(
        db.session.execute(
            select(Device.name, Device.created_at, is_open, Account.email)
            .join(Account, Account.id == Device.account_id)
            .where(Device.account_id.in_(account_ids))
            .order_by(Device.id.desc())
            .limit(rows)
        )
    )


# ---------------------------------------------------------------- letters

_STATES = {
    Pile.WAITING: LetterState.QUEUED,
    Pile.REFUSED: LetterState.FAILED,
    Pile.SENT: LetterState.SENT,
}
_LETTER = (
    OutboxLetter.id,
    OutboxLetter.kind,
    OutboxLetter.to_address,
    OutboxLetter.created_at,
    OutboxLetter.next_try_at,
    OutboxLetter.sent_at,
    OutboxLetter.state,
    OutboxLetter.tries,
    OutboxLetter.last_error,
)


def letters(pile: Pile) -> Query:
    """The letters of one pile."""
    return select(*_LETTER).where(OutboxLetter.state == _STATES[pile])


def letters_to(addresses: Sequence[str], rows: int) -> list[Row[Any]]:
    """The newest letters to these addresses."""
    return list(
        db.session.execute(
            select(*_LETTER)
            .where(
                OutboxLetter.to_address.in_(addresses), OutboxLetter.state != LetterState.DROPPED
            )
            .order_by(OutboxLetter.id.desc())
            .limit(rows)
        )
    )


def letter(letter_id: int) -> OutboxLetter:
    """A letter that was meant for somebody; any other is not found."""
    found = db.session.get(OutboxLetter, letter_id)
    if found is None or found.state == LetterState.DROPPED:
        raise NotFound
    return found


# ---------------------------------------------------------------- what happened


def happened(subjects: Sequence[str], rows: int, *, by: int | None = None) -> list[Row[Any]]:
    """The newest entries of the audit about ``subjects``, or by the account ``by``.

    Looks of the office are left out here: the audit has them, and they would hide the rest.
    """
    about = AuditEntry.subject.in_(subjects)
    return list(
        db.session.execute(
            select(
                AuditEntry.at,
                AuditEntry.event,
                Account.email,
                Account.first_name,
                Account.last_name,
            )
            .outerjoin(Account, Account.id == AuditEntry.account_id)
            .where(
                about if by is None else or_(about, AuditEntry.account_id == by),
                AuditEntry.event.not_in(LOOKS.values()),
            )
            .order_by(AuditEntry.id.desc())
            .limit(rows)
        )
    )
