"""How Alembic runs the migrations: online, in one transaction, on either database."""

from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from mojupravljalec.extensions import Base, UtcDateTime, db

# Any number that nothing else in the database locks.
UPGRADE_LOCK = 4_771_093


def render(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Migrations name plain types: they must run when today's classes are gone."""
    return "sa.DateTime()" if kind == "type" and isinstance(thing, UtcDateTime) else False


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render,
        transactional_ddl=True,  # also on SQLite: the old schema or the new one, never between
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Of two upgrades at once the second waits and finds nothing to do. On SQLite the
            # write lock does this.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
        context.run_migrations()


with db.engine.connect() as connection:
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        # Rebuilding a parent table with foreign keys on deletes its children. The switch
        # is ignored inside a transaction, so it goes to the driver before one begins.
        _driver(connection).execute("PRAGMA foreign_keys=OFF")
    try:
        migrate(connection)
        if on_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration broke references: {broken[:5]}")
        connection.commit()
    finally:
        if on_sqlite:
            connection.rollback()
            _driver(connection).execute("PRAGMA foreign_keys=ON")
