"""What an account gives the second proof with."""

from typing import NamedTuple

from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from ..extensions import db
from .models import Passkey, RecoveryCode, TotpKey


class Factors(NamedTuple):
    """What there is: a phone that makes codes, passkeys, and how many recovery codes are left."""

    has_phone: bool
    passkeys: list[Passkey]
    codes_left: int

    @property
    def proves(self) -> bool:
        """Whether there is anything to give the proof with, recovery codes left aside."""
        return self.has_phone or bool(self.passkeys)


def factors_of(account_id: int) -> Factors:
    """What the account proves itself with."""
    key = db.session.get(TotpKey, account_id)
    left = select(func.count()).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return Factors(
        key is not None and key.confirmed_at is not None,
        passkeys_of(account_id),
        db.session.scalar(left) or 0,
    )


def passkeys_of(account_id: int) -> list[Passkey]:
    """The account's passkeys, the oldest first."""
    query = select(Passkey).filter_by(account_id=account_id).order_by(Passkey.id)
    return list(db.session.scalars(query))


def passkey_of(account_id: int, passkey_id: int) -> Passkey:
    """The account's own passkey; any other is not found."""
    found = db.session.scalar(select(Passkey).filter_by(id=passkey_id, account_id=account_id))
    if found is None:
        raise NotFound
    return found


def open_secret(account_id: int) -> str:
    """The secret that waits for its first code, or ""."""
    key = db.session.get(TotpKey, account_id)
    return key.secret if key and not key.confirmed_at else ""


def recovery_code(account_id: int, code_hash: str) -> RecoveryCode | None:
    """The code that was not used yet, held for whoever asks."""
    return db.session.scalar(
        select(RecoveryCode)
        .filter_by(account_id=account_id, code_hash=code_hash, used_at=None)
        .with_for_update(key_share=True)
    )
