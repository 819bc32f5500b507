"""»Zakaj je ta račun drugačen?«: what makes one bill differ from another, to the cent."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ..metering.registers import used
from ..values.money import half_up
from .document import Content, Line

# The last is the code of UN/ECE Recommendation 20, which electronic invoices use.
_CUBIC_METRES = frozenset({"m3", "kubicni meter", "mtq"})
_SETTLEMENTS = (
    "poracun",
    "akontacij",
    "obracunana akontacij",
    "obracunane akontacij",
    "predplacil",
    "preplacil",
)


@dataclass(frozen=True)
class Bill:
    """What of an invoice is compared: the amount that is asked for, and where it comes from."""

    to_pay_cents: int
    content: Content


class Cause(StrEnum):
    """Why two bills differ, in the order in which people are told."""

    CONSUMPTION = "consumption"  # more or fewer m³
    PRICE = "price"  # of a unit, or the VAT rate
    NEW = "new"  # an item that was not there
    GONE = "gone"
    SETTLEMENT = "settlement"  # instalments, settlements, what was paid before
    OTHER = "other"  # other quantities, discounts, rounding


@dataclass(frozen=True)
class Item:
    """What one item of the bills adds to a cause, with VAT; never 0.

    ``before`` and ``after`` are its lines: None where that bill has none.
    """

    description: str
    cents: int
    before: Line | None
    after: Line | None


@dataclass(frozen=True)
class Part:
    """What one cause adds to the difference.

    ``cents`` also has what no line says: the prepaid amount in SETTLEMENT; discounts, charges
    and rounding in OTHER. So the items may come to another sum there, or be none.
    """

    cause: Cause
    cents: int
    items: tuple[Item, ...]


def explain(before: Bill, after: Bill) -> tuple[Part, ...]:
    """The difference between two bills by cause, in the order of ``Cause``; () if they agree.

    The parts always come to ``after.to_pay_cents - before.to_pay_cents``, exactly: whatever
    the lines do not account for is OTHER.
    """
    items: dict[Cause, list[Item]] = defaultdict(list)
    for cause, item in _items(before.content.lines, after.content.lines):
        items[cause].append(item)
    cents = {cause: sum(item.cents for item in items[cause]) for cause in Cause}
    cents[Cause.SETTLEMENT] += before.content.prepaid_cents - after.content.prepaid_cents
    cents[Cause.OTHER] += after.to_pay_cents - before.to_pay_cents - sum(cents.values())
    return tuple(
        Part(cause, cents[cause], tuple(items[cause]))
        for cause in Cause
        if cents[cause] or items[cause]
    )


def main_cause(parts: tuple[Part, ...]) -> Part | None:
    """The part with the largest amount, the first of equals; None if no part has any."""
    return max(
        (part for part in parts if part.cents), key=lambda part: abs(part.cents), default=None
    )


def water_m3(bill: Bill) -> Decimal | None:
    """The m³ used according to a bill, or None if it does not say.

    They are the difference of the registers, each meter once, where the bill shows any and
    none of them went back. Otherwise they are, for each supply point, the item with the most
    m³: the same water is billed as supplied, drained and cleaned. Settled m³ are not counted.
    Less than nothing is no consumption: such a bill gives water back.
    """
    lines = bill.content.lines
    metered = _metered(lines)
    m3 = _billed(lines) if metered is None else metered
    return None if m3 is None or m3 < 0 else m3


def register_m3(line: Line) -> Decimal | None:
    """Return the m³ between the register values of a line, None without them or if it went back.

    The bill does not say at which value its register turns over.
    """
    if line.old_value is None or line.new_value is None:
        return None
    return used(line.old_value, line.new_value)


_Key = tuple[str, str, str, int]


def _items(before: tuple[Line, ...], after: tuple[Line, ...]) -> Iterator[tuple[Cause, Item]]:
    olds, news = _by_key(before), _by_key(after)
    for key, line in (olds | news).items():
        old, new = olds.get(key), news.get(key)
        for cause, cents in _causes(_is_settlement(line), old, new).items():
            if cents:
                yield cause, Item(line.description, cents, old, new)


def _by_key(lines: tuple[Line, ...]) -> dict[_Key, Line]:
    """Lines by what they are matched by; the last of it is their turn among equals."""
    turns: Counter[tuple[str, str, str]] = Counter()
    found = {}
    for line in lines:
        key = (_plain(line.description), _unit(line), line.supply_point)
        found[*key, turns[key]] = line
        turns[key] += 1
    return found


def _causes(is_settlement: bool, old: Line | None, new: Line | None) -> dict[Cause, int]:
    """What each cause adds to the difference of one item, in cents."""
    difference = (new.gross_cents if new else 0) - (old.gross_cents if old else 0)
    if is_settlement:
        return {Cause.SETTLEMENT: difference}
    if old is None:
        return {Cause.NEW: difference}
    if new is None:
        return {Cause.GONE: difference}
    by_quantity = _by_quantity(old, new, difference)
    return {_quantity_cause(old, new): by_quantity, Cause.PRICE: difference - by_quantity}


def _by_quantity(old: Line, new: Line, difference: int) -> int:
    """The cents of ``difference`` that do not come from the price: all if it is the same.

    Equal quantities at equal rates that cost differently were rounded differently.
    """
    if _same_rates(old, new):
        return difference
    if old.quantity == new.quantity:
        return 0
    if not old.quantity or not new.quantity:
        return difference  # no share of nothing can be told
    more = new.quantity - old.quantity
    return half_up(Decimal(old.gross_cents).scaleb(-2) * more / old.quantity)


def _same_rates(old: Line, new: Line) -> bool:
    return old.price is not None and (old.price, old.vat_rate) == (new.price, new.vat_rate)


def _quantity_cause(old: Line, new: Line) -> Cause:
    unknown = old.quantity is None or new.quantity is None
    if unknown or old.quantity == new.quantity or not _is_cubic(new):
        return Cause.OTHER
    return Cause.CONSUMPTION


def _metered(lines: tuple[Line, ...]) -> Decimal | None:
    """By registers."""
    shown: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for line in lines:
        if line.old_value is None or line.new_value is None:
            continue
        if register_m3(line) is None:
            return None
        shown[line.meter or line.supply_point].append((line.old_value, line.new_value))
    return sum(map(_covered, shown.values()), Decimal(0)) if shown else None


def _covered(stretches: list[tuple[Decimal, Decimal]]) -> Decimal:
    """What a register counted: the same water is on many lines, or in pieces on several."""
    covered, reached = Decimal(0), Decimal("-Infinity")
    for start, end in sorted(stretches):
        covered += max(end, reached) - max(start, reached)
        reached = max(end, reached)
    return covered


def _billed(lines: tuple[Line, ...]) -> Decimal | None:
    """By quantities: lines of the same item are pieces of it, as when its price changed."""
    places: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for line in lines:
        if line.quantity is not None and _is_cubic(line) and not _is_settlement(line):
            places[line.supply_point][_plain(line.description)] += line.quantity
    if not places:
        return None
    return sum((max(items.values()) for items in places.values()), Decimal(0))


def _is_settlement(line: Line) -> bool:
    return _plain(line.description).startswith(_SETTLEMENTS)


def _is_cubic(line: Line) -> bool:
    return _unit(line) == "m3"


def _unit(line: Line) -> str:
    """The unit as it is compared; every way to write m³ is »m3«."""
    unit = _plain(line.unit)
    return "m3" if unit in _CUBIC_METRES else unit


def _plain(text: str) -> str:
    """``text`` as it is compared: no case, šumniki, powers or needless spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())
