"""The Flask extensions, made once, and the base that every table derives from."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, has_request_context, request
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData, String, event
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass
from sqlalchemy.types import TypeDecorator

# Execution options of a transaction that only reads. Without them it takes SQLite's write lock.
READS_ONLY = {"reads_only": True}
READING = frozenset({"GET", "HEAD", "OPTIONS"})  # methods of requests that write nothing

# The write-ahead log can corrupt the file before this version (the WAL-reset bug).
WAL_IS_SAFE_FROM = (3, 51, 3)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, kept without a zone, alike in SQLite and Postgres."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        return value.replace(tzinfo=UTC) if value else None


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Every table. Constraints have names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 SQLAlchemy reads it off the class


# Text that is compared sign by sign, so that an index finds what it begins with.
bytewise = String().with_variant(String(collation="C"), "postgresql")

db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()
babel = Babel()
login = LoginManager()


def init_database(app: Flask) -> None:
    """Bind the database, and make SQLite keep its promises."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(app.config["MIGRATIONS"]), render_as_batch=True)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin)


def every_hour(app: Flask, chore: Callable[[], None]) -> None:
    """Let the worker do ``chore`` once an hour; the worker commits."""
    app.extensions.setdefault("every_hour", []).append(chore)


def on_password_reset(app: Flask, follow_up: Callable[[int], None]) -> None:
    """Let ``follow_up`` know the account whose password was set by mail; the request commits."""
    app.extensions.setdefault("on_password_reset", []).append(follow_up)


# Does one piece of work, if there is any; whether there was. It is told how to learn that the
# worker is to end.
Work = Callable[[Callable[[], bool]], bool]


def beside_mail(app: Flask, work: Work) -> None:
    """Let the worker do ``work`` over and over in a thread of its own; ``work`` commits."""
    app.extensions.setdefault("beside_mail", []).append(work)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin says
    version = connection.execute("select sqlite_version()").fetchone()[0]
    safe = tuple(map(int, version.split("."))) >= WAL_IS_SAFE_FROM
    connection.execute(f"PRAGMA journal_mode={'WAL' if safe else 'DELETE'}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA busy_timeout=15000")


def _begin(connection: Any) -> None:
    # The driver's default takes the write lock late and loses updates; reading pages
    # must not take it at all.
    reads = connection.get_execution_options().get("reads_only") or (
        has_request_context() and request.method in READING
    )
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
