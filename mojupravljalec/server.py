"""`mojupravljalec serve`: granian with the portal, and the mail worker beside it."""

import errno
import gc
import multiprocessing
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app

from . import logs, startup
from .command import in_portal
from .demo.cli import grow_if_empty, say_how_to_sign_in
from .gateway import Gateway
from .jobs.heartbeat import Watch
from .migrations.cli import bring_up_to_date
from .processes import Child, end_with_parent, supervise

LAST_LETTER_S = 20.0  # for the letter in hand
LAST_REQUESTS_S = 10  # for the requests in hand
CONNECTIONS = 2000  # open at once in each server process; slow and idle ones count
OTHER_FILES = 100  # that a server process has open, besides a connection and a body for each
HEAD_READ_S = 30  # for the head of a request, and between two requests of a connection


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
    host, port = bind
    with claimed(host, port):
        _serve(host, port, demo=demo)


def _serve(host: str, port: int, *, demo: bool) -> None:
    refuse_if_taken(host, port)
    if demo:
        _prepare_demo(host, port)
    startup.check()
    workers = current_app.config["WORKERS"]
    children = [
        Child(
            "the web server",
            lambda: _serve_web(host, port, workers, demo=demo),
            ends_by=signal.SIGKILL,  # whoever starts the portal anew finds the port free
            patience_s=LAST_REQUESTS_S + 2,
        )
    ]
    if current_app.config["EMBEDDED_WORKER"]:
        # A process of its own: a slow mail server never holds up a page.
        worker = Child("the worker", _work, ends_by=signal.SIGTERM, patience_s=LAST_LETTER_S)
        children.append(worker)
    supervise(children)


@contextmanager
def claimed(host: str, port: int) -> Iterator[None]:
    """Keep a second `serve` from the address, as long as this process or a fork of it lives.

    Two that start at the same moment would both find the port free. Raises ClickException.
    """
    with socket.socket(socket.AF_UNIX) as claim:
        if sys.platform == "linux":  # where such a name needs no file and ends with its processes
            try:
                claim.bind(f"\0mojupravljalec serve {host}:{port}")
            except OSError:
                raise click.ClickException(f"port {port} is taken") from None
        yield


def refuse_if_taken(host: str, port: int) -> None:
    """Raise ClickException where the address cannot be had.

    granian would not notice: its sockets share a port (SO_REUSEPORT), also with another portal.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(f"port {port} is taken") from None
        raise click.ClickException(f"{host}:{port} cannot be used: {error.strerror}") from None


def _serve_web(host: str, port: int, workers: int, *, demo: bool) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    factory = "demo_portal" if demo else "portal"
    Server(
        f"mojupravljalec.server:{factory}",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,  # the time limit for heads is known to it alone
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_READ_S * 1000),
        websockets=False,
        workers=workers,
        backpressure=_connections(),
        log_level=LogLevels.warning,
        log_dictconfig=logs.settings("serve"),
        respawn_failed_workers=True,
        workers_kill_timeout=LAST_REQUESTS_S,
    ).serve()


def _connections() -> int:
    """Return how many connections a process may have, and let it have the files for them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 2 * CONNECTIONS + OTHER_FILES
    if most != resource.RLIM_INFINITY:
        files = min(files, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return (files - OTHER_FILES) // 2


def _work() -> None:
    os.execv(sys.executable, [sys.executable, "-m", "mojupravljalec", "worker"])  # noqa: S606 our own command


def _prepare_demo(host: str, port: int) -> None:
    bring_up_to_date()
    startup.check()
    grow_if_empty()
    click.echo(f"Portal: http://{host}:{port}")
    say_how_to_sign_in()
    click.echo("Ctrl-C ends it.")


def demo_portal() -> Gateway:
    """The application of `serve --demo`, which has the demo mailbox."""
    return portal(demo=True)


def portal(*, demo: bool = False) -> Gateway:
    """The application of one server process, with the collector tuned after start-up.

    What start-up made stays for good: keeping it out of every collection took the slowest
    pages from 59 to 20 ms.
    """
    from . import create_app

    # Until granian sets its own, a handler of the process that forked this one would swallow it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent and parent.pid:
        end_with_parent(parent.pid, signal.SIGKILL)
    logs.set_up("web", anew=True)  # granian has set up what this process inherits
    app = create_app(demo=demo)
    app.after_request(Watch())
    gateway = Gateway(
        app, folder=Path(app.instance_path), body_limit=app.config["MAX_FORM_MEMORY_SIZE"]
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return gateway
