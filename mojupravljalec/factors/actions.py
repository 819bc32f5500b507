"""Getting the second proof ready, giving it, and taking it away. Nothing here commits.

Wrong codes are counted before they are judged, per account and per address.
"""

import hashlib
import hmac

from flask import current_app
from sqlalchemy import delete, select

from ..accounts.actions import TooOften, end_devices
from ..accounts.queries import SignedIn, account, device_of
from ..audit.actions import record
from ..extensions import db
from ..mail.actions import post
from ..throttle.actions import Limit, book, forget
from ..values import clock
from ..web.access import client_address
from . import ceremonies, queries, rules
from .models import Passkey, RecoveryCode, TotpKey

QUARTER = 15 * 60
PROOFS_PER_ACCOUNT = Limit("proof-account", 10, QUARTER)
PROOFS_PER_ADDRESS = Limit("proof-address", 60, QUARTER)
MOST_PASSKEYS = 10


class NoProof(Exception):
    """The code or the key is not the right one; nothing happened."""


def begin_phone(person: SignedIn) -> None:
    """A new secret for the phone. The old one proves until the first code of the new one."""
    moment = clock.now()
    key = db.session.get(TotpKey, person.id)
    if key is None:
        db.session.add(TotpKey(account_id=person.id, secret=rules.new_secret(), made_at=moment))
    elif key.confirmed_at is None:
        key.secret, key.made_at = rules.new_secret(), moment


def confirm_phone(person: SignedIn, typed: str) -> list[str]:
    """The phone proves from now on, if ``typed`` is its code; recovery codes, if there were none.

    Raises NoProof, TooOften.
    """
    _count(person)
    key = db.session.get(TotpKey, person.id)
    if key is None or key.confirmed_at is not None or not _takes(key, typed):
        raise NoProof
    key.confirmed_at = clock.now()
    return _begun(person, "phone")


def prove_by_code(person: SignedIn, typed: str) -> None:
    """Take a code of the phone, or one from paper. Raises NoProof, TooOften."""
    _count(person)
    key = db.session.get(TotpKey, person.id)
    if key is not None and key.confirmed_at is not None and _takes(key, typed):
        _prove(person, "phone")
        return
    code = queries.recovery_code(person.id, code_hash(person.id, typed))
    if code is None:
        record("factor.refused", account_id=person.id, subject=f"account:{person.id}")
        raise NoProof
    code.used_at = clock.now()
    _prove(person, "recovery-code")


def add_passkey(person: SignedIn, found: ceremonies.Registered, name: str) -> list[str]:
    """Keep a passkey's public half; new recovery codes, if there were none.

    Raises NoProof where somebody has the key already (WebAuthn 7.1, step 26).
    """
    if db.session.scalar(select(Passkey.id).filter_by(credential_id=found.credential_id)):
        raise NoProof
    db.session.add(
        Passkey(
            account_id=person.id,
            credential_id=found.credential_id,
            public_key=found.public_key,
            sign_count=found.sign_count,
            name=name,
            made_at=clock.now(),
        )
    )
    db.session.flush()
    return _begun(person, "passkey")


def prove_by_passkey(person: SignedIn, site: ceremonies.Site, challenge: str, answer: str) -> None:
    """Take what the passkey answered to ``challenge``. Raises NoProof, TooOften."""
    _count(person)
    own = {one.credential_id: one for one in queries.passkeys_of(person.id)}
    known = {name: ceremonies.Known(one.public_key, one.sign_count) for name, one in own.items()}
    try:
        name, count = ceremonies.proven(site, challenge=challenge, answer=answer, known=known)
    except ceremonies.NotProven as wrong:
        record("factor.refused", account_id=person.id, subject=f"account:{person.id}")
        raise NoProof from wrong
    own[name].sign_count, own[name].used_at = count, clock.now()
    _prove(person, "passkey")


def renew_codes(person: SignedIn) -> list[str]:
    """New recovery codes; the old ones are worth nothing."""
    record("factor.codes-renewed", account_id=person.id, subject=f"account:{person.id}")
    return _new_codes(person.id)


def remove_phone(person: SignedIn) -> None:
    """The phone proves no more."""
    db.session.execute(delete(TotpKey).filter_by(account_id=person.id))
    _after_removal(person, "phone")


def remove_passkey(person: SignedIn, passkey: Passkey) -> None:
    """The passkey proves no more."""
    db.session.delete(passkey)
    db.session.flush()
    _after_removal(person, "passkey")


def forget_factors(account_id: int, *, by: int) -> None:
    """Somebody lost all that proves them: the office takes it away, and signs them out."""
    _drop_all(account_id)
    end_devices(account_id)
    record("factor.reset", account_id=by, subject=f"account:{account_id}")
    _tell(account_id, "removed")


def _takes(key: TotpKey, typed: str) -> bool:
    step = rules.step_of(key.secret, typed, now=clock.now(), last_step=key.last_step)
    if step is None:
        return False
    key.last_step = step
    return True


def _count(person: SignedIn) -> None:
    for limit, who in (
        (PROOFS_PER_ACCOUNT, str(person.id)),
        (PROOFS_PER_ADDRESS, client_address()),
    ):
        if not book(limit, who):
            raise TooOften(limit)


def _prove(person: SignedIn, how: str) -> None:
    forget(PROOFS_PER_ACCOUNT, str(person.id))
    device_of(person.id, person.device_id).proven_at = clock.now()
    record("factor.proven", account_id=person.id, subject=f"account:{person.id}", how=how)


def _begun(person: SignedIn, how: str) -> list[str]:
    """The proof is asked for from now on. Other devices have not given it: they sign in anew."""
    forget(PROOFS_PER_ACCOUNT, str(person.id))
    record("factor.added", account_id=person.id, subject=f"account:{person.id}", how=how)
    device_of(person.id, person.device_id).proven_at = clock.now()
    owner = account(person.id)
    if owner.factor_since is None:
        owner.factor_since = clock.now()
        end_devices(person.id, keep_device=person.device_id)
    _tell(person.id, how)
    return [] if queries.factors_of(person.id).codes_left else _new_codes(person.id)


def _after_removal(person: SignedIn, how: str) -> None:
    record("factor.removed", account_id=person.id, subject=f"account:{person.id}", how=how)
    if not queries.factors_of(person.id).proves:
        _drop_all(person.id)
    _tell(person.id, "removed")


def _drop_all(account_id: int) -> None:
    for table in (TotpKey, RecoveryCode, Passkey):
        db.session.execute(delete(table).filter_by(account_id=account_id))
    account(account_id).factor_since = None


def _new_codes(account_id: int) -> list[str]:
    db.session.execute(delete(RecoveryCode).filter_by(account_id=account_id))
    codes = rules.new_recovery_codes()
    for code in codes:
        db.session.add(RecoveryCode(account_id=account_id, code_hash=code_hash(account_id, code)))
    return codes


def code_hash(account_id: int, typed: str) -> str:
    """Keyed: a copy of the table gives no code away."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    text = f"recovery:{account_id}:{rules.recovery_key(typed)}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _tell(account_id: int, what: str) -> None:
    """By mail: whoever got hold of the account must not change this unseen."""
    owner = account(account_id)
    post(
        "factor-changed",
        owner.email,
        language=owner.language,
        first_name=owner.first_name,
        what=what,
    )
