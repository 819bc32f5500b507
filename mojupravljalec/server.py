"""`mojupravljalec serve`: granian with the portal, and the mail worker beside it."""

import contextlib
import gc
import signal
import subprocess
import sys
from collections.abc import Iterator

import click
from flask import current_app

from . import startup
from .command import in_portal
from .demo.cli import grow_if_empty, say_how_to_sign_in
from .extensions import db
from .migrations.cli import bring_up_to_date

LAST_LETTER = 20.0  # seconds for the letter in hand


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
@click.option("--demo", is_flag=True, help="Create the database and a demo utility if missing.")
@in_portal
def serve(bind: tuple[str, int], demo: bool) -> None:
    """Serve the portal until Ctrl-C.

    The mail worker runs beside it, unless MOJUPRAVLJALEC_EMBEDDED_WORKER=no: then start
    `mojupravljalec worker` as a service of its own.
    """
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    host, port = bind
    if demo:
        _prepare_demo(host, port)
    startup.check()
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
        workers_kill_timeout=10,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _mail_worker() if current_app.config["EMBEDDED_WORKER"] else contextlib.nullcontext():
        server.serve()


def _prepare_demo(host: str, port: int) -> None:
    bring_up_to_date()
    startup.check()
    grow_if_empty()
    click.echo(f"Portal: http://{host}:{port}")
    say_how_to_sign_in()
    click.echo("Ctrl-C ends it.")
    db.session.remove()
    db.engine.dispose()  # the server processes open connections of their own


@contextlib.contextmanager
def _mail_worker() -> Iterator[None]:
    """The worker as a process of its own: a slow mail server never holds up a page.

    No thread watches it: the server forks, and a fork beside a busy thread may hang.
    """
    command = [sys.executable, "-m", "mojupravljalec", "worker"]
    # A session of its own: Ctrl-C ends the server first, and the server ends the worker.
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 our own command
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(LAST_LETTER)
        except subprocess.TimeoutExpired:
            process.kill()


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
