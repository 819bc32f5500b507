"""Hashing passwords, one at a time in each process.

Under a storm of sign-ins the other pages stay quick: a request that wants a hash takes a `turn`.
The gateway lets such requests wait without a thread and refuses (`Busy`) only those beyond its
queue. Elsewhere they wait in their threads: one has the turn, one waits, the rest are refused.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar
from unicodedata import is_normalized, normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..extensions import db
from ..web.exchange import Hashing, HashingNeeded, current_exchange
from .rules import password_candidates

P = ParamSpec("P")
T = TypeVar("T")

NICENESS = 10  # of the threads that hash

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
    transaction is rolled back, so nothing may have been written. Under the gateway the request
    begins anew in a thread that may hash.
    """
    exchange = current_exchange()
    if exchange and exchange.hashing is Hashing.ELSEWHERE:
        raise HashingNeeded
    if exchange and exchange.hashing is Hashing.FULL:
        raise Busy
    with _turn_now() if exchange else _turn_in_the_queue():
        yield


@contextmanager
def _turn_now() -> Iterator[None]:
    db.session.rollback()
    with _turn:
        yield


@contextmanager
def _turn_in_the_queue() -> Iterator[None]:
    if not _queue.acquire(blocking=False):
        raise Busy
    try:
        with _turn_now():
            yield
    finally:
        _queue.release()


def hash_password(password: str) -> str:
    """The argon2id hash to keep of the NFC form (19 MiB, two passes: about 20 ms)."""
    return _behind_pages(_hasher.hash, normalize("NFC", password))


def fitting(typed: str, password_hash: str | None) -> str | None:
    """Return the password that ``typed`` stands for and that fits the hash, or None.

    A wrong one takes as long for None, which nothing fits, as for the hash of an account.
    """
    return next(
        (one for one in password_candidates(typed) if _fits(one, password_hash)),
        None,
    )


def is_outdated(password: str, password_hash: str) -> bool:
    """Whether the hash that ``password`` fits has old parameters, or is not of its NFC form."""
    return _hasher.check_needs_rehash(password_hash) or not is_normalized("NFC", password)


def _fits(password: str, password_hash: str | None) -> bool:
    try:
        fits = _behind_pages(_hasher.verify, password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and bool(password_hash)


def _behind_pages(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do ``work`` in a thread to which the processor prefers those that answer pages.

    The thread lasts for one hash, since a process with threads must not fork, as `serve` does.
    """
    with ThreadPoolExecutor(1, initializer=_give_way) as pool:
        return pool.submit(work, *args, **kwargs).result()


def _give_way() -> None:
    """Raise the niceness of this thread; on Linux it is the thread's own."""
    thread = threading.get_native_id()
    # Lowering it, where the whole process has more, would be refused.
    niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
    os.setpriority(os.PRIO_PROCESS, thread, niceness)
