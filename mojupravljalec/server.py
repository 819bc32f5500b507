"""`mojupravljalec serve`: granian with the portal, and the mail worker beside it."""

import contextlib
import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import click
from flask import current_app

from .command import in_portal

RESTART_PAUSE = 5.0  # seconds
LAST_LETTER = 20.0


def _bind(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise click.BadParameter(f"{value!r} is not HOST:PORT, as in 127.0.0.1:8000")
    return host.strip("[]"), int(port)


@click.command()
@click.option(
    "--bind",
    default="127.0.0.1:8000",
    show_default=True,
    metavar="HOST:PORT",
    callback=_bind,
    help="Where to listen. Behind a proxy leave it on 127.0.0.1.",
)
@in_portal
def serve(bind: tuple[str, int]) -> None:
    """Serve the portal until Ctrl-C.

    The mail worker runs beside it, unless MOJUPRAVLJALEC_EMBEDDED_WORKER=no: then start
    `mojupravljalec worker` as a service of its own.
    """
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    host, port = bind
    server = Server(
        "mojupravljalec.server:portal",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=current_app.config["WORKERS"],
        blocking_threads=4,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _mail_worker() if current_app.config["EMBEDDED_WORKER"] else contextlib.nullcontext():
        server.serve()


@contextlib.contextmanager
def _mail_worker() -> Iterator[None]:
    """The worker as a process of its own: a slow mail server never holds up a page."""
    ending = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(ending,))
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join()


def _keep_worker(ending: threading.Event) -> None:
    """Run the worker until ``ending``; one that died is started again a little later."""
    command = [sys.executable, "-m", "mojupravljalec", "worker"]
    while not ending.is_set():
        # A session of its own: Ctrl-C ends the server first, and the server ends the worker.
        process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 our own command
        while process.poll() is None and not ending.wait(0.2):
            pass
        if process.poll() is None:
            _end(process)
        else:
            ending.wait(RESTART_PAUSE)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the letter in hand be finished, but not for ever."""
    process.terminate()
    try:
        process.wait(LAST_LETTER)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def portal() -> object:
    """The application of one server process, with the collector tuned after start-up.

    What start-up made stays for good: keeping it out of every collection took the slowest
    pages from 59 to 20 ms.
    """
    from . import create_app

    app = create_app()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return app
