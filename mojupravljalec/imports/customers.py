"""Stranke: who pays the bills."""

from typing import Any

from sqlalchemy import String, Table, bindparam, func, literal, select, update

from ..customers.actions import summarize_codes
from ..customers.models import Customer
from ..customers.rules import code_key, new_access_code
from ..extensions import db
from . import cells, found_by, targets
from .kind import BadRow, Column, Counts, Kind
from .staging import Field, drop_rejected, reject, reject_repeats, staging_table

CUSTOMER: Table = Customer.metadata.tables["customer"]
STAGED = staging_table(
    "staged_customer",
    *(Field(name, String) for name in ("number", "name", "street", "post_code", "town")),
    *(Field(name, String) for name in ("tax_number", "email", "access_code", "access_code_key")),
    Field("fate", String),
)
CONTENT = {
    "name": "naziv",
    "street": "ulica",
    "post_code": "posta",
    "town": "kraj",
    "tax_number": "davcna_stevilka",
    "email": "e_posta",
    "access_code": "koda_stranke",
    "access_code_key": "koda_stranke",
}
TARGET = targets.Target(CUSTOMER, STAGED, ("number",), CONTENT)


def shape(*values: str) -> tuple[str, ...]:
    """A row with the key by which its code is compared."""
    code = values[-1]
    key = code_key(code)
    if code and not key:
        raise BadRow("koda_stranke", "nima ne črke ne števke")
    return (*values, key)


def load(present: frozenset[str], batch_id: int) -> Counts:
    """Judge and write the staged customers. New ones without a code get one."""
    reject_repeats(STAGED, ("number",), tuple(CONTENT), "sifra_stranke")
    _reject_taken_codes()
    drop_rejected(STAGED)
    _keep_codes()
    targets.settle(TARGET, present)
    _make_codes()
    targets.write(TARGET, present, batch_id)
    summarize_codes()
    return targets.counts(STAGED, STAGED.c.fate)


def _reject_taken_codes() -> None:
    """A code opens one customer only."""
    first = {
        name: func.first_value(STAGED.c[name]).over(
            partition_by=STAGED.c.access_code_key, order_by=STAGED.c.line
        )
        for name in ("line", "number")
    }
    rows = (
        select(STAGED.c.line, STAGED.c.number, first["number"].label("owner"))
        .where(STAGED.c.access_code_key != "")
        .subquery()
    )
    twice = select(rows.c.line, rows.c.owner).where(rows.c.owner != rows.c.number)
    taken = (
        select(STAGED.c.line, CUSTOMER.c.number)
        .join(CUSTOMER, CUSTOMER.c.access_code_key == STAGED.c.access_code_key)
        .where(CUSTOMER.c.number != STAGED.c.number)
    )
    for found in (twice.subquery(), taken.subquery()):
        line, owner = found.c
        reason = literal("to kodo ima stranka ") + owner
        reject(select(line, literal("koda_stranke"), reason))


def _keep_codes() -> None:
    """Where the file says none, a customer's code stays."""
    db.session.execute(
        update(STAGED)
        .values(access_code=CUSTOMER.c.access_code, access_code_key=CUSTOMER.c.access_code_key)
        .where(TARGET.same_row(), STAGED.c.access_code == "")
    )


def _make_codes() -> None:
    needed = select(STAGED.c.line).where(STAGED.c.fate == targets.NEW, STAGED.c.access_code == "")
    codes = [_fresh_code(line) for line in db.session.scalars(needed).all()]
    if codes:
        db.session.connection().execute(
            update(STAGED)
            .values(access_code=bindparam("code"), access_code_key=bindparam("code_key"))
            .where(STAGED.c.line == bindparam("at_line")),
            codes,
        )


def _fresh_code(line: int) -> dict[str, Any]:
    code = new_access_code()
    return {"at_line": line, "code": code, "code_key": code_key(code)}


KIND = Kind(
    name="customers",
    title="stranke",
    stem="stranke",
    columns=(
        Column("sifra_stranke", cells.text, required=True),
        Column("naziv", cells.text, required=True),
        Column("ulica", cells.text),
        Column("posta", cells.text),
        Column("kraj", cells.text),
        Column("davcna_stevilka", cells.text),
        Column("e_posta", cells.text),
        Column("koda_stranke", cells.text),
    ),
    staged=STAGED,
    shape=shape,
    load=load,
    tables=(CUSTOMER,),
    finish=found_by.finish,
    taking_back=found_by.taking_back,
)
