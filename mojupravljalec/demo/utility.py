"""A believable utility, grown from a seed: the same seed and day give the same rows.

Everything is invented. Register values are whole litres, as in the tables.
"""

import calendar
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..customers.rules import code_from_number, code_key

Row = dict[str, Any]

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


@dataclass
class Rows:
    """Rows for each table, ready to be inserted in this order."""

    customers: list[Row] = field(default_factory=list)
    points: list[Row] = field(default_factory=list)
    occupancies: list[Row] = field(default_factory=list)
    meters: list[Row] = field(default_factory=list)
    readings: list[Row] = field(default_factory=list)


@dataclass
class Utility:
    """Grows ``customers`` households with ``months`` of readings up to the day ``until``."""

    customers: int
    months: int
    seed: int
    until: date

    def __post_init__(self) -> None:
        self._begin()
        self.month_ends = list(_month_ends(self.until, self.months + 1))

    def chunks(self, size: int = 500) -> Iterator[Rows]:
        """All rows, some households at a time: memory does not grow with their number."""
        self._begin()
        rows = Rows()
        for customer_id in range(1, self.customers + 1):
            self._household(customer_id, rows)
            if len(rows.customers) == size:
                yield rows
                rows = Rows()
        if rows.customers:
            yield rows

    def _begin(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 a demo, not a secret
        self.point_id = self.meter_id = 0

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
                "number": f"{100_000 + customer_id}",
                "name": name,
                "street": street,
                "post_code": town[0],
                "town": town[1],
                "access_code": code,
                "access_code_key": code_key(code),
            }
        )
        if customer_id == LANDLORD:
            for flat in range(1, FLATS + 1):
                self._point(customer_id, f"{street}, stanovanje {flat}", town, rows)
            return
        self._point(customer_id, street, town, rows)
        if customer_id > LANDLORD and customer_id % 10 == 0:
            weekend = f"Počitniška pot {customer_id // 10}"
            self._point(customer_id, weekend, TOWNS[2], rows, persons=0)

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
                "number": f"OM-{self.point_id:06}",
                "street": street,
                "post_code": town[0],
                "town": town[1],
            }
        )
        self._occupancies(customer_id, persons, rows)
        used_l = self._monthly_use(customer_id, persons)
        self._meters(customer_id, used_l, rows)

    def _occupancies(self, customer_id: int, persons: int, rows: Rows) -> None:
        """Now and then the neighbour before lived here until the middle of the time."""
        stay = {
            "supply_point_id": self.point_id,
            "customer_id": customer_id,
            "to_on": None,
            "persons": persons or None,
            "from_on": date(1900, 1, 1),
        }
        if customer_id > LANDLORD + 1 and customer_id % 15 == 7:
            moved_on = self.month_ends[len(self.month_ends) // 2]
            rows.occupancies.append({**stay, "customer_id": customer_id - 1, "to_on": moved_on})
            stay["from_on"] = moved_on + timedelta(days=1)
        rows.occupancies.append(stay)

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


def _month_ends(until: date, months: int) -> Iterator[date]:
    """The last days of ``months`` months up to the one of ``until``, oldest first."""
    first = until.year * 12 + until.month - months
    for number in range(first, first + months):
        year, month = divmod(number, 12)
        yield date(year, month + 1, calendar.monthrange(year, month + 1)[1])
