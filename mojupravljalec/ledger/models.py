"""The financial card: what was charged and what was paid; and payments as the bank told them."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class LedgerEntry(Base):
    """One line of a customer's card. ``amount_cents`` is positive for a debit.

    ``open_cents`` is what of it is not settled, with the same sign: it follows from all
    entries of the customer by `rules.settled`, and is written whenever these change.
    ``turn`` tells equal entries apart. An entry without a description is called after its
    ``origin``.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        # Balances are summed up from here alone.
        Index("ix_ledger_entry_card", "customer_id", "booked_on", "id", "amount_cents"),
        Index(
            "ix_ledger_entry_open",
            "customer_id",
            "due_on",
            sqlite_where=text("open_cents > 0"),
            postgresql_where=text("open_cents > 0"),
        ),
        Index(
            "ix_ledger_entry_due",
            "due_on",
            sqlite_where=text("open_cents > 0"),
            postgresql_where=text("open_cents > 0"),
        ),
        Index(
            "ix_ledger_entry_reference",
            "reference_key",
            sqlite_where=text("reference_key <> ''"),
            postgresql_where=text("reference_key <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    booked_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    open_cents: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str]
    due_on: Mapped[date | None] = mapped_column(default=None)
    document: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    reference_key: Mapped[str] = mapped_column(default="")
    turn: Mapped[int] = mapped_column(default=1)
    invoice_id: Mapped[int | None] = mapped_column(
        ForeignKey("invoice.id"), default=None, unique=True
    )
    payment_id: Mapped[int | None] = mapped_column(
        ForeignKey("bank_payment.id"), default=None, unique=True
    )
    # Neither a key nor an index: each costs an import much, and only undoing would use it.
    batch_id: Mapped[int | None] = mapped_column(default=None)


class BankPayment(Base):
    """Money on the operator's account, or money that went back (negative).

    ``key`` is the same for the same booking in two statements. Without a ``customer_id`` it
    waits in the office's tray. ``matched_by`` is what told whose it is: a `rules.Match`, or
    `actions.OFFICE`; of one that waits, `actions.RELEASED` or nothing.
    """

    __tablename__ = "bank_payment"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(
            "ix_bank_payment_unmatched",
            "booked_on",
            sqlite_where=text("customer_id IS NULL"),
            postgresql_where=text("customer_id IS NULL"),
        ),
        # For whom an account has paid before.
        Index(
            "ix_bank_payment_payer",
            "payer_iban",
            "customer_id",
            sqlite_where=text("customer_id IS NOT NULL"),
            postgresql_where=text("customer_id IS NOT NULL"),
        ),
        # What the office has assigned: no import writes to it.
        Index(
            "ix_bank_payment_office",
            "booked_on",
            sqlite_where=text("matched_by = 'office'"),
            postgresql_where=text("matched_by = 'office'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str]
    account_iban: Mapped[str]
    booked_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    payer_name: Mapped[str] = mapped_column(default="")
    payer_iban: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id"), default=None, index=True
    )
    matched_by: Mapped[str] = mapped_column(default="")
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), default=None, index=True
    )


class PaymentsKnown(Base):
    """Up to which day a batch of statements, or of a ledger, told what was paid."""

    __tablename__ = "payments_known"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    until_on: Mapped[date]
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), default=None, index=True
    )
