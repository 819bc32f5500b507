"""Piles of code letters, for as long as they are to be printed."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class CodeBatch(Base):
    """Codes that the office asked for: for ``which`` customers, and whether they are new ones.

    ``stored`` is the PDF, emptied when it goes: it holds secrets. ``letters`` is known once
    they are made.
    """

    __tablename__ = "code_batch"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    asked_at: Mapped[datetime]
    by: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    which: Mapped[dict[str, Any]] = mapped_column(JSON)
    makes_new: Mapped[bool]
    letters: Mapped[int] = mapped_column(default=0)
    stored: Mapped[str] = mapped_column(default="")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), default=None)
