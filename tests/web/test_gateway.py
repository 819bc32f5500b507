"""The gateway, driven as granian drives it, with small applications behind it."""

import asyncio
import errno
import io
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec import gateway
from mojupravljalec.gateway import BLOCK, Gateway, deadline_s
from mojupravljalec.web.exchange import EXCHANGE, BodyNeeded, Continued, Hashing, HashingNeeded

from .running import run_apart

LIMIT = 256 * 1024
PLAIN = [("Content-Type", "text/plain")]


class Client:
    """Sends chunks of a body as they are asked for, and notes what is answered."""

    def __init__(self, *chunks: bytes, stays: bool = True, **headers: str) -> None:
        self.chunks = deque(chunks)
        self.stays = stays
        self.headers = headers
        self.answers: list[dict[str, Any]] = []
        self.takes = asyncio.Event()  # is it reading?
        self.takes.set()
        self.leaves = asyncio.Event()

    def scope(self, method: str = "POST", path: bytes = b"/") -> dict[str, Any]:
        named = {name.replace("_", "-"): value for name, value in self.headers.items()}
        return {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "raw_path": path,
            "query_string": b"",
            "server": ("127.0.0.1", "8000"),
            "client": ("127.0.0.1", "40000"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
        }

    async def receive(self) -> dict[str, Any]:
        if self.chunks:
            body = self.chunks.popleft()
            return {"type": "http.request", "body": body, "more_body": bool(self.chunks)}
        if self.stays:
            await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        self.answers.append(message)

    @property
    def status(self) -> int:
        return int(self.answers[0]["status"])

    @property
    def answer_headers(self) -> dict[bytes, bytes]:
        return dict(self.answers[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.answers[1:])


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., None]:
    """Let a client be answered by a WSGI application behind a gateway."""

    def run(application: Any, client: Client, **scope: Any) -> None:
        served = Gateway(application, folder=tmp_path, body_limit=LIMIT)
        run_apart(served(client.scope(**scope), client.receive, client.send))

    return run


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", PLAIN)
    return [b"%s:" % environ["CONTENT_LENGTH"].encode(), body]


def accepts(most: int) -> Any:
    """An application that takes bodies up to ``most``."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ[EXCHANGE].body_limit = most
        if refusal := environ[EXCHANGE].refusal:
            start_response(f"{refusal:d} Refused", PLAIN)
            return [b"refused"]
        return echo(environ, start_response)

    return application


# ---------------------------------------------------------------- the least rate


@pytest.mark.parametrize(
    ("received", "seconds"),
    [(0, 20), (1, 20), (10_000, 20), (10_001, 20.002), (15_000, 30), (300_000, 600)],
)
def test_a_body_has_as_long_as_its_bytes_take_at_the_least_rate(received, seconds):
    assert deadline_s(received) == seconds


@given(rate=st.floats(500, 1e6), second=st.floats(0, 1e5))
def test_a_body_that_keeps_the_rate_is_never_too_slow(rate, second):
    assert second <= deadline_s(int(rate * second) + 1)


def test_a_photo_at_a_thousand_bytes_a_second_gets_through():
    assert all(second < deadline_s(1000 * second) for second in range(301))


def test_a_byte_every_five_seconds_is_too_slow_after_twenty():
    assert [second > deadline_s(second // 5) for second in (15, 20, 25)] == [False, False, True]


@given(length=st.integers(0, 10**9), received=st.integers(0, 10**9))
def test_no_body_takes_longer_than_its_length_allows(length, received):
    assert deadline_s(min(received, length)) <= length / 500 + 30


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, LIMIT])
def test_a_small_body_is_read_before_the_application_runs(serve, size):
    client = Client(b"a" * (size - 1), b"z", content_length=str(size))
    serve(echo, client)
    assert client.body == b"%d:" % size + b"a" * (size - 1) + b"z"
    assert b"connection" not in client.answer_headers


def test_a_large_body_is_read_once_it_is_wanted(serve, tmp_path):
    chunks = [bytes([number]) * 100_000 for number in range(30)]
    client = Client(*chunks, content_length="3000000")
    serve(accepts(4_000_000), client)
    assert client.body == b"3000000:" + b"".join(chunks)
    assert not list(tmp_path.iterdir())


def test_a_chunked_body_arrives_with_its_length(serve):
    client = Client(b"ab", b"c", transfer_encoding="chunked")
    serve(echo, client)
    assert client.body == b"3:abc"


def test_a_chunked_body_over_the_limit_is_refused_as_it_arrives(serve):
    client = Client(*[b"a" * 100_000] * 50, transfer_encoding="chunked")
    serve(accepts(1_000_000), client)
    assert (client.status, client.body) == (413, b"refused")
    assert client.answer_headers[b"connection"] == b"close"


def test_an_answer_that_does_not_want_the_body_comes_first(serve):
    client = Client(*[b"a" * 100_000] * 50, content_length="5000000")
    left: list[int] = []

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        left.append(len(client.chunks))
        start_response("303 See Other", [("Location", "/prijava")])
        return [b""]

    serve(application, client)
    assert (client.status, left) == (303, [50])
    assert client.answer_headers[b"connection"] == b"close"
    assert not client.chunks, "what is on its way is read, or the answer would be lost"


@pytest.mark.parametrize("headers", [{"content_length": "9"}, {"transfer_encoding": "chunked"}])
def test_a_body_that_breaks_off_is_no_request(serve, headers):
    class Leaving(Client):
        async def receive(self) -> dict[str, Any]:
            if self.chunks:
                return {"type": "http.request", "body": self.chunks.popleft(), "more_body": True}
            return {"type": "http.disconnect"}

    ran: list[int] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        ran.append(1)
        return echo(environ, start_response)

    client = Leaving(b"ab", **headers)
    serve(application, client)
    assert (ran, client.answers) == ([], [])


def test_a_body_that_stops_is_answered_by_408(serve, monkeypatch):
    monkeypatch.setattr(gateway, "GRACE_S", 0.1)

    class Stopping(Client):
        async def receive(self) -> dict[str, Any]:
            if not self.chunks:
                await self.leaves.wait()
            return {"type": "http.request", "body": self.chunks.popleft(), "more_body": True}

    monkeypatch.setattr(gateway, "LINGER_S", 0.1)
    client = Stopping(b"ab", content_length="9")
    serve(accepts(LIMIT), client)
    assert (client.status, client.body) == (408, b"refused")
    assert client.answer_headers[b"connection"] == b"close"


def test_the_application_learns_why_the_disk_cannot_take_a_body(serve, monkeypatch):
    monkeypatch.setattr(gateway, "LEAST_FREE", 1 << 62)
    found: list[Any] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        exchange = environ[EXCHANGE]
        exchange.body_limit = 1_000_000
        found.append(exchange.trouble and exchange.trouble.errno)
        return [b""] if exchange.trouble else echo(environ, start_response)

    def answers(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        blocks = application(environ, start_response)
        start_response("503 Service Unavailable", PLAIN)
        return blocks

    serve(answers, Client(*[b"a" * 100_000] * 3, content_length="300000"))
    assert found == [None, errno.ENOSPC]


# ---------------------------------------------------------------- the environ


def test_the_environ_is_that_of_the_request(serve):
    found: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        found.update(environ)
        return echo({**environ, "CONTENT_LENGTH": ""}, start_response)

    client = Client(cookie="a=1", x_one="č".encode().decode("latin-1"))
    scope = client.scope("GET", b"/%C4%8Da%2Fb%FF")
    scope["headers"] += [
        (b"cookie", b"b=2"),
        (b"x-two", b"1"),
        (b"x-two", b"2"),
        (b"x_forwarded_for", b"10.0.0.1"),
    ]
    client.scope = lambda: scope  # type: ignore[method-assign]
    serve(application, client)
    assert found["REQUEST_METHOD"] == "GET"
    assert found["PATH_INFO"].encode("latin-1") == "/ča/b".encode() + b"\xff"
    assert found["HTTP_COOKIE"] == "a=1; b=2"
    assert found["HTTP_X_TWO"] == "1,2"
    assert found["HTTP_X_ONE"].encode("latin-1").decode() == "č"
    assert found["REMOTE_ADDR"] == "127.0.0.1"
    assert "HTTP_X_FORWARDED_FOR" not in found


# ---------------------------------------------------------------- answers


class Blocks:
    """An answer in blocks that notes how many were made, and that it was closed."""

    def __init__(self, many: int, fails_at: int = -1) -> None:
        self.many, self.fails_at = many, fails_at
        self.made = self.closed = 0
        self.threads: set[str] = set()

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.many):
            if number == self.fails_at:
                raise RuntimeError("broken off")
            self.made += 1
            self.threads.add(threading.current_thread().name)
            yield bytes([number % 256]) * BLOCK

    def close(self) -> None:
        self.closed += 1

    def __call__(self, _environ: Any, start_response: Any) -> "Blocks":
        start_response("200 OK", PLAIN)
        return self


@pytest.mark.parametrize("many", [0, 1, 2, 40])
def test_an_answer_in_blocks_arrives_whole_and_is_closed_once(serve, many):
    blocks, client = Blocks(many), Client()
    serve(blocks, client, method="GET")
    assert len(client.body) == many * BLOCK
    assert blocks.closed == 1
    assert client.answers[-1]["more_body"] is False


def test_blocks_are_made_as_the_client_takes_them(tmp_path):
    async def play() -> None:
        blocks, client = Blocks(40), Client()
        served = Gateway(blocks, folder=tmp_path, body_limit=LIMIT)
        client.takes.clear()
        task = asyncio.create_task(served(client.scope("GET"), client.receive, client.send))
        await asyncio.sleep(0.2)
        assert blocks.made <= 2
        client.takes.set()
        await task
        assert (blocks.made, blocks.closed) == (40, 1)

    run_apart(play())


def test_a_client_that_leaves_ends_the_answer(tmp_path):
    async def play() -> None:
        blocks, client = Blocks(100_000), Client()
        served = Gateway(blocks, folder=tmp_path, body_limit=LIMIT)
        task = asyncio.create_task(served(client.scope("GET"), client.receive, client.send))
        await asyncio.sleep(0.05)
        client.leaves.set()
        await task
        assert blocks.made < 100_000
        assert blocks.closed == 1

    run_apart(play())


def test_an_answer_that_breaks_off_is_closed_and_never_ended(serve):
    blocks, client = Blocks(9, fails_at=3), Client()
    with pytest.raises(RuntimeError, match="broken off"):
        serve(blocks, client, method="GET")
    assert blocks.closed == 1
    assert client.answers[-1]["more_body"] is True


def test_an_answer_whose_beginning_cannot_be_sent_is_closed(serve):
    class Lost(Client):
        async def send(self, _message: dict[str, Any]) -> None:
            raise OSError("the line is cut")

    blocks = Blocks(9)
    with pytest.raises(OSError, match="the line is cut"):
        serve(blocks, Lost(), method="GET")
    assert blocks.closed == 1


def test_a_client_that_takes_nothing_ends_the_answer(serve, monkeypatch):
    monkeypatch.setattr(gateway, "STALLED_S", 0.05)

    class Stalled(Client):
        async def send(self, message: dict[str, Any]) -> None:
            await super().send(message)
            if len(self.answers) == 3:
                await self.leaves.wait()

    blocks, client = Blocks(9), Stalled()
    serve(blocks, client, method="GET")
    assert (blocks.made, blocks.closed) == (2, 1)


# ---------------------------------------------------------------- hashing


class Hashes:
    """An application that wants a thread that may hash, and holds it until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.threads: list[str] = []
        self.full = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        hashing = environ[EXCHANGE].hashing
        if environ["REQUEST_METHOD"] == "GET":
            return echo({**environ, "CONTENT_LENGTH": "page"}, start_response)
        if hashing is Hashing.ELSEWHERE:
            raise HashingNeeded
        if hashing is Hashing.FULL:
            self.full += 1
        else:
            self.threads.append(threading.current_thread().name)
            self.released.wait()
        return echo(environ, start_response)


def test_requests_that_hash_wait_in_threads_of_their_own(tmp_path):
    async def play() -> None:
        hashes = Hashes()
        served = Gateway(hashes, folder=tmp_path, body_limit=LIMIT)
        clients = [Client(b"a", content_length="1") for _ in range(gateway.HASHING_QUEUE + 6)]
        tasks = [asyncio.create_task(served(one.scope(), one.receive, one.send)) for one in clients]
        while hashes.full < 6:
            await asyncio.sleep(0.01)
        page = Client()
        await served(page.scope("GET"), page.receive, page.send)
        assert page.body == b"page:"
        hashes.released.set()
        await asyncio.gather(*tasks)
        assert hashes.full == 6
        assert len(hashes.threads) == gateway.HASHING_QUEUE
        assert all(name.startswith("hashing") for name in hashes.threads)
        assert {one.body for one in clients} == {b"1:a"}

    run_apart(play())


def test_requests_that_wait_for_the_database_hold_up_no_page(tmp_path):
    released = threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            released.wait()
        start_response("200 OK", PLAIN)
        return [environ["REQUEST_METHOD"].encode()]

    async def play() -> None:
        served = Gateway(application, folder=tmp_path, body_limit=LIMIT)
        writers = [Client() for _ in range(20)]
        tasks = [asyncio.create_task(served(one.scope(), one.receive, one.send)) for one in writers]
        await asyncio.sleep(0)
        for method in ("GET", "HEAD", "OPTIONS"):
            page = Client()
            await served(page.scope(method), page.receive, page.send)
            assert page.body == method.encode()
        assert not any(one.answers for one in writers)
        released.set()
        await asyncio.gather(*tasks)
        assert {one.body for one in writers} == {b"POST"}

    run_apart(play())


def test_a_request_may_need_a_thread_and_then_the_body(serve):
    runs: list[type[BaseException]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ[EXCHANGE].body_limit = 1_000_000
        try:
            if environ[EXCHANGE].hashing is Hashing.ELSEWHERE:
                raise HashingNeeded
            return echo(environ, start_response)
        except (BodyNeeded, HashingNeeded) as suspended:
            runs.append(type(suspended))
            raise

    client = Client(*[b"a" * 100_000] * 4, content_length="400000")
    serve(application, client)
    assert len(client.body) == 400_007
    assert runs == [HashingNeeded, BodyNeeded]


@pytest.mark.parametrize("size", [1, 200_000])
def test_a_request_that_hashed_may_go_on_as_another_one(serve, size):
    runs: list[tuple[str, str]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        runs.append((environ["PATH_INFO"], threading.current_thread().name.split("_")[0]))
        if environ["PATH_INFO"] == "/":
            environ["wsgi.input"].read()
            if environ[EXCHANGE].hashing is Hashing.ELSEWHERE:
                raise HashingNeeded
            raise Continued({"PATH_INFO": "/export", "CONTENT_LENGTH": "6"}, b"orders")
        if len(runs) == 3:
            environ["wsgi.input"].read()
            raise HashingNeeded
        return echo(environ, start_response)

    client = Client(b"a" * size, content_length=str(size))
    serve(application, client)
    assert client.body == b"6:orders"
    assert runs == [("/", "write"), ("/", "hashing"), ("/export", "write"), ("/export", "hashing")]


def test_an_answer_may_be_held_back(serve):
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ[EXCHANGE].answer_at = gateway.time.monotonic() + 0.1
        return echo({**environ, "CONTENT_LENGTH": "", "wsgi.input": io.BytesIO()}, start_response)

    began, client = gateway.time.monotonic(), Client()
    serve(application, client, method="GET")
    assert gateway.time.monotonic() >= began + 0.1
