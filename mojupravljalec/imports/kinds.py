"""The kinds of tables the portal can import, in the order in which they build on each other."""

from . import (
    customers,
    invoice_lines,
    invoices,
    ledger,
    meters,
    readings,
    statements,
    supply_points,
)
from .kind import Kind

ALL = "all"
# Lines come before their invoices, which are judged with them.
TABLES = (
    customers.KIND,
    supply_points.KIND,
    meters.KIND,
    readings.KIND,
    invoice_lines.KIND,
    invoices.KIND,
    ledger.KIND,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in (*TABLES, statements.KIND)}
