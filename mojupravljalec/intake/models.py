"""Files on their way in, and headings that were mapped once."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class UploadState(StrEnum):
    """Where a file is on its way."""

    READING = "reading"  # the worker finds out what it is
    RECEIVED = "received"  # a person says what it is
    CHECKING = "checking"  # tried without writing
    CHECKED = "checked"  # what it would do is known
    IMPORTING = "importing"
    IMPORTED = "imported"
    REFUSED = "refused"  # nothing is written; ``trouble`` or the report say why
    DISCARDED = "discarded"


class Upload(Base):
    """A file that somebody sent. ``by`` says who, as batches and the audit do.

    ``mapping`` leads from our heading to the file's. ``report`` is what the last check or
    import said of it, as `report.Report` writes it. ``stored`` is emptied when the file goes.
    ``encoding`` is "" until the file was read; ``chosen_encoding`` is one of
    `imports.text_encoding.ENCODINGS`, or "" where it is found out.
    """

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    file_name: Mapped[str]
    stored: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    received_at: Mapped[datetime]
    by: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    encoding: Mapped[str]
    separator: Mapped[str]
    headings: Mapped[list[str]] = mapped_column(JSON)
    sample: Mapped[list[list[str]]] = mapped_column(JSON)
    mapping: Mapped[dict[str, str]] = mapped_column(JSON, default_factory=dict)
    skip_bad: Mapped[bool] = mapped_column(default=False)
    accept_sums: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default=UploadState.RECEIVED)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    trouble: Mapped[str] = mapped_column(default="")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), default=None)
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), default=None, index=True
    )
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    chosen_encoding: Mapped[str] = mapped_column(default="")


class HeadingMap(Base):
    """How somebody's program calls our columns of a kind, kept under a name."""

    __tablename__ = "heading_map"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str]
    name: Mapped[str]
    mapping: Mapped[dict[str, str]] = mapped_column(JSON)
    saved_at: Mapped[datetime]
