"""Looking at past imports: which was the last, and what has been built on it since."""

from collections.abc import Sequence

from sqlalchemy import Table, func, select

from ..extensions import db
from . import targets
from .kind import Kind
from .kinds import ALL, KINDS
from .models import ImportBatch
from .readings import EARLIER, READING


def last_batch(kind_name: str) -> ImportBatch | None:
    """The last batch of a kind that has not been undone."""
    batches = select(ImportBatch).where(
        ImportBatch.kind == kind_name, ImportBatch.undone_at.is_(None)
    )
    return db.session.scalar(batches.order_by(ImportBatch.id.desc()).limit(1))


def last_batch_touching(kind_name: str) -> ImportBatch | None:
    """The last batch, not undone, that may have written any row of the kind."""
    batches = select(ImportBatch).where(ImportBatch.undone_at.is_(None))
    if kind_name != ALL:
        batches = batches.where(ImportBatch.kind.in_([*_writing_beside(kind_name), ALL]))
    return db.session.scalar(batches.order_by(ImportBatch.id.desc()).limit(1))


def _writing_beside(kind_name: str) -> set[str]:
    """The kinds that write to any of the tables of this one, itself among them."""
    own = set(KINDS[kind_name].tables)
    return {name for name, kind in KINDS.items() if own & set(kind.tables)}


def kinds_of(kind_name: str) -> list[Kind]:
    """The kinds a batch of that name may hold."""
    return list(KINDS.values()) if kind_name == ALL else [KINDS[kind_name]]


def built_on(batch_id: int, tables: Sequence[Table]) -> str | None:
    """What keeps the batch's rows in ``tables`` from being taken back, in words, or None."""
    others = [table for table in tables if table not in (READING, EARLIER)]
    if reason := targets.built_on(others, batch_id):
        return reason
    return _built_on_readings(batch_id) if READING in tables else None


def _built_on_readings(batch_id: int) -> str | None:
    exported = select(func.count()).where(
        READING.c.batch_id == batch_id, READING.c.exported_at.is_not(None)
    )
    if count := db.session.execute(exported).scalar_one():
        return f"odčitki, že izvoženi za obračun: {count}"
    corrected = select(func.count()).where(EARLIER.c.batch_id == batch_id)
    if count := db.session.execute(corrected).scalar_one():
        return f"odčitki, ki jih je pozneje kdo popravil: {count}"
    return None
