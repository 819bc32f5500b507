"""What came in from files, batch by batch, so that the last one can be taken back."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class ImportBatch(Base):
    """One import: its ``id`` is the number that reports and undo speak of."""

    __tablename__ = "import_batch"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str]
    file_name: Mapped[str]
    sha256: Mapped[str]
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
    new_rows: Mapped[int] = mapped_column(default=0)
    changed_rows: Mapped[int] = mapped_column(default=0)
    unchanged_rows: Mapped[int] = mapped_column(default=0)
    rejected_rows: Mapped[int] = mapped_column(default=0)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)


class ImportChange(Base):
    """How a row looked before a batch changed it (readings keep theirs in ``earlier_reading``).

    ``after`` is what the batch wrote, so that undoing notices a later change.
    """

    __tablename__ = "import_change"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), index=True)
    table_name: Mapped[str]
    row_id: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
