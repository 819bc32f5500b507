"""Finding accounts, devices and mailed links."""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import Select, bindparam, select
from werkzeug.exceptions import NotFound

from ..extensions import db
from ..transactions import NO_KEY_UPDATE
from ..values import clock
from . import rules
from .models import Account, Device, MailLink, Purpose
from .roles import FRESH_LASTS, Owes, may, owes


class SignedIn(UserMixin):
    """The person behind a request: what pages need, read in one query.

    Whoever still owes the second proof, or has none where the role asks for it, is not signed
    in: only the pages of that proof know of them.
    """

    def __init__(
        self,
        id: int,
        email: str,
        first_name: str,
        last_name: str,
        language: str | None,
        role: str | None,
        factor_since: datetime | None,
        device_id: int,
        secret: str,
        proven_at: datetime | None,
        fresh_at: datetime | None,
        browser_mark: str,
    ) -> None:
        self.id = id
        self.email = email
        self.first_name = first_name
        self.last_name = last_name
        self.language = language
        self.role = role
        self.has_factor = factor_since is not None
        self.device_id = device_id
        self.secret = secret
        self.proven_at = proven_at
        self.fresh_at = fresh_at
        self.browser_mark = browser_mark

    def get_id(self) -> str:
        """What the session cookie keeps: the device's secret, which can be revoked."""
        return f"{self.id}:{self.secret}"

    @property
    def owes(self) -> Owes | None:
        """What is missing until this one is signed in."""
        return owes(self.role, has_factor=self.has_factor, proven=self.proven_at is not None)

    @property
    def is_authenticated(self) -> bool:
        return self.owes is None

    @property
    def is_fresh(self) -> bool:
        """Whether the password was typed here a short while ago."""
        return self.fresh_at is not None and clock.now() < self.fresh_at + FRESH_LASTS

    @property
    def called(self) -> str:
        """The whole name."""
        return f"{self.first_name} {self.last_name}"

    def may(self, right: str) -> bool:
        """Whether the role opens what asks for ``right``."""
        return may(self.role, right)


# Made once: every page of whoever is signed in asks it, and building it takes longer than asking.
_HOLDER: Select[*tuple[Any, ...]] = (
    select(
        Account.id,
        Account.email,
        Account.first_name,
        Account.last_name,
        Account.language,
        Account.role,
        Account.factor_since,
        Device.id,
        Device.secret,
        Device.proven_at,
        Device.fresh_at,
        Account.browser_mark,
    )
    .join(Device, Device.account_id == Account.id)
    .where(
        Device.secret == bindparam("secret"),
        Device.ended_at.is_(None),
        Device.created_at > bindparam("since"),
    )
)


def signed_in(session_id: str) -> SignedIn | None:
    """Who holds ``session_id`` ("account:secret"), unless the device was signed out."""
    _, _, secret = session_id.partition(":")
    since = clock.now() - rules.SIGNED_IN_LASTS
    row = db.session.execute(_HOLDER, {"secret": secret, "since": since}).first()
    return SignedIn(*row) if row else None


def account_by_email(email: str) -> Account | None:
    """The account with this address however it is written. Raises NotAnAddress."""
    key = rules.email_key(rules.tidy_email(email))
    return db.session.scalar(select(Account).filter_by(email_key=key))


def account(account_id: int) -> Account:
    """The account; it is there, since its person asks."""
    return db.session.get_one(Account, account_id)


def locked_account(account_id: int) -> Account:
    """The account, held until the transaction ends; rows may still be added that refer to it."""
    return db.session.get_one(
        Account, account_id, populate_existing=True, with_for_update=NO_KEY_UPDATE
    )


def devices_of(account_id: int) -> list[Device]:
    """Where the account is signed in now, the latest first."""
    since = clock.now() - rules.SIGNED_IN_LASTS
    return list(
        db.session.scalars(
            select(Device)
            .where(
                Device.account_id == account_id,
                Device.ended_at.is_(None),
                Device.created_at > since,
            )
            .order_by(Device.id.desc())
        )
    )


def device_of(account_id: int, device_id: int, *, for_update: bool = False) -> Device:
    """Return a device of the account that is signed in. Raises NotFound for any other."""
    query = select(Device).filter_by(id=device_id, account_id=account_id, ended_at=None)
    if for_update:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    device = db.session.scalar(query)
    if device is None:
        raise NotFound
    return device


def personal_words(link: MailLink) -> tuple[str, ...]:
    """What an acquaintance knows of the person whom the link was mailed to."""
    row = db.session.execute(
        select(Account.email, Account.first_name, Account.last_name).filter_by(id=link.account_id)
    ).one()
    return tuple(row)


def is_staff(link: MailLink) -> bool:
    """Whether the link was mailed to somebody of the office."""
    return db.session.scalar(select(Account.role).filter_by(id=link.account_id)) is not None


def link_state(link: MailLink) -> rules.LinkState:
    """Whether a mailed link still works."""
    lasts = rules.RESET_LASTS if link.purpose == Purpose.RESET else rules.ACTIVATION_LASTS
    life = rules.LinkLife(link.created_at, link.used_at, link.replaced_at)
    return life.state(clock.now(), lasts)


def open_activations(email_key: str) -> list[MailLink]:
    """The activation links of the address whose codes can still be typed, the newest first.

    Their account is held before they are: parallel guesses are judged one after the other.
    """
    db.session.execute(
        select(Account.id).filter_by(email_key=email_key).with_for_update(key_share=True)
    )
    links = db.session.scalars(
        select(MailLink)
        .filter_by(asked_for=email_key, purpose=Purpose.ACTIVATION, used_at=None, replaced_at=None)
        .where(MailLink.wrong_codes < rules.WRONG_CODES)
        .order_by(MailLink.id.desc())
    )
    return [link for link in links if link_state(link) == rules.LinkState.GOOD]


def waiting_registration(account_id: int | None, own_link: int | None) -> MailLink | None:
    """A link that carries a registration of the account: ``own_link``, else the latest."""
    return db.session.scalar(
        select(MailLink)
        .where(
            MailLink.account_id == account_id,
            MailLink.purpose == Purpose.ACTIVATION,
            MailLink.password_hash != "",
        )
        .order_by((MailLink.id == own_link).desc(), MailLink.id.desc())
        .limit(1)
    )
