"""What the demo utility asks for at a place: services, their prices, and lines of bills.

The prices are invented. They rose twice: in the summer before last New Year, and at New Year.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from itertools import groupby
from typing import NamedTuple

from ..billing.document import Line
from ..billing.said import vat_cents
from ..values.money import half_up

SERVICE_VAT, OTHER_VAT, NO_VAT = Decimal("9.5"), Decimal(22), Decimal(0)  # per cent


class By(Enum):
    """What of a place the quantity of a service is."""

    WATER = auto()  # m³
    MONTH = auto()
    PERSON = auto()
    ROOF = auto()  # m²


UNITS = {By.WATER: "m³", By.MONTH: "mesec", By.PERSON: "oseba", By.ROOF: "m²"}


class Service(NamedTuple):
    """A service; ``prices`` are those at first, since the summer, and since New Year.

    ``instalment`` says, in the genitive, in which instalment it is asked for.
    """

    title: str
    by: By
    prices: tuple[Decimal, Decimal, Decimal]
    instalment: str


def _service(title: str, by: By, prices: str, instalment: str) -> Service:
    first, summer, new_year = map(Decimal, prices.split())
    return Service(title, by, (first, summer, new_year), instalment)


_FRESH, _WASTE_WATER = "vodarine", "odvajanja in čiščenja"
WATER = _service("Vodarina", By.WATER, "0.7410 0.7410 0.7820", _FRESH)
DRAINING = _service("Odvajanje odpadne vode", By.WATER, "0.3915 0.3915 0.3915", _WASTE_WATER)
CLEANING = _service("Čiščenje odpadne vode", By.WATER, "0.6320 0.6840 0.6840", _WASTE_WATER)
TANK = _service("Greznica ali MKČN", By.WATER, "0.5120 0.5480 0.5480", _WASTE_WATER)
LEVY = _service("Okoljska dajatev", By.WATER, "0.5283 0.5283 0.5283", _WASTE_WATER)
# All meters of the demo are DN 20, for which the charge is taken once.
WATER_NET = _service("Omrežnina – vodovod", By.MONTH, "4.9800 4.9800 5.2400", _FRESH)
DRAINING_NET = _service("Omrežnina – odvajanje", By.MONTH, "3.1800 3.1800 3.1800", _WASTE_WATER)
CLEANING_NET = _service("Omrežnina – čiščenje", By.MONTH, "2.4600 2.4600 2.4600", _WASTE_WATER)
RAIN = _service("Padavinska voda", By.ROOF, "0.0285 0.0312 0.0312", _WASTE_WATER)
RUBBISH = _service("Ravnanje z odpadki", By.PERSON, "3.9450 4.1120 4.1120", "ravnanja z odpadki")
ON_SEWER = (WATER, DRAINING, CLEANING, LEVY, WATER_NET, DRAINING_NET, CLEANING_NET)
ON_TANK = (WATER, TANK, LEVY, WATER_NET)
VALVE = Decimal("14.9000")  # a new one, when the meter is exchanged


class Register(NamedTuple):
    """What a meter showed at the start and at the end of a month, in m³."""

    meter: str
    old: int
    new: int


@dataclass(frozen=True)
class Place:
    """A supply point as it is billed to one customer.

    ``registers`` has all months; the customer is there in ``months``, counted from 0.
    """

    number: str
    services: tuple[Service, ...]
    persons: int
    roof_m2: int
    registers: tuple[tuple[Register, ...], ...]
    months: range

    def quantity(self, by: By, months: Sequence[int]) -> int:
        """What of ``by`` there was in ``months``."""
        if by is By.WATER:
            return sum(one.new - one.old for month in months for one in self.registers[month])
        return {By.MONTH: 1, By.PERSON: self.persons, By.ROOF: self.roof_m2}[by] * len(months)


def level_on(day: date, until: date) -> int:
    """Which of the prices of a service hold on ``day``, in a demo up to ``until``."""
    return (day >= date(until.year - 1, 7, 1)) + (day >= date(until.year, 1, 1))


def item(
    title: str,
    quantity: int,
    price: Decimal,
    unit: str = "",
    *,
    rate: Decimal = SERVICE_VAT,
    place: str = "",
    register: Register | None = None,
) -> Line:
    """A line: quantity × price and its VAT, each to the nearest cent."""
    net_cents = half_up(quantity * price)
    tax_cents = vat_cents(net_cents, rate)
    return Line(
        description=title,
        quantity=Decimal(quantity),
        unit=unit,
        price=price,
        vat_rate=rate,
        net_cents=net_cents,
        vat_cents=tax_cents,
        gross_cents=net_cents + tax_cents,
        supply_point=place,
        meter=register.meter if register else "",
        old_value=Decimal(register.old) if register else None,
        new_value=Decimal(register.new) if register else None,
    )


def lines_of(place: Place, months: Sequence[int], levels: Sequence[int]) -> Iterator[Line]:
    """The lines of ``months`` that follow each other; a new price begins a new line.

    ``levels`` says for every month which prices hold.
    """
    for service in place.services:
        for price, some in _by_price(service, months, levels):
            if service is WATER:
                yield from _water(place, some, price)
            else:
                yield _line(place, service, place.quantity(service.by, some), price)
    if any(len(place.registers[month]) > 1 for month in months):
        yield item("Menjava ventila", 1, VALVE, "kos", rate=OTHER_VAT, place=place.number)


def _by_price(
    service: Service, months: Sequence[int], levels: Sequence[int]
) -> Iterator[tuple[Decimal, list[int]]]:
    for price, some in groupby(months, lambda month: service.prices[levels[month]]):
        yield price, list(some)


def _line(place: Place, service: Service, quantity: int, price: Decimal) -> Line:
    return item(service.title, quantity, price, UNITS[service.by], place=place.number)


def _water(place: Place, months: Sequence[int], price: Decimal) -> Iterator[Line]:
    """One line for each meter, from its first value to its last."""
    shown: dict[str, Register] = {}
    for month in months:
        for one in place.registers[month]:
            shown[one.meter] = shown.get(one.meter, one)._replace(new=one.new)
    for one in shown.values():
        yield _metered(place, one, price)


def _metered(place: Place, register: Register, price: Decimal) -> Line:
    """The line of the water that went through one meter."""
    m3 = register.new - register.old
    return item(WATER.title, m3, price, UNITS[By.WATER], place=place.number, register=register)


def misread(place: Place, month: int, m3: int) -> Place:
    """The place as if its meter had been read ``m3`` too high at the end of ``month``."""
    *before, last = place.registers[month]
    wrong = (*before, last._replace(new=last.new + m3))
    registers = (*place.registers[:month], wrong, *place.registers[month + 1 :])
    return replace(place, registers=registers)


def taken_back(place: Place, month: int, m3: int, level: int) -> Iterator[Line]:
    """The lines of a credit note for what ``misread`` billed too much."""
    last = place.registers[month][-1]
    for service in place.services:
        if service is WATER:
            wrong = last._replace(old=last.new, new=last.new + m3)
            yield _metered(place, wrong, WATER.prices[level])
        elif service.by is By.WATER:
            yield _line(place, service, m3, service.prices[level])
