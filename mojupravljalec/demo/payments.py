"""How the demo's customers pay: mostly in time, and otherwise in every way that happens.

Only what is booked up to the last day known is told; the rest is still on its way.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from ..billing.document import Document
from ..values.money import half_up
from .bills import Days, Payer, banking_day

LATE_RATE = Decimal("0.10")  # a year
NO_REFERENCE = "SI99"

# Bills paid in time, late, in parts, twice, rounded up, and with a payment that came back.
OF_A_THOUSAND = (893, 60, 18, 10, 10, 9)


class Payment(NamedTuple):
    """A booking on the operator's account; money that went back is negative.

    ``number`` is the bank's. ``is_known`` is whether it is plain whose it is.
    """

    booked_on: date
    amount_cents: int
    number: str
    reference: str
    text: str
    is_known: bool


class Purse:
    """Pays the bills of one payer, each when it comes; ``made`` is what the bank has booked."""

    def __init__(self, payer: Payer, days: Days, dice: random.Random) -> None:
        self.payer = payer
        self.days = days
        self.dice = dice
        self.made: list[Payment] = []
        self.spare_cents = 0  # paid before it was asked for
        self.interest: list[tuple[date, int]] = []
        months = len(days.ends)
        is_debtor = not payer.is_steady and dice.random() < 0.05
        self.pays_until = months - dice.randint(2, 4) if is_debtor else months

    def pay(self, month: int, bill: Document, credited_cents: int) -> None:
        """Pay ``bill`` of ``month``, of which ``credited_cents`` were taken back."""
        owed_cents = bill.to_pay_cents - credited_cents - self.spare_cents
        self.spare_cents = max(0, -owed_cents)
        if owed_cents <= 0 or month in self.payer.unpaid or month >= self.pays_until:
            return
        if month == self.payer.nameless:
            self._book(bill, self._in_time(bill), owed_cents, is_known=False)
            return
        self._pay(bill, owed_cents)

    def gets_back(self, cents: int) -> None:
        """A credit note that takes no single invoice back pays the next ones."""
        self.spare_cents += cents

    def interest_before(self, day: date) -> int:
        """The interest on what was paid late before ``day``, and was not charged yet."""
        due = [cents for paid_on, cents in self.interest if paid_on < day]
        self.interest = [one for one in self.interest if one[0] >= day]
        return sum(due)

    def _pay(self, bill: Document, owed_cents: int) -> None:
        if self.payer.is_steady:
            self._pay_in_time(bill, owed_cents)
            return
        pay = self.dice.choices(self._habits, OF_A_THOUSAND)[0]
        pay(bill, owed_cents)

    @property
    def _habits(self) -> list[Callable[[Document, int], None]]:
        """In the order of `OF_A_THOUSAND`."""
        return [
            self._pay_in_time,
            self._pay_late,
            self._pay_partly,
            self._pay_twice,
            self._pay_rounded,
            self._pay_returned,
        ]

    def _in_time(self, bill: Document) -> date:
        assert bill.due_on  # noqa: S101 narrows the type
        return bill.due_on - timedelta(days=self.dice.randint(1, 18))

    def _late(self, bill: Document) -> date:
        assert bill.due_on  # noqa: S101 narrows the type
        return bill.due_on + timedelta(days=self.dice.randint(5, 45))

    # ------------------------------------------------------------ habits

    def _pay_in_time(self, bill: Document, owed_cents: int) -> None:
        self._book(bill, self._in_time(bill), owed_cents)

    def _pay_late(self, bill: Document, owed_cents: int) -> None:
        booked_on = self._book(bill, self._late(bill), owed_cents)
        assert bill.due_on  # noqa: S101 narrows the type
        days = (booked_on - bill.due_on).days
        cents = half_up(Decimal(owed_cents).scaleb(-2) * LATE_RATE * days / 365)
        self.interest.append((booked_on, cents))

    def _pay_partly(self, bill: Document, owed_cents: int) -> None:
        some_cents = max(1, owed_cents // 2)
        self._book(bill, self._in_time(bill), some_cents)
        if rest_cents := owed_cents - some_cents:
            self._pay_late(bill, rest_cents)

    def _pay_twice(self, bill: Document, owed_cents: int) -> None:
        booked_on = self._book(bill, self._in_time(bill), owed_cents)
        again_on = booked_on + timedelta(days=self.dice.randint(2, 5))
        self._book(bill, again_on, owed_cents)
        self.spare_cents += owed_cents

    def _pay_rounded(self, bill: Document, owed_cents: int) -> None:
        """The next ten euros."""
        more_cents = -owed_cents % 1000
        self._book(bill, self._in_time(bill), owed_cents + more_cents)
        self.spare_cents += more_cents

    def _pay_returned(self, bill: Document, owed_cents: int) -> None:
        """The bank sends it back, and it is paid again."""
        booked_on = self._book(bill, self._in_time(bill), owed_cents)
        back_on = self._book(bill, booked_on + timedelta(days=3), -owed_cents)
        self._book(bill, back_on + timedelta(days=self.dice.randint(5, 9)), owed_cents)

    # ------------------------------------------------------------ the bank

    def _book(self, bill: Document, on: date, amount_cents: int, *, is_known: bool = True) -> date:
        """Book an amount ``on`` that day, or the next on which banks work; that day."""
        booked_on = banking_day(max(on, bill.issued_on))
        if booked_on <= self.days.known_until:
            self.made.append(
                Payment(
                    booked_on,
                    amount_cents,
                    f"P{self.payer.id:06}{len(self.made) + 1:04}",
                    bill.reference if is_known else _no_reference(self.payer),
                    f"Plačilo računa {bill.number}" if is_known else "PLAČILO VODE",
                    is_known,
                )
            )
        return booked_on


def _no_reference(payer: Payer) -> str:
    return NO_REFERENCE if payer.id % 2 else ""


def iban_of(payer: Payer) -> str:
    """An account that could be, at a bank that is not there."""
    number = 99_000_0000_0000 + payer.id
    return f"SI56{number}{98 - number * 100 % 97:02}"
