"""Finding accounts, devices and mailed links."""

from flask_login import UserMixin
from sqlalchemy import bindparam, select
from werkzeug.exceptions import NotFound

from ..extensions import db
from ..values import clock
from . import rules
from .models import Account, Device, MailLink, Purpose


class SignedIn(UserMixin):
    """The person behind a request: what pages need, read in one query."""

    def __init__(
        self,
        id: int,
        email: str,
        first_name: str,
        last_name: str,
        language: str | None,
        device_id: int,
        secret: str,
    ) -> None:
        self.id = id
        self.email = email
        self.first_name = first_name
        self.last_name = last_name
        self.language = language
        self.device_id = device_id
        self.secret = secret

    def get_id(self) -> str:
        """What the session cookie keeps: the device's secret, which can be revoked."""
        return f"{self.id}:{self.secret}"


# Made once: every page of whoever is signed in asks it, and building it takes longer than asking.
_HOLDER = (
    select(
        Account.id,
        Account.email,
        Account.first_name,
        Account.last_name,
        Account.language,
        Device.id,
        Device.secret,
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
        .with_for_update()
    )
    return link if link and link_state(link) == rules.LinkState.GOOD else None
