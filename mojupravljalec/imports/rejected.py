"""Bad rows: in one line each for a report, and in a table to correct and import again."""

import csv
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ..values.spreadsheets import guarded
from .actions import BadCells
from .cells import plain

REASON = "razlog"
LONGEST_SHOWN = 80


def lines(bad: BadCells) -> Iterator[str]:
    """``file:line: column: "value": reason``, once for each reason."""
    for trouble in bad.troubles:
        place = bad.headings.position.get(trouble.heading)
        if trouble.heading and (place is None or place < len(bad.cells)):
            column = trouble.heading if place is None else bad.headings.written[place]
            value = "" if place is None else bad.cells[place].strip()
        else:
            column, value = "vrstica", ";".join(bad.cells)
        where = f"{bad.given.source.name}:{bad.line}"
        yield f'{where}: {shown(column)}: "{shown(value)}": {trouble.reason}'


def shown(value: str) -> str:
    """A value on one line of a terminal: short, and without characters that steer it."""
    value = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
    return value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"


class RejectedFiles:
    """NAME.rejected.csv beside each file with bad rows; they appear when ``keep`` is called.

    The files are created inside ``creating``, which decides who else may read them.
    """

    def __init__(self, creating: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._creating = creating
        self._open: dict[Path, IO[str]] = {}

    def __enter__(self) -> Self:
        return self

    def add(self, bad: BadCells) -> None:
        """One bad row, as it stands in its file, with the reason."""
        path = bad.given.rejected
        if path is None:
            return
        written = bad.headings.written
        keep = len(written) - (plain(written[-1]) == REASON)  # it may have been rejected before
        if path not in self._open:
            part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
            with self._creating():  # without tempfile, whose files are always private
                self._open[path] = part.open("x", encoding="utf-8-sig", newline="")
            self._write(path, [*written[:keep], REASON])
        cells = (bad.cells + [""] * keep)[: max(keep, len(bad.cells))]
        reason = "; ".join(f"{one.heading}: {one.reason}".lstrip(": ") for one in bad.troubles)
        self._write(path, [*map(guarded, cells[:keep]), reason])

    def _write(self, path: Path, cells: list[str]) -> None:
        csv.writer(self._open[path], delimiter=";", lineterminator="\r\n").writerow(cells)

    def keep(self) -> list[Path]:
        """Put the files under their names, and say which."""
        for path, file in self._open.items():
            file.close()
            os.replace(file.name, path)
        kept = list(self._open)
        self._open = {}
        return kept

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._open.values():
            file.close()
            Path(file.name).unlink(missing_ok=True)
