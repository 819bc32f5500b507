"""The customers of an account, and who sees a customer.

What other features read of customers begins with whose it is: `seen_by`, or `only`.
"""

from typing import NamedTuple

from sqlalchemy import Row, Select, bindparam, exists, select
from sqlalchemy.orm import aliased
from werkzeug.exceptions import NotFound

from ..accounts.models import Account
from ..extensions import db
from .models import CodeShape, Customer, CustomerLink
from .rules import Shape, code_key


def seen_by(account_id: int) -> Select[int]:
    """The customers that the account sees now."""
    return select(CustomerLink.customer_id).where(
        CustomerLink.account_id == account_id, CustomerLink.ended_at.is_(None)
    )


def only(customer_id: int) -> Select[int]:
    """One customer: for the office, which asks by right and not by a link."""
    return select(Customer.id).where(Customer.id == customer_id)


def is_linked(account_id: int) -> bool:
    """Whether the account sees any customer now."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    CustomerLink.account_id == account_id, CustomerLink.ended_at.is_(None)
                )
            )
        )
    )


def links_of(account_id: int) -> list[Row[CustomerLink, Customer]]:
    """The account's links, with the ended ones: they are on its owner's screen too."""
    return list(
        db.session.execute(
            select(CustomerLink, Customer)
            .join(Customer, Customer.id == CustomerLink.customer_id)
            .where(CustomerLink.account_id == account_id)
            .order_by(CustomerLink.ended_at.is_not(None), CustomerLink.linked_at, CustomerLink.id)
        )
    )


class CustomerRow(NamedTuple):
    """A customer as lists need it."""

    id: int
    number: str
    name: str

    @property
    def called(self) -> str:
        """The name, and the number that tells two of the same name apart."""
        return f"{self.name} ({self.number})"


_CUSTOMERS = (
    select(Customer.id, Customer.number, Customer.name)
    .join(CustomerLink, CustomerLink.customer_id == Customer.id)
    .where(CustomerLink.account_id == bindparam("account_id"), CustomerLink.ended_at.is_(None))
    .order_by(CustomerLink.linked_at, CustomerLink.id)
)


def customers_of(account_id: int) -> list[CustomerRow]:
    """The customers that the account sees now, in the order in which they were linked."""
    rows = db.session.execute(_CUSTOMERS, {"account_id": account_id})
    return [CustomerRow(*row) for row in rows]


def link_of(account_id: int, link_id: int) -> Row[CustomerLink, Customer]:
    """The account's own link that is in force; any other is not found."""
    row = db.session.execute(
        select(CustomerLink, Customer)
        .join(Customer, Customer.id == CustomerLink.customer_id)
        .where(
            CustomerLink.id == link_id,
            CustomerLink.account_id == account_id,
            CustomerLink.ended_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound
    return row


def present_link(account_id: int, customer_id: int) -> CustomerLink | None:
    """The link by which the account sees the customer now."""
    return db.session.scalar(
        select(CustomerLink).filter_by(
            account_id=account_id, customer_id=customer_id, ended_at=None
        )
    )


def customer_by_code(code: str) -> Customer | None:
    """The customer that ``code`` opens, however it is written."""
    return db.session.scalar(select(Customer).filter_by(access_code_key=code_key(code)))


def code_shapes() -> list[Shape]:
    """Return the shapes of the codes in force; none where only the portal has made codes."""
    columns = (CodeShape.length, CodeShape.is_ours, CodeShape.codes, CodeShape.symbols)
    return [Shape(*row) for row in db.session.execute(select(*columns))]


def others_with_access(account_id: int) -> dict[int, list[str]]:
    """Who else sees the account's customers now: names, by the customer's number in the table."""
    mine, others = aliased(CustomerLink), aliased(CustomerLink)
    rows = db.session.execute(
        select(mine.customer_id, Account.first_name, Account.last_name)
        .join(others, others.customer_id == mine.customer_id)
        .join(Account, Account.id == others.account_id)
        .where(
            mine.account_id == account_id,
            mine.ended_at.is_(None),
            others.ended_at.is_(None),
            Account.id != account_id,
        )
        .order_by(others.linked_at, others.id)
    )
    found: dict[int, list[str]] = {}
    for customer_id, first_name, last_name in rows:
        found.setdefault(customer_id, []).append(f"{first_name} {last_name}")
    return found


def others_linked(customer_id: int, account_id: int) -> list[Account]:
    """Who else sees the customer, to be told."""
    return list(
        db.session.scalars(
            select(Account)
            .join(CustomerLink, CustomerLink.account_id == Account.id)
            .where(
                CustomerLink.customer_id == customer_id,
                CustomerLink.ended_at.is_(None),
                Account.id != account_id,
            )
            .order_by(Account.id)
        )
    )
