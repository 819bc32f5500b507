"""The portal as it is served: a process of its own, its mail worker beside it, a real port."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from flask import Flask

from mojupravljalec import config, create_app
from mojupravljalec.extensions import db

from ..mail.server import Keeper, free_port, running

T = TypeVar("T")

STARTS_WITHIN = 60  # seconds, on a machine that is busy; usually two
ENDS_WITHIN = 10
LETTER_WITHIN = 15  # the worker looks every two seconds


class Portal:
    """A portal in ``folder``: its commands, its server, its letters, its data."""

    def __init__(self, folder: Path, database_uri: str = "", **settings: object) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "SITE_URL": self.url,
            "SECRET_KEY": "a key for the portal in a browser's tests",
            "SQLALCHEMY_DATABASE_URI": database_uri or f"sqlite:///{folder}/portal.db",
            **settings,
        }
        self._keeper: Keeper | None = None
        self._read: set[str] = set()

    def run(self, *arguments: object) -> str:
        """Run a command of the portal's terminal; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "mojupravljalec", *map(str, arguments)],
            cwd=config.ROOT,
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextmanager
    def with_mail_server(self) -> Iterator[None]:
        """Let the letters go to a real SMTP server in this process."""
        self._keeper = Keeper()
        with running(self._keeper) as settings:
            self.settings |= settings
            yield

    @contextmanager
    def served(self, end_by: signal.Signals = signal.SIGTERM, *options: str) -> Iterator[None]:
        """Serve; at the end the portal must go when told, and its log must hold no error."""
        with self.started(*options) as process:
            yield
            process.send_signal(end_by)
            status = process.wait(ENDS_WITHIN)
        log_text = self.log()
        assert status == 0, f"ended with {status}:\n{log_text}"
        assert "worker: ended" in log_text
        assert not re.search("Traceback|ERROR|CRITICAL", log_text), log_text

    @contextmanager
    def started(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Serve, and judge neither the log nor the end; what is left at the end is killed."""
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "mojupravljalec",
                    "serve",
                    "--bind",
                    f"127.0.0.1:{self.port}",
                    *options,
                ],
                cwd=config.ROOT,
                env=self.environ(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                self._wait_until_it_works(process)
                yield process
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def log(self) -> str:
        """What the server and its worker have written."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def letter_to(self, address: str) -> EmailMessage:
        """The next unread letter to ``address``, waited for."""
        return self.wait_for(lambda: self._unread(address), f"no letter to {address}")

    def wait_for(self, look: Callable[[], T | None], otherwise: str) -> T:
        """What ``look`` finds, once it finds something."""
        until = time.monotonic() + LETTER_WITHIN
        while (found := look()) is None:
            assert time.monotonic() < until, f"{otherwise}; the portal's log:\n{self.log()}"
            time.sleep(0.05)
        return found

    @contextmanager
    def data(self) -> Iterator[Flask]:
        """The portal's own data, for what a test needs to be there before it begins."""
        app = create_app(self.folder, **self.settings)
        with app.test_request_context(base_url=self.url):
            try:
                yield app
            finally:
                db.session.remove()
                db.engine.dispose()

    def environ(self) -> dict[str, str]:
        """The environment of its commands."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(config.PREFIX)}
        ours = {config.PREFIX + name: str(value) for name, value in self.settings.items()}
        return {**kept, **ours, f"{config.PREFIX}INSTANCE": str(self.folder)}

    @property
    def _log(self) -> Path:
        return self.folder / "serve.log"

    def _wait_until_it_works(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while not (self._answers() and "worker: started" in self.log()):
            alive = process.poll() is None and time.monotonic() < until
            assert alive, f"the portal did not start:\n{self.log()}"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/prijava", timeout=5) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error}:\n{self.log()}") from error
        except OSError:
            return False

    def _unread(self, address: str) -> EmailMessage | None:
        for letter in self._letters():
            if letter["To"] == address and letter["Message-ID"] not in self._read:
                self._read.add(letter["Message-ID"])
                return letter
        return None

    def _letters(self) -> list[EmailMessage]:
        """Oldest first: from the mail server, or from the folder that stands in for one."""
        if self._keeper:
            with self._keeper.lock:
                return list(self._keeper.taken)
        files = sorted((self.folder / "mail").glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def link_in(letter: EmailMessage) -> str:
    """The address behind the letter's button; the text part names the same one."""
    html = letter.get_body(("html",)).get_content()
    links = set(re.findall(r'<a href="([^"]+)"', html))
    assert len(links) == 1, links
    link = links.pop()
    assert link in letter.get_body(("plain",)).get_content().split()
    return link


def code_in(letter: EmailMessage) -> str:
    """The six digits that can be typed instead of opening the link, alike in both parts."""
    found = {
        kind: set(re.findall(r"(?<![\w#/-])\d{6}(?![\w-])", letter.get_body((kind,)).get_content()))
        for kind in ("plain", "html")
    }
    assert found["plain"] == found["html"], found
    (code,) = found["plain"]
    return code
