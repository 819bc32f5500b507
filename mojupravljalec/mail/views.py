"""The demo mailbox: letters that no server was given, for trying the portal out.

The page needs no sign-in and its letters open every access. It exists only under `serve --demo`,
where MAIL_SERVER is empty and SITE_URL is this very machine, and for callers on this machine; to
everybody else it is missing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from flask import Blueprint, abort, current_app, render_template, request, send_file
from werkzeug.wrappers import Response

from ..web.access import is_same_machine, public

PATH = "/demo-posta"
SHOWN = 50

bp = Blueprint("mail", __name__)


@dataclass(frozen=True)
class ShownLetter:
    """A letter on the page; ``pieces`` are its text, each with whether it is a link."""

    file: str
    sender: str
    to: str
    subject: str
    sent_at: datetime | None
    pieces: list[tuple[str, bool]]


def only_from_here() -> None:
    """Answer as for any missing page, whatever the method, unless asked from this machine."""
    if request.path.startswith(PATH) and not is_same_machine():
        abort(404)


@bp.get(PATH)
@public
def mailbox() -> str:
    letters = [_shown(path) for path in _files()[:SHOWN]]
    return render_template("mail/mailbox.html", letters=letters, most=SHOWN)


@bp.get(f"{PATH}/<file>")
@public
def letter_file(file: str) -> Response:
    """The whole letter, to be opened in a mail program."""
    path = {path.name: path for path in _files()}.get(file) or abort(404)
    return send_file(path, mimetype="message/rfc822", as_attachment=True)


def _files() -> list[Path]:
    """The newest letter first: names begin with the moment."""
    folder = Path(current_app.config["MAILBOX"])
    return sorted(folder.glob("*.eml"), key=lambda path: path.name, reverse=True)


def _shown(path: Path) -> ShownLetter:
    letter = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    text = letter.get_body(("plain",))
    return ShownLetter(
        file=path.name,
        sender=str(letter["From"]),
        to=str(letter["To"]),
        subject=str(letter["Subject"]),
        sent_at=letter["Date"].datetime if letter["Date"] else None,
        pieces=pieces(text.get_content() if text else "", current_app.config["SITE_URL"]),
    )


def pieces(text: str, site_url: str) -> list[tuple[str, bool]]:
    """``text`` cut at the links to our own site; other addresses stay plain text.

    >>> pieces("See https://a.si/p, not https://a.si.evil/", "https://a.si")
    [('See ', False), ('https://a.si/p', True), (', not https://a.si.evil/', False)]
    """
    cut: list[tuple[str, bool]] = [("", False)]
    for word in re.split(r"(\s+)", text):
        link = word.rstrip(".,:;)")
        if link == site_url or link.startswith(f"{site_url}/"):
            cut += [(link, True), (word[len(link) :], False)]
        else:
            cut[-1] = (cut[-1][0] + word, False)
    return [piece for piece in cut if piece[0]]
