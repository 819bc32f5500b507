"""What `serve` starts is restarted when it dies, and dies with it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click import ClickException

from mojupravljalec import config
from mojupravljalec.server import refuse_if_taken

from ..browser.served import Portal

GONE = contextlib.suppress(FileNotFoundError, ProcessLookupError)  # a process that just ended


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """One for all: what a killed process leaves in the database does not matter here."""
    made = Portal(tmp_path_factory.mktemp("portal"))
    made.run("upgrade")
    return made


def family(pid: int) -> list[int]:
    """The process and all below it, parents first."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with GONE:
            for child in children.read_text().split():
                found += family(int(child))
    return found


def command(pid: int) -> list[str]:
    with GONE:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []


def worker_of(serve: int) -> int | None:
    return next((pid for pid in family(serve) if "worker" in command(pid)), None)


def web_processes_of(serve: int) -> list[int]:
    return [pid for pid in family(serve)[1:] if "worker" not in command(pid)]


def is_alive(pid: int) -> bool:
    with GONE:
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


def test_several_web_processes_end_cleanly(portal, monkeypatch):
    monkeypatch.setitem(portal.settings, "WORKERS", 2)
    with portal.served(signal.SIGINT):
        assert answers(portal)


def test_a_second_serve_on_the_port_is_refused(portal):
    with portal.served():
        second = subprocess.run(
            [sys.executable, "-m", "mojupravljalec", "serve", "--bind", f"127.0.0.1:{portal.port}"],
            cwd=config.ROOT,
            env=portal.environ(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (second.returncode, second.stderr) == (1, f"Error: port {portal.port} is taken\n")
    assert not second.stdout


def test_of_two_that_start_at_the_same_moment_one_serves(portal):
    serve = [sys.executable, "-m", "mojupravljalec", "serve"]
    bind = ["--bind", f"127.0.0.1:{portal.port}"]
    both = [
        subprocess.Popen(
            serve + bind, cwd=config.ROOT, env=portal.environ(), stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        assert within(60, lambda: any(one.poll() is not None for one in both))
        refused = next(one for one in both if one.poll() is not None)
        assert refused.communicate()[1] == f"Error: port {portal.port} is taken\n"
        assert refused.returncode == 1
        assert within(60, lambda: answers(portal))
        assert [one.poll() for one in both].count(None) == 1
    finally:
        for one in both:
            one.terminate()
            one.communicate(timeout=30)


@pytest.mark.parametrize(
    ("family", "theirs", "ours"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET, "0.0.0.0", "127.0.0.1"),
        (socket.AF_INET6, "::1", "::1"),
        (socket.AF_INET6, "::", "0.0.0.0"),
    ],
)
def test_a_port_that_another_program_has_is_refused(family, theirs, ours):
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((theirs, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ClickException, match=f"^port {port} is taken$"):
            refuse_if_taken(ours, port)


def test_a_free_port_and_one_just_left_are_not_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()  # it waits for the other end: TIME_WAIT
    refuse_if_taken("127.0.0.1", port)
