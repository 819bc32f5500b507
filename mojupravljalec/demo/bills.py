"""The demo's bills: month after month, by instalments, and their corrections.

Only whole months that have ended are billed, and nothing is dated later than today.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from ..billing.document import Content, Document, Kind, Line, Party, VatSum
from ..values import references
from .tariff import NO_VAT, Place, item, level_on, lines_of, misread, taken_back

IBAN = "SI56020170014356205"
PURPOSE_CODE = "WTER"
DAYS_TO_ISSUE, DAYS_TO_PAY = 8, 20
DAYS_UNKNOWN = 4  # of the last days it is not known what was paid
WHOLE_CENTS = 200  # of an instalment without VAT: its VAT then comes to whole cents too
SUBSIDY = Decimal("2.5000")  # a month
MISTAKES = 0.005  # of all bills


class Days:
    """The calendar of the demo: its months, counted from 0, by their last days."""

    def __init__(self, ends: Sequence[date], today: date) -> None:
        self.ends = ends
        self.today = today
        self.known_until = today - timedelta(days=DAYS_UNKNOWN)
        self.levels = [level_on(end, ends[-1]) for end in ends]
        self.issued_on = [
            min(banking_day(end + timedelta(days=DAYS_TO_ISSUE)), today) for end in ends
        ]


def banking_day(day: date) -> date:
    """``day``, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


@dataclass(frozen=True)
class Payer:
    """Who gets the bills.

    ``is_steady``: nothing out of the ordinary happens. ``unpaid`` are months that nobody pays,
    ``nameless`` is one that is paid without a reference. ``settles_in`` is the month of the
    year in which instalments are settled; None: there are none.
    """

    id: int
    number: str
    party: Party
    is_steady: bool = False
    unpaid: frozenset[int] = frozenset()
    nameless: int | None = None
    settles_in: int | None = None


class Bills:
    """Writes the bills of one payer, from the first month to the last."""

    def __init__(
        self, payer: Payer, places: Sequence[Place], days: Days, dice: random.Random
    ) -> None:
        self.payer = payer
        self.places = places
        self.days = days
        self.dice = dice
        self.first = min((place.months.start for place in places if place.months), default=0)
        self.from_month = self.first  # where the next settlement begins
        self.instalments: dict[str, int] = {}  # net cents of each, by what it is for
        self.has_subsidy = not payer.is_steady and dice.random() < 0.04
        self.brings_cents = 0  # what was paid in before the first bill
        if not payer.is_steady and dice.random() < 0.1:
            self.brings_cents = dice.randint(150, 900)

    def of(self, month: int, interest_cents: int) -> list[Document]:
        """The bill of ``month``, and the credit note if it was a mistake; nothing if away."""
        places = [place for place in self.places if month in place.months]
        if not places:
            return []
        wrong_m3 = self._mistake(month)
        billed = [misread(places[0], month, wrong_m3), *places[1:]] if wrong_m3 else places
        bill = self._bill(billed, month, list(self._extras(month, interest_cents)))
        if not wrong_m3:
            return [bill]
        return [bill, self._correction(bill, places[0], month, wrong_m3)]

    def _mistake(self, month: int) -> int:
        """How many m³ too many are billed. The last bill is right: nobody has complained yet."""
        is_last = month == len(self.days.ends) - 1
        if is_last or self.payer.is_steady or self.payer.settles_in:
            return 0
        return self.dice.randint(5, 20) if self.dice.random() < MISTAKES else 0

    def _bill(self, places: Sequence[Place], month: int, extras: Sequence[Line]) -> Document:
        if self.payer.settles_in is None:
            lines = [one for place in places for one in self._lines(place, [month])]
            return self._document(month, month, [*lines, *extras])
        if self.days.ends[month].month == self.payer.settles_in:
            return self._settlement(places, month, extras)
        return self._document(month, month, [*self._instalment(places, month), *extras])

    def _lines(self, place: Place, months: Sequence[int]) -> Iterable[Line]:
        return lines_of(place, months, self.days.levels)

    def _extras(self, month: int, interest_cents: int) -> Iterable[Line]:
        if self.has_subsidy:
            yield item("Subvencija omrežnine", -1, SUBSIDY, "mesec")
        if month == self.first and self.brings_cents:
            yield _without_vat("Preplačilo iz prejšnjega leta", -1, self.brings_cents)
        if interest_cents:
            yield _without_vat("Zamudne obresti", 1, interest_cents)

    # ------------------------------------------------------------ instalments

    def _instalment(self, places: Sequence[Place], month: int) -> Iterable[Line]:
        if month == self.from_month:
            self.instalments = self._usual(places, month)
        for name, cents in self.instalments.items():
            price = _euros(cents)
            yield item(f"Akontacija {name}", 1, price, "mesec", place=places[0].number)

    def _usual(self, places: Sequence[Place], month: int) -> dict[str, int]:
        """What a usual month comes to without VAT, rounded, by what the instalments are for."""
        euros: dict[str, Decimal] = defaultdict(Decimal)
        level = self.days.levels[month]
        for place in places:
            for service in place.services:
                quantity = Decimal(place.quantity(service.by, place.months)) / len(place.months)
                euros[service.instalment] += quantity * service.prices[level]
        return {name: _rounded(one) for name, one in euros.items()}

    def _settlement(self, places: Sequence[Place], month: int, extras: Sequence[Line]) -> Document:
        """The year's real lines without what was charged; a credit note if that was too much."""
        first, charged = self.from_month, month - self.from_month
        months = range(first, month + 1)
        lines = [one for place in places for one in self._lines(place, months)]
        if charged:
            for name, cents in self.instalments.items():
                title = f"Obračunane akontacije {name}"
                lines.append(item(title, -charged, _euros(cents), "mesec", place=places[0].number))
        self.from_month = month + 1
        return self._document(first, month, [*lines, *extras])

    # ------------------------------------------------------------ documents

    def _document(self, first: int, month: int, lines: Sequence[Line]) -> Document:
        """A bill, or a credit note where more was given back than asked for."""
        end, issued_on = self.days.ends[month], self.days.issued_on[month]
        is_bill = sum(line.gross_cents for line in lines) >= 0
        reference = references.with_check_digit("12", f"{self.payer.number}{end:%y%m}")
        return _summed_up(
            Document(
                number=f"{end:%Y-%m}-{self.payer.id:04}",
                kind=Kind.INVOICE if is_bill else Kind.CREDIT_NOTE,
                customer_number=self.payer.number,
                issued_on=issued_on,
                due_on=issued_on + timedelta(days=DAYS_TO_PAY) if is_bill else issued_on,
                period_from=self.days.ends[first].replace(day=1),
                period_to=end,
                reference=reference if is_bill else "",
                net_cents=0,
                vat_cents=0,
                gross_cents=0,
                to_pay_cents=0,
                iban=IBAN,
                purpose_code=PURPOSE_CODE,
                content=Content(lines=tuple(lines) if is_bill else tuple(map(_turned, lines))),
            )
        )

    def _correction(self, bill: Document, place: Place, month: int, m3: int) -> Document:
        level, right = self.days.levels[month], place.registers[month][-1].new
        issued_on = banking_day(bill.issued_on + timedelta(days=self.dice.randint(5, 9)))
        note = f"Vodomer je bil napačno odčitan. Pravo stanje je {right} m³."
        lines = tuple(taken_back(place, month, m3, level))
        return _summed_up(
            replace(
                bill,
                number=f"{bill.number}-D",
                kind=Kind.CREDIT_NOTE,
                issued_on=issued_on,
                due_on=issued_on,
                reference="",
                corrects=bill.number,
                content=Content(lines=lines, note=note),
            )
        )


def _summed_up(document: Document) -> Document:
    """The document with the sums of its lines."""
    lines = document.content.lines
    net_cents = sum(line.net_cents for line in lines)
    tax_cents = sum(line.vat_cents for line in lines)
    return replace(
        document,
        net_cents=net_cents,
        vat_cents=tax_cents,
        gross_cents=net_cents + tax_cents,
        to_pay_cents=net_cents + tax_cents,
        content=replace(document.content, vat=_vat_sums(lines)),
    )


def _vat_sums(lines: Iterable[Line]) -> tuple[VatSum, ...]:
    sums: dict[Decimal, list[int]] = {}
    for line in lines:
        if line.vat_rate is not None:
            both = sums.setdefault(line.vat_rate, [0, 0])
            both[0] += line.net_cents
            both[1] += line.vat_cents
    return tuple(
        VatSum(rate=rate, base_cents=base_cents, vat_cents=tax_cents)
        for rate, (base_cents, tax_cents) in sorted(sums.items())
    )


def _turned(line: Line) -> Line:
    """The line with the other sign."""
    return replace(
        line,
        quantity=-line.quantity if line.quantity is not None else None,
        net_cents=-line.net_cents,
        vat_cents=-line.vat_cents,
        gross_cents=-line.gross_cents,
    )


def _rounded(euros: Decimal) -> int:
    """A convenient instalment in cents, never nothing."""
    return max(1, round(euros * 100 / WHOLE_CENTS)) * WHOLE_CENTS


def _without_vat(title: str, quantity: int, cents: int) -> Line:
    return item(title, quantity, _euros(cents), rate=NO_VAT)


def _euros(cents: int) -> Decimal:
    """A price: with four decimals, as on the bill."""
    return Decimal(cents * 100).scaleb(-4)
