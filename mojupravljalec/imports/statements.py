"""Izpiski: what the bank says came in, booked once however often it says so."""

from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import BigInteger, Date, String, and_, func, insert, literal, select, update

from ..extensions import db
from ..ledger import camt053
from ..values.safe_xml import BadXml
from . import cards, cells
from .cards import ENTRY, PAYMENT
from .kind import Column, Counts, Kind
from .staging import Field, staging_table
from .table_file import Progress, Row, Source, Unreadable
from .targets import NEW, UNCHANGED, counts

LONGEST_REMARK = 500
FIELDS = ("key", "account_iban", "booked_on", "amount_cents")
WORDS = ("payer_name", "payer_iban", "reference", "text")
STAGED = staging_table(
    "staged_payment",
    Field("key", String),
    Field("account_iban", String),
    Field("booked_on", Date),
    Field("amount_cents", BigInteger),
    *(Field(name, String) for name in WORDS),
    Field("known_until", Date),
    Field("fate", String),
)
HEADINGS = ("kljuc", "racun", "datum", "znesek", "placnik", "iban", "sklic", "besedilo", "do")


def rows_of(source: Source, progress: Progress) -> Iterator[Row]:
    """A statement as a table: its bookings under headings of our own. Raises Unreadable."""
    yield 1, list(HEADINGS)
    try:
        with source.open() as file:
            yield from enumerate(_told(file), 2)
    except (BadXml, camt053.BadStatement) as error:
        raise Unreadable(str(error)) from None
    progress(source.size)


def _told(file: BinaryIO) -> Iterator[list[str]]:
    """The bookings of each statement, and after them its last day, which counts without them."""
    statement: camt053.Statement | None = None
    for one in camt053.read(file):
        if isinstance(one, camt053.Transaction):
            yield _cells(one)
            continue
        yield from _end_of(statement)
        statement = one
    yield from _end_of(statement)


def _cells(one: camt053.Transaction) -> list[str]:
    return [
        one.key,
        one.account,
        one.booked_on.isoformat(),
        str(one.amount_cents),
        one.name,
        one.iban,
        one.reference,
        one.text,
        "",
    ]


def _end_of(statement: camt053.Statement | None) -> Iterator[list[str]]:
    """A row of its account and last day only, once its bookings have been read."""
    if statement and statement.to_on:
        until = {"racun": statement.account, "do": statement.to_on.isoformat()}
        yield [until.get(heading, "") for heading in HEADINGS]


def remark(cell: str) -> str:
    """What somebody wrote, on one line and not endlessly."""
    shown = "".join(sign if sign.isprintable() else " " for sign in cell)
    return " ".join(shown.split())[:LONGEST_REMARK]


def load(_present: frozenset[str], batch_id: int) -> Counts:
    """Keep the bookings that are not known yet, and put them on the cards they belong to.

    Rows without a key tell the last day of a statement; they have no fate and are not counted.
    """
    is_booking = STAGED.c.key != ""
    first = select(func.min(STAGED.c.line)).group_by(STAGED.c.key)
    known = select(PAYMENT.c.key)
    is_new = and_(STAGED.c.line.in_(first), STAGED.c.key.not_in(known))
    db.session.execute(update(STAGED).values(fate=UNCHANGED).where(is_booking))
    db.session.execute(update(STAGED).values(fate=NEW).where(is_booking, is_new))
    names = [*FIELDS, *WORDS]
    rows = (
        select(*(STAGED.c[name] for name in names))
        .add_columns(literal(""), literal(batch_id))
        .where(STAGED.c.fate == NEW)
        .order_by(STAGED.c.line)
    )
    db.session.execute(insert(PAYMENT).from_select([*names, "matched_by", "batch_id"], rows))
    cards.note_known_until(batch_id, db.session.scalar(select(func.max(STAGED.c.known_until))))
    return counts(STAGED, STAGED.c.fate)


def finish(batch_id: int) -> list[str]:
    """What is done with every card; and up to which day payments are known now, if that is news."""
    until = cards.told_until(batch_id)
    news = [f"Plačila so znana do {until.day}. {until.month}. {until.year}"] if until else []
    return news + cards.finish(batch_id)


KIND = Kind(
    name="statements",
    title="izpiski",
    stem="izpisek",
    columns=(
        Column("kljuc", remark),
        Column("racun", remark, required=True),
        Column("datum", cells.day, empty=None),
        Column("znesek", int, empty=None),
        Column("placnik", remark),
        Column("iban", remark),
        Column("sklic", remark),
        Column("besedilo", remark),
        Column("do", cells.day, empty=None),
    ),
    staged=STAGED,
    shape=lambda *values: values,
    load=load,
    tables=(ENTRY, PAYMENT),
    finish=finish,
    taking_back=cards.taking_back,
)
