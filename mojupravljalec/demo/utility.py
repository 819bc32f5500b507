"""A believable utility, grown from a seed: the same seed and day give the same rows.

Everything is invented. Register values are whole litres, as in the tables. What is billed and
paid has dice of its own for each customer, so that the rest does not change with it.
"""

import calendar
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from ..billing.document import Party
from ..customers.rules import code_from_number, code_key
from .bills import Days, Payer
from .books import BookRows, Books, Row
from .tariff import ON_SEWER, ON_TANK, RAIN, RUBBISH, Place, Register, Service

FIRST_NAMES = [
    "Marija",
    "Franc",
    "Janez",
    "Marko",
    "Andrej",
    "Irena",
    "Jožica",
    "Luka",
    "Mojca",
    "Nina",
    "Peter",
    "Petra",
    "Simona",
    "Tina",
    "Tomaž",
    "Zdenka",
    "Žiga",
    "Štefan",
]
LAST_NAMES = [
    "Novak",
    "Horvat",
    "Kovačič",
    "Krajnc",
    "Zupančič",
    "Potočnik",
    "Kovač",
    "Mlakar",
    "Kos",
    "Vidmar",
    "Golob",
    "Turk",
    "Božič",
    "Kralj",
    "Korošec",
    "Žagar",
    "Šinko",
]
STREETS = [
    "Lipova ulica",
    "Cesta na Vrh",
    "Pod gozdom",
    "Mlinska pot",
    "Zadružna ulica",
    "Šolska ulica",
    "Ob potoku",
    "Vinska gora",
    "Cvetlična ulica",
    "Žagarska cesta",
]
TOWNS = (("2999", "Podgorje"), ("2998", "Zgornje Podgorje"), ("2997", "Dol pri Podgorju"))

# Months from January: a house drinks a little more in summer, a garden much more.
SEASON = (0.93, 0.9, 0.95, 1.0, 1.02, 1.1, 1.15, 1.12, 1.0, 0.97, 0.93, 0.93)
GARDEN_L = (0, 0, 0, 500, 2000, 3500, 4500, 4000, 1000, 0, 0, 0)
LEAK_L = 2_000  # a month, and as much more in each month that follows
LEAK_MONTHS = 6
PERSON_L = 3_700  # a month

SHOWN_M3 = 467  # what Ana's meter showed last
# Which customers the demo residents have, and whose code is left to try.
ANA, BOJAN, BOJANS_MOTHER, UNUSED = 1, 2, 3, 4
LANDLORD, FLATS = 5, 6  # who has a whole block, and how many flats are in it
LEAKING = 11  # more water in each of the last months, and nobody has seen it
UNSENT = range(50, 60)  # whose last bill is still to be imported, where there are so many


@dataclass
class Rows(BookRows):
    """Rows for each table; those of the books are inserted after all others."""

    customers: list[Row] = field(default_factory=list)
    points: list[Row] = field(default_factory=list)
    occupancies: list[Row] = field(default_factory=list)
    meters: list[Row] = field(default_factory=list)
    readings: list[Row] = field(default_factory=list)


class _Household(NamedTuple):
    """Who is billed for which places; ``dice`` are the ones for that."""

    payer: Payer
    places: list[Place]
    dice: random.Random


@dataclass
class Utility:
    """Grows ``customers`` households with ``months`` of readings up to the day ``until``.

    That is the end of the month before ``today``; bills and payments follow until today.
    """

    customers: int
    months: int
    seed: int
    until: date
    today: date

    def __post_init__(self) -> None:
        self.month_ends = list(_month_ends(self.until, self.months + 1))
        self.days = Days(self.month_ends[1:], self.today)
        self._begin()

    def chunks(self, size: int = 50) -> Iterator[Rows]:
        """All rows, some households at a time: memory does not grow with their number."""
        self._begin()
        rows = Rows()
        for customer_id in range(1, self.customers + 1):
            self._household(customer_id, rows)
            self._bill(customer_id - 1, rows)  # who may have lived where this one lives now
            if len(rows.customers) == size:
                yield rows
                rows = Rows()
        self._bill(self.customers, rows)
        yield rows

    def _begin(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 a demo, not a secret
        self.point_id = self.meter_id = 0
        self.books = Books(self.days)
        self.households: dict[int, _Household] = {}  # that are still to be billed

    def _household(self, customer_id: int, rows: Rows) -> None:
        town = self.dice.choice(TOWNS)
        street = f"{self.dice.choice(STREETS)} {self.dice.randint(1, 60)}"
        name = f"{self.dice.choice(FIRST_NAMES)} {self.dice.choice(LAST_NAMES)}"
        if customer_id in _NAMES:
            name, street, town = _NAMES[customer_id], _STREETS[customer_id], TOWNS[0]
        code = code_from_number(self.dice.randrange(2**50))
        rows.customers.append(
            {
                "id": customer_id,
                "number": _number(customer_id),
                "name": name,
                "street": street,
                "post_code": town[0],
                "town": town[1],
                "access_code": code,
                "access_code_key": code_key(code),
            }
        )
        party = Party(name=name, street=street, post_code=town[0], town=town[1])
        self.households[customer_id] = _Household(
            self._payer(customer_id, party),
            [],
            random.Random(f"{self.seed}:{customer_id}"),  # noqa: S311 a demo, not a secret
        )
        if customer_id == LANDLORD:
            for flat in range(1, FLATS + 1):
                self._point(customer_id, f"{street}, stanovanje {flat}", town, rows)
            return
        self._point(customer_id, street, town, rows)
        if customer_id > LANDLORD and customer_id % 10 == 0:
            weekend = f"Počitniška pot {customer_id // 10}"
            self._point(customer_id, weekend, TOWNS[2], rows, persons=0)

    def _payer(self, customer_id: int, party: Party) -> Payer:
        is_ordinary = customer_id > LANDLORD
        unpaid = _UNPAID.get(customer_id, ())
        return Payer(
            id=customer_id,
            number=_number(customer_id),
            party=party,
            is_steady=customer_id in _STEADY,
            unpaid=frozenset(self.months - before for before in unpaid),
            nameless=self.months - 2 if customer_id % 40 == 15 else None,
            settles_in=customer_id % 12 + 1 if is_ordinary and customer_id % 5 == 3 else None,
        )

    def _bill(self, customer_id: int, rows: Rows) -> None:
        if household := self.households.pop(customer_id, None):
            is_unsent = customer_id in UNSENT and self.customers >= UNSENT[-1]
            self.books.keep(*household, rows, sends_last=not is_unsent)

    def _point(
        self,
        customer_id: int,
        street: str,
        town: tuple[str, str],
        rows: Rows,
        persons: int | None = None,
    ) -> None:
        self.point_id += 1
        persons = self.dice.randint(1, 5) if persons is None else persons
        persons = _PERSONS.get(customer_id, persons)
        rows.points.append(
            {
                "id": self.point_id,
                "number": _point_number(self.point_id),
                "street": street,
                "post_code": town[0],
                "town": town[1],
            }
        )
        moved_in = self._occupancies(customer_id, persons, rows)
        used_l = self._monthly_use(customer_id, persons)
        meters, readings = len(rows.meters), len(rows.readings)
        self._meters(customer_id, used_l, rows)
        registers = self._registers(rows.meters[meters:], rows.readings[readings:])
        self._place(customer_id, persons, moved_in, registers)

    def _place(
        self,
        customer_id: int,
        persons: int,
        moved_in: int,
        registers: tuple[tuple[Register, ...], ...],
    ) -> None:
        """Bill the place to who lives there since the month ``moved_in``, and who did before."""
        own = self.households[customer_id]
        place = Place(
            number=_point_number(self.point_id),
            services=_services(customer_id, persons, own.dice),
            persons=persons,
            roof_m2=own.dice.randrange(80, 220, 10),
            registers=registers,
            months=range(moved_in, self.months),
        )
        own.places.append(place)
        if moved_in:
            before = replace(place, months=range(moved_in))
            self.households[customer_id - 1].places.append(before)

    def _registers(
        self, meters: list[Row], readings: list[Row]
    ) -> tuple[tuple[Register, ...], ...]:
        """What was on the meters at the start and the end of each month.

        One that was built in on the last day of a month shows the same at both.
        """
        shown = {meter["id"]: {meter["installed_on"]: meter["start_l"]} for meter in meters}
        for reading in readings:
            shown[reading["installation_id"]][reading["taken_on"]] = reading["value_l"]
        for meter in meters:
            if meter["removed_on"]:
                shown[meter["id"]][meter["removed_on"]] = meter["end_l"]
        return tuple(
            tuple(
                _register(meter["serial"], shown[meter["id"]], before, end)
                for meter in meters
                if end in shown[meter["id"]]
            )
            for before, end in pairwise(self.month_ends)
        )

    def _occupancies(self, customer_id: int, persons: int, rows: Rows) -> int:
        """Now and then the neighbour before lived here until the middle of the time.

        The first month that is billed to the customer comes back, counted from 0.
        """
        moved_in = 0
        stay = {
            "supply_point_id": self.point_id,
            "customer_id": customer_id,
            "to_on": None,
            "persons": persons or None,
            "from_on": date(1900, 1, 1),
        }
        if customer_id > LANDLORD + 1 and customer_id % 15 == 7:
            moved_in = len(self.month_ends) // 2
            moved_on = self.month_ends[moved_in]
            rows.occupancies.append({**stay, "customer_id": customer_id - 1, "to_on": moved_on})
            stay["from_on"] = moved_on + timedelta(days=1)
        rows.occupancies.append(stay)
        return moved_in

    def _monthly_use(self, customer_id: int, persons: int) -> list[int]:
        """Litres in each month; one household has a hidden leak."""
        has_garden = customer_id in {ANA, BOJAN} or self.dice.random() < 0.4
        has_garden = has_garden and customer_id != LANDLORD
        garden = (2 if customer_id == BOJAN else 1) if has_garden else 0
        leak_l = LEAK_L if customer_id == LEAKING else 0
        sound = len(self.month_ends) - LEAK_MONTHS  # before, nothing leaked
        return [
            round(persons * PERSON_L * SEASON[end.month - 1] * self.dice.uniform(0.92, 1.08))
            + GARDEN_L[end.month - 1] * garden
            + leak_l * max(0, place - sound + 1)
            for place, end in enumerate(self.month_ends)
        ]

    def _meters(self, customer_id: int, used_l: list[int], rows: Rows) -> None:
        """One meter, or two with an exchange between; their readings at the months' ends."""
        decimals = 3 if customer_id > UNUSED and customer_id % 25 == 9 else 0
        exchanged = len(used_l) > 6 and (customer_id == ANA or self.dice.random() < 0.1)
        at = max(1, len(used_l) - 1 - 20) if exchanged else None
        start_l = self.dice.randint(40, 2500) * 1000
        new_start_l = self.dice.choice((0, 0, 2000))
        if customer_id == ANA and not exchanged:
            start_l = SHOWN_M3 * 1000 - sum(used_l[1:])
        elif customer_id == ANA:
            new_start_l = SHOWN_M3 * 1000 - sum(used_l[(at or 0) + 1 :])
        if at is None:
            self._meter(0, len(used_l), start_l, used_l, decimals, rows)
            return
        self._meter(0, at, start_l, used_l, decimals, rows, removed=True)
        self._meter(at, len(used_l), new_start_l, used_l, decimals, rows)

    def _meter(
        self,
        first: int,
        after: int,
        start_l: int,
        used_l: list[int],
        decimals: int,
        rows: Rows,
        *,
        removed: bool = False,
    ) -> None:
        """A meter built in on the last day of month ``first``, read in the months before ``after``.

        A removed one goes on the last day of month ``after``, when the next one is built in.
        """
        self.meter_id += 1
        step = 10 ** (3 - decimals)
        showed = start_l
        for place in range(first + 1, after):
            showed += used_l[place]
            rows.readings.append(
                {
                    "installation_id": self.meter_id,
                    "taken_on": self.month_ends[place],
                    "value_l": showed // step * step,
                    "source": self._source(place),
                    "status": "accepted",
                }
            )
        installed_on = self.month_ends[first]
        rows.meters.append(
            {
                "id": self.meter_id,
                "supply_point_id": self.point_id,
                "digits": 5,
                "serial": f"{installed_on:%y}{self.dice.randint(0, 99):02}{self.meter_id:05}",
                "installed_on": installed_on,
                "start_l": start_l // step * step,
                "removed_on": self.month_ends[after] if removed else None,
                "end_l": (showed + used_l[after]) // step * step if removed else None,
                "decimals": decimals,
                "dn_mm": 20,
                "verified_year": installed_on.year,
            }
        )

    def _source(self, place: int) -> str:
        if self.month_ends[place].month == 12:
            return "collector"
        return self.dice.choices(("customer", "collector", "estimate"), (70, 22, 8))[0]


_NAMES = {
    ANA: "Ana Demšar",
    BOJAN: "Bojan Kranjc",
    BOJANS_MOTHER: "Terezija Kranjc",
    UNUSED: "Cvetka Zajc",
    LANDLORD: "Podgorski domovi, d. o. o.",
}
_STREETS = {
    ANA: "Lipova ulica 7",
    BOJAN: "Mlinska pot 12",
    BOJANS_MOTHER: "Šolska ulica 3, stanovanje 8",
    UNUSED: "Cvetlična ulica 21",
    LANDLORD: "Zadružna ulica 5",
}
_PERSONS = {ANA: 3, BOJAN: 4, BOJANS_MOTHER: 1}
_STEADY = {ANA, BOJAN, BOJANS_MOTHER}
_UNPAID = {ANA: (1,), BOJAN: (1,), BOJANS_MOTHER: (1, 3)}  # how many months ago


def _number(customer_id: int) -> str:
    return f"{100_000 + customer_id}"


def _point_number(point_id: int) -> str:
    return f"OM-{point_id:06}"


def _register(serial: str, shown_l: dict[date, int], before: date, end: date) -> Register:
    new_l = shown_l[end]
    return Register(serial, shown_l.get(before, new_l) // 1000, new_l // 1000)


def _services(customer_id: int, persons: int, dice: random.Random) -> tuple[Service, ...]:
    """What is done at a place; at Ana's and Bojan's what most people have."""
    if customer_id in _STEADY:
        return ON_SEWER
    services = ON_TANK if dice.random() < 0.2 else ON_SEWER
    if dice.random() < 0.25:
        services = (*services, RAIN)
    return (*services, RUBBISH) if persons and dice.random() < 0.6 else services


def _month_ends(until: date, months: int) -> Iterator[date]:
    """The last days of ``months`` months up to the one of ``until``, oldest first."""
    first = until.year * 12 + until.month - months
    for number in range(first, first + months):
        year, month = divmod(number, 12)
        yield date(year, month + 1, calendar.monthrange(year, month + 1)[1])
