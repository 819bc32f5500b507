"""`mojupravljalec worker`: sends the letters, and does the long work of the office beside."""

import logging
import signal
import threading
import time

import click
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from ..command import in_portal
from ..extensions import Work, db
from ..throttle.actions import sweep
from . import sending

log = logging.getLogger(__name__)

POLL = 2.0  # seconds between looks into the outbox
LONGEST_WAIT = 60.0  # while the server cannot be reached
HOUR = 3600.0
EVERYTHING = 1_000_000_000


@click.command()
@click.option("--once", is_flag=True, help="Send what is due and end.")
@in_portal
def worker(once: bool) -> None:
    """Send the letters, and do the office's long work, until Ctrl-C or SIGTERM.

    The letter in hand is finished first. An import in hand is given up, and begins anew later.
    """
    logging.basicConfig(format="%(asctime)s worker: %(message)s", level=logging.INFO)
    if once:
        for work in _works():
            while work(_never):
                pass
        send_all()
        return
    stop = _stop_at_signals()
    threads = [
        threading.Thread(target=_over_and_over, args=(*_here(), work, stop)) for work in _works()
    ]
    for thread in threads:
        thread.start()
    Worker().run(stop)
    for thread in threads:
        thread.join()
    log.info("ended")


def _works() -> list[Work]:
    return list(current_app.extensions.get("beside_mail", ()))


def _never() -> bool:
    return False


def _here() -> tuple[Flask]:
    """The application itself: a thread of its own does not see the current one."""
    return (current_app._get_current_object(),)  # type: ignore[attr-defined]  # a proxy's way


def _over_and_over(app: Flask, work: Work, stop: threading.Event) -> None:
    """Do ``work`` until ``stop``; what goes wrong with the database is waited out."""
    while not stop.is_set():
        with app.app_context():
            try:
                did = work(stop.is_set)
            except SQLAlchemyError as error:
                log.debug("the long work waits: %s", _first_line(error))
                did = False
        if not did:
            stop.wait(POLL / 2)


def send_all() -> None:
    """Send everything that is due; a database that cannot be read is one line and status 1."""
    try:
        _say(sending.send_round(limit=EVERYTHING))
        _house_work()
    except SQLAlchemyError as error:
        db.session.rollback()
        raise click.ClickException(f"The outbox cannot be used: {_first_line(error)}") from error


def _stop_at_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


class Worker:
    """Rounds of sending, with waits that grow while there is nothing to be reached."""

    def __init__(self) -> None:
        self.wait = POLL
        self.outbox_works = True
        self.house_work_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set."""
        where = current_app.config["MAIL_SERVER"] or current_app.config["MAILBOX"]
        log.info("started, letters go to %s", where)
        while not stop.is_set():
            try:
                self._round(stop)
            except (SQLAlchemyError, OSError) as error:
                self._no_outbox(error)
            finally:
                db.session.remove()
            stop.wait(self.wait)

    def _round(self, stop: threading.Event) -> None:
        done = sending.send_round(stop=stop.is_set)
        if not self.outbox_works:
            log.info("the outbox can be used again")
            self.outbox_works = True
        _say(done)
        if done.reachable:
            self.wait = 0 if done.sent else POLL
        else:
            self._wait_longer()
        if time.monotonic() >= self.house_work_at:
            _house_work()
            self.house_work_at = time.monotonic() + HOUR

    def _no_outbox(self, error: Exception) -> None:
        """Not migrated yet, locked, or the disk is full: it is said once and waited for."""
        if self.outbox_works:
            log.warning("the outbox cannot be used, waiting: %s", _first_line(error))
        self.outbox_works = False
        self.wait = POLL

    def _wait_longer(self) -> None:
        self.wait = min(max(self.wait, POLL) * 2, LONGEST_WAIT)


def _say(done: sending.Round) -> None:
    if done.sent:
        log.info("sent %s", done.sent)
    if not done.reachable:
        log.warning("the mail server cannot be reached; its letters wait")


def _house_work() -> None:
    for chore in (sweep, sending.tidy, *current_app.extensions.get("every_hour", ())):
        chore()
        db.session.commit()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
