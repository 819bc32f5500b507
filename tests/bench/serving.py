"""Servers under measure: the portal as `mojupravljalec serve` starts it, and a bare Flask page.

The bare page imports nothing of the portal.
"""

import gc
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 60  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
PREFIX = "MOJUPRAVLJALEC_"
SECRET = "a key for measuring, over 32 characters"


def cores() -> tuple[set[int], set[int]]:
    """Where the server runs and where the load: a core each, or all where there is one."""
    every = sorted(os.sched_getaffinity(0))
    return ({every[0]}, {every[1]}) if len(every) > 1 else (set(every), set(every))


@contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """This process on these cores; what it starts meanwhile stays there."""
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


@dataclass(frozen=True)
class Server:
    """A server that answers on ``port``."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Processor time that it and all processes below it have taken so far."""
        return sum(map(_ticks, _family(self.pid))) / TICKS


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _family(pid: int) -> Iterator[int]:
    yield pid
    for one in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in one.read_text().split():
            yield from _family(int(child))


def environ(folder: Path, database_uri: str, port: int = 8000) -> dict[str, str]:
    """The settings of a portal that keeps its data in ``folder``."""
    settings = {
        "INSTANCE": folder,
        "SQLALCHEMY_DATABASE_URI": database_uri,
        "SITE_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": SECRET,
        "MAIL_SERVER": "mail.invalid",  # a portal in use; nothing is sent without a worker
        "EMBEDDED_WORKER": "no",
        "PROXIES": 1,  # the storm comes from many addresses
        "DEFAULT_LANGUAGE": "sl",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**kept, **{PREFIX + name: str(value) for name, value in settings.items()}}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def portal(folder: Path, database_uri: str) -> Iterator[Server]:
    """The portal on the server's core."""
    port = _free_port()
    command = ["-m", "mojupravljalec", "serve", "--bind", f"127.0.0.1:{port}"]
    with _serving(command, port, "/prijava", env=environ(folder, database_uri, port)) as server:
        yield server


@contextmanager
def without_gateway(folder: Path, database_uri: str) -> Iterator[Server]:
    """The portal on granian's own WSGI interface, on the server's core."""
    port = _free_port()
    command = ["-m", "tests.bench.serving", str(port), "portal_app"]
    with _serving(command, port, "/prijava", env=environ(folder, database_uri, port)) as server:
        yield server


@contextmanager
def bare() -> Iterator[Server]:
    """The bare Flask page on the server's core."""
    port = _free_port()
    with _serving(["-m", "tests.bench.serving", str(port), "bare_app"], port, "/") as server:
        yield server


@contextmanager
def _serving(arguments: list[str], port: int, path: str, **options: Any) -> Iterator[Server]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            preexec_fn=partial(os.sched_setaffinity, 0, cores()[0]),  # noqa: PLW1509 no threads here
            **options,
        )
        try:
            if not _answers(f"http://127.0.0.1:{port}{path}", process):
                log.seek(0)
                raise RuntimeError(f"{arguments} did not start:\n{log.read().decode()}")
            yield Server(port, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False
        except OSError:
            time.sleep(0.05)
    return False


def bare_app() -> object:
    """What the portal is compared with: Flask, one route, one small page."""
    from flask import Flask

    app = Flask("bare")

    @app.get("/")
    def page() -> str:
        return "<!doctype html><title>Bare</title><p>A page of Flask and nothing else."

    _tune_collector()
    return app


def portal_app() -> object:
    """The portal as any WSGI server has it."""
    from wsgi import app

    _tune_collector()
    return app


def _tune_collector() -> None:
    """As `mojupravljalec serve` does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _serve(port: int, factory: str) -> None:
    """As a plain Flask site would be: on granian's own WSGI interface, without a gateway."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server as Granian

    Granian(
        f"tests.bench.serving:{factory}",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2])
