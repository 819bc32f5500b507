"""How often something was tried in the running span of time."""

from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class ThrottleCount(Base):
    """Tries under one key since ``span_start`` (seconds since 1970, a multiple of the span)."""

    __tablename__ = "throttle_count"

    key: Mapped[str] = mapped_column(primary_key=True)
    span_start: Mapped[int] = mapped_column(primary_key=True, index=True)
    tries: Mapped[int]
