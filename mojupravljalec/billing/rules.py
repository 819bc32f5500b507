"""Which corrected invoices and credit notes can be settled against the invoice that they name.

Decisions only, without a database. A corrected invoice (UNTDID 1001, code 384) says anew what an
earlier one said: the customer owes it instead of that one, not beside it. What it has taken off
the card, no credit note (381) may take off once more.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple


class Obstacle(StrEnum):
    """Why a corrected invoice, or a credit note, cannot be settled."""

    UNKNOWN = "unknown"  # the invoice that it corrects is not here
    OTHER_CUSTOMER = "other customer"
    CREDIT_NOTE = "credit note"  # what it corrects is no invoice
    CORRECTED = "corrected"  # already, by another document
    CIRCLE = "circle"  # it corrects itself, also by way of others


class Bill(NamedTuple):
    """An invoice or credit note as far as corrections need it; ``corrects`` is a number or ""."""

    number: str
    customer_id: int
    is_credit: bool
    corrects: str = ""

    @property
    def is_correction(self) -> bool:
        """Whether it replaces an invoice."""
        return bool(self.corrects) and not self.is_credit

    @property
    def named(self) -> tuple[int, str]:
        """The invoice that it names, as one of its own customer."""
        return self.customer_id, self.corrects


# By customer and number of an invoice.
_Takers = Mapping[tuple[int, str], Bill]


class Refusal(NamedTuple):
    """Why a document is refused; ``other`` is the document that stands in the way."""

    obstacle: Obstacle
    other: str


def refusals(new: Collection[Bill], known: Collection[Bill]) -> dict[str, Refusal]:
    """Return the refused among the corrected invoices and credit notes in ``new``, by numbers.

    ``known`` are bills of the portal: at least those that ``new`` ones correct, and those that
    correct the same. Of two that correct the same the first is taken, ``known`` before ``new``, but
    none beside a credit note. A credit note is refused only where a ``known`` corrected invoice has
    replaced what it takes back. What corrects a refused one is refused as well.
    """
    bills = {one.number: one for one in (*new, *known)}
    takers = _takers(new, known)
    found: dict[str, Refusal] = {}
    for one in new:
        if one.corrects and (obstacle := _obstacle(one, bills, takers)):
            found[one.number] = Refusal(obstacle, _other(one, obstacle, takers))
    while following := _following(new, found):
        found |= following
    return found


def _takers(new: Collection[Bill], known: Collection[Bill]) -> _Takers:
    """Which bill of a customer comes first to the invoice of a number: it stands in others' way."""
    ranked = [
        *(one for one in known if one.is_correction),
        *(one for one in (*known, *new) if one.is_credit),
        *(one for one in new if one.is_correction),
    ]
    return {one.named: one for one in reversed(ranked)}


def _obstacle(one: Bill, bills: Mapping[str, Bill], takers: _Takers) -> Obstacle | None:
    if one.is_credit:
        return Obstacle.CORRECTED if takers[one.named].is_correction else None
    target = bills.get(one.corrects)
    if target is None:
        return Obstacle.UNKNOWN
    if target.customer_id != one.customer_id:
        return Obstacle.OTHER_CUSTOMER
    if target.is_credit:
        return Obstacle.CREDIT_NOTE
    if takers[one.named].number != one.number:
        return Obstacle.CORRECTED
    return Obstacle.CIRCLE if _leads_back(one, bills) else None


def _leads_back(one: Bill, bills: Mapping[str, Bill]) -> bool:
    seen = {one.number}
    corrected = bills.get(one.corrects)
    while corrected:
        if corrected.number in seen:
            return True
        seen.add(corrected.number)
        corrected = bills.get(corrected.corrects) if corrected.is_correction else None
    return False


def _other(one: Bill, obstacle: Obstacle, takers: _Takers) -> str:
    return takers[one.named].number if obstacle is Obstacle.CORRECTED else one.corrects


def _following(new: Collection[Bill], refused: Mapping[str, Refusal]) -> dict[str, Refusal]:
    """The corrected invoices whose target was refused."""
    return {
        one.number: Refusal(Obstacle.UNKNOWN, one.corrects)
        for one in new
        if one.is_correction and one.number not in refused and one.corrects in refused
    }
