"""Locks are taken in one order, and leave rows open that others refer to."""

import ast

import pytest
from sqlalchemy import event

from mojupravljalec.extensions import db
from mojupravljalec.transactions import TableLock, lock_tables

from ..site.test_imports import PACKAGE, modules

# Unique columns of these rows change afterwards.
FOR_UPDATE = {"codes.queries", "desk.actions"}


def tree(module):
    path = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    return ast.parse(path.read_text("utf-8"))


def row_locks(module):
    """Whether each row lock of the module leaves the row open for foreign keys."""
    for node in ast.walk(tree(module)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "with_for_update":
            yield "key_share" in {one.arg for one in node.keywords}
        for one in node.keywords:
            if one.arg == "with_for_update":
                yield isinstance(one.value, ast.Name) and one.value.id == "NO_KEY_UPDATE"


def test_rows_stay_open_for_rows_that_refer_to_them():
    assert {module for module in modules() if not all(row_locks(module))} == FOR_UPDATE


def test_tables_are_locked_in_one_place():
    texts = {
        module
        for module in modules()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Constant) and "LOCK TABLE" in str(node.value)
    }
    assert texts == {"transactions"}


@pytest.mark.parametrize(
    "names",
    [
        ("reading", "import_batch", "earlier_reading"),
        ("import_batch", "reading", "earlier_reading", "reading"),
    ],
)
def test_tables_are_locked_in_one_order(app, names):
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            lock_tables(names, TableLock.WHOLE)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        on_postgres = db.engine.dialect.name == "postgresql"
    locked = [one for one in seen if one.startswith("LOCK")]
    order = "import_batch, earlier_reading, reading"
    assert locked == [f"LOCK TABLE {order} IN SHARE ROW EXCLUSIVE MODE"] * on_postgres
