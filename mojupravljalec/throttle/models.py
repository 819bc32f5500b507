"""How often something was tried lately."""

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, bytewise


class ThrottleWindow(Base):
    """The tries under one key that may still count, as `rules` describes them.

    ``ends_at``: when none of them counts any more (seconds since 1970).
    """

    __tablename__ = "throttle_window"

    key: Mapped[str] = mapped_column(bytewise, primary_key=True)
    tries: Mapped[list[list[int]]] = mapped_column(JSON)
    ends_at: Mapped[int] = mapped_column(index=True)
