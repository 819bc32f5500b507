"""Child processes that are restarted when they die, and that die with their parent."""

import contextlib
import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.2  # before a child is restarted; doubled each time
LONGEST_WAIT_S = 5.0
RECOVERED_S = 60.0  # a child that lived so long is restarted at once again
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_WAKING = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


def end_with_parent(parent: int, by: signal.Signals) -> None:
    """Let the kernel send ``by`` to this process when its parent, the process ``parent``, ends.

    What the process executes keeps this; what it forks does not.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # it ended before
            os.kill(os.getpid(), by)


def restart_wait_s(deaths: int) -> float:
    """Return the seconds before the next restart, after so many deaths in quick succession.

    >>> [restart_wait_s(deaths) for deaths in (1, 2, 3, 20)]
    [0.2, 0.4, 0.8, 5.0]
    """
    return min(FIRST_WAIT_S * 2 ** min(deaths - 1, 10), LONGEST_WAIT_S)


class Child:
    """A process that does ``work`` and is restarted when it ends.

    It ends by the signal ``ends_by`` when the parent dies. After SIGTERM it has ``patience_s``
    seconds to end, then it is killed.
    """

    def __init__(
        self, name: str, work: Callable[[], None], *, ends_by: signal.Signals, patience_s: float
    ) -> None:
        self.name, self.patience_s = name, patience_s
        self._work, self._ends_by = work, ends_by
        self._process: multiprocessing.context.ForkProcess | None = None
        self._deaths = 0
        self._started_at = 0.0
        self._restart_at = 0.0

    def tend(self) -> float:
        """Start the process if it is due, and return the seconds after which to tend it again."""
        now = time.monotonic()
        if self._process and not self._process.is_alive():
            self._bury(now)
        if self._process is None:
            if now < self._restart_at:
                return self._restart_at - now
            self._start(now)
        return LONGEST_WAIT_S

    def terminate(self) -> None:
        """Ask the process to end."""
        if self._process:
            self._process.terminate()

    def join(self, until: float) -> None:
        """Wait for the end of the process, and kill it at ``until`` (time.monotonic)."""
        if self._process:
            self._process.join(max(until - time.monotonic(), 0))
            if self._process.is_alive():
                log.warning("%s does not end and is killed", self.name)
                self._process.kill()
                self._process.join()

    def _start(self, now: float) -> None:
        self._started_at = now
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=self._run, args=(os.getpid(),), name=self.name)
        self._process.start()

    def _run(self, parent: int) -> None:
        """Become the child."""
        os.setsid()  # Ctrl-C reaches the parent alone, which then ends its children
        end_with_parent(parent, self._ends_by)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAKING)
        self._work()

    def _bury(self, now: float) -> None:
        assert self._process is not None, "it has died"  # noqa: S101 narrows the type
        recovered = now - self._started_at > RECOVERED_S
        self._deaths = 1 if recovered else self._deaths + 1
        wait_s = restart_wait_s(self._deaths)
        log.warning(
            "%s ended with status %s, restarting in %.1f s",
            self.name,
            self._process.exitcode,
            wait_s,
        )
        self._process = None
        self._restart_at = now + wait_s


def supervise(children: Sequence[Child]) -> None:
    """Keep ``children`` running until SIGTERM or SIGINT, then end them.

    Forks, so the process may have no other thread.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAKING)
    while not _ends(min(child.tend() for child in children)):
        pass
    for child in children:
        child.terminate()
    begun = time.monotonic()
    for child in children:
        child.join(begun + child.patience_s)


def _ends(within_s: float) -> bool:
    """Wait for a signal; whether it is one that ends the process."""
    with contextlib.suppress(InterruptedError):
        found = signal.sigtimedwait(_WAKING, within_s)
        return found is not None and found.si_signo != signal.SIGCHLD
    return False
