"""Supply points, who uses them when, the meters built in there, and what these showed.

Register values are whole litres: a meter with decimals needs no other arithmetic.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base

# Where the file leaves »od« empty, the customer has been there for ever.
FOR_EVER = date(1900, 1, 1)


class SupplyPoint(Base):
    """A place where water is delivered."""

    __tablename__ = "supply_point"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    number: Mapped[str] = mapped_column(unique=True)
    street: Mapped[str]
    post_code: Mapped[str] = mapped_column(default="")
    town: Mapped[str] = mapped_column(default="")
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), default=None, index=True
    )


class Occupancy(Base):
    """A customer uses a supply point from ``from_on`` to ``to_on``, both days included."""

    __tablename__ = "occupancy"
    __table_args__ = (UniqueConstraint("supply_point_id", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    supply_point_id: Mapped[int] = mapped_column(ForeignKey("supply_point.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    from_on: Mapped[date] = mapped_column(default=FOR_EVER)
    to_on: Mapped[date | None] = mapped_column(default=None)
    persons: Mapped[int | None] = mapped_column(default=None)
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), default=None, index=True
    )


class MeterInstallation(Base):
    """One meter at one supply point, from the day it was built in until it was removed."""

    __tablename__ = "meter_installation"
    __table_args__ = (
        UniqueConstraint("supply_point_id", "serial", "installed_on"),
        CheckConstraint("digits BETWEEN 3 AND 9", name="digits"),
        CheckConstraint("decimals BETWEEN 0 AND 3", name="decimals"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    supply_point_id: Mapped[int] = mapped_column(ForeignKey("supply_point.id"))
    serial: Mapped[str] = mapped_column(index=True)
    installed_on: Mapped[date]
    start_l: Mapped[int] = mapped_column(BigInteger, default=0)
    removed_on: Mapped[date | None] = mapped_column(default=None)
    end_l: Mapped[int | None] = mapped_column(BigInteger, default=None)
    digits: Mapped[int] = mapped_column(default=5)
    decimals: Mapped[int] = mapped_column(default=0)
    dn_mm: Mapped[int | None] = mapped_column(default=None)
    verified_year: Mapped[int | None] = mapped_column(default=None)
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), default=None, index=True
    )


class Source(StrEnum):
    """Who read the register."""

    COLLECTOR = "collector"
    CUSTOMER = "customer"
    ESTIMATE = "estimate"
    PORTAL = "portal"


class Status(StrEnum):
    """Whether the office still has to look at a reading."""

    ACCEPTED = "accepted"
    PENDING = "pending"


class Reading(Base):
    """What a register showed on one day, the value that counts.

    A second value for the day corrects it: the old one moves to ``EarlierReading``.
    ``submission`` is made in the form, so that the same form sent twice is one reading.
    """

    __tablename__ = "reading"
    __table_args__ = (
        UniqueConstraint("installation_id", "taken_on"),
        CheckConstraint("value_l >= 0", name="value"),
        Index(
            "uq_reading_submission",
            "submission",
            unique=True,
            sqlite_where=text("submission IS NOT NULL"),
            postgresql_where=text("submission IS NOT NULL"),
        ),
        # What waits for billing: a few among millions.
        Index(
            "ix_reading_waiting",
            "counts_for",
            sqlite_where=text("exported_at IS NULL AND source = 'portal'"),
            postgresql_where=text("exported_at IS NULL AND source = 'portal'"),
        ),
        # Exchanges that residents reported: a few among millions.
        Index(
            "ix_reading_exchange",
            "installation_id",
            sqlite_where=text("reported_serial IS NOT NULL"),
            postgresql_where=text("reported_serial IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    installation_id: Mapped[int] = mapped_column(ForeignKey("meter_installation.id"))
    taken_on: Mapped[date]
    value_l: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str]
    status: Mapped[str] = mapped_column(default=Status.ACCEPTED)
    # Neither a key nor an index: each costs a million-row import a good part of its time, and
    # batches are never deleted.
    batch_id: Mapped[int | None] = mapped_column(default=None)
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), default=None)
    submission: Mapped[str | None] = mapped_column(default=None)
    counts_for: Mapped[date | None] = mapped_column(default=None)  # first day of the bill's month
    reason: Mapped[str] = mapped_column(default="")
    doubts: Mapped[str] = mapped_column(default="")  # why it is pending, comma separated
    photo: Mapped[str] = mapped_column(default="")
    exported_at: Mapped[datetime | None] = mapped_column(default=None)  # billed: locked
    # In which export; without a key or an index, as ``batch_id``: only taking it back asks.
    export_id: Mapped[int | None] = mapped_column(default=None)
    # The serial of another meter that the resident found there: the value is of that one. ""
    # without a serial, None where no exchange was reported.
    reported_serial: Mapped[str | None] = mapped_column(default=None)


# What of a reading is kept as it was when another value takes its place.
KEPT = (
    "value_l",
    "source",
    "status",
    "reason",
    "submission",
    "received_at",
    "account_id",
    "batch_id",
    "counts_for",
    "doubts",
    "photo",
    "reported_serial",
)


class EarlierReading(Base):
    """A value that a correction or an import replaced. Kept as it was, for good."""

    __tablename__ = "earlier_reading"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"), index=True)
    value_l: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    replaced_at: Mapped[datetime]
    submission: Mapped[str | None] = mapped_column(unique=True)
    received_at: Mapped[datetime | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"))
    counts_for: Mapped[date | None]
    doubts: Mapped[str]
    photo: Mapped[str]
    reported_serial: Mapped[str | None]
    replaced_by_batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), index=True
    )
