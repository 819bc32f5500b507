"""`mojupravljalec worker`: sends the letters, and does the long work of the office beside."""

import logging
import signal
import threading
import time

import click
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from .. import startup
from ..command import in_portal
from ..extensions import Work, db
from ..logs import described
from ..throttle.actions import sweep
from . import sending

log = logging.getLogger(__name__)

POLL = 2.0  # seconds between looks into the outbox
LONGEST_WAIT = 60.0  # while the server cannot be reached
HOUR = 3600.0
EVERYTHING = 1_000_000_000
# What goes wrong outside the program: the database is away or locked, the disk is full.
_OUTSIDE = (SQLAlchemyError, OSError)


@click.command()
@click.option("--once", is_flag=True, help="Send what is due and end.")
@in_portal
def worker(once: bool) -> None:
    """Send the letters, and do the office's long work, until Ctrl-C or SIGTERM.

    The letter in hand is finished first. An import in hand is given up, and begins anew later.
    """
    startup.check()
    if once:
        send_all()
        return
    stop = _stop_at_signals()
    threads = [_Loop(*_here(), work, stop) for work in _works()]
    for thread in threads:
        thread.start()
    try:
        Worker().run(stop)
    finally:
        stop.set()  # else the process would go on without the part that ended
        for thread in threads:
            thread.join()
    if any(thread.died for thread in threads):
        raise click.ClickException("A part of the worker died. Start it again.")
    log.info("ended")


def _works() -> list[Work]:
    return list(current_app.extensions.get("beside_mail", ()))


def _never() -> bool:
    return False


def _here() -> tuple[Flask]:
    """The application itself: a thread of its own does not see the current one."""
    return (current_app._get_current_object(),)  # type: ignore[attr-defined]  # a proxy's way


class _Loop(threading.Thread):
    """Does ``work`` over and over until ``stop``. If the thread dies, the worker is to end."""

    def __init__(self, app: Flask, work: Work, stop: threading.Event) -> None:
        super().__init__()
        self._app, self._work, self._stop_asked = app, work, stop
        self._pause = POLL / 2
        self._fails = False
        self.died = False

    def run(self) -> None:
        """Survive every exception, with pauses that grow from one failure to the next."""
        try:
            while not self._stop_asked.is_set():
                if not self._did_work():
                    self._stop_asked.wait(self._pause)
        except BaseException:
            self.died = True
            log.critical("a thread of the worker died", exc_info=True)
        finally:
            self._stop_asked.set()

    def _did_work(self) -> bool:
        try:
            with self._app.app_context():
                did = self._work(self._stop_asked.is_set)
        except Exception as error:
            self._note(error)
            return False
        if self._fails:
            log.info("the long work goes on")
        self._fails, self._pause = False, POLL / 2
        return did

    def _note(self, error: Exception) -> None:
        """Log the first of several failures in a row; what is no bug in one line."""
        if not self._fails:
            expected = isinstance(error, _OUTSIDE)
            log.warning("the long work waits: %s", described(error), exc_info=not expected)
        self._fails, self._pause = True, min(self._pause * 2, LONGEST_WAIT)


def send_all() -> None:
    """Do and send everything that is due.

    A database that cannot be read is one line and status 1.
    """
    try:
        for work in _works():
            while work(_never):
                pass
        _say(sending.send_round(limit=EVERYTHING))
        _house_work()
    except SQLAlchemyError as error:
        db.session.rollback()
        raise click.ClickException(f"The outbox cannot be used: {described(error)}") from error


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
            except _OUTSIDE as error:
                self._no_outbox(error)
            except Exception:
                log.exception("a round of sending broke")
                self._wait_longer()
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
            log.warning("the outbox cannot be used, waiting: %s", described(error))
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
    """Do every chore of the hour; one that fails holds up no other, nor the letters."""
    for chore in (sweep, sending.tidy, *current_app.extensions.get("every_hour", ())):
        try:
            chore()
            db.session.commit()
        except Exception as error:
            db.session.rollback()
            expected = isinstance(error, _OUTSIDE)
            log.warning("a chore failed: %s", described(error), exc_info=not expected)
