"""Letters that wait to be sent. A row joins the transaction of what it tells about."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class LetterState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"  # given up: the office is to look
    DROPPED = "dropped"  # never meant to leave: only evens out the work of an answer


class OutboxLetter(Base):
    """A letter of ``kind``, written from ``facts`` when it is sent.

    ``facts`` are emptied once it is sent: they may hold a link that opens an account.
    """

    __tablename__ = "outbox_letter"
    __table_args__ = (Index("ix_outbox_letter_due", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    message_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    to_address: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=LetterState.QUEUED)
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    last_error: Mapped[str] = mapped_column(default="")


class UnwantedMail(Base):
    """A kind of letter that a person has switched off. Only some can be: see `letters.CHOICES`."""

    __tablename__ = "unwanted_mail"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
