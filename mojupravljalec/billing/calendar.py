"""The due date as an entry for a calendar (RFC 5545)."""

from datetime import date, timedelta

LONGEST_LINE = 75  # bytes, RFC 5545, 3.1


def due_entry(*, uid: str, due_on: date, issued_on: date, title: str, text: str) -> bytes:
    """An all-day entry on ``due_on`` with a reminder the day before at nine.

    Equal input gives equal bytes; it is dated ``issued_on``.
    """
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Moj upravljalec//SL",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{issued_on:%Y%m%d}T120000Z",
        f"DTSTART;VALUE=DATE:{due_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{due_on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(title)}",
        f"DESCRIPTION:{_escaped(text)}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(title)}",
        "TRIGGER:-PT15H",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> str:
    """Long lines go on in the next, after a space; no letter is cut in two."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) >= LONGEST_LINE:
            pieces.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join([*pieces, piece])
