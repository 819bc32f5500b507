"""Clients that are slow, or many, and the page that somebody else asks for meanwhile."""

import re
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from mojupravljalec.accounts.models import Account
from mojupravljalec.accounts.passwords import hash_password
from mojupravljalec.accounts.rules import email_key
from mojupravljalec.extensions import db
from mojupravljalec.values import clock

from ..bench.load import Browser
from ..browser.served import Portal
from ..conftest import PASSWORD

SLOW_BODIES, SLOW_HEADS = 100, 200
PEOPLE = 50
FORM = "Content-Type: application/x-www-form-urlencoded"
PARTS = "Content-Type: multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    portal = Portal(tmp_path_factory.mktemp("portal"), PROXIES=1)
    portal.run("upgrade")
    with portal.served():
        yield portal


def head(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


@contextmanager
def lines(portal: Portal, many: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as opened:
        yield [
            opened.enter_context(socket.create_connection(("127.0.0.1", portal.port), timeout=60))
            for _ in range(many)
        ]


def page_s(portal: Portal) -> float:
    """Seconds until the sign-in page is there."""
    begun = time.monotonic()
    status, _, _ = Browser(portal.port).sends("GET", "/prijava")
    assert status == 200
    return time.monotonic() - begun


def answer(line: socket.socket) -> bytes:
    """The head of the answer, read until the server closes or a second passes."""
    found = line.recv(65536)
    line.settimeout(1)
    try:
        while more := line.recv(65536):
            found += more
    except TimeoutError:
        pass
    return found.partition(b"\r\n\r\n")[0].lower()


def test_a_page_answers_while_slow_clients_hold_their_lines(served):
    with lines(served, SLOW_BODIES) as bodies, lines(served, SLOW_HEADS) as heads:
        for line in bodies:
            line.sendall(head("/prijava", FORM, "Content-Length: 1000") + b"a")
        for line in heads:
            line.sendall(b"GET /prijava HTTP/1.1\r\nHost: 127")
        time.sleep(1)
        assert max(page_s(served) for _ in range(5)) < 1
        for line in bodies:
            line.sendall(b"b")  # they are all still waited for
        assert page_s(served) < 1


def test_bodies_are_judged_by_their_rate(served):
    """Side by side, since it takes real seconds: more than the first twenty."""
    length = 26_000

    def trickle(path: str, kind: str, every_s: float, piece: int) -> tuple[float, bytes]:
        with lines(served, 1) as (line,):
            line.sendall(head(path, FORM, kind))
            chunked, begun, sent = "chunked" in kind, time.monotonic(), 0
            while sent < length:
                part = b"a" * min(piece, length - sent)
                try:
                    line.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
                    sent += len(part)
                    line.settimeout(every_s)
                    early = line.recv(100)
                except TimeoutError:
                    continue
                return time.monotonic() - begun, early
            line.settimeout(60)
            if chunked:
                line.sendall(b"0\r\n\r\n")
            return time.monotonic() - begun, line.recv(100)

    size = f"Content-Length: {length}"
    with ThreadPoolExecutor(6) as at_once:
        steady = at_once.submit(trickle, "/prijava", size, 1, 1000)
        steady_chunks = at_once.submit(trickle, "/prijava", "Transfer-Encoding: chunked", 1, 1000)
        drops = at_once.submit(trickle, "/prijava", size, 5, 1)
        drops_on_a_closed_page = at_once.submit(trickle, "/", size, 5, 1)
        dropped_chunks = at_once.submit(trickle, "/prijava", "Transfer-Encoding: chunked", 5, 1)
    for good in (steady, steady_chunks):
        seconds, found = good.result()
        assert seconds > 25
        assert found.startswith(b"HTTP/1.1 422")  # read to its end, and no form
    for bad in (drops, drops_on_a_closed_page, dropped_chunks):
        seconds, found = bad.result()
        assert 19 < seconds < 26
        assert found.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/pisarna/uvozi", [PARTS], b"303"),  # files, of those who are signed in
        ("/odjemna-mesta/1", [PARTS], b"303"),  # likewise
        ("/prijava", [PARTS], b"413"),  # no form with a file
        ("/profil/geslo", [PARTS], b"303"),
        ("/prijava", [PARTS, "Origin: https://tuje.example"], b"403"),
        ("/api/imports", ["Content-Type: text/csv"], b"401"),
    ],
)
def test_a_file_that_is_not_wanted_is_not_read(served, path, headers, status):
    with lines(served, 1) as (line,):
        line.sendall(head(path, *headers, "Content-Length: 90000000") + b"a" * 1000)
        found = answer(line)
    assert found.startswith(b"http/1.1 " + status)
    assert b"\r\nconnection: close" in found


def test_the_answer_to_an_unwanted_file_reaches_a_client_that_sends_on(served):
    with lines(served, 1) as (line,):
        line.sendall(head("/pisarna/uvozi", PARTS, "Content-Length: 30000000"))
        for _ in range(300):
            line.sendall(b"a" * 100_000)
        assert answer(line).startswith(b"http/1.1 303")


def test_a_connection_is_kept_for_the_next_request(served):
    with lines(served, 1) as (line,):
        for request, status in (
            (b"HEAD /prijava HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"200"),
            (head("/prijava", FORM, "Content-Length: 1") + b"a", b"422"),
            (b"GET /prijava HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"200"),
        ):
            line.sendall(request)
            found = answer(line)
            assert found.startswith(b"http/1.1 " + status)
            assert b"connection: close" not in found
            assert re.search(rb"\r\ncontent-length: \d{4}", found)


@pytest.mark.parametrize("workers", [1, 2])
def test_fifty_people_who_sign_in_at_once_all_get_in(tmp_path, password_hash, workers):
    portal = Portal(tmp_path, PROXIES=1, WORKERS=workers)
    portal.run("upgrade")
    _register(portal, password_hash)
    with portal.served():
        quiet = [page_s(portal) for _ in range(40)]
        hashing = _hashing_s() * PEOPLE
        statuses: Counter[int] = Counter()
        ready = threading.Barrier(PEOPLE + 1)
        people = [
            threading.Thread(target=_signs_in, args=(portal, number, ready, statuses))
            for number in range(PEOPLE)
        ]
        for person in people:
            person.start()
        ready.wait()
        begun, meanwhile = time.monotonic(), []
        while any(person.is_alive() for person in people):
            meanwhile.append(page_s(portal))
            time.sleep(0.02)  # a reader, not a storm of its own
        took = time.monotonic() - begun
    assert statuses == {303: PEOPLE}
    assert took < 4 * hashing
    assert statistics.median(meanwhile) <= 3 * statistics.median(quiet)


def _hashing_s() -> float:
    """Seconds that a password hash takes here and now, on a machine that may be busy."""
    begun = time.monotonic()
    for _ in range(PEOPLE):
        hash_password(PASSWORD)
    return (time.monotonic() - begun) / PEOPLE


def _register(portal: Portal, password_hash: str) -> None:
    with portal.data():
        for number in range(PEOPLE):
            email = f"ana.{number}@primer.si"
            person = Account(
                email=email,
                email_key=email_key(email),
                first_name="Ana",
                last_name="Novak",
                password_hash=password_hash,
                created_at=clock.now(),
                activated_at=clock.now(),
            )
            db.session.add(person)
        db.session.commit()


def _signs_in(
    portal: Portal, number: int, ready: threading.Barrier, statuses: Counter[int]
) -> None:
    browser = Browser(portal.port)
    form = {
        "csrf_token": browser.token("/prijava"),
        "email": f"ana.{number}@primer.si",
        "password": PASSWORD,
    }
    ready.wait()
    address = {"X-Forwarded-For": f"10.0.0.{number}"}
    status, _, _ = browser.sends("POST", "/prijava", form, address)
    statuses[status] += 1
