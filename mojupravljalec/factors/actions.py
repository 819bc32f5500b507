"""Getting the second proof ready, giving it, and taking it away. Nothing here commits.

Wrong codes are counted before they are judged, per account and per address.
"""

import hashlib
import hmac

from flask import current_app
from sqlalchemy import delete, select

from ..accounts import shown_once
from ..accounts.actions import TooOften, end_devices
from ..accounts.queries import SignedIn, account, device_of
from ..audit.actions import record
from ..customers.queries import is_linked
from ..extensions import db
from ..mail.actions import post
from ..throttle.actions import Limit, book, take_back
from ..values import clock
from ..web.access import client_address
from . import ceremonies, queries, rules
from .models import Passkey, RecoveryCode, TotpKey

QUARTER = 15 * 60
PROOFS_PER_ACCOUNT = Limit("proof-account", 10, QUARTER)
PROOFS_PER_ADDRESS = Limit("proof-address", 60, QUARTER)  # wrong ones
MOST_PASSKEYS = 10
RECOVERY_CODES = "recovery-codes"  # what `shown_once` calls them


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


def confirm_phone(person: SignedIn, typed: str) -> None:
    """The phone proves from now on, if ``typed`` is its code; recovery codes, if there were none.

    The same code once more is the second tap of one press. Raises NoProof, TooOften.
    """
    _count(person)
    key = db.session.get(TotpKey, person.id)
    if key is None:
        raise NoProof
    if key.confirmed_at is not None:
        if not _was_last(key, typed):
            raise NoProof
        _uncount(person)
        return
    if not _takes(key, typed):
        raise NoProof
    key.confirmed_at = clock.now()
    _uncount(person)
    _begun(person, "phone")


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


def add_passkey(person: SignedIn, found: ceremonies.Registered, name: str) -> None:
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
    _begun(person, "passkey")


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


def renew_codes(person: SignedIn) -> None:
    """New recovery codes; the old ones are worth nothing."""
    record("factor.codes-renewed", account_id=person.id, subject=f"account:{person.id}")
    _new_codes(person)


def codes_to_show(person: SignedIn) -> list[str]:
    """The recovery codes that were just made on this device, the first time they are asked for."""
    key = shown_once.key_to_show(person, RECOVERY_CODES)
    return rules.recovery_codes(key) if key else []


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


def drop_after_reset(account_id: int) -> None:
    """Take the second proofs away after a password reset by mail, where nothing is behind them.

    A stranger may have set them up who registered the address first, and the owner of the
    mailbox could never get in. Staff keep theirs, and so does who sees a customer.
    """
    owner = account(account_id)
    if owner.role is not None or owner.factor_since is None or is_linked(account_id):
        return
    _drop_all(account_id)
    record(
        "factor.removed",
        account_id=account_id,
        subject=f"account:{account_id}",
        how="password-reset",
    )
    _tell(account_id, "removed")


def _takes(key: TotpKey, typed: str) -> bool:
    step = rules.step_of(key.secret, typed, now=clock.now(), last_step=key.last_step)
    if step is None:
        return False
    key.last_step = step
    return True


def _was_last(key: TotpKey, typed: str) -> bool:
    """Whether ``typed`` is the code that was taken last."""
    before = key.last_step - 1
    return rules.step_of(key.secret, typed, now=clock.now(), last_step=before) == key.last_step


def _limits(person: SignedIn) -> tuple[tuple[Limit, str], ...]:
    return (PROOFS_PER_ADDRESS, client_address()), (PROOFS_PER_ACCOUNT, str(person.id))


def _count(person: SignedIn) -> None:
    for limit, who in _limits(person):
        if not book(limit, who):
            raise TooOften(limit, who)


def _uncount(person: SignedIn) -> None:
    """The proof was right: only wrong ones count."""
    for limit, who in _limits(person):
        take_back(limit, who)


def _prove(person: SignedIn, how: str) -> None:
    _uncount(person)
    device_of(person.id, person.device_id).proven_at = clock.now()
    record("factor.proven", account_id=person.id, subject=f"account:{person.id}", how=how)


def _begun(person: SignedIn, how: str) -> None:
    """The proof is asked for from now on. Other devices have not given it: they sign in anew."""
    record("factor.added", account_id=person.id, subject=f"account:{person.id}", how=how)
    device_of(person.id, person.device_id).proven_at = clock.now()
    owner = account(person.id)
    if owner.factor_since is None:
        owner.factor_since = clock.now()
        end_devices(person.id, keep_device=person.device_id)
    _tell(person.id, how)
    if not queries.factors_of(person.id).codes_left:
        _new_codes(person)


def _after_removal(person: SignedIn, how: str) -> None:
    record("factor.removed", account_id=person.id, subject=f"account:{person.id}", how=how)
    if not queries.factors_of(person.id).proves:
        _drop_all(person.id)
    _tell(person.id, "removed")


def _drop_all(account_id: int) -> None:
    for table in (TotpKey, RecoveryCode, Passkey):
        db.session.execute(delete(table).filter_by(account_id=account_id))
    account(account_id).factor_since = None


def _new_codes(person: SignedIn) -> None:
    """Recovery codes, which the device shows once."""
    db.session.execute(delete(RecoveryCode).filter_by(account_id=person.id))
    for code in rules.recovery_codes(shown_once.new_key(person, RECOVERY_CODES)):
        db.session.add(RecoveryCode(account_id=person.id, code_hash=code_hash(person.id, code)))


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
