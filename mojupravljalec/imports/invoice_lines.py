"""Postavke: the lines of invoices, gathered by invoice until the invoices themselves come."""

import json
from collections.abc import Sequence
from decimal import Decimal
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
    select,
    update,
)

from ..extensions import db
from ..values import money
from . import cells
from .cards import INVOICE
from .kind import BadRow, Column, Counts, Kind
from .staging import TEMPORARY, Field, analyze, index, rejected_lines, staging_table

NUMBER = "stevilka_racuna"
LINE_SUMS = ("net_cents", "vat_cents", "gross_cents")


def _run_fields() -> list[Field[Any]]:
    """A run of lines of one invoice: exports keep them together.

    So there is about one row for an invoice and not one for each line.
    """
    return [
        Field("number", String),
        Field("content", String),  # the lines as `document.to_json` writes them
        Field("supply_points", String),
        *(Field(name, BigInteger) for name in LINE_SUMS),
        Field("rows", Integer),
        Field("flaw", String),
    ]


STAGED = staging_table("staged_run", *_run_fields())
LINES = Table(
    "invoice_run",
    TEMPORARY,
    Field("line", Integer),
    *_run_fields(),
    prefixes=["TEMPORARY"],
)
RUN_NAMES = [field.name for field in _run_fields()]
HUNDRED = Decimal(100)
NULL, EMPTY = "null", '""'  # as JSON
SHOWN = 10
AT_ONCE = 100_000

_quoted = json.JSONEncoder(ensure_ascii=False).encode


def quoted(cell: str) -> str:
    """A text as JSON."""
    return _quoted(cells.text(cell))


def decimal(cell: str) -> str:
    """A decimal as JSON: a text, so that no decimal is lost."""
    return f'"{cells.decimal(cell)}"'


def percent(cell: str) -> str:
    """A rate in per cent as JSON."""
    return f'"{cells.percent(cell)}"'


def shape(
    number: str,
    description: str,
    quantity: str,
    unit: str,
    price: str,
    rate: str,
    net: int | None,
    vat: int | None,
    gross: int | None,
    point: str,
    meter: str,
    old: str,
    new: str,
) -> tuple[Any, ...]:
    """One line as a run of its own: its JSON, its supply point and its sums.

    Texts and decimals come as JSON already, so that they only need to be put together.
    """
    if net is None or vat is None or gross is None:
        net, vat, gross = _completed(_value(quantity), _value(price), _value(rate), net, vat, gross)
    flaw = ""
    if net + vat != gross:
        told = f"{money.written(net + vat)} ni {money.written(gross)}"
        flaw = f"{json.loads(description)}: {told}"
    content = (
        f"[{description},{quantity},{unit},{price},{rate},{net},{vat},{gross},"
        f"{point},{meter},{old},{new}]"
    )
    return (number, content, point, net, vat, gross, 1, flaw)


def _value(written: str) -> Decimal | None:
    """The decimal that JSON says, or None."""
    return None if written == NULL else Decimal(written.strip('"'))


def _completed(
    quantity: Decimal | None,
    price: Decimal | None,
    rate: Decimal | None,
    net: int | None,
    vat: int | None,
    gross: int | None,
) -> tuple[int, int, int]:
    """Net, VAT and gross, where the file leaves some out. Rounded half up, line by line."""
    share = (rate or Decimal(0)) / HUNDRED
    if net is None and gross is not None:
        before_vat = Decimal(gross) / HUNDRED / (1 + share)
        net = money.half_up(before_vat) if vat is None else gross - vat
    elif net is None and quantity is not None and price is not None:
        net = money.half_up(quantity * price)
    elif net is None:
        raise BadRow("osnova", "manjka; ni ne zneska ne količine s ceno")
    if vat is None:
        vat = gross - net if gross is not None else money.half_up(Decimal(net) / HUNDRED * share)
    return net, vat, net + vat if gross is None else gross


def gathered(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Runs of lines of the same invoice as one row each; ``rows`` begin with the line."""
    return [_run(tuple(run)) for _, run in groupby(rows, key=itemgetter(1))]


def _run(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    lines, numbers, contents, points, nets, vats, grosses, _, flaws = zip(*rows, strict=True)
    return (
        lines[0],
        numbers[0],
        ",".join(contents),
        _point_list(points),
        sum(nets),
        sum(vats),
        sum(grosses),
        len(rows),
        next(filter(None, flaws), ""),
    )


def _point_list(points: Sequence[str]) -> str:
    """The supply points as `Invoice.supply_points` keeps them; they come as JSON."""
    return "".join([f"\n{json.loads(one)}\n" for one in dict.fromkeys(points) if one != EMPTY])


def load(_present: frozenset[str], _batch_id: int) -> Counts:
    """Keep the runs beside until the invoices come."""
    names = ["line", *RUN_NAMES]
    rows = select(*(STAGED.c[name] for name in names))
    db.session.execute(insert(LINES).from_select(names, rows))
    analyze(LINES)
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
    lines = _by_number(invoices) if _are_scattered(invoices) else LINES.alias("lines")
    sums = {
        "net_cents": func.coalesce(invoices.c.net_cents, lines.c.net_cents),
        "vat_cents": func.coalesce(invoices.c.vat_cents, lines.c.vat_cents),
        "gross_cents": case(
            (invoices.c.net_cents.is_(None) | invoices.c.vat_cents.is_(None), lines.c.gross_cents),
            else_=invoices.c.gross_cents,
        ),
    }
    db.session.execute(
        update(invoices)
        .values(
            content='{"lines":[' + lines.c.content + "]}",
            supply_points=lines.c.supply_points,
            flaw=lines.c.flaw,
            **{f"lines_{name}": lines.c[name] for name in LINE_SUMS},
            **sums,
        )
        .where(invoices.c.number == lines.c.number)
    )
    _note_flaws(invoices)


def _are_scattered(invoices: Table) -> bool:
    """Whether the lines of any of the staged invoices do not stand together."""
    several = (
        select(invoices.c.number)
        .join(LINES, LINES.c.number == invoices.c.number)
        .group_by(invoices.c.line, invoices.c.number)
        .having(func.count() > 1)
    )
    return db.session.execute(several.limit(1)).first() is not None


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
            *(func.sum(LINES.c[name]).label(name) for name in LINE_SUMS),
            func.max(LINES.c.flaw).label("flaw"),
        )
        .where(LINES.c.number.in_(select(invoices.c.number)))
        .group_by(LINES.c.number)
        .subquery()
    )


def _note_flaws(invoices: Table) -> None:
    """What of an invoice with lines, or of its head alone, does not come to its sum."""
    head = invoices.c
    found: Select[Any] = select(
        head.line,
        *(head[name] for name in (*LINE_SUMS, "to_pay_cents")),
        *(head[f"lines_{name}"] for name in LINE_SUMS),
    ).where(
        head.flaw == "",
        (head.gross_cents != head.to_pay_cents)
        | (head.net_cents != head.lines_net_cents)
        | (head.vat_cents != head.lines_vat_cents)
        | (head.to_pay_cents != head.lines_gross_cents),
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
    """What to say of lines that belong to no invoice of the portal."""
    known = select(INVOICE.c.number)
    numbers = select(LINES.c.number).where(LINES.c.number.not_in(known)).distinct()
    found = db.session.scalars(numbers.order_by(LINES.c.number).limit(SHOWN + 1)).all()
    if not found:
        return []
    more = " …" if len(found) > SHOWN else ""
    return [f"Postavke brez računa, prezrte: {', '.join(found[:SHOWN])}{more}"]


KIND = Kind(
    name="invoice-lines",
    title="postavke",
    stem="postavke",
    columns=(
        Column(NUMBER, cells.text, required=True),
        Column("opis", quoted, required=True),
        Column("kolicina", decimal, empty=NULL),
        Column("enota", quoted, empty=EMPTY),
        Column("cena", decimal, empty=NULL),
        Column("stopnja_ddv", percent, empty=NULL),
        Column("osnova", cells.money, empty=None),
        Column("ddv", cells.money, empty=None),
        Column("znesek", cells.money, empty=None),
        Column("sifra_odjemnega_mesta", quoted, empty=EMPTY),
        Column("stevilka_vodomera", quoted, empty=EMPTY),
        Column("staro_stanje", decimal, empty=NULL),
        Column("novo_stanje", decimal, empty=NULL),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(),
    scratch=(LINES,),
    at_once=AT_ONCE,
    gather=gathered,
    note_bad=note_bad,
    finish=strays,
)
