"""The files of a utility, as large as wanted: readings, invoices, a bank statement."""

import csv
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from mojupravljalec.billing import eslog_writer
from mojupravljalec.billing.document import Content, Document, Kind, Party, VatSum
from mojupravljalec.ledger import camt053
from mojupravljalec.values import clock

from ..bills import IBAN, RATE
from .data import lines, months_ago, net_cents, reference, to_pay_cents

FIRST_DAY = date(2016, 1, 31)
STAND_IN, NOBODY, NO_NUMBER = "X00000001", "K0000000", 999_999_999


def reading_rows(meters: int, days: int) -> Iterator[tuple[int, date, int]]:
    """Meter, day and cubic metres, a day's readings after those of the day before."""
    for turn in range(days):
        day = FIRST_DAY + timedelta(days=turn)
        for meter in range(1, meters + 1):
            yield meter, day, turn + meter % 7


def readings(path: Path, meters: int, days: int) -> None:
    """Odčitki of so many meters on so many days."""
    rows = (
        (f"V{meter:07}", f"{day:%d.%m.%Y}", shown, "odčitek")
        for meter, day, shown in reading_rows(meters, days)
    )
    _table(path, ("stevilka_vodomera", "datum", "stanje", "vir"), rows)


def invoices(heads: Path, items: Path, many: int, customers: int) -> None:
    """Računi, and eight postavke of each."""
    net, gross = _written(net_cents()), to_pay_cents()
    vat = _written(gross - net_cents())
    issued, due = f"{months_ago(0):%d.%m.%Y}", f"{months_ago(0, 28):%d.%m.%Y}"
    _table(
        heads,
        ("stevilka_racuna", "sifra_stranke", "datum", "zapadlost", "sklic", "osnova", "ddv",
         "za_placilo"),
        (
            (f"C{n:08}", f"K{n % customers + 1:07}", issued, due, reference(n), net, vat,
             _written(gross))
            for n in range(1, many + 1)
        ),
    )  # fmt: skip
    each = [
        (one.description, _comma(one.quantity), one.unit, _comma(one.price), _comma(one.vat_rate),
         _written(one.net_cents), _written(one.vat_cents), _written(one.gross_cents))
        for one in lines()
    ]  # fmt: skip
    _table(
        items,
        ("stevilka_racuna", "opis", "kolicina", "enota", "cena", "stopnja_ddv", "osnova", "ddv",
         "znesek"),
        ((f"C{n:08}", *one) for n in range(1, many + 1) for one in each),
    )  # fmt: skip


def documents(path: Path, many: int, customers: int) -> None:
    """A ZIP of e-SLOGs: one is written, and the others differ in number, payer and reference."""
    model = eslog_writer.write(_document()).decode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for n in range(1, many + 1):
            xml = model.replace(STAND_IN, f"X{n:08}").replace(NOBODY, f"K{n % customers + 1:07}")
            archive.writestr(f"{n}.xml", xml.replace(reference(NO_NUMBER), reference(many + n)))


def _document() -> Document:
    net, gross = net_cents(), to_pay_cents()
    seller = Party(name="Komunala", street="Vodovodna 1", post_code="2999", town="Podgorje")
    payer = Party(name="Ana Novak", street="Lipova ulica 7", post_code="2000", town="Podgorje")
    vat = VatSum(rate=RATE, base_cents=net, vat_cents=gross - net)
    return Document(
        number=STAND_IN,
        kind=Kind.INVOICE,
        customer_number=NOBODY,
        issued_on=months_ago(0),
        due_on=months_ago(0, 28),
        reference=reference(NO_NUMBER),
        net_cents=net,
        vat_cents=gross - net,
        gross_cents=gross,
        to_pay_cents=gross,
        iban=IBAN,
        purpose_code="WTER",
        content=Content(lines=lines(), vat=(vat,), seller=seller, payer=payer),
    )


def statement(path: Path, many: int) -> None:
    """A camt.053 that pays so many of the invoices."""
    day = clock.today()
    head = camt053.Statement(account=IBAN, identifier="BENCH-1", from_on=day, to_on=day)
    paid = (
        camt053.Transaction(
            key=camt053.key_of(IBAN, day, f"B{n}"),
            booked_on=day,
            amount_cents=to_pay_cents(),
            name="Ana Novak",
            iban="SI56191000000123438",
            reference=reference(n),
            text="Voda",
            account=IBAN,
        )
        for n in range(1, many + 1)
    )
    path.write_bytes(camt053.write(head, paid))


def _table(path: Path, heading: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(heading)
        writer.writerows(rows)


def _written(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02}"


def _comma(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}".replace(".", ",")
