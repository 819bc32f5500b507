"""Letters that tell customers their access codes: a sheet each, for a DL envelope with a window.

Only layout: every text comes ready, in the reader's language. Loads reportlab (see ``paper``):
import this module inside the function that makes a PDF.

Sources: DIN 5008, form B, for the window and the folds; ISO/IEC 18004 for the QR code.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

import segno
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ..paper.sheets import BOLD, HEIGHT, PLAIN, SAVING, WIDTH, Mark, Rule, Style, wrapped
from ..paper.sheets import Words as Line

LEFT = 25 * mm
RIGHT = WIDTH - 20 * mm
INNER = RIGHT - LEFT

# What may show in the window. An envelope is 5 mm higher than the folded sheet, which slips:
# the line of the sender keeps away from the upper edge, and nothing stands right below.
WINDOW_TOP = HEIGHT - 45 * mm
WINDOW_WIDTH = 75 * mm
RETURN_LINE = HEIGHT - 55 * mm
ADDRESS_TOP = HEIGHT - 62.7 * mm
BELOW_WINDOW = HEIGHT - 98 * mm
FOLDS = (HEIGHT - 105 * mm, HEIGHT - 210 * mm)

BESIDE = 130 * mm  # where place, day and customer number stand, from the left edge
LETTERHEAD_TOP = HEIGHT - 14 * mm
FOOT = 12 * mm
SPACE = 4 * mm  # between parts of the letter
STEP_INDENT = 8 * mm
BASE_LINE = 0.29  # of the size, above the lower edge of a line

# A dot of a printer with 300 dpi. A module is so many whole dots, or some would be wider.
DOT = 72 / 300
QR_SIDE = 35 * mm  # at least, without the quiet zone
QR_ROOM = 39 * mm  # rounded up to whole dots
QUIET = 4  # modules

NAME = Style(15, BOLD)
SMALL = Style(9.5, grey=0.3)
SENT_BY = Style(7.5, grey=0.3)
HEADING = Style(17, BOLD)
BODY = Style(12)
STEP = Style(13)
STEP_NUMBER = Style(13, BOLD)
STRONG = Style(14, BOLD)
ADDRESS_SIZES = (11.5, 10.5, 9.5, 8.5, 7.5)

CODE_SIZE = 36.0  # at most; a code that is wider gets smaller
CODE_SPACING = 0.08  # of the size, between signs
PANEL = 24 * mm  # height of the frame around the code
PANEL_PAD = 6 * mm

# What all letters of a pile share is stored once: four tenths fewer bytes, a quarter less time.
_SHARED = "letter"


@dataclass(frozen=True)
class Addressee:
    """A customer; ``code`` as it is printed, ``number`` is public. All but the code may be ""."""

    number: str
    name: str
    street: str
    post_code: str
    town: str
    code: str


@dataclass(frozen=True)
class Sender:
    """The operator; ``place`` is post code and town. What is "" is left out."""

    name: str
    street: str
    place: str
    phone: str
    hours: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Words:
    """Every sentence of the letter; ``title`` names the whole PDF.

    ``steps`` are numbered 1, 2, … beside the QR code, ``qr_hint`` stands under it.
    """

    title: str
    heading: str
    paragraphs: tuple[str, ...]
    customer_number_label: str
    code_label: str
    steps: tuple[str, ...]
    qr_hint: str
    closing: str
    phone_label: str
    hours_label: str
    email_label: str


def write(
    file: BinaryIO,
    addressees: Iterable[Addressee],
    *,
    sender: Sender,
    words: Words,
    site_url: str,
    written: str,
    language: str,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write the PDF to ``file``: a page for each of ``addressees``, in their order; how many.

    ``written`` is the line of place and day, ``language`` a tag like sl-SI; ``progress`` gets 1
    after each letter. The same arguments give the same bytes, with the fonts embedded. Raises
    ``ValueError`` if there is nobody to write to or the words do not fit on one sheet; then
    nothing is written.
    """
    layout = _layout(sender, words, written)
    canvas = _canvas(file, sender, words, language)
    _draw_shared(canvas, layout)
    count = 0
    for addressee in addressees:
        _draw_letter(canvas, layout, addressee, registration_url(site_url, addressee.code))
        count += 1
        if progress is not None:
            progress(1)
    if not count:
        raise ValueError("nobody to write to")
    with SAVING:  # invoices are made at the same time
        canvas.save()
    return count


def registration_url(site_url: str, code: str) -> str:
    """The page on which an account gets ``code``, filled in.

    The code stands in the fragment, which browsers keep to themselves: no log of a server has it.

    >>> registration_url("https://voda.si/", "3333-AAAA 7")
    'https://voda.si/registracija#koda=3333-AAAA%207'
    """
    return f"{site_url.rstrip('/')}/registracija#koda={quote(code, safe='')}"


# ---------------------------------------------------------------- order

_NUMBER = re.compile("[0-9]+")
_AFTER_ALL = "\N{LATIN SMALL LETTER EZH}"  # after z
_SLOVENIAN = str.maketrans({"č": "c" + _AFTER_ALL, "š": "s" + _AFTER_ALL, "ž": "z" + _AFTER_ALL})


def in_post_order(addressees: Iterable[Addressee]) -> list[Addressee]:
    """``addressees`` as they are delivered: by post code, town, street, name and number.

    Numbers count as such, »Lipova ulica 2« before »Lipova ulica 10«; č, š and ž follow c, s
    and z.
    """
    return sorted(addressees, key=_post_order)


def _post_order(one: Addressee) -> tuple[str, ...]:
    texts = (one.post_code, one.town, one.street, one.name, one.number)
    return tuple(map(_natural, texts))


def _natural(text: str) -> str:
    letters = text.casefold().translate(_SLOVENIAN)
    return _NUMBER.sub(lambda digits: digits[0].zfill(12), letters)


# ---------------------------------------------------------------- what all letters share


class _Frame(NamedTuple):
    """An empty rectangle; ``x`` and ``y`` are its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    def draw(self, canvas: Any) -> None:
        canvas.setLineWidth(1)
        canvas.setStrokeGray(0.35)
        canvas.roundRect(self.x, self.y, self.width, self.height, 2 * mm)


class _Layout(NamedTuple):
    """Marks of every letter, and where its own number, code and QR code go.

    ``number_y`` and ``code_y`` are base lines, ``qr_top`` the upper edge.
    """

    marks: list[Mark]
    number_y: float
    code_y: float
    qr_top: float


class _Flow:
    """Lines below each other; ``y`` is where the next one goes."""

    def __init__(self, x: float, y: float, width: float) -> None:
        self.x, self.y, self.width = x, y, width
        self.marks: list[Mark] = []

    def write(
        self, text: str, style: Style, *, indent: float = 0.0, to_right: bool = False
    ) -> None:
        """Put ``text``, wrapped, from ``y`` down; nothing if it is ""."""
        room = self.width - indent
        for line in wrapped(text, style, room) if text else ():
            self.y -= style.leading
            x = self.x + indent + (room - style.width(line) if to_right else 0)
            self.marks.append(Line(x, self.y + style.size * BASE_LINE, style, line))


def _layout(sender: Sender, words: Words, written: str) -> _Layout:
    """Raises ``ValueError`` if the words do not fit."""
    beside = _Flow(BESIDE, ADDRESS_TOP, RIGHT - BESIDE)
    beside.write(words.customer_number_label, SMALL)
    number_y = beside.y - BODY.size
    beside.y = number_y - 2 * SPACE
    beside.write(written, BODY)
    head, foot = _letterhead(sender), _foot(sender, words)
    body, code_y, qr_top = _body(words, foot.y)
    if head.y < WINDOW_TOP or beside.y < BELOW_WINDOW or body.y < foot.y:
        raise ValueError("the words do not fit on one sheet")
    marks = [*head.marks, *_return_line(sender), *beside.marks, *body.marks, *foot.marks]
    marks += [Rule(5 * mm, fold, 4 * mm) for fold in FOLDS]
    return _Layout(marks, number_y, code_y, qr_top)


def _letterhead(sender: Sender) -> _Flow:
    head = _Flow(LEFT, LETTERHEAD_TOP, INNER)
    head.write(sender.name, NAME)
    head.write(_joined(sender.street, sender.place), SMALL)
    head.y -= SPACE / 2
    head.marks.append(Rule(LEFT, head.y, INNER, 0.8, 0.35))
    return head


def _return_line(sender: Sender) -> list[Mark]:
    """Where the post returns the letter to, small above the address."""
    text = _joined(sender.name, sender.street, sender.place)
    style, lines = _fitted([(text, 1)], WINDOW_WIDTH, [SENT_BY.size, 6.5, 5.5])
    under = Rule(LEFT, RETURN_LINE - 1 * mm, WINDOW_WIDTH)
    return [*(Line(LEFT, RETURN_LINE, style, line) for line in lines), under]


def _joined(*texts: str) -> str:
    return ", ".join(text for text in texts if text)


def _body(words: Words, lowest: float) -> tuple[_Flow, float, float]:
    """Heading to closing, with the base line of the code and the upper edge of the QR code.

    A crease through the QR code is avoided, unless the rest would then end below ``lowest``.
    """
    body, code_y, qr_top = _written(words, 0.0)
    crossed = [fold for fold in FOLDS if qr_top - QR_ROOM < fold < qr_top]
    if crossed:
        lowered = _written(words, qr_top - crossed[0] + SPACE / 2)
        if lowered[0].y >= lowest:
            return lowered
    return body, code_y, qr_top


def _written(words: Words, spare: float) -> tuple[_Flow, float, float]:
    """As ``_body``, with ``spare`` more room around the frame of the code."""
    body = _Flow(LEFT, BELOW_WINDOW, INNER)
    body.write(words.heading, HEADING)
    for paragraph in words.paragraphs:
        body.y -= SPACE / 2
        body.write(paragraph, BODY)
    body.y -= SPACE + spare / 2
    code_y = _write_panel(body, words)
    body.y -= 1.5 * SPACE + spare / 2
    qr_top = body.y
    _write_steps(body, words)
    return body, code_y, qr_top


def _write_panel(body: _Flow, words: Words) -> float:
    """The frame of the code and its label; the base line of the code comes back."""
    panel = _Flow(LEFT + PANEL_PAD, body.y - SPACE / 2, INNER - 2 * PANEL_PAD)
    panel.write(words.code_label, BODY)
    body.y -= PANEL
    body.marks += [*panel.marks, _Frame(LEFT, body.y, INNER, PANEL)]
    return body.y + 5.5 * mm


def _write_steps(body: _Flow, words: Words) -> None:
    """Steps and closing on the left, room for the QR code above its hint on the right."""
    steps = _Flow(LEFT, body.y, INNER - QR_ROOM - 2 * SPACE)
    for nth, step in enumerate(words.steps, 1):
        _write_step(steps, nth, step)
    steps.write(words.closing, BODY)
    under = body.y - QR_ROOM - 0.75 * SPACE  # past the quiet zone
    hint = _Flow(RIGHT - QR_ROOM, under, QR_ROOM)
    hint.write(words.qr_hint, SMALL, to_right=True)
    body.marks += steps.marks + hint.marks
    body.y = min(steps.y, hint.y)


def _write_step(steps: _Flow, nth: int, step: str) -> None:
    top = steps.y
    steps.write(f"{nth}.", STEP_NUMBER)
    steps.y = top
    steps.write(step, STEP, indent=STEP_INDENT)
    steps.y -= SPACE


def _foot(sender: Sender, words: Words) -> _Flow:
    """Whom to ask, in columns under a rule; ``y`` is the upper edge."""
    facts = [
        (words.phone_label, sender.phone, STRONG),
        (words.hours_label, sender.hours, BODY),
        (words.email_label, sender.email, BODY),
    ]
    shown = [fact for fact in facts if fact[1]]
    width = (INNER + SPACE) / max(1, len(shown))
    lowest = min((_fact(0, 0, width, *fact).y for fact in shown), default=0.0)
    foot = _Flow(LEFT, FOOT - lowest + SPACE / 2, INNER)
    for nth, fact in enumerate(shown):
        foot.marks += _fact(LEFT + nth * width, FOOT - lowest, width, *fact).marks
    foot.marks.append(Rule(LEFT, foot.y, INNER, 0.8, 0.35))
    return foot


def _fact(x: float, y: float, width: float, label: str, value: str, style: Style) -> _Flow:
    fact = _Flow(x, y, width - SPACE)
    fact.write(label, SMALL)
    # Values of all sizes stand on one base line.
    fact.y += style.leading - STRONG.leading + (STRONG.size - style.size) * BASE_LINE
    fact.write(value, style)
    return fact


def _canvas(file: BinaryIO, sender: Sender, words: Words, language: str) -> Any:
    canvas = Canvas(file, (WIDTH, HEIGHT), invariant=1, lang=language, initialFontName=PLAIN)
    canvas.setTitle(words.title)
    canvas.setSubject(words.title)
    canvas.setAuthor(sender.name)
    canvas.setCreator(sender.name)
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas


def _draw_shared(canvas: Any, layout: _Layout) -> None:
    canvas.beginForm(_SHARED)
    for mark in layout.marks:
        mark.draw(canvas)
    canvas.endForm()


# ---------------------------------------------------------------- what each has of its own


def _draw_letter(canvas: Any, layout: _Layout, addressee: Addressee, url: str) -> None:
    canvas.doForm(_SHARED)
    _draw_address(canvas, addressee)
    style, lines = _fitted([(addressee.number, 1)], RIGHT - BESIDE, [BODY.size, *ADDRESS_SIZES])
    for line in lines:
        Line(BESIDE, layout.number_y, style, line).draw(canvas)
    _draw_code(canvas, addressee.code, layout.code_y)
    _draw_qr(canvas, url, layout.qr_top)
    canvas.showPage()


def _draw_address(canvas: Any, one: Addressee) -> None:
    place = f"{one.post_code} {one.town}"
    parts = [(one.name, 2), (one.street, 2), (place, 1)]
    style, lines = _fitted(parts, WINDOW_WIDTH, ADDRESS_SIZES)
    for nth, line in enumerate(lines):
        y = ADDRESS_TOP - style.size - nth * style.leading
        Line(LEFT, y, style, line).draw(canvas)


def _fitted(
    parts: Iterable[tuple[str, int]], width: float, sizes: Sequence[float]
) -> tuple[Style, list[str]]:
    """The lines of all ``parts``, each a text and how many lines it may take, in one style.

    Of ``sizes``, falling, the first that will do; a text too long for the last ends with "…".
    Without lines for texts of nothing but spaces.
    """
    texts = [(" ".join(text.split()), most) for text, most in parts if text.strip()]
    for size in sizes:
        style = Style(size)
        wraps = [(wrapped(text, style, width), most) for text, most in texts]
        if all(len(lines) <= most for lines, most in wraps):
            break
    return style, [line for lines, most in wraps for line in _cut(lines, most, style, width)]


def _cut(lines: list[str], most: int, style: Style, width: float) -> list[str]:
    if len(lines) <= most:
        return lines
    last = wrapped(lines[most - 1], style, width - style.width("…"))[0]
    return [*lines[: most - 1], f"{last}…"]


def _draw_code(canvas: Any, code: str, y: float) -> None:
    room = INNER - 2 * PANEL_PAD
    text = wrapped(code, Style(1, BOLD), room)[0]
    wide = Style(1, BOLD).width(text) + CODE_SPACING * len(text)
    size = min(CODE_SIZE, room / wide)
    canvas.setFont(BOLD, size)
    canvas.setFillGray(0)
    canvas.drawString(LEFT + PANEL_PAD, y, text, charSpace=CODE_SPACING * size)


def _draw_qr(canvas: Any, url: str, top: float) -> None:
    """One path, a rectangle for each run of black: no seams, and a third less time."""
    rows = _modules(url)
    module = ceil(QR_SIDE / len(rows) / DOT) * DOT
    canvas.saveState()
    canvas.translate(RIGHT - len(rows) * module, top)
    canvas.scale(module, -module)  # from here on in modules, downwards
    path = canvas.beginPath()
    for nth, row in enumerate(rows):
        for run in _BLACK.finditer(row):
            path.rect(run.start(), nth, run.end() - run.start(), 1)
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


_BLACK = re.compile(b"\x01+")


def _modules(url: str) -> tuple[bytearray, ...]:
    """Rows of modules, 1 is black.

    Readers undo any of the eight masks. To draw them all and weigh which is best takes four
    times as long as the rest; for addresses like ours number 2 is as good as the best.
    """
    code = segno.make_qr(url, error="m", mode="byte", mask=2, boost_error=False)
    return code.matrix
