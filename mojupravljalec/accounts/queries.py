"""Finding accounts, devices and mailed links."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import bindparam, select
from werkzeug.exceptions import NotFound

from ..extensions import db
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
_HOLDER = (
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


def device_of(account_id: int, device_id: int) -> Device:
    """The account's own device; a stranger's is simply not found."""
    device = db.session.scalar(
        select(Device).filter_by(id=device_id, account_id=account_id, ended_at=None)
    )
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


def open_activation(email_key: str) -> MailLink | None:
    """The newest activation letter's link, if it can still be used."""
    link = db.session.scalar(
        select(MailLink)
        .filter_by(asked_for=email_key, purpose=Purpose.ACTIVATION, replaced_at=None)
        .order_by(MailLink.id.desc())
        .with_for_update(key_share=True)
    )
    return link if link and link_state(link) == rules.LinkState.GOOD else None
