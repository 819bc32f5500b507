"""What a person can do with their own access. Nothing here commits.

Registration, sign-in and forgotten password do the same work for known and unknown
addresses: one hash, the same counters, the same rows.
"""

import hashlib
import hmac
import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app, url_for
from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from ..audit.actions import record
from ..extensions import db
from ..mail.actions import post
from ..throttle.actions import (
    Limit,
    book,
    forget,
    forget_all,
    spent,
    spent_by_any,
    take_back,
    wait_s,
)
from ..transactions import NO_KEY_UPDATE
from ..values import clock
from ..web.access import client_address
from . import known_browsers, passwords, queries, roles, rules, shown_once, tokens
from .models import Account, Device, MailLink, Purpose, new_mark

QUARTER = 15 * 60
GUESSES = 10
SIGN_INS_PER_EMAIL = Limit("sign-in-email", GUESSES, QUARTER)
SIGN_INS_PER_ADDRESS = Limit("sign-in-address", 100, QUARTER)  # wrong ones
# A mobile operator's customers share an address. Of 5,000 households that get a bill with a
# code, a fifth registers the same day, a fifth of these in the busiest hour, and up to half of
# them through one address: 100 registrations, and twice as many letters that are asked for
# again. Strangers' mailboxes are guarded by LETTERS_PER_EMAIL.
FORMS_PER_ADDRESS = Limit("form-address", 300, 3600)
LETTERS_PER_EMAIL = Limit("letter-email", 4, 3600)
NEW_EMAILS_PER_ACCOUNT = Limit("new-email-account", 5, 3600)
CODES_PER_ADDRESS = Limit("activation-code-address", 30, 3600)  # wrong ones
LINKS_KEPT = timedelta(days=30)  # so long, an old link is told what became of it


class TooOften(Exception):
    """Tried more often than people do; nothing happened. ``minutes``: how long to wait."""

    def __init__(self, limit: Limit, who: str) -> None:
        super().__init__(limit.name)
        self.minutes = math.ceil(wait_s(limit, who) / 60)


class LinkOver(Exception):
    """A mailed link no longer works; nothing happened."""

    def __init__(self, state: rules.LinkState, purpose: Purpose) -> None:
        super().__init__(state)
        self.state = state
        self.purpose = purpose


class AddressTaken(Exception):
    """The address has an access already; nothing happened."""


@dataclass(frozen=True)
class Registration:
    """What somebody typed to register; it waits in the activation link that was mailed for it."""

    first_name: str = ""
    last_name: str = ""
    password_hash: str = ""


NOT_REGISTERED = Registration()


def register(email: str, first_name: str, last_name: str, password: str) -> int | None:
    """Make an access that waits for activation, and mail how to activate it.

    The owner of a known address gets a letter instead; who asks cannot tell. Of several
    registrations with one waiting address each has a link of its own, and the first link that
    is used decides which name and password the access gets. Should its owner use the link of a
    stranger's registration, a new password by mail gives the access back. Returns the number of
    the link, for `ask_activation` from the same browser. Raises TooOften.
    """
    may_write = _count_form(email)
    registration = Registration(first_name, last_name, passwords.hash_password(password))
    known = queries.account_by_email(email)
    if known is None:
        known = _new_account(email, first_name, last_name, "")
    record("account.registration-asked", account_id=known.id, subject=f"account:{known.id}")
    if not may_write:
        return None
    return _write_by_state(email, known, "known-address", registration).id


def ask_activation(email: str, own_link: int | None = None) -> int | None:
    """Mail a new activation; the old one of the same registration dies.

    Where several registrations wait, it is the one of ``own_link``, else the latest. A
    stranger learns nothing. Returns the number of the new link. Raises TooOften.
    """
    return _ask_letter(email, "known-address", own_link)


def ask_reset(email: str) -> None:
    """Mail a link for a new password; the old one dies. Raises TooOften."""
    _ask_letter(email, "reset")


def _ask_letter(email: str, otherwise: str, own_link: int | None = None) -> int | None:
    may_write = _count_form(email)
    known = queries.account_by_email(email)
    record("account.letter-asked", account_id=known.id if known else None)
    if not may_write:
        return None
    waiting = _waiting(known.id if known else None, own_link)
    return _write_by_state(email, known, otherwise, waiting).id


def _waiting(account_id: int | None, own_link: int | None = None) -> Registration:
    """The registration that a new letter is for."""
    link = queries.waiting_registration(account_id, own_link)
    if link is None:
        return NOT_REGISTERED
    return Registration(link.first_name, link.last_name, link.password_hash)


def send_letter(account: Account, *, by: int) -> None:
    """Mail a resident what leads back in: the activation, or a link for a new password.

    The office asks; letters that the person asked for count too. Raises TooOften.
    """
    _book_all(((LETTERS_PER_EMAIL, account.email_key),))
    record("account.letter-asked", account_id=by, subject=f"account:{account.id}")
    _write_by_state(account.email, account, "reset", _waiting(account.id))


def _write_by_state(
    email: str, known: Account | None, otherwise: str, registration: Registration
) -> MailLink:
    """Mail an activation to an account that waits for it, and ``otherwise`` to others.

    For an address that nobody has, the same rows are written, and nothing is sent.
    """
    if known is not None and known.closed_at:
        known = None
    waits = known is not None and known.activated_at is None
    invited = waits and known is not None and known.role is not None
    purpose, page = _INVITATION if invited else _ACTIVATION if waits else _RESET
    code = f"{secrets.randbelow(10**6):06}" if waits and not invited else ""
    if not waits or invited:
        registration = NOT_REGISTERED
    link = _new_link(
        known.id if known else None, email, purpose, code=code, registration=registration
    )
    first_name = registration.first_name or (known.first_name if known else "")
    post(
        "invitation" if invited else "activation" if waits else otherwise,
        known.email if known else email,
        language=known.language if known else None,
        pretend=known is None,
        first_name=first_name,
        path=url_for(page, token=tokens.sign(link)),
        code=code,
    )
    return link


_ACTIVATION = Purpose.ACTIVATION, "accounts.activate"
_RESET = Purpose.RESET, "accounts.new_password"
_INVITATION = Purpose.INVITATION, "accounts.accept"


def invite(email: str, role: roles.Role) -> tuple[Account, str]:
    """A staff account that waits for its person, with a letter; and where the letter leads.

    Raises AddressTaken where the address has an access already: nobody is staff and resident
    with one.
    """
    if queries.account_by_email(email):
        raise AddressTaken(email)
    account = _new_account(email, "", "", "")
    account.role = role
    return account, send_invitation(account)


def send_invitation(account: Account) -> str:
    """A letter to staff who have not chosen a password yet; the path to which it leads."""
    purpose, page = _INVITATION
    link = _new_link(account.id, account.email, purpose)
    path = url_for(page, token=tokens.sign(link))
    post("invitation", account.email, language=account.language, first_name="", path=path, code="")
    return path


def accept(link: MailLink, first_name: str, last_name: str, password: str) -> None:
    """Open the staff access that the invitation was for. Raises LinkOver."""
    account = _use(link)
    account.first_name, account.last_name = first_name, last_name
    account.password_hash = passwords.hash_password(password)
    account.activated_at = clock.now()
    record("account.activated", account_id=account.id, subject=f"account:{account.id}")


def activate(link: MailLink) -> None:
    """Open the access with the registration that the letter was for. Raises LinkOver.

    The links of other registrations with the address are over.
    """
    account, moment = _use(link), clock.now()
    if account.activated_at is None:
        if link.password_hash:
            account.first_name, account.last_name = link.first_name, link.last_name
            account.password_hash = link.password_hash
        account.activated_at = moment
    _end_activations(account.id)
    record("account.activated", account_id=account.id, subject=f"account:{account.id}")


def activate_by_code(email: str, code: str) -> bool:
    """Activate with the six digits of a letter; whether they were right. Raises TooOften.

    They select the registration that the letter was for. After five wrong ones the codes of all
    letters that this address has by then are dead (their links still work).
    """
    _book_all(((CODES_PER_ADDRESS, client_address()),))
    key = rules.email_key(email)
    typed = _code_hash(key, code)
    links = queries.open_activations(key)
    right = [link for link in links if hmac.compare_digest(link.code_hash, typed)]
    if not right:
        _count_wrong_code(key)
        return False
    take_back(CODES_PER_ADDRESS, client_address())
    activate(right[0])
    return True


def sign_in(email: str, password: str, user_agent: str) -> queries.SignedIn | None:
    """The person, on a new device row; None for a wrong pair. Raises TooOften, NotAnAddress.

    A browser that has signed in to the account before has guesses of its own.
    """
    key = rules.email_key(email)
    account = queries.account_by_email(email)
    known_as = known_browsers.device_for(account)
    guess: tuple[tuple[Limit, str], ...] = (
        (SIGN_INS_PER_ADDRESS, client_address()),
        (SIGN_INS_PER_EMAIL, key),
    )
    if account and known_as:
        guess = ((_sign_ins_per_device(account.id), str(known_as)),)
    _book_all(guess)
    usable = account if account and account.activated_at and not account.closed_at else None
    if not _is_right(usable, password) or usable is None:
        record("account.sign-in-refused", account_id=account.id if account else None)
        return None
    for limit, who in guess:
        take_back(limit, who)
    record("account.signed-in", account_id=usable.id, subject=f"account:{usable.id}")
    return _new_device(usable, user_agent)


def sign_out(device: Device) -> None:
    """End one device at once, wherever it is."""
    device.ended_at = clock.now()
    record("account.signed-out", account_id=device.account_id, subject=f"device:{device.id}")


def reset_password(link: MailLink, password: str) -> None:
    """Set the password that the link was mailed for; every device is signed out.

    What else follows, other features have registered (`extensions.on_password_reset`). Raises
    LinkOver.
    """
    forget(SIGN_INS_PER_EMAIL, link.asked_for)  # before the account is locked, as `sign_in` does
    account = _use(link)
    _set_password(account, password, keep_device=None)
    for follow_up in current_app.extensions.get("on_password_reset", ()):
        follow_up(account.id)


def prove_again(person: queries.SignedIn, password: str) -> bool:
    """Whether the password is right; then this device is fresh. Raises TooOften."""
    if _confirmed(person, password) is None:
        return False
    person.fresh_at = clock.now()
    queries.device_of(person.id, person.device_id).fresh_at = person.fresh_at
    record("account.confirmed", account_id=person.id, subject=f"device:{person.device_id}")
    return True


def end_devices(account_id: int, keep_device: int | None = None) -> None:
    """Sign the account out everywhere, but for ``keep_device``."""
    db.session.execute(
        update(Device)
        .where(
            Device.account_id == account_id,
            Device.ended_at.is_(None),
            Device.id != (keep_device or 0),
        )
        .values(ended_at=clock.now())
    )


def change_password(person: queries.SignedIn, old: str, new: str) -> bool:
    """Change the password if ``old`` fits; the other devices are signed out. Raises TooOften."""
    account = _confirmed(person, old)
    if account is None:
        return False
    _set_password(account, new, keep_device=person.device_id)
    return True


def ask_new_email(person: queries.SignedIn, password: str, new_email: str) -> bool:
    """Mail a confirmation to ``new_email`` if the password fits; until then nothing changes.

    An address that another access has gets no letter, and the answer does not tell.
    Raises TooOften.
    """
    account = _confirmed(person, password)
    if account is None:
        return False
    _book_all(
        (
            (NEW_EMAILS_PER_ACCOUNT, str(account.id)),
            (LETTERS_PER_EMAIL, rules.email_key(new_email)),
        )
    )
    taken = queries.account_by_email(new_email) is not None
    link = _new_link(account.id, account.email, Purpose.NEW_EMAIL, new_email=new_email)
    post(
        "new-email",
        new_email,
        language=account.language,
        pretend=taken,
        first_name=account.first_name,
        path=url_for("accounts.confirm_email", token=tokens.sign(link)),
    )
    return True


def confirm_email(link: MailLink) -> bool:
    """Take the new address over, and tell the old one; False if someone has it by now.

    Raises LinkOver.
    """
    account = _use(link)
    if queries.account_by_email(link.new_email):
        return False
    _move(account, link.new_email, by=account.id)
    return True


def change_email(account: Account, new_email: str, *, reason: str, by: int) -> None:
    """Give an access that nobody gets into another address, since the office says so.

    It is signed out everywhere, no mailed link outlives it, and the letter that leads back in
    goes to the new address. Raises AddressTaken.
    """
    if queries.account_by_email(new_email):
        raise AddressTaken(new_email)
    registration = _waiting(account.id)
    _move(account, new_email, by=by, reason=reason)
    end_devices(account.id)
    _write_by_state(new_email, account, "reset", registration)


def _move(account: Account, new_email: str, *, by: int, **details: str) -> None:
    """The account has the new address; the old one is told."""
    post(
        "email-changed",
        account.email,
        language=account.language,
        first_name=account.first_name,
        new_email=new_email,
    )
    record(
        "account.email-changed",
        account_id=by,
        subject=f"account:{account.id}",
        old=account.email,
        new=new_email,
        **details,
    )
    _end_links(account.id)
    account.email, account.email_key = new_email, rules.email_key(new_email)


def is_locked(account: Account) -> bool:
    """Whether there were so many wrong passwords that none is looked at for a while.

    From anywhere, or in one of the browsers that the account knows.
    """
    return spent(SIGN_INS_PER_EMAIL, account.email_key) or spent_by_any(
        _sign_ins_per_device(account.id)
    )


def open_lock(account: Account) -> None:
    """The wrong passwords are forgotten, and how many letters were asked for."""
    for limit in (SIGN_INS_PER_EMAIL, LETTERS_PER_EMAIL):
        forget(limit, account.email_key)
    forget_all(_sign_ins_per_device(account.id))


def rename(account_id: int, first_name: str, last_name: str) -> None:
    """Change how the person is called."""
    account = queries.account(account_id)
    account.first_name, account.last_name = first_name, last_name
    record("account.renamed", account_id=account_id, subject=f"account:{account_id}")


def choose_language(account_id: int, language: str | None) -> None:
    """Pages and letters in ``language``; None follows the browser."""
    queries.account(account_id).language = language


def _count_form(email: str) -> bool:
    """Book one request; whether a letter may go to the address. Raises TooOften."""
    _book_all(((FORMS_PER_ADDRESS, client_address()),))
    return book(LETTERS_PER_EMAIL, rules.email_key(email))


def _confirmed(person: queries.SignedIn, password: str) -> Account | None:
    account = queries.account(person.id)
    limit, device = _sign_ins_per_device(account.id), str(person.device_id)
    _book_all(((limit, device),))
    if not _is_right(account, password):
        record("account.password-refused", account_id=account.id)
        return None
    take_back(limit, device)
    return account


def _sign_ins_per_device(account_id: int) -> Limit:
    """The guesses of a browser that is known to the account, counted by its device row."""
    return Limit(f"sign-in-device-{account_id}", GUESSES, QUARTER)


def _book_all(tries: Iterable[tuple[Limit, str]]) -> None:
    """Count a try under each limit, up to the first that is spent. Raises TooOften.

    The address goes before the account: one that is stopped uses up no guesses of others.
    """
    for limit, who in tries:
        if not book(limit, who):
            raise TooOften(limit, who)


def _is_right(account: Account | None, typed: str) -> bool:
    """Whether ``typed`` is the account's password; takes as long without one.

    If so, the account is locked, and nobody has changed the password meanwhile. A hash of another
    form, or made with other parameters, is replaced at this chance.
    """
    compared = account.password_hash if account else None
    password = passwords.fitting(typed, compared)
    if password is None or account is None:
        return False
    if queries.locked_account(account.id).password_hash != compared:
        return False
    if passwords.is_outdated(password, account.password_hash):
        account.password_hash = passwords.hash_password(password)
    return True


def _new_account(email: str, first_name: str, last_name: str, password_hash: str) -> Account:
    account = Account(
        email=rules.tidy_email(email),
        email_key=rules.email_key(email),
        first_name=first_name,
        last_name=last_name,
        password_hash=password_hash,
        created_at=clock.now(),
    )
    db.session.add(account)
    db.session.flush()
    return account


def _new_link(
    account_id: int | None,
    email: str,
    purpose: Purpose,
    *,
    code: str = "",
    new_email: str = "",
    registration: Registration = NOT_REGISTERED,
) -> MailLink:
    """A fresh link, asked for by ``email``; older ones of its purpose and registration die."""
    key = rules.email_key(email)
    _replace_links(key, purpose, registration)
    link = MailLink(
        account_id=account_id,
        asked_for=key,
        purpose=purpose,
        created_at=clock.now(),
        code_hash=_code_hash(key, code) if code else "",
        new_email=new_email,
        first_name=registration.first_name,
        last_name=registration.last_name,
        password_hash=registration.password_hash,
    )
    db.session.add(link)
    db.session.flush()
    return link


def _use(link: MailLink) -> Account:
    """Whose link it is; it works no more. Raises LinkOver, also to the slower of two presses."""
    assert link.account_id, "nobody's link is never mailed"  # noqa: S101 narrows the type
    # The account before its links: of two different links pressed at once, one waits here.
    account = queries.locked_account(link.account_id)
    db.session.refresh(link, with_for_update=NO_KEY_UPDATE)
    if (state := queries.link_state(link)) != rules.LinkState.GOOD:
        raise LinkOver(state, Purpose(link.purpose))
    link.used_at = clock.now()
    return account


def _count_wrong_code(asked_for: str) -> None:
    """Count against every letter of the address; the same statement where there is none."""
    db.session.execute(
        update(MailLink)
        .where(
            MailLink.asked_for == asked_for,
            MailLink.purpose == Purpose.ACTIVATION,
            MailLink.used_at.is_(None),
            MailLink.replaced_at.is_(None),
        )
        .values(wrong_codes=MailLink.wrong_codes + 1)
    )


def clear_links() -> None:
    """Forget old links, and those of addresses that nobody has.

    A link that carries a registration stays as long as its access waits: a new letter for it
    can be asked for at any time.
    """
    waits = select(Account.id).where(Account.activated_at.is_(None))
    carries = and_(
        MailLink.password_hash != "",
        MailLink.replaced_at.is_(None),
        MailLink.account_id.in_(waits),
    )
    old = and_(MailLink.created_at < clock.now() - LINKS_KEPT, ~carries)
    db.session.execute(delete(MailLink).where(or_(MailLink.account_id.is_(None), old)))
    shown_once.clear_seeds()


def _replace_links(asked_for: str, purpose: Purpose, registration: Registration) -> None:
    _replace(
        MailLink.asked_for == asked_for,
        MailLink.purpose == purpose,
        MailLink.password_hash == registration.password_hash,
    )


def _end_activations(account_id: int) -> None:
    """The access is active, by whichever letter: the others have nothing left to do."""
    db.session.execute(
        update(MailLink)
        .where(
            MailLink.account_id == account_id,
            MailLink.purpose == Purpose.ACTIVATION,
            MailLink.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )


def _end_links(account_id: int) -> None:
    """Whoever knew the old password may have asked for them: none outlives it."""
    _replace(MailLink.account_id == account_id)


def _replace(*which: ColumnElement[bool]) -> None:
    db.session.execute(
        update(MailLink)
        .where(*which, MailLink.used_at.is_(None), MailLink.replaced_at.is_(None))
        .values(replaced_at=clock.now())
    )


def _new_device(account: Account, user_agent: str) -> queries.SignedIn:
    moment = clock.now()
    device = Device(
        account_id=account.id,
        secret=secrets.token_urlsafe(24),
        created_at=moment,
        name=rules.device_name(user_agent),
        fresh_at=moment,
    )
    db.session.add(device)
    db.session.flush()
    return queries.SignedIn(
        account.id,
        account.email,
        account.first_name,
        account.last_name,
        account.language,
        account.role,
        account.factor_since,
        device.id,
        device.secret,
        device.proven_at,
        device.fresh_at,
        account.browser_mark,
    )


def _set_password(account: Account, password: str, keep_device: int | None) -> None:
    account.password_hash = passwords.hash_password(password)
    account.browser_mark = new_mark()
    end_devices(account.id, keep_device)
    _end_links(account.id)
    post(
        "password-changed", account.email, first_name=account.first_name, language=account.language
    )
    record("account.password-changed", account_id=account.id, subject=f"account:{account.id}")


def _code_hash(asked_for: str, code: str) -> str:
    """Keyed: a copy of the table does not give the codes away."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"{asked_for}:{code}".encode(), hashlib.sha256).hexdigest()
