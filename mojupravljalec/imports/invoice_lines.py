"""Postavke: the lines of invoices, gathered by invoice until the invoices themselves come."""

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)

from ..extensions import db
from ..values import money
from . import cells
from .kind import BadRow, Column, Counts, Kind
from .staging import TEMPORARY, Field, analyze, index, rejected_lines, staging_table

NUMBER = "stevilka_racuna"


def _run_fields() -> list[Field[Any]]:
    """A run of lines of one invoice: exports keep them together.

    So there is about one row for an invoice and not one for each line.
    """
    return [
        Field("number", String),
        Field("content", String),  # the lines as `document.to_json` writes them
        Field("supply_points", String),
        *(Field(name, BigInteger) for name in ("net_cents", "vat_cents", "gross_cents")),
        Field("rows", Integer),
        Field("flaw", String),
    ]


STAGED = staging_table("staged_run", *_run_fields())
LINES = Table(
    "invoice_run",
    TEMPORARY,
    Field("line", Integer),
    *_run_fields(),
    Field("used", Integer, default=0),
    prefixes=["TEMPORARY"],
)
RUN_NAMES = [field.name for field in _run_fields()]
HUNDRED = Decimal(100)
SHOWN = 10

quoted = lru_cache(maxsize=65_536)(json.JSONEncoder(ensure_ascii=False).encode)


def optional(cell: str | None) -> str:
    """A decimal as JSON text."""
    return "null" if cell is None else f'"{cell}"'


def shape(
    number: str,
    description: str,
    quantity: str | None,
    unit: str,
    price: str | None,
    rate: str | None,
    net: int | None,
    vat: int | None,
    gross: int | None,
    point: str,
    meter: str,
    old: str | None,
    new: str | None,
) -> tuple[Any, ...]:
    """One line as a run of its own: its JSON, its supply point and its sums."""
    if net is None or vat is None or gross is None:
        net, vat, gross = _completed(quantity, price, rate, net, vat, gross)
    flaw = ""
    if net + vat != gross:
        flaw = f"{description}: {money.written(net + vat)} ni {money.written(gross)}"
    content = (
        f"[{quoted(description)},{optional(quantity)},{quoted(unit)},{optional(price)},"
        f"{optional(rate)},{net},{vat},{gross},{quoted(point)},{quoted(meter)},"
        f"{optional(old)},{optional(new)}]"
    )
    return (number, content, point, net, vat, gross, 1, flaw)


def _completed(
    quantity: str | None,
    price: str | None,
    rate: str | None,
    net: int | None,
    vat: int | None,
    gross: int | None,
) -> tuple[int, int, int]:
    """Net, VAT and gross, where the file leaves some out. Rounded half up, line by line."""
    share = Decimal(rate or 0) / HUNDRED
    if net is None and gross is not None:
        before_vat = Decimal(gross) / HUNDRED / (1 + share)
        net = money.half_up(before_vat) if vat is None else gross - vat
    elif net is None and quantity is not None and price is not None:
        net = money.half_up(Decimal(quantity) * Decimal(price))
    elif net is None:
        raise BadRow("osnova", "manjka; ni ne zneska ne količine s ceno")
    if vat is None:
        vat = gross - net if gross is not None else money.half_up(Decimal(net) / HUNDRED * share)
    return net, vat, net + vat if gross is None else gross


def gathered(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Runs of lines of the same invoice as one row each; ``rows`` begin with the line."""
    return [_run(list(run)) for _, run in groupby(rows, key=itemgetter(1))]


def _run(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    if len(rows) == 1:
        line, number, content, point, *sums, flaw = rows[0]
        return (line, number, content, f"\n{point}\n" if point else "", *sums, flaw)
    points = dict.fromkeys(row[3] for row in rows if row[3])
    return (
        rows[0][0],
        rows[0][1],
        ",".join([row[2] for row in rows]),
        "\n" + "\n".join(points) + "\n" if points else "",
        sum([row[4] for row in rows]),
        sum([row[5] for row in rows]),
        sum([row[6] for row in rows]),
        len(rows),
        next((row[8] for row in rows if row[8]), ""),
    )


def load(_present: frozenset[str], _batch_id: int) -> Counts:
    """Keep the runs beside until the invoices come."""
    names = ["line", *RUN_NAMES]
    rows = select(*(STAGED.c[name] for name in names), literal(0))
    db.session.execute(insert(LINES).from_select([*names, "used"], rows))
    read = db.session.scalar(select(func.sum(STAGED.c.rows))) or 0
    return Counts(read=read, rejected=rejected_lines())


def note_bad(line: int, number: str) -> None:
    """An invoice is not taken without one of its lines."""
    none = dict.fromkeys(("net_cents", "vat_cents", "gross_cents", "rows"), 0)
    flaw = f"postavka v vrstici {line} je zavrnjena"
    row = {"line": line, "number": number, "content": "", "supply_points": "", "flaw": flaw}
    db.session.execute(insert(LINES).values(**row, **none))


def join_lines(invoices: Table) -> None:
    """Give staged ``invoices`` their lines, what these say, and what does not add up.

    Lines of an invoice that is not there stay where they are.
    """
    index(LINES, "number")
    analyze(LINES)
    lines = _by_number(invoices)
    sums = {
        "net_cents": func.coalesce(invoices.c.net_cents, lines.c.net_cents),
        "vat_cents": func.coalesce(invoices.c.vat_cents, lines.c.vat_cents),
        "gross_cents": case(
            (invoices.c.net_cents.is_(None) | invoices.c.vat_cents.is_(None), lines.c.gross_cents),
            else_=invoices.c.gross_cents,
        ),
    }
    db.session.execute(update(invoices).values(content="{}", supply_points="", flaw=""))
    db.session.execute(
        update(invoices)
        .values(
            content='{"lines":[' + lines.c.content + "]}",
            supply_points=lines.c.supply_points,
            flaw=lines.c.flaw,
            **sums,
        )
        .where(invoices.c.number == lines.c.number)
    )
    _note_flaws(invoices, lines)
    here = select(invoices.c.number)
    db.session.execute(update(LINES).values(used=1).where(LINES.c.number.in_(here)))


def _by_number(invoices: Table) -> Any:
    """The lines of each staged invoice, in the order of their file."""

    def joined(column: str, between: str) -> Any:
        text = func.nullif(LINES.c[column], "")
        return func.coalesce(
            func.aggregate_strings(text, between).aggregate_order_by(LINES.c.line), ""
        )

    return (
        select(
            LINES.c.number,
            joined("content", ",").label("content"),
            joined("supply_points", "").label("supply_points"),
            *(
                func.sum(LINES.c[name]).label(name)
                for name in ("net_cents", "vat_cents", "gross_cents")
            ),
            func.max(LINES.c.flaw).label("flaw"),
        )
        .where(LINES.c.number.in_(select(invoices.c.number)))
        .group_by(LINES.c.number)
        .subquery()
    )


def _note_flaws(invoices: Table, lines: Any) -> None:
    """What of an invoice with lines, or of its head alone, does not come to its sum."""
    head = invoices.c
    found: Select[Any] = (
        select(
            head.line,
            head.net_cents,
            head.vat_cents,
            head.gross_cents,
            head.to_pay_cents,
            lines.c.net_cents,
            lines.c.vat_cents,
            lines.c.gross_cents,
        )
        .outerjoin(lines, lines.c.number == head.number)
        .where(
            head.flaw == "",
            (head.gross_cents != head.to_pay_cents)
            | (head.net_cents != lines.c.net_cents)
            | (head.vat_cents != lines.c.vat_cents)
            | (head.to_pay_cents != lines.c.gross_cents),
        )
    )
    flaws = [{"at": row[0], "why": _flaw(*row[1:])} for row in db.session.execute(found)]
    if flaws:
        db.session.connection().execute(
            update(invoices).values(flaw=bindparam("why")).where(head.line == bindparam("at")),
            flaws,
        )


def _flaw(
    net: int, vat: int, gross: int, to_pay: int, lines_net: int, lines_vat: int, lines_gross: int
) -> str:
    pairs = (
        ("osnova", net, "vsota postavk", lines_net),
        ("DDV", vat, "vsota postavk", lines_vat),
        ("za plačilo", to_pay, "osnova in DDV", gross),
        ("za plačilo", to_pay, "vsota postavk", lines_gross),
    )
    return "; ".join(
        f"{name} {money.written(one)}, {other_name} {money.written(other)}"
        for name, one, other_name, other in pairs
        if None not in (one, other) and one != other
    )


def strays(_batch_id: int) -> list[str]:
    """What to say of lines whose invoice was in none of the batch's files."""
    numbers = select(LINES.c.number).where(LINES.c.used == 0).distinct()
    found = db.session.scalars(numbers.order_by(LINES.c.number).limit(SHOWN + 1)).all()
    if not found:
        return []
    more = " …" if len(found) > SHOWN else ""
    return [f"Postavke brez računa v uvozu, prezrte: {', '.join(found[:SHOWN])}{more}"]


KIND = Kind(
    name="invoice-lines",
    title="postavke",
    stem="postavke",
    columns=(
        Column(NUMBER, cells.text, required=True),
        Column("opis", cells.text, required=True),
        Column("kolicina", cells.decimal, empty=None),
        Column("enota", cells.text),
        Column("cena", cells.decimal, empty=None),
        Column("stopnja_ddv", cells.percent, empty=None),
        Column("osnova", cells.money, empty=None),
        Column("ddv", cells.money, empty=None),
        Column("znesek", cells.money, empty=None),
        Column("sifra_odjemnega_mesta", cells.text),
        Column("stevilka_vodomera", cells.text),
        Column("staro_stanje", cells.decimal, empty=None),
        Column("novo_stanje", cells.decimal, empty=None),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(),
    scratch=(LINES,),
    gather=gathered,
    note_bad=note_bad,
    finish=strays,
)
