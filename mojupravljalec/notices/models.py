"""What the operator wants everybody to know, and from when to when."""

from datetime import date

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class Notice(Base):
    """Shown from ``from_on`` to ``to_on``, both days included."""

    __tablename__ = "notice"
    __table_args__ = (CheckConstraint("to_on >= from_on", name="span"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    title: Mapped[str]
    text: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date]
