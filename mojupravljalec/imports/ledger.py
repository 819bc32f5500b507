"""Kartica: the ledger as the billing program keeps it. Known lines are never doubled."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    String,
    and_,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from ..extensions import db
from ..ledger.rules import Origin
from ..values import money, references
from . import cards, cells
from .cards import ENTRY, INVOICE, PAYMENT
from .customers import CUSTOMER
from .kind import BadRow, Column, Counts, Kind
from .staging import (
    Field,
    analyze,
    drop_rejected,
    index,
    look_up,
    reject_missing,
    report,
    staging_table,
)
from .targets import NEW, UNCHANGED, counts

KEY = ("booked_on", "document", "description", "amount_cents", "due_on", "reference")
STAGED = staging_table(
    "staged_entry",
    Field("customer_number", String),
    Field("booked_on", Date),
    Field("document", String),
    Field("description", String),
    Field("amount_cents", BigInteger),
    Field("due_on", Date),
    Field("reference", String),
    Field("reference_key", String),
    Field("origin", String),
    Field("customer_id", Integer),
    Field("turn", Integer),  # among equal rows
    Field("day_turn", Integer),  # among rows of the same customer, day and amount
    Field("fate", String),
)


def shape(
    customer: str,
    booked_on: str,
    document: str,
    description: str,
    debit: int | None,
    credit: int | None,
    due_on: str | None,
    payment_reference: str,
) -> tuple[Any, ...]:
    """A row with one signed amount."""
    amount = (debit or 0) - (credit or 0)
    if debit and credit:
        raise BadRow("dobro", "vrstica ima breme in dobro hkrati")
    if not amount:
        raise BadRow("breme", "vrstica nima ne bremena ne dobrega")
    origin = Origin.OTHER if amount > 0 else Origin.PAYMENT
    key = references.key(payment_reference)
    fields = (customer, booked_on, document, description, amount, due_on)
    return (*fields, payment_reference, key, origin.value)


def load(_present: frozenset[str], batch_id: int) -> Counts:
    """Judge and write the staged entries."""
    look_up(STAGED, "customer_id", CUSTOMER.c.id, CUSTOMER.c.number == STAGED.c.customer_number)
    reject_missing(STAGED, "customer_id", "sifra_stranke", "te stranke ni")
    report(_other_amounts())
    drop_rejected(STAGED)
    _number_turns()
    analyze(STAGED)
    db.session.execute(update(STAGED).values(fate=NEW))
    for is_known in (_same_row(), _of_an_invoice(), _of_a_correction(), _of_a_payment()):
        db.session.execute(update(STAGED).values(fate=UNCHANGED).where(STAGED.c.line.in_(is_known)))
    _add(batch_id)
    cards.note_known_until(batch_id, db.session.scalar(select(func.max(STAGED.c.booked_on))))
    return counts(STAGED, STAGED.c.fate)


def _other_amounts() -> Any:
    """Rows that speak of an invoice that is here with another amount."""
    amount = ENTRY.c.amount_cents
    same_side = (STAGED.c.amount_cents > 0) == (amount > 0)
    rows = db.session.execute(
        select(STAGED.c.line, STAGED.c.amount_cents, amount, INVOICE.c.number)
        .join(
            INVOICE,
            and_(
                INVOICE.c.number == STAGED.c.document,
                INVOICE.c.customer_id == STAGED.c.customer_id,
            ),
        )
        .join(ENTRY, ENTRY.c.invoice_id == INVOICE.c.id)
        .where(same_side, STAGED.c.amount_cents != amount)
    )
    for line, told, known, number in rows:
        heading = "breme" if told > 0 else "dobro"
        yield (
            line,
            heading,
            f"račun {number} ima znesek {money.written(known)}, tu {money.written(told)}",
        )


def _number_turns() -> None:
    same = [STAGED.c[name] for name in ("customer_id", *KEY)]
    day = [STAGED.c[name] for name in ("customer_id", "booked_on", "amount_cents")]
    rows = select(
        STAGED.c.line,
        func.row_number().over(partition_by=same, order_by=STAGED.c.line).label("turn"),
        func.row_number().over(partition_by=day, order_by=STAGED.c.line).label("day_turn"),
    ).subquery()
    db.session.execute(
        update(STAGED)
        .values(turn=rows.c.turn, day_turn=rows.c.day_turn)
        .where(STAGED.c.line == rows.c.line)
    )
    index(STAGED, "customer_id")


def _same_row() -> Select[Any]:
    """Rows that an earlier ledger brought."""
    same = [ENTRY.c[name].is_not_distinct_from(STAGED.c[name]) for name in (*KEY, "turn")]
    return select(STAGED.c.line).join(
        ENTRY, and_(ENTRY.c.customer_id == STAGED.c.customer_id, *same)
    )


def _of_an_invoice() -> Select[Any]:
    """Rows that an imported invoice has put on the card itself."""
    return select(STAGED.c.line).join(
        ENTRY,
        and_(
            ENTRY.c.customer_id == STAGED.c.customer_id,
            ENTRY.c.invoice_id.is_not(None),
            ENTRY.c.document == STAGED.c.document,
            ENTRY.c.amount_cents == STAGED.c.amount_cents,
        ),
    )


def _of_a_correction() -> Select[Any]:
    """Rows that take a corrected invoice off the card, as importing the new one has done."""
    documents = or_(
        STAGED.c.document == ENTRY.c.document,
        exists().where(
            INVOICE.c.customer_id == ENTRY.c.customer_id,
            INVOICE.c.corrects == ENTRY.c.document,
            INVOICE.c.corrects != "",
            INVOICE.c.number == STAGED.c.document,
        ),
    )
    return select(STAGED.c.line).join(
        ENTRY,
        and_(
            ENTRY.c.customer_id == STAGED.c.customer_id,
            ENTRY.c.origin == Origin.CORRECTION.value,
            ENTRY.c.amount_cents == STAGED.c.amount_cents,
            STAGED.c.turn == 1,
            cards.tells_of_cancelling(STAGED.c.description),
            documents,
        ),
    )


def _of_a_payment() -> Select[Any]:
    """Rows of a payment that a statement has booked: the first such row is the first of them."""
    day = [ENTRY.c[name] for name in ("customer_id", "booked_on", "amount_cents")]
    booked = (
        select(*day, func.row_number().over(partition_by=day, order_by=ENTRY.c.id).label("turn"))
        .where(
            ENTRY.c.payment_id.is_not(None),
            ENTRY.c.customer_id.in_(select(STAGED.c.customer_id)),
        )
        .subquery()
    )
    return select(STAGED.c.line).join(
        booked,
        and_(
            booked.c.customer_id == STAGED.c.customer_id,
            booked.c.booked_on == STAGED.c.booked_on,
            booked.c.amount_cents == STAGED.c.amount_cents,
            booked.c.turn == STAGED.c.day_turn,
        ),
    )


def _add(batch_id: int) -> None:
    names = ["customer_id", *KEY, "reference_key", "origin", "turn"]
    rows = (
        select(*(STAGED.c[name] for name in names), STAGED.c.amount_cents, literal(batch_id))
        .where(STAGED.c.fate == NEW)
        .order_by(STAGED.c.line)
    )
    db.session.execute(insert(ENTRY).from_select([*names, "open_cents", "batch_id"], rows))


KIND = Kind(
    name="ledger",
    title="kartica",
    stem="kartica",
    columns=(
        Column("sifra_stranke", cells.text, required=True),
        Column("datum", cells.day, required=True),
        Column("dokument", cells.text),
        Column("opis", cells.text, required=True),
        Column("breme", cells.money, empty=None),
        Column("dobro", cells.money, empty=None),
        Column("zapadlost", cells.day, empty=None),
        Column("sklic", references.normal),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(ENTRY, PAYMENT),
    finish=cards.finish,
    taking_back=cards.taking_back,
)
