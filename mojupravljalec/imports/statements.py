"""Izpiski: what the bank says came in, booked once however often it says so."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import BigInteger, Date, String, func, insert, literal, select, update

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
    until: date | None = None
    try:
        with source.open() as file:
            for number, one in enumerate(camt053.read(file), 2):
                if isinstance(one, camt053.Statement):
                    until = one.to_on
                else:
                    yield number, _cells(one, until)
    except (BadXml, camt053.BadStatement) as error:
        raise Unreadable(str(error)) from None
    progress(source.size)


def _cells(one: camt053.Transaction, until: date | None) -> list[str]:
    known = until or one.booked_on
    return [
        one.key,
        one.account,
        one.booked_on.isoformat(),
        str(one.amount_cents),
        one.name,
        one.iban,
        one.reference,
        one.text,
        known.isoformat(),
    ]


def remark(cell: str) -> str:
    """What somebody wrote, on one line and not endlessly."""
    shown = "".join(sign if sign.isprintable() else " " for sign in cell)
    return " ".join(shown.split())[:LONGEST_REMARK]


def load(_present: frozenset[str], batch_id: int) -> Counts:
    """Keep the bookings that are not known yet, and put them on the cards they belong to."""
    first = select(func.min(STAGED.c.line)).group_by(STAGED.c.key)
    known = select(PAYMENT.c.key)
    db.session.execute(update(STAGED).values(fate=UNCHANGED))
    db.session.execute(
        update(STAGED).values(fate=NEW).where(STAGED.c.line.in_(first), STAGED.c.key.not_in(known))
    )
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


KIND = Kind(
    name="statements",
    title="izpiski",
    stem="izpisek",
    columns=(
        Column("kljuc", remark, required=True),
        Column("racun", remark, required=True),
        Column("datum", cells.day, required=True),
        Column("znesek", int, required=True),
        Column("placnik", remark),
        Column("iban", remark),
        Column("sklic", remark),
        Column("besedilo", remark),
        Column("do", cells.day, required=True),
    ),
    staged=STAGED,
    shape=lambda *values: values,
    load=load,
    tables=(ENTRY, PAYMENT),
    finish=cards.finish,
    taking_back=cards.taking_back,
)
