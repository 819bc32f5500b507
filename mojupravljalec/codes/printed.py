"""Code letters on paper: their words, in the language that the portal speaks by default.

Loads reportlab; import this module inside the function that makes a PDF.
"""

from collections.abc import Callable, Iterable
from typing import BinaryIO
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import force_locale, gettext

from ..values import clock
from ..web.filters import day
from . import letters_pdf
from .letters_pdf import Addressee, Sender, Words
from .rules import town


def write_letters(
    file: BinaryIO,
    addressees: Iterable[Addressee],
    *,
    makes_new: bool,
    progress: Callable[[int], None],
) -> int:
    """Write the letters to ``file``, in the order of ``addressees``; how many.

    ``makes_new`` says that the codes are new ones. Raises ValueError if there is nobody to
    write to, or the operator's data leave no room for the letter.
    """
    config = current_app.config
    language = config["DEFAULT_LANGUAGE"]
    with force_locale(language):
        return letters_pdf.write(
            file,
            addressees,
            sender=_sender(),
            words=words(makes_new=makes_new),
            site_url=config["SITE_URL"],
            written=f"{town(config['OPERATOR_PLACE'])}, {day(clock.today())}",
            language=language.replace("sl", "sl-SI"),
            progress=progress,
        )


def _sender() -> Sender:
    names = ("NAME", "STREET", "PLACE", "PHONE", "HOURS", "EMAIL")
    return Sender(*(current_app.config[f"OPERATOR_{name}"] for name in names))


def words(*, makes_new: bool) -> Words:
    """What the letter says, in the present language."""
    site = current_app.config["SITE_NAME"]
    return Words(
        title=gettext("Letters with customer codes"),
        heading=gettext("Your code for the portal %(site)s", site=site),
        paragraphs=tuple(_paragraphs(makes_new)),
        customer_number_label=gettext("Customer number"),
        code_label=gettext("Your customer code"),
        steps=_steps(),
        qr_hint=gettext("Scan it with the camera of your phone. The code is filled in for you."),
        closing=gettext("Are you stuck? Call us, we are glad to help."),
        phone_label=gettext("Phone"),
        hours_label=gettext("We answer"),
        email_label=gettext("E-mail"),
    )


def _paragraphs(makes_new: bool) -> list[str]:
    said = [
        gettext(
            "On our portal you send meter readings, look at your consumption, and see and pay "
            "your invoices: at any hour, at home, free of charge."
        ),
        gettext(
            "The code below shows that it is you. You need it only once. Do not tell it to "
            "anybody. If you use the portal already, there is nothing to do."
        ),
    ]
    if makes_new:
        said.append(gettext("This code replaces the one on older bills and letters."))
    return said


def _steps() -> tuple[str, ...]:
    parts = urlsplit(current_app.config["SITE_URL"])
    return (
        gettext(
            "Open %(address)s, or scan the square on the right with your phone.",
            address=f"{parts.netloc}/registracija",
        ),
        gettext("Register with your e-mail address and a password that you choose."),
        gettext("Open our letter in your e-mail and confirm your access."),
        gettext("Sign in and type the code from this letter."),
    )
