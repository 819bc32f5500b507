"""What `serve` starts is restarted when it dies, and dies with it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mojupravljalec import config

from ..browser.served import Portal

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
WEB, WORKER = "serve", "worker"  # how the command lines end


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    made = Portal(tmp_path)
    made.run("upgrade")
    return made


def family(pid: int) -> list[int]:
    """The process and all below it, parents first."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += family(int(child))
    return found


def command(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def worker_of(serve: int) -> int | None:
    return next((pid for pid in family(serve) if "worker" in command(pid)), None)


def web_processes_of(serve: int) -> list[int]:
    return [pid for pid in family(serve)[1:] if "worker" not in command(pid)]


def is_alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def answers(portal: Portal) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", portal.port), timeout=2) as line:
            line.sendall(b"GET /prijava HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return line.recv(15).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def within(seconds: float, holds: Callable[[], object]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_a_killed_serve_leaves_nothing_behind(portal):
    with portal.started() as serve:
        processes = family(serve.pid)
        assert len(processes) == 4, "serve, the web server, its process, the worker"
        serve.kill()
        assert within(2, lambda: not any(map(is_alive, web_processes(processes))))
        assert not answers(portal)
        # The worker finishes the letter in hand.
        assert within(10, lambda: not any(map(is_alive, processes)))


def web_processes(processes: list[int]) -> list[int]:
    return [pid for pid in processes if is_alive(pid) and "worker" not in command(pid)]


def test_a_killed_web_server_takes_its_processes_along(portal):
    with portal.started() as serve:
        main, process = web_processes_of(serve.pid)
        os.kill(main, signal.SIGKILL)
        assert within(2, lambda: not is_alive(process))
        assert within(20, lambda: answers(portal))


def test_a_killed_worker_is_restarted(portal):
    with portal.started() as serve:
        for _ in range(3):
            worker = worker_of(serve.pid)
            assert worker
            os.kill(worker, signal.SIGKILL)
            assert within(20, lambda old=worker: worker_of(serve.pid) not in {None, old})
        assert "the worker ended with status -9, restarting in" in portal.log()
        assert within(20, lambda: portal.log().count("worker: started") >= 2)
        assert answers(portal)


def test_a_web_process_that_dies_ten_times_is_still_served(portal):
    with portal.started() as serve:
        for _ in range(10):
            *_, process = web_processes_of(serve.pid)
            os.kill(process, signal.SIGKILL)
            assert within(30, lambda: not is_alive(process) and answers(portal))  # noqa: B023 at once
        assert serve.poll() is None


@pytest.mark.parametrize("end_by", [signal.SIGTERM, signal.SIGINT])
def test_processes_end_cleanly_with_several_web_processes(portal, end_by):
    portal.settings["WORKERS"] = 2
    with portal.served(end_by):
        assert answers(portal)


def serving_elsewhere(portal: Portal, bind: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mojupravljalec", "serve", "--bind", bind],
        cwd=config.ROOT,
        env=portal._environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_serve_on_the_port_is_refused(portal):
    with portal.served():
        second = serving_elsewhere(portal, f"127.0.0.1:{portal.port}")
    assert (second.returncode, second.stderr) == (1, f"Error: port {portal.port} is taken\n")


@contextlib.contextmanager
def foreign_listener(family: socket.AddressFamily, host: str) -> Iterator[int]:
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("family", "host", "bind"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET, "0.0.0.0", "127.0.0.1"),
        (socket.AF_INET6, "::1", "[::1]"),
        (socket.AF_INET6, "::", "0.0.0.0"),
    ],
)
def test_a_port_that_another_program_has_is_refused(portal, family, host, bind):
    with foreign_listener(family, host) as port:
        refused = serving_elsewhere(portal, f"{bind}:{port}")
    assert (refused.returncode, refused.stderr) == (1, f"Error: port {port} is taken\n")
