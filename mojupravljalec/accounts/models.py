"""People who sign in, their devices, and the links that were mailed to them."""

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, bytewise


def new_mark() -> str:
    """A random value that cookies of known browsers carry."""
    return secrets.token_urlsafe(12)


class Account(Base):
    """A person who signs in by e-mail. ``email_key`` is how addresses are compared.

    ``role`` is one of `roles.Role`; a resident has none, and nobody is both. Since
    ``factor_since`` the password alone does not sign in. From ``closed_at`` on, nothing does.
    Until ``activated_at`` a resident's password waits in the mailed links. A new password
    replaces ``browser_mark``, which ends the cookies of known browsers.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index(
            "ix_account_waiting",
            "created_at",
            sqlite_where=text("activated_at IS NULL"),
            postgresql_where=text("activated_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(bytewise, unique=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    language: Mapped[str | None] = mapped_column(default=None)
    activated_at: Mapped[datetime | None] = mapped_column(default=None)
    role: Mapped[str | None] = mapped_column(default=None)
    factor_since: Mapped[datetime | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    browser_mark: Mapped[str] = mapped_column(default_factory=new_mark)


class Device(Base):
    """One signed-in browser. It ends at sign-out, at a new password, or by its owner's hand.

    ``proven_at``: when the second proof was given, where the account asks for one.
    ``fresh_at``: when the password was last typed here. ``once_seed`` and ``once_until``: see
    `shown_once`.
    """

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    secret: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    proven_at: Mapped[datetime | None] = mapped_column(default=None)
    fresh_at: Mapped[datetime | None] = mapped_column(default=None)
    once_seed: Mapped[str | None] = mapped_column(default=None)
    once_until: Mapped[datetime | None] = mapped_column(default=None)


class Purpose(StrEnum):
    """What a mailed link is good for."""

    ACTIVATION = "activation"
    RESET = "reset"
    NEW_EMAIL = "new-email"
    INVITATION = "invitation"


class MailLink(Base):
    """A link that was mailed: used once, replaced by a newer one, or too old.

    ``asked_for`` is the key of the address that it was asked for: a newer link of the same
    purpose replaces it. ``account_id`` is None where nobody has that address; such a link is
    never mailed and only evens out the work of the answer.

    An activation link carries the registration that it was mailed for: names and the hash of
    the password, which the account gets when this link is used. Links with the same hash
    belong to the same registration, since no two hashes are equal.
    """

    __tablename__ = "mail_link"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    asked_for: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str]
    created_at: Mapped[datetime]
    code_hash: Mapped[str] = mapped_column(default="")
    wrong_codes: Mapped[int] = mapped_column(default=0)
    new_email: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str] = mapped_column(default="")
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    replaced_at: Mapped[datetime | None] = mapped_column(default=None)


class HeldForm(Base):
    """A form that waits for the password of whoever sent it; it is performed at most once.

    ``path`` and ``query`` are as in the WSGI environment, ``fields`` are pairs of name and value;
    they are cleared when the form is performed.
    """

    __tablename__ = "held_form"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    path: Mapped[str]
    query: Mapped[str]
    fields: Mapped[list[Any]] = mapped_column(JSON)
    held_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
