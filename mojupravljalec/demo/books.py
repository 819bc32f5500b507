"""The demo's books: what is billed and paid, as rows, with what of it is open."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from ..billing.document import Document, Kind, to_json
from ..ledger.camt053 import key_of
from ..ledger.rules import Item, Origin, settled
from ..values import references
from .bills import IBAN, Bills, Days, Payer
from .payments import Payment, Purse, iban_of
from .tariff import Place

Row = dict[str, Any]


class Owed(NamedTuple):
    """An invoice that is still to be paid, by whom and how much of it."""

    customer_number: str
    invoice: str
    reference: str
    name: str
    iban: str
    cents: int


@dataclass
class BookRows:
    """Rows of the books, ready to be inserted in this order; ``unsent`` is in none of them.

    ``owed`` has at most the newest open invoice of each customer.
    """

    invoices: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    unsent: list[Document] = field(default_factory=list)


class Books:
    """Keeps the books of all customers, one after the other, and numbers the rows."""

    def __init__(self, days: Days) -> None:
        self.days = days
        self.invoice_id = self.payment_id = self.entry_id = 0

    def keep(
        self,
        payer: Payer,
        places: Sequence[Place],
        dice: random.Random,
        rows: BookRows,
        *,
        sends_last: bool,
    ) -> None:
        """Add everything that ``payer`` was billed and paid to ``rows``.

        Unless ``sends_last``, the newest bill is set aside: it is still to be imported.
        """
        bills, purse = Bills(payer, places, self.days, dice), Purse(payer, self.days, dice)
        last = len(self.days.ends) - 1
        documents: list[Document] = []
        for month, issued_on in enumerate(self.days.issued_on):
            made = bills.of(month, purse.interest_before(issued_on))
            if month == last and not sends_last:
                rows.unsent += (_addressed(one, payer) for one in made)
            else:
                documents += made
                _settle_up(purse, month, made)
        entries = [*self._charge(payer, documents, rows), *self._take(payer, purse.made, rows)]
        self._enter(entries, rows)
        rows.owed += _newest_open(payer, entries)

    def _charge(self, payer: Payer, documents: Iterable[Document], rows: BookRows) -> Iterable[Row]:
        """Keep the documents; what they put on the card."""
        keys: dict[str, str] = {}  # of the references, by the invoices' numbers
        for document in documents:
            self.invoice_id += 1
            rows.invoices.append(_invoice(self.invoice_id, payer, document))
            key = keys.get(document.corrects) or references.key(document.reference)
            keys[document.number] = key
            is_credit = document.kind is Kind.CREDIT_NOTE
            cents = -document.to_pay_cents if is_credit else document.to_pay_cents
            yield _entry(
                payer,
                document.issued_on,
                cents,
                Origin.CREDIT_NOTE if is_credit else Origin.INVOICE,
                document.reference,
                key,
                due_on=document.due_on,
                document=document.number,
                invoice_id=self.invoice_id,
            )

    def _take(self, payer: Payer, made: Iterable[Payment], rows: BookRows) -> Iterable[Row]:
        """Keep the payments; what they put on the card."""
        for payment in made:
            self.payment_id += 1
            rows.payments.append(_payment(self.payment_id, payer, payment))
            if payment.is_known:
                yield _entry(
                    payer,
                    payment.booked_on,
                    -payment.amount_cents,
                    Origin.PAYMENT if payment.amount_cents > 0 else Origin.RETURN,
                    payment.reference,
                    references.key(payment.reference),
                    payment_id=self.payment_id,
                )

    def _enter(self, entries: list[Row], rows: BookRows) -> None:
        """Put the entries on the card in the order of their days, with what of them is open."""
        entries.sort(key=lambda entry: entry["booked_on"])
        for entry in entries:
            self.entry_id += 1
            entry["id"] = self.entry_id
        left = settled(map(_item, entries))
        for entry in entries:
            entry["open_cents"] = left[entry["id"]]
        rows.entries += entries


def _settle_up(purse: Purse, month: int, made: Sequence[Document]) -> None:
    """Let the payer see what came for a month, and pay."""
    for document in made:
        if document.kind is Kind.INVOICE:
            credited = sum(one.to_pay_cents for one in made if one.corrects == document.number)
            purse.pay(month, document, credited)
        elif not document.corrects:
            purse.gets_back(document.to_pay_cents)


def _addressed(document: Document, payer: Payer) -> Document:
    return replace(document, content=replace(document.content, payer=payer.party))


def _invoice(invoice_id: int, payer: Payer, document: Document) -> Row:
    points = dict.fromkeys(one.supply_point for one in document.content.lines if one.supply_point)
    return {
        "id": invoice_id,
        "customer_id": payer.id,
        "number": document.number,
        "kind": document.kind.value,
        "issued_on": document.issued_on,
        "due_on": document.due_on,
        "period_from": document.period_from,
        "period_to": document.period_to,
        "net_cents": document.net_cents,
        "vat_cents": document.vat_cents,
        "gross_cents": document.gross_cents,
        "to_pay_cents": document.to_pay_cents,
        "content": to_json(document.content),
        "reference": document.reference,
        "iban": document.iban,
        "purpose_code": document.purpose_code,
        "corrects": document.corrects,
        "payer_name": payer.party.name,
        "payer_street": payer.party.street,
        "payer_place": payer.party.place,
        "supply_points": "\n" + "\n".join(points) + "\n" if points else "",
    }


def _payment(payment_id: int, payer: Payer, payment: Payment) -> Row:
    return {
        "id": payment_id,
        "key": key_of(IBAN, payment.booked_on, payment.number),
        "account_iban": IBAN,
        "booked_on": payment.booked_on,
        "amount_cents": payment.amount_cents,
        "payer_name": payer.party.name,
        "payer_iban": iban_of(payer),
        "reference": payment.reference,
        "text": payment.text,
        "customer_id": payer.id if payment.is_known else None,
        "matched_by": "reference" if payment.is_known else "",
    }


def _entry(
    payer: Payer,
    booked_on: date,
    amount_cents: int,
    origin: Origin,
    reference: str,
    key: str,
    *,
    due_on: date | None = None,
    document: str = "",
    invoice_id: int | None = None,
    payment_id: int | None = None,
) -> Row:
    return {
        "customer_id": payer.id,
        "booked_on": booked_on,
        "due_on": due_on,
        "amount_cents": amount_cents,
        "origin": origin.value,
        "document": document,
        "reference": reference,
        "reference_key": key,
        "invoice_id": invoice_id,
        "payment_id": payment_id,
    }


def _item(entry: Row) -> Item:
    return Item(
        entry["id"],
        entry["due_on"] or entry["booked_on"],
        entry["amount_cents"],
        entry["reference_key"],
        entry["origin"],
    )


def _newest_open(payer: Payer, entries: Sequence[Row]) -> list[Owed]:
    for entry in reversed(entries):
        if entry["invoice_id"] and entry["open_cents"] > 0:
            return [
                Owed(
                    payer.number,
                    entry["document"],
                    entry["reference"],
                    payer.party.name,
                    iban_of(payer),
                    entry["open_cents"],
                )
            ]
    return []
