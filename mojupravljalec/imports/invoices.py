"""Računi: staged from a table or from documents, judged, and written with their entries."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    distinct,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from ..billing.document import Kind as DocumentKind
from ..billing.rules import Bill, Obstacle, refusals
from ..extensions import db
from ..ledger.rules import Origin
from ..values import money, references
from . import cards, cells
from .cards import ENTRY, INVOICE, PAYMENT
from .customers import CUSTOMER
from .invoice_lines import LINE_SUMS, LINES, join_lines
from .kind import BadRow, Column, Counts, Kind
from .staging import (
    Field,
    analyze,
    drop_rejected,
    look_up,
    reject_missing,
    reject_repeats,
    report,
    staging_table,
)
from .targets import NEW, UNCHANGED, counts

AT_ONCE = 10_000
HEAD = ("number", "customer_number", "kind", "issued_on", "due_on", "period_from", "period_to")
SUMS = ("net_cents", "vat_cents", "gross_cents", "to_pay_cents")
TOLD_INSIDE = ("iban", "purpose_code", "corrects")
INSIDE = (*TOLD_INSIDE, "payer_name", "payer_street", "payer_place")
DAYS = {"issued_on", "due_on", "period_from", "period_to"}
STAGED = staging_table(
    "staged_invoice",
    *(Field(name, Date if name in DAYS else String) for name in HEAD),
    Field("reference", String),
    Field("reference_key", String),
    *(Field(name, BigInteger) for name in SUMS),
    *(Field(name, String) for name in INSIDE),
    Field("supply_points", String),
    Field("content", String),
    Field("flaw", String),
    Field("original", String),
    Field("old_debt_cents", BigInteger),
    *(Field(f"lines_{name}", BigInteger) for name in LINE_SUMS),
    Field("customer_id", BigInteger),
    Field("fate", String),
)
KINDS_OF_DOCUMENT = {
    "racun": DocumentKind.INVOICE.value,
    "dobropis": DocumentKind.CREDIT_NOTE.value,
}
# What makes one invoice different from another of the same number, and how it is called.
TOLD = {
    "customer_id": "stranka",
    "kind": "vrsta",
    "issued_on": "datum",
    "due_on": "zapadlost",
    "period_from": "obdobje od",
    "period_to": "obdobje do",
    "reference": "sklic",
    "to_pay_cents": "za plačilo",
    "net_cents": "osnova",
    "vat_cents": "DDV",
    "iban": "IBAN",
    "content": "postavke",
}
WRITTEN = (
    *("number", "kind", "issued_on", "due_on", "period_from", "period_to", "reference"),
    *SUMS,
    *("iban", "purpose_code", "corrects", "supply_points", "content", "flaw", "original"),
)


def document_kind(cell: str) -> str:
    """Whether it is an invoice or a credit note, from the column »vrsta«."""
    try:
        return KINDS_OF_DOCUMENT[cells.plain(cell)]
    except KeyError:
        raise cells.BadCell("ni račun ali dobropis") from None


def reference(cell: str) -> str:
    """A payment reference without spaces, whose check digits are right."""
    try:
        references.check(cell)
    except references.BadReference as bad:
        raise cells.BadCell(str(bad)) from None
    return references.normal(cell)


def shape(*values: Any) -> tuple[Any, ...]:
    """A row of the table; its lines stand in another one."""
    *head, number, net, vat, to_pay = values
    period_from, period_to = head[5], head[6]
    if period_from and period_to and period_to < period_from:
        raise BadRow("obdobje_do", "pred dnem »obdobje_od«")
    gross = net + vat if net is not None and vat is not None else to_pay
    if min(value for value in (to_pay, net, vat, 0) if value is not None) < 0:
        _refuse_negative(head[2])
    return (*head, number, references.key(number), net, vat, gross, to_pay)


def _refuse_negative(kind: str) -> None:
    if kind == DocumentKind.CREDIT_NOTE:
        raise BadRow("za_placilo", "dobropis ima pozitivne zneske")


def load(
    present: frozenset[str],
    batch_id: int,
    *,
    accept_sums: bool = False,
    keep_original: Callable[[str], str] | None = None,
) -> Counts:
    """Judge the staged invoices, write the new ones and their entries on the card.

    ``accept_sums`` lets in and marks what does not add up. ``keep_original`` keeps the PDF of a
    new invoice and gives back the name under which it is kept.
    """
    blame = "datoteka" if "datoteka" in present else "stevilka_racuna"
    analyze(STAGED)
    _prepare()
    look_up(STAGED, "customer_id", CUSTOMER.c.id, CUSTOMER.c.number == STAGED.c.customer_number)
    if "datoteka" not in present:
        join_lines(STAGED)  # last: rows are narrow until then
    sender = blame if blame == "datoteka" else "sifra_stranke"
    reject_missing(STAGED, "customer_id", sender, "te stranke ni")
    if _has_repeats():
        reject_repeats(STAGED, ("number",), tuple(TOLD), blame)
    if not accept_sums:
        report(_flawed(blame))
    drop_rejected(STAGED)
    report(_changed(blame))
    drop_rejected(STAGED)
    report(_not_to_be_corrected(blame))
    drop_rejected(STAGED)
    _keep_originals(keep_original)
    _add(batch_id)
    _attach_known_entries(batch_id)
    _book(batch_id)
    _cancel_corrected(batch_id)
    return counts(STAGED, STAGED.c.fate)


def _prepare() -> None:
    """Say what is new; what a table has no column for is empty, as it is kept."""
    known = select(INVOICE.c.number)
    first = select(func.min(STAGED.c.line)).group_by(STAGED.c.number)
    is_new = and_(STAGED.c.number.not_in(known), STAGED.c.line.in_(first))
    empty = dict.fromkeys((*TOLD_INSIDE, "original", "flaw", "supply_points"), "")
    empty |= {"reference": "", "reference_key": "", "content": "{}"}
    db.session.execute(
        update(STAGED).values(
            {name: func.coalesce(STAGED.c[name], none) for name, none in empty.items()}
            | {"fate": case((is_new, NEW), else_=UNCHANGED)}
        )
    )


def _has_repeats() -> bool:
    """Whether any number comes twice: comparing all that is told is dear, and seldom needed."""
    rows = select(func.count(), func.count(distinct(STAGED.c.number))).select_from(STAGED)
    all_rows, numbers = db.session.execute(rows).one()
    return bool(all_rows != numbers)


def _flawed(blame: str) -> Iterator[tuple[int, str, str]]:
    for line, flaw in db.session.execute(
        select(STAGED.c.line, STAGED.c.flaw).where(STAGED.c.flaw != "")
    ):
        yield line, blame, f"se ne sešteje: {flaw}"


def _changed(blame: str) -> Iterator[tuple[int, str, str]]:
    """Rows whose number is taken by an invoice that says something else."""
    known = [INVOICE.c[name].label(f"known_{name}") for name in TOLD]
    differs = or_(*(INVOICE.c[name].is_distinct_from(STAGED.c[name]) for name in TOLD))
    rows = db.session.execute(
        select(STAGED, *known)
        .join(INVOICE, INVOICE.c.number == STAGED.c.number)
        .where(differs)
        .order_by(STAGED.c.line)
    )
    for row in rows:
        yield row.line, blame, f"je že uvožen, z drugačno vsebino: {_difference(row)}"


OBSTACLES = {
    Obstacle.UNKNOWN: "popravlja račun {}, ki ga ni v portalu",
    Obstacle.OTHER_CUSTOMER: "popravlja račun {}, ki je druge stranke",
    Obstacle.CREDIT_NOTE: "popravlja dobropis {}, mogoče pa je popraviti le račun",
    Obstacle.CORRECTED: "popravlja račun, ki ga je popravil že {}",
    Obstacle.CIRCLE: "popravlja račun {} in s tem samega sebe",
}


def _not_to_be_corrected(blame: str) -> Iterator[tuple[int, str, str]]:
    """Corrected invoices and credit notes that cannot be settled against what they name."""
    is_new = STAGED.c.fate == NEW
    told = (STAGED.c.number, STAGED.c.customer_id, STAGED.c.kind, STAGED.c.corrects)
    names_one = and_(is_new, STAGED.c.corrects != "")
    corrected = select(STAGED.c.corrects).where(names_one)
    if db.session.execute(corrected.limit(1)).first() is None:
        return
    rows = db.session.execute(
        select(STAGED.c.line, *told)
        .where(is_new, or_(STAGED.c.corrects != "", STAGED.c.number.in_(corrected)))
        .order_by(STAGED.c.line)
    ).all()
    same = and_(
        INVOICE.c.customer_id.in_(select(STAGED.c.customer_id).where(names_one)),
        INVOICE.c.corrects.in_(corrected),
        INVOICE.c.corrects != "",
    )
    known = db.session.execute(
        select(INVOICE.c.number, INVOICE.c.customer_id, INVOICE.c.kind, INVOICE.c.corrects)
        .where(or_(INVOICE.c.number.in_(corrected), same))
        .order_by(INVOICE.c.id)
    )
    lines = {row.number: row.line for row in rows}
    found = refusals([_bill(*row[1:]) for row in rows], [_bill(*row) for row in known])
    for number, refusal in found.items():
        yield lines[number], blame, OBSTACLES[refusal.obstacle].format(refusal.other)


def _bill(number: str, customer_id: int, kind: str, corrects: str) -> Bill:
    return Bill(number, customer_id, kind == DocumentKind.CREDIT_NOTE, corrects)


def _difference(row: Row[Any]) -> str:
    """The first thing that differs, in words."""
    for name, title in TOLD.items():
        was, now = getattr(row, f"known_{name}"), getattr(row, name)
        if was != now and name in {"content", "customer_id"}:
            return title
        if was != now:
            return f"{title} {_said(name, now)}, uvoženo {_said(name, was)}"
    raise AssertionError(row)


def _said(name: str, value: Any) -> str:
    if value is None or value == "":
        return "(prazno)"
    return money.written(value) if name.endswith("_cents") else str(value)


def _keep_originals(keep: Callable[[str], str] | None) -> None:
    rows = db.session.execute(
        select(STAGED.c.line, STAGED.c.original).where(
            STAGED.c.original != "", STAGED.c.fate == NEW
        )
    ).all()
    kept = [{"at": line, "name": keep(name) if keep else ""} for line, name in rows]
    if kept:
        db.session.connection().execute(
            update(STAGED)
            .values(original=bindparam("name"))
            .where(STAGED.c.line == bindparam("at")),
            kept,
        )


def _add(batch_id: int) -> None:
    """The payer is kept as the document names them, or as the customer is called today."""
    place = func.trim(CUSTOMER.c.post_code + " " + CUSTOMER.c.town)
    payer = {
        "payer_name": func.coalesce(STAGED.c.payer_name, CUSTOMER.c.name),
        "payer_street": func.coalesce(STAGED.c.payer_street, CUSTOMER.c.street),
        "payer_place": func.coalesce(STAGED.c.payer_place, place),
    }
    told = [STAGED.c[name] for name in WRITTEN]
    rows = (
        select(STAGED.c.customer_id, *told, *payer.values(), bindparam("batch", batch_id))
        .join(CUSTOMER, CUSTOMER.c.id == STAGED.c.customer_id)
        .where(STAGED.c.fate == NEW)
        .order_by(STAGED.c.line)
    )
    names = ["customer_id", *WRITTEN, *payer, "batch_id"]
    db.session.execute(insert(INVOICE).from_select(names, rows))


def _attach_known_entries(batch_id: int) -> None:
    """A ledger that came before has the invoice's entry already: it is the same one."""
    same = and_(
        STAGED.c.number == INVOICE.c.number,
        STAGED.c.fate == NEW,
        ENTRY.c.customer_id == INVOICE.c.customer_id,
        ENTRY.c.document == INVOICE.c.number,
        ENTRY.c.amount_cents == _charged(),
        ENTRY.c.invoice_id.is_(None),
        ENTRY.c.turn == 1,
    )
    known = select(ENTRY.c.document).where(ENTRY.c.document != "").limit(1)
    if db.session.execute(known).first() is None:
        return
    db.session.execute(
        update(ENTRY).values(invoice_id=INVOICE.c.id).where(same, INVOICE.c.batch_id == batch_id)
    )


def _book(batch_id: int) -> None:
    """The entries of the invoices that have none."""
    origin = case(
        (INVOICE.c.kind == DocumentKind.CREDIT_NOTE.value, Origin.CREDIT_NOTE.value),
        else_=Origin.INVOICE.value,
    )
    amount = _charged()
    fields = {
        "customer_id": INVOICE.c.customer_id,
        "booked_on": INVOICE.c.issued_on,
        "due_on": INVOICE.c.due_on,
        "amount_cents": amount,
        "open_cents": amount,
        "origin": origin,
        "document": INVOICE.c.number,
        "description": literal(""),
        "reference": INVOICE.c.reference,
        "reference_key": _reference_key(),
        "turn": literal(1),
        "invoice_id": INVOICE.c.id,
        "batch_id": literal(batch_id),
    }
    rows: Select[Any] = (
        select(*fields.values())
        .join(STAGED, STAGED.c.number == INVOICE.c.number)
        .outerjoin(ENTRY, ENTRY.c.invoice_id == INVOICE.c.id)
        .where(STAGED.c.fate == NEW, ENTRY.c.id.is_(None))
        .order_by(INVOICE.c.id)
    )
    db.session.execute(insert(ENTRY).from_select(list(fields), rows))


def _charged() -> ColumnElement[int]:
    """What a staged invoice puts on the card: a credit note takes off, old debt is there."""
    is_credit = STAGED.c.kind == DocumentKind.CREDIT_NOTE.value
    own = STAGED.c.to_pay_cents - func.coalesce(STAGED.c.old_debt_cents, 0)
    return case((is_credit, -STAGED.c.to_pay_cents), else_=own)


def _cancel_corrected(batch_id: int) -> None:
    """Take the invoices off the cards that corrected ones replace.

    A row of a ledger that does so already is enough.
    """
    corrected, charge, known = INVOICE.alias(), ENTRY.alias(), ENTRY.alias()
    is_known = exists().where(
        known.c.customer_id == INVOICE.c.customer_id,
        known.c.document.in_([corrected.c.number, INVOICE.c.number]),
        known.c.amount_cents == -charge.c.amount_cents,
        cards.tells_of_cancelling(known.c.description),
        known.c.invoice_id.is_(None),
        known.c.payment_id.is_(None),
    )
    fields = {
        "customer_id": INVOICE.c.customer_id,
        "booked_on": INVOICE.c.issued_on,
        "amount_cents": -charge.c.amount_cents,
        "open_cents": -charge.c.amount_cents,
        "origin": literal(Origin.CORRECTION.value),
        "document": corrected.c.number,
        "description": literal(""),
        "reference": charge.c.reference,
        "reference_key": charge.c.reference_key,
        "turn": literal(1),
        "batch_id": literal(batch_id),
    }
    rows: Select[Any] = (
        select(*fields.values())
        .select_from(INVOICE)
        .join(STAGED, STAGED.c.number == INVOICE.c.number)
        .join(corrected, corrected.c.number == INVOICE.c.corrects)
        .join(charge, charge.c.invoice_id == corrected.c.id)
        .where(
            STAGED.c.fate == NEW,
            STAGED.c.corrects != "",
            INVOICE.c.kind == DocumentKind.INVOICE.value,
            charge.c.amount_cents != 0,
            ~is_known,
        )
        .order_by(INVOICE.c.id)
    )
    db.session.execute(insert(ENTRY).from_select(list(fields), rows))


def _reference_key() -> Any:
    """By which payments find it; a credit note pays the invoice that it takes back."""
    corrected = INVOICE.alias("corrected")
    entry = ENTRY.alias("corrected_entry")
    of_corrected = (
        select(entry.c.reference_key)
        .join(corrected, corrected.c.id == entry.c.invoice_id)
        .where(
            corrected.c.number == INVOICE.c.corrects,
            INVOICE.c.corrects != "",
            INVOICE.c.kind == DocumentKind.CREDIT_NOTE.value,
        )
        .scalar_subquery()
    )
    return func.coalesce(of_corrected, STAGED.c.reference_key, "")


KIND = Kind(
    name="invoices",
    title="računi",
    stem="racuni",
    columns=(
        Column("stevilka_racuna", cells.text, required=True),
        Column("sifra_stranke", cells.text, required=True),
        Column("vrsta", document_kind, empty=DocumentKind.INVOICE.value),
        Column("datum", cells.day, required=True),
        Column("zapadlost", cells.day, required=True),
        Column("obdobje_od", cells.day, empty=None),
        Column("obdobje_do", cells.day, empty=None),
        Column("sklic", reference),
        Column("osnova", cells.money, empty=None),
        Column("ddv", cells.money, empty=None),
        Column("za_placilo", cells.money, required=True),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(ENTRY, INVOICE, PAYMENT),
    scratch=(LINES,),
    at_once=AT_ONCE,
    finish=cards.finish,
    taking_back=cards.taking_back,
)


def accepting_sums(kind: Kind) -> Kind:
    """The same kind, which lets in and marks what does not add up."""
    return replace(kind, load=partial(load, accept_sums=True))
