"""What a person proves the sign-in with, besides the password."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class TotpKey(Base):
    """The secret that a phone makes codes from. Until ``confirmed_at`` it proves nothing.

    ``last_step`` is the step of the last code that was taken: no code is taken twice.
    """

    __tablename__ = "totp_key"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[str]
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code on paper, for whoever lost the phone. It works once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class Passkey(Base):
    """A key that a phone, a computer or a stick keeps; here is only its public half."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    credential_id: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[str]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
