"""ZIPs from outside: their list of entries is limited before it is taken into memory."""

import errno
import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DIRECTORY_BYTES = 16 * 1024 * 1024
_ENTRY = b"PK\x01\x02"  # begins each entry of the directory


class TooManyEntries(Exception):
    """The directory of the ZIP is longer than allowed."""


class _Limited(io.BufferedReader):
    """A file that refuses the read of a directory with more than ``entries``.

    `zipfile` reads the directory at once and makes an object of half a kilobyte of each entry.
    The number of entries that the ZIP states need not be true, so the signatures are counted.
    """

    entries: int | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if self.entries is None or size is None:
            return super().read(size)
        if size > DIRECTORY_BYTES:
            raise TooManyEntries
        data = super().read(size)
        if data.count(_ENTRY) > self.entries:
            raise TooManyEntries
        return data


@contextmanager
def open_zip(path: Path, entries: int) -> Iterator[zipfile.ZipFile]:
    """Open the ZIP at ``path`` if it has at most ``entries``.

    Raises TooManyEntries and BadZipFile.
    """
    with _Limited(io.FileIO(path)) as file:
        file.entries = entries
        with _archive(file) as archive:
            file.entries = None
            yield archive


def _archive(file: _Limited) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (ValueError, struct.error, NotImplementedError):
        raise zipfile.BadZipFile from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # of an offset before the file's beginning
            raise
        raise zipfile.BadZipFile from None
