"""Files of the demo to be imported by hand: a statement, the newest invoices, customers."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from ..billing import eslog_writer
from ..billing.document import Document
from ..ledger.camt053 import Statement, Transaction, key_of, write
from .bills import IBAN, Days
from .books import Owed, Row

PAID = 13  # open invoices that the statement pays, at most
TOO_MUCH_CENTS = 1000
LISTED = 20  # customers in the file
MOVED = (2, 3)


def statement(owed: Sequence[Owed], booked: Row | None, days: Days) -> bytes:
    """A statement of the last days: it pays what is ``owed`` in every way that people do.

    ``booked`` is a payment that the books have already: it must not count twice.
    """
    last_on = days.today - timedelta(days=1)
    first_on = min(days.known_until, booked["booked_on"]) if booked else days.known_until
    known = [_known(booked)] if booked else []
    head = Statement(
        account=IBAN, identifier=f"{last_on:%Y-%m-%d}", from_on=first_on, to_on=last_on
    )
    return write(head, [*known, *_new(owed[:PAID], days)])


def invoices(documents: Iterable[Document]) -> bytes:
    """A ZIP with each document as e-SLOG; the same documents give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for document in documents:
            day = document.issued_on
            entry = zipfile.ZipInfo(
                f"{document.number}.xml", (day.year, day.month, day.day, 0, 0, 0)
            )
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, eslog_writer.write(document))
    return buffer.getvalue()


def customers(rows: Sequence[Row]) -> bytes:
    """Customers as some other program writes them: its own headings, in Windows-1250.

    Two have moved, two are new, and one line is bad.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Šifra kupca", "Ime kupca", "Naslov", "Pošta št.", "Naziv pošte", "Opomba"])
    for nth, row in enumerate(rows):
        street = f"Nova cesta {nth + 1}" if nth in MOVED else row["street"]
        writer.writerow([row["number"], row["name"], street, row["post_code"], row["town"], ""])
    where = (rows[0]["post_code"], rows[0]["town"])
    writer.writerow(["190001", "Kovač Cvetka", "Nova cesta 21", *where, "novogradnja"])
    writer.writerow(["190002", "Mizarstvo Češnja d.o.o.", "Nova cesta 23", *where, ""])
    writer.writerow(["", "Brez šifre", "Nova cesta 25", *where, ""])
    return text.getvalue().encode("cp1250")


def _known(row: Row) -> Transaction:
    return Transaction(
        key=row["key"],
        booked_on=row["booked_on"],
        amount_cents=row["amount_cents"],
        name=row["payer_name"],
        iban=row["payer_iban"],
        reference=row["reference"],
        text=row["text"],
        account=IBAN,
    )


def _new(owed: Sequence[Owed], days: Days) -> Iterator[Transaction]:
    """Payments since the last day known."""
    first_on = days.known_until + timedelta(days=1)
    for place, one in enumerate(owed):
        day = first_on + timedelta(days=place % 2)
        yield _paid(place, one, day)
    nameless = Owed("", "", "", "Jožef Hribar", "", 2500)
    yield _transaction(len(owed), nameless, first_on, 2500, "", "PLAČILO VODE")


def _paid(place: int, one: Owed, day: date) -> Transaction:
    """Most name the invoice; of the first four one only the customer, and one pays too much."""
    match place:
        case 1:
            reference = f"SI00{one.customer_number}"
            return _transaction(place, one, day, one.cents, reference, "Voda")
        case 2:
            text = f"VODA, STRANKA {one.customer_number}"
            return _transaction(place, one, day, one.cents, "", text)
        case 3:
            more = one.cents + TOO_MUCH_CENTS
            return _transaction(place, one, day, more, one.reference, _about(one))
    return _transaction(place, one, day, one.cents, one.reference, _about(one))


def _about(one: Owed) -> str:
    return f"Plačilo računa {one.invoice}"


def _transaction(
    place: int, one: Owed, day: date, cents: int, reference: str, text: str
) -> Transaction:
    return Transaction(
        key=key_of(IBAN, day, f"S{place + 1:06}"),
        booked_on=day,
        amount_cents=cents,
        name=one.name,
        iban=one.iban,
        reference=reference,
        text=text,
        account=IBAN,
    )
