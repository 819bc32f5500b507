"""The files that a utility exports: what the residents of these tests have."""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from mojupravljalec.customers.rules import code_from_number

USUAL_M3 = 12  # in 30 days
LAST_M3 = 491  # what every meter showed thirty days ago
READINGS = 6


@dataclass(frozen=True)
class Household:
    """A customer with one supply point and one meter."""

    number: int

    @property
    def customer(self) -> str:
        return f"0{1000 + self.number}"

    @property
    def name(self) -> str:
        return f"Žiga Čuček {self.number}"

    @property
    def street(self) -> str:
        return f"Župančičeva ulica {self.number}"

    @property
    def point(self) -> str:
        return f"OM-{1000 + self.number}"

    @property
    def serial(self) -> str:
        return f"0018{2000 + self.number}"

    @property
    def code(self) -> str:
        return code_from_number(7_654_321 * (self.number + 1))


def reading_days(today: date, many: int = READINGS) -> list[date]:
    """The days of the meter reader, the oldest first; the last is thirty days ago."""
    return [today - timedelta(days=30 * back) for back in range(many, 0, -1)]


def export(folder: Path, households: list[Household], today: date, rich: Household) -> None:
    """Write the four tables into ``folder``; two of them as an old Excel would.

    ``rich`` has 18 readings, an estimate among them, and an exchanged meter.
    """
    folder.mkdir()
    _write(
        folder / "stranke.csv",
        "cp1250",
        ["Šifra stranke", "Naziv", "Ulica", "Pošta", "Kraj", "Koda stranke"],
        [[one.customer, one.name, one.street, "2000", "Podgorje", one.code] for one in households],
    )
    _write(
        folder / "odjemna_mesta.csv",
        "utf-8-sig",
        ["sifra_odjemnega_mesta", "sifra_stranke", "ulica", "posta", "kraj", "osebe"],
        [[one.point, one.customer, one.street, "2000", "Podgorje", "3"] for one in households],
    )
    heading = ["stevilka_vodomera", "sifra_odjemnega_mesta", "dn", "vgrajen", "zacetno_stanje"]
    heading += ["odstranjen", "koncno_stanje", "overjen"]
    _write(folder / "vodomeri.csv", "utf-8", heading, _meters(households, today, rich))
    _write(
        folder / "odcitki.csv",
        "cp1250",
        ["Številka vodomera", "Datum", "Stanje", "Vir"],
        _readings(households, today, rich),
    )


def _meters(households: list[Household], today: date, rich: Household) -> list[list[str]]:
    built_in = _day(today - timedelta(days=900))
    rows = [
        [one.serial, one.point, "20", built_in, "0", "", "", "2023"]
        for one in households
        if one != rich
    ]
    exchanged = _exchanged_on(today)
    rows.append([f"{rich.serial}A", rich.point, "20", built_in, "0", exchanged, "1234", "2019"])
    rows.append([rich.serial, rich.point, "20", exchanged, "400", "", "", "2024"])
    return rows


def _readings(households: list[Household], today: date, rich: Household) -> list[list[str]]:
    days = reading_days(today)
    first = LAST_M3 - USUAL_M3 * (len(days) - 1)
    rows = [
        [one.serial, _day(day), str(first + USUAL_M3 * number), "odčitek"]
        for one in households
        for number, day in enumerate(days)
    ]
    for number, day in enumerate(reading_days(today, 18)[:10]):
        source = "ocena" if number == 5 else "odčitek"
        rows.append([f"{rich.serial}A", _day(day), str(1110 + USUAL_M3 * number), source])
    return rows


def _exchanged_on(today: date) -> str:
    return _day(today - timedelta(days=30 * 8))


def _day(value: date) -> str:
    return f"{value.day}.{value.month}.{value.year}"


def _write(path: Path, encoding: str, heading: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=";").writerows([heading, *rows])
