"""What a spreadsheet must not take for a formula."""

import re

# What begins a formula, also in full width; a plain number is none.
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9., ]*")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula.

    >>> guarded("=1+1"), guarded("-5,0")
    ("'=1+1", '-5,0')
    """
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell
