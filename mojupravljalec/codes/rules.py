"""For whom codes are printed, how that is kept, and the list for the bill printer."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..values.spreadsheets import guarded

HEADINGS = ("sifra_stranke", "naziv", "ulica", "posta", "kraj", "koda_stranke")
TOLD = 50  # customer numbers that the audit names; the pile keeps them all


class Whom(StrEnum):
    """Whose codes are printed; the values are kept and stand in the form."""

    ALL = "vse"
    UNLINKED = "brez-dostopa"  # nobody sees them now
    UNREACHED = "nikoli"  # nobody ever saw them, and they have no e-mail address
    NUMBERS = "seznam"
    IMPORTED = "uvoz"
    POST_CODE = "posta"


@dataclass(frozen=True)
class Choice:
    """For whom; only what belongs to ``whom`` is filled in."""

    whom: Whom
    numbers: tuple[str, ...] = ()
    batch_id: int | None = None
    post_code: str = ""

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "whom": self.whom.value,
            "numbers": list(self.numbers),
            "batch_id": self.batch_id,
            "post_code": self.post_code,
        }

    def told(self) -> dict[str, Any]:
        """The same for the audit: of a long list, how long it is."""
        said = {name: value for name, value in self.as_json().items() if value}
        return said | {"numbers": len(self.numbers)} if len(self.numbers) > TOLD else said


def from_json(kept: Mapping[str, Any]) -> Choice:
    """A choice as it was kept."""
    return Choice(
        Whom(kept["whom"]), tuple(kept["numbers"]), kept["batch_id"], str(kept["post_code"])
    )


def numbers_in(text: str) -> tuple[str, ...]:
    """The customer numbers of a pasted list, each once: apart by spaces, lines, commas, semicolons.

    >>> numbers_in("48213, 48214;48213")
    ('48213', '48214')
    """
    return tuple(dict.fromkeys(number for number in re.split(r"[\s\0,;]+", text) if number))


def town(place: str) -> str:
    """A place without its post code.

    >>> town("2999 Podgorje")
    'Podgorje'
    """
    return re.sub(r"^[0-9]+\s+", "", place)


def as_csv(rows: Iterable[tuple[str, ...]]) -> bytes:
    """The list of codes, under `HEADINGS`: UTF-8 with BOM and semicolons, as Excel reads it."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")
