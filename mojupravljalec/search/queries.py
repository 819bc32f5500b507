"""Finding customers by the beginnings of words."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from ..accounts.models import Account
from ..accounts.rules import email_key
from ..billing.models import Invoice
from ..customers.models import Customer, CustomerLink
from ..extensions import db
from .models import SearchTerm
from .rules import after, words

MOST = 51  # one more than a page shows
COUNTED = 20_001  # of a word: beyond it, a word is common
LOOKED_AT = 5_000  # first of the rarest of common words


def find(query: str) -> list[int]:
    """The customers that fit all words of ``query``, at most ``MOST``, the likeliest first.

    A word is the beginning of a number, of a name, an address, a supply point, a meter or an
    e-mail; a query without spaces may also be the beginning of an invoice's number.
    """
    asked, text = words(query), query.strip()
    if not asked:
        return []
    number = select(Customer.id).where(Customer.number == text)
    found = [*_all(number), *_by_words(asked)]
    if len(found) < MOST and " " not in text:
        found += [*_by_invoice(text), *_by_account(text)]
    return list(dict.fromkeys(found))[:MOST]


def _by_invoice(text: str) -> list[int]:
    """The customers of invoices whose number begins with ``text``."""
    return list(
        db.session.scalars(
            select(Invoice.customer_id)
            .where(Invoice.number >= text, Invoice.number < after(text))
            .order_by(Invoice.number)
            .limit(MOST)
        )
    )


def _by_account(text: str) -> list[int]:
    """The customers linked to accounts whose address begins with ``text``."""
    try:
        begins = email_key(text)
    except ValueError:  # no whole address yet
        begins = text.casefold()
    return list(
        db.session.scalars(
            select(CustomerLink.customer_id)
            .join(Account, Account.id == CustomerLink.account_id)
            .where(
                Account.email_key >= begins,
                Account.email_key < after(begins),
                CustomerLink.ended_at.is_(None),
            )
            .limit(MOST)
        )
    )


def _by_words(asked: list[str]) -> list[int]:
    """By the rarest word first; the others are looked up customer by customer."""
    counts = _counts(asked)
    if not all(counts):
        return []
    rarest = [word for _, word in sorted(zip(counts, asked, strict=True))]
    if min(counts) < COUNTED:
        return _all(_fitting(rarest, None))
    found = _all(_fitting(rarest, LOOKED_AT))
    # A single letter is in nearly every name: it would take long, and narrow nothing down.
    telling = [word for word in rarest if len(word) > 1]
    if len(found) == MOST or len(telling) < 2:
        return found
    return _all(_crossing(telling))


def _counts(asked: list[str]) -> list[int]:
    """How many terms begin with each word, as far as it matters."""
    columns = []
    for word in asked:
        some = select(SearchTerm.customer_id).where(_begins(SearchTerm, word)).limit(COUNTED)
        columns.append(select(func.count()).select_from(some.subquery()).scalar_subquery())
    return list(db.session.execute(select(*columns)).one())


def _fitting(rarest: list[str], looked_at: int | None) -> Select[int]:
    first, *others = rarest
    some = select(SearchTerm.customer_id).where(_begins(SearchTerm, first)).limit(looked_at)
    source = some.subquery()
    return (
        select(source.c.customer_id)
        .distinct()
        .where(*(_has(source.c.customer_id, word) for word in others))
        .limit(MOST)
    )


def _crossing(rarest: list[str]) -> Select[int]:
    """Where even the rarest is common: those of the two rarest, side by side."""
    sides = [select(SearchTerm.customer_id).where(_begins(SearchTerm, w)) for w in rarest[:2]]
    both = sides[0].intersect(*sides[1:]).cte()
    return (
        select(both.c.customer_id)
        .where(*(_has(both.c.customer_id, word) for word in rarest[2:]))
        .limit(MOST)
    )


def _has(customer_id: ColumnElement[int], word: str) -> ColumnElement[bool]:
    """Whether the customer has the word, too."""
    other = aliased(SearchTerm)
    return exists().where(other.customer_id == customer_id, _begins(other, word))


def _begins(table: Any, word: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (table.term >= word) & (table.term < after(word))
    return found


def _all(query: Select[int]) -> list[int]:
    return list(db.session.scalars(query))
