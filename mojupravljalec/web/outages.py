"""Why the portal cannot serve a request for now: what the errors of disk and database mean."""

import errno
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Cause(StrEnum):
    """Why something cannot be done for now, as the log and programs name it."""

    BUSY = "busy"
    DISK_FULL = "disk-full"
    DISK_FAILS = "disk-fails"
    READ_ONLY = "read-only"
    DATABASE_AWAY = "database-away"


_BY_ERRNO = {
    errno.ENOSPC: Cause.DISK_FULL,
    errno.EDQUOT: Cause.DISK_FULL,
    errno.EROFS: Cause.READ_ONLY,
    errno.EIO: Cause.DISK_FAILS,
}
# Primary result codes, https://www.sqlite.org/rescode.html, and how the driver words them.
_BY_SQLITE_CODE = {
    5: Cause.BUSY,  # BUSY
    6: Cause.BUSY,  # LOCKED
    8: Cause.READ_ONLY,  # READONLY
    10: Cause.DISK_FAILS,  # IOERR
    13: Cause.DISK_FULL,  # FULL
    14: Cause.DATABASE_AWAY,  # CANTOPEN
    15: Cause.BUSY,  # PROTOCOL: too many readers at once
}
# SQLSTATE by its longest known beginning, Appendix A of the PostgreSQL manual.
_BY_SQLSTATE = {
    "08": Cause.DATABASE_AWAY,  # connection exceptions
    "25006": Cause.READ_ONLY,  # a standby, or a read-only transaction
    "28": Cause.DATABASE_AWAY,  # the database lets the portal in no more
    "3D": Cause.DATABASE_AWAY,  # no such database
    "40": Cause.BUSY,  # deadlock, serialization failure
    "53": Cause.BUSY,  # too many connections, out of memory
    "53100": Cause.DISK_FULL,
    "55P03": Cause.BUSY,  # lock not available
    "57014": Cause.BUSY,  # the statement took too long
    "57P": Cause.DATABASE_AWAY,  # shutting down, starting up
    "58": Cause.DISK_FAILS,
    "58P01": Cause.DISK_FAILS,
}


def cause_of(error: BaseException) -> Cause | None:
    """Return why ``error`` will pass by itself or by the operator's hand; None for a bug."""
    if isinstance(error, PoolTimeout):
        return Cause.BUSY
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    if isinstance(error, DBAPIError) and error.orig is not None:
        return _of_driver(error.orig, is_lost=error.connection_invalidated)
    return None


def _of_driver(error: BaseException, *, is_lost: bool) -> Cause | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return _BY_SQLITE_CODE.get(code & 0xFF)
    state = getattr(error, "sqlstate", None)
    if state is not None:
        known = (state[:length] for length in (5, 3, 2))
        return next((_BY_SQLSTATE[one] for one in known if one in _BY_SQLSTATE), None)
    # Without an answer of the server, the connection could not be made or broke.
    is_unanswered = type(error).__name__ in {"OperationalError", "InterfaceError"}
    return Cause.DATABASE_AWAY if is_lost or is_unanswered else None
