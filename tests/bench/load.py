"""A browser that signs in, and lines that ask for pages as fast as they are answered."""

import http.client
import re
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from urllib.parse import urlencode
from uuid import uuid4

HOST = "127.0.0.1"
HEAD_ENDS = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
NO_BODY = (b"204", b"304")
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "sl,en;q=0.5",
}

Make = Callable[[], bytes]  # the next request, as it goes over the line


class Unexpected(Exception):
    """An answer with another status than the one that is measured."""


class Browser:
    """Somebody's cookies, and forms that are sent as they were read."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def signs_in(self, email: str, password: str) -> None:
        """Through the real form, once."""
        form = {"csrf_token": self.token("/prijava"), "email": email, "password": password}
        status, _, _ = self.sends("POST", "/prijava", form)
        if status != 303:
            raise Unexpected(f"signing in gave {status}")

    def token(self, path: str) -> str:
        """The CSRF token of the form at ``path``."""
        _, _, body = self.sends("GET", path)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', body)
        if not found:
            raise Unexpected(f"no form at {path}")
        return found[1]

    def etag(self, path: str) -> str:
        """The tag that the page gives, or ""."""
        _, headers, _ = self.sends("GET", path)
        return headers.get("ETag", "")

    def sends(
        self,
        method: str,
        path: str,
        form: dict[str, str] | None = None,
        more: dict[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Status, headers and body of one request on a line of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        headers = {**dict(self._headers()), **(more or {})}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers, body

    def asks(self, path: str, **more: str) -> Make:
        """The same GET again and again."""
        wire = self._wire("GET", path, more)
        return lambda: wire

    def sends_readings(self, path: str, values: list[int]) -> Make:
        """The form of the supply point at ``path``: a new submission each time."""
        token = self.token(path)
        day = time.strftime("%-d.%-m.%Y")
        turns = cycle(values)

        def make() -> bytes:
            form = {
                "csrf_token": token,
                "value": str(next(turns)),
                "taken_on": day,
                "submission": str(uuid4()),
                "confirmed_l": "",
                "kept_photo": "",
            }
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._wire("POST", path, kind, urlencode(form).encode())

        return make

    def _headers(self) -> Iterator[tuple[str, str]]:
        yield from BROWSER.items()
        if self.cookies:
            yield "Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _wire(self, method: str, path: str, more: dict[str, str], body: bytes = b"") -> bytes:
        headers = {"Host": f"{HOST}:{self.port}", **dict(self._headers()), **more}
        if body:
            headers["Content-Length"] = str(len(body))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {one}" for name, one in headers.items())]
        return "\r\n".join(lines).encode() + HEAD_ENDS + body


class Line:
    """One connection that is kept; an answer is read to its end."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def take(self) -> bytes | None:
        """The status of the answer, once all of it is there."""
        got = self.socket.recv(1 << 17)
        if not got:
            raise Unexpected("the server closed the line")
        self._read += got
        end = self._read.find(HEAD_ENDS)
        if end < 0:
            return None
        status = self._read[9:12]
        length = LENGTH.search(self._read, 0, end)
        body = int(length[1]) if length and status not in NO_BODY else 0
        if len(self._read) < end + len(HEAD_ENDS) + body:
            return None
        self._read = b""
        return status

    def answer(self) -> bytes:
        """Wait for the whole answer."""
        while (status := self.take()) is None:
            pass
        return status


@contextmanager
def _lines(port: int, many: int) -> Iterator[list[Line]]:
    with ExitStack() as opened:
        lines = [Line(port) for _ in range(many)]
        for line in lines:
            opened.callback(line.socket.close)
        yield lines


def rate(port: int, make: Make, expected: int, *, lines: int, seconds: float) -> float:
    """Answers in a second, on so many lines, each asking again once it is answered."""
    wanted, done = str(expected).encode(), 0
    with _lines(port, lines) as opened, selectors.DefaultSelector() as selector:
        for line in opened:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(make())
        begun = time.perf_counter()
        while (now := time.perf_counter()) - begun < seconds:
            for key, _ in selector.select(1):
                status = key.data.take()
                if status is None:
                    continue
                _check(status, wanted)
                done += 1
                key.data.send(make())
    return done / (now - begun)


def latencies(
    port: int, make: Make, expected: int, *, goes_on: Callable[[int], bool]
) -> list[float]:
    """Milliseconds of each answer on one line, sorted; it ``goes_on`` after so many, or ends."""
    wanted = str(expected).encode()
    taken: list[float] = []
    with _lines(port, 1) as (line,):
        while goes_on(len(taken)):
            begun = time.perf_counter()
            line.send(make())
            status = line.answer()
            taken.append((time.perf_counter() - begun) * 1000)
            _check(status, wanted)
    return sorted(taken)


def lasting(seconds: float, least: int = 0) -> Callable[[int], bool]:
    """Go on for so many seconds, and until so many are done."""
    until = time.perf_counter() + seconds
    return lambda done: done < least or time.perf_counter() < until


def _check(status: bytes, wanted: bytes) -> None:
    if status != wanted:
        raise Unexpected(f"{status.decode()} instead of {wanted.decode()}")
