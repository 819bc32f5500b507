"""The gateway: serves the WSGI application on granian's ASGI interface.

Its event loop waits for everything that clients can make slow, so that the few threads of the
application only ever compute:

- request bodies are read here, must arrive at a minimum rate, and lie on the disk if large;
- requests that hash passwords wait here for one of the threads that hash;
- requests that may write have threads of their own: an import can hold them up, but no page;
- answers are sent from here, block by block as the client takes them.

`web.exchange` describes how the application takes part.
"""

import asyncio
import contextlib
import errno
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, NamedTuple, Never, TypeVar
from urllib.parse import unquote_to_bytes

from werkzeug.wsgi import FileWrapper

from .extensions import READING
from .web.exchange import (
    EXCHANGE,
    BodyNeeded,
    Continued,
    Exchange,
    Hashing,
    HashingNeeded,
    Suspended,
)

T = TypeVar("T")
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PAGE_THREADS = 4
WRITE_THREADS = 4  # for requests that may have to wait for what else writes to the database
HASHING_THREADS = 2  # one hashes (accounts.passwords), the other renders or commits
HASHING_QUEUE = 64  # requests that may wait for them
DISK_THREADS = 2

LEAST_RATE = 500  # bytes a second of a request's body, on average since it began
GRACE_S = 20.0  # how long a body may be slower than that
LINGER_S = 30.0  # how long a body that nobody wants is still read, so that the answer arrives
STALLED_S = 300.0  # how long a client may take for one block of an answer

BLOCK = 64 * 1024  # bytes of a body or an answer that are handled at once
LEAST_FREE = 256 * 1024 * 1024  # bytes of the disk that request bodies never take


def deadline_s(received: int) -> float:
    """Return how many seconds after its beginning a body with so many bytes is too slow.

    It follows that no body of n bytes takes longer than n / LEAST_RATE + 30 s.

    >>> deadline_s(0), deadline_s(300_000)
    (20.0, 600.0)
    """
    return max(GRACE_S, received / LEAST_RATE)


class Refused(Exception):
    """The body is not read to its end; the application words the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class Gone(Exception):
    """The client has closed the connection."""


class Answer:
    """An answer of the application, which produces its body block by block.

    Every block is produced in the same context, whichever thread does it: Flask's own context
    may stay open in it (``stream_with_context``).
    """

    def __init__(self, context: Context) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._context = context
        self._blocks: Iterable[bytes] = ()

    def begin(self, application: Application, environ: Environ) -> None:
        """Run ``application``. Raises Suspended."""
        self._blocks = self._context.run(application, environ, self._start)
        self._iterator = self._context.run(iter, self._blocks)

    def more(self) -> tuple[bytes, bool]:
        """Return about BLOCK bytes of the body, and whether it ends with them.

        At the end, and after an error, the application frees what it holds for the answer.
        """
        try:
            block, ends = self._context.run(_gathered, self._iterator)
        except BaseException:
            self.close()
            raise
        if ends:
            self.close()
        return block, ends

    def close(self) -> None:
        """Let the application free what it holds for the answer."""
        blocks, self._blocks = self._blocks, ()
        if close := getattr(blocks, "close", None):
            self._context.run(close)

    def _start(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        self.status = int(status[:3])
        self.headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]


def _gathered(iterator: Iterator[bytes]) -> tuple[bytes, bool]:
    found, size = [], 0
    for block in iterator:
        found.append(block)
        size += len(block)
        if size >= BLOCK:
            return b"".join(found), False
    return b"".join(found), True


class Begun(NamedTuple):
    """An answer with the first block of its body."""

    answer: Answer
    block: bytes
    ends: bool


def _begin(application: Application, environ: Environ) -> Begun | Suspended:
    answer = Answer(Context())
    try:
        answer.begin(application, environ)
    except Suspended as suspended:
        return suspended
    return Begun(answer, *answer.more())


class Unread(io.RawIOBase):
    """A body that has not been read yet: reading it suspends the request."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> Never:
        raise BodyNeeded


class Gateway:
    """An ASGI application that runs the WSGI ``application``.

    ``folder`` holds large bodies while they are needed. ``body_limit`` (bytes) is the limit of
    bodies unless the application raises it; up to it they are read before the application runs.
    """

    def __init__(self, application: Application, *, folder: Path, body_limit: int) -> None:
        self._application = application
        self._folder = folder
        self._body_limit = body_limit
        self._pages = ThreadPoolExecutor(PAGE_THREADS, "page")
        self._writes = ThreadPoolExecutor(WRITE_THREADS, "write")
        self._hashing = ThreadPoolExecutor(HASHING_THREADS, "hashing")
        self._disk = ThreadPoolExecutor(DISK_THREADS, "disk")
        self._in_hashing = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = Spool(self._folder, self._disk)
        incoming = Incoming(scope, receive, body, Exchange(self._body_limit))
        try:
            begun = await self._begun(incoming)
        except Gone:
            return
        finally:
            body.close()
        if (wait := incoming.exchange.answer_at - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        await self._send(begun, incoming, send)

    async def _begun(self, incoming: "Incoming") -> Begun:
        """Run the application as often as it takes. Raises Gone."""
        exchange = incoming.exchange
        result: Begun | Suspended | None = None
        if 0 < incoming.length <= self._body_limit:
            result = BodyNeeded()
        while not isinstance(result, Begun):
            if isinstance(result, BodyNeeded):
                try:
                    await incoming.read()
                except Refused as refused:
                    exchange.refusal = refused.status
                except OSError as error:
                    exchange.trouble = error
            if isinstance(result, HashingNeeded):
                is_full = self._in_hashing >= HASHING_QUEUE
                exchange.hashing = Hashing.FULL if is_full else Hashing.HERE
            if isinstance(result, Continued):
                incoming.continue_as(result.environ, result.body)
                exchange.hashing = Hashing.ELSEWHERE
            result = await self._run(incoming)
        return result

    async def _run(self, incoming: "Incoming") -> Begun | Suspended:
        hashes = incoming.exchange.hashing is Hashing.HERE
        pool = self._pages if incoming.method in READING else self._writes
        if hashes:
            pool = self._hashing
        self._in_hashing += hashes
        try:
            return await _in(pool, _begin, self._application, incoming.environ())
        finally:
            self._in_hashing -= hashes

    async def _send(self, begun: Begun, incoming: "Incoming", send: Send) -> None:
        answer, block, ends = begun
        headers = answer.headers
        if not incoming.is_read:
            headers = [*headers, (b"connection", b"close")]
        try:
            start = {"type": "http.response.start", "status": answer.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": block, "more_body": not ends})
            if not ends:
                await self._send_rest(answer, incoming, send)
        finally:
            if not ends:  # an answer of one block is closed already
                await _in(self._pages, answer.close)
        if not incoming.is_read:
            await incoming.drain()

    async def _send_rest(self, answer: Answer, incoming: "Incoming", send: Send) -> None:
        """Send each block once the client has taken the one before, until it is gone.

        An answer that is not sent to its end breaks the connection off.
        """
        gone = asyncio.create_task(incoming.until_gone())
        ends = False
        try:
            while not ends and not gone.done():
                block, ends = await _in(self._pages, answer.more)
                message = {"type": "http.response.body", "body": block, "more_body": not ends}
                try:
                    async with asyncio.timeout(STALLED_S):
                        await send(message)
                except TimeoutError:
                    return
        finally:
            gone.cancel()


class Incoming:
    """A request: its head, and its body once that is read."""

    def __init__(self, scope: Message, receive: Receive, body: "Spool", exchange: Exchange) -> None:
        self.exchange = exchange
        self._receive = receive
        self._body = body
        self._environ = {**environ_of(scope), EXCHANGE: exchange}
        self.method: str = scope["method"]
        self.length = int(self._environ.get("CONTENT_LENGTH", 0))
        self.is_read = not self.length and "HTTP_TRANSFER_ENCODING" not in self._environ
        self._has_ended = False

    def environ(self) -> Environ:
        """Return an environ for one run of the application."""
        content = self._body.content() if self.is_read else Unread()
        return {**self._environ, "wsgi.input": content}

    def continue_as(self, environ: Environ, body: bytes) -> None:
        """Become another request, with changes to the environ and another body."""
        self._environ |= environ
        self._body.replace(body)

    async def read(self) -> None:
        """Read the body. Raises Gone, Refused if it is too slow or too large, and OSError."""
        begun, received = asyncio.get_running_loop().time(), 0
        try:
            async with asyncio.timeout_at(begun + deadline_s(0)) as clock:
                while not self._has_ended:
                    chunk = await self._chunk()
                    received += len(chunk)
                    if received > self.exchange.body_limit:
                        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                    await self._body.add(chunk)
                    clock.reschedule(begun + deadline_s(received))
            await self._body.end()
        except TimeoutError:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
        self._environ.pop("HTTP_TRANSFER_ENCODING", None)
        self._environ["CONTENT_LENGTH"] = str(received)
        self.is_read = True

    async def drain(self) -> None:
        """Read on: closing on a client that still sends could lose the answer on its way."""
        with contextlib.suppress(TimeoutError, Gone):
            async with asyncio.timeout(LINGER_S):
                while not self._has_ended:
                    await self._chunk()

    async def until_gone(self) -> None:
        """Wait until the client closes the connection."""
        with contextlib.suppress(Gone):
            while True:
                await self._chunk()

    async def _chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        self._has_ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))


class Spool:
    """A body: what arrived last in memory, what came before on the disk."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        self._folder, self._pool = folder, pool
        self._last = bytearray()
        self._file: IO[bytes] | None = None

    async def add(self, chunk: bytes) -> None:
        """Append ``chunk``. Raises OSError where the disk cannot take it."""
        self._last += chunk
        if len(self._last) >= BLOCK:
            await _in(self._pool, self._write)

    async def end(self) -> None:
        """Bring the body together. Raises OSError where the disk cannot take it."""
        if self._file:
            await _in(self._pool, self._write)

    def content(self) -> IO[bytes]:
        """Return the whole body, from its beginning."""
        if self._file is None:
            return io.BytesIO(self._last)
        self._file.seek(0)
        return self._file

    def replace(self, content: bytes) -> None:
        """Hold another body instead."""
        self.close()
        self._file, self._last = None, bytearray(content)

    def close(self) -> None:
        """Forget the body."""
        if self._file:
            self._file.close()

    def _write(self) -> None:
        if shutil.disk_usage(self._folder).free < LEAST_FREE:
            raise OSError(errno.ENOSPC, "less than 256 MiB are free for the body of a request")
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 closed with the body
        self._file.write(self._last)
        self._file.flush()
        self._last.clear()


async def _in(pool: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any) -> T:
    """Let a thread of ``pool`` do ``work``."""
    return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)


def environ_of(scope: Message) -> Environ:
    """Return the WSGI environ of an ASGI scope, without the body (PEP 3333)."""
    (server, port), (client, client_port) = scope["server"], scope["client"]
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "REMOTE_ADDR": client,
        "REMOTE_PORT": client_port,
        **_WSGI,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name:  # it could pass for one of a proxy: X_Forwarded_For
            continue
        key = _UNPREFIXED.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
        if key in environ:
            value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
        environ[key] = value
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ.pop("CONTENT_LENGTH", None)
    return environ


_UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_WSGI = {
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
    "wsgi.file_wrapper": lambda file, _size=0: FileWrapper(file, BLOCK),
}
