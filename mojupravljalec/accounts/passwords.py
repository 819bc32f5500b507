"""Hashing passwords, one at a time in each process.

Under a storm of sign-ins the other pages stay quick: whoever wants a hash takes a `turn`; one
has it, one waits, and the rest are told to try again (`Busy`).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..extensions import db

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_queue = threading.BoundedSemaphore(2)
_turn = threading.Lock()

# What an unknown address is checked against, so that it takes as long as a known one.
_NOBODY = _hasher.hash("nobody has this password")


class Busy(Exception):
    """Too many people sign in at this moment; a second later it works."""


@contextmanager
def turn() -> Iterator[None]:
    """The time in which a request hashes and commits what follows from it. Raises Busy.

    Whoever waits for it must hold no lock of the database: what came before in the
    transaction is rolled back, so nothing may have been written.
    """
    if not _queue.acquire(blocking=False):
        raise Busy
    try:
        db.session.rollback()
        with _turn:
            yield
    finally:
        _queue.release()


def hash_password(password: str) -> str:
    """The argon2id hash to keep (19 MiB, two passes: about 20 ms)."""
    return _hasher.hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether ``password`` is the one; takes as long for None, which never fits."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)
