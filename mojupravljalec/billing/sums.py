"""Whether an invoice adds up: real ones pass their schema with wrong sums.

Source: EN 16931, BR-CO-10 to BR-CO-17, and how Slovenian bills round: every line by itself.
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from ..values.money import decimal_written, half_up, written
from .document import Content, Document, Line

NEAR_CENTS = 1  # what rounding may do to one line


def differences(document: Document) -> list[str]:
    """What does not add up, for the operator: each with what it comes to and what is said.

    Empty where everything does. What the document does not say is not checked: without lines
    nothing is asked of them, and without a rate on each of them no base of a rate.
    """
    return [*_of_totals(document), *_of_rates(document.content), *_of_lines(document.content.lines)]


def _of_totals(document: Document) -> Iterator[str]:
    content = document.content
    to_pay_cents = document.gross_cents - content.prepaid_cents + content.rounding_cents
    if content.lines:
        yield from _unless_same(_lines_title(content), _lines_cents(content), document.net_cents)
    yield from _unless_same(
        "osnova z DDV", document.net_cents + document.vat_cents, document.gross_cents
    )
    yield from _unless_same(
        "vsota DDV po stopnjah", sum(one.vat_cents for one in content.vat), document.vat_cents
    )
    yield from _unless_same("izračunani znesek za plačilo", to_pay_cents, document.to_pay_cents)


def _lines_title(content: Content) -> str:
    changed = content.allowances_cents or content.charges_cents
    return "vsota postavk s popusti in dodatki" if changed else "vsota postavk"


def _lines_cents(content: Content) -> int:
    net_cents = sum(line.net_cents for line in content.lines)
    return net_cents - content.allowances_cents + content.charges_cents


def _of_rates(content: Content) -> Iterator[str]:
    """VAT may be rounded once for the rate or on every line, so each may differ by a cent."""
    lines = _by_rate(content.lines)
    for one in content.vat:
        vat_cents = half_up(Decimal(one.base_cents).scaleb(-4) * one.rate)
        near_cents = NEAR_CENTS * max(1, len(lines[one.rate]))
        title = f"izračunani DDV {decimal_written(one.rate)} %:"
        yield from _unless_near(title, vat_cents, one.vat_cents, near_cents)
    if content.vat and _bases_are_of_lines(content):
        yield from _of_bases(content, lines)


def _bases_are_of_lines(content: Content) -> bool:
    """A document's own discounts belong to some rate, and we do not keep to which."""
    changed = content.allowances_cents or content.charges_cents
    return not changed and all(line.vat_rate is not None for line in content.lines)


def _of_bases(content: Content, lines: dict[Decimal, list[Line]]) -> Iterator[str]:
    if not content.lines:
        return
    bases: dict[Decimal, int] = defaultdict(int)
    for one in content.vat:
        bases[one.rate] += one.base_cents
    for rate in sorted({*bases, *lines}):
        title = f"vsota postavk s stopnjo DDV {decimal_written(rate)} %:"
        yield from _unless_same(title, sum(line.net_cents for line in lines[rate]), bases[rate])


def _by_rate(lines: tuple[Line, ...]) -> dict[Decimal, list[Line]]:
    by_rate: dict[Decimal, list[Line]] = defaultdict(list)
    for line in lines:
        if line.vat_rate is not None:
            by_rate[line.vat_rate].append(line)
    return by_rate


def _of_lines(lines: tuple[Line, ...]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        title = f"{number}. postavka: osnova z DDV"
        yield from _unless_same(title, line.net_cents + line.vat_cents, line.gross_cents)
        if line.quantity is not None and line.price is not None:
            net_cents = half_up(line.quantity * line.price)
            title = f"{number}. postavka: količina × cena"
            yield from _unless_near(title, net_cents, line.net_cents, NEAR_CENTS)


def _unless_same(title: str, counted_cents: int, said_cents: int) -> Iterator[str]:
    return _unless_near(title, counted_cents, said_cents, 0)


def _unless_near(title: str, counted: int, said: int, near: int) -> Iterator[str]:
    if abs(counted - said) > near:
        yield f"{title} {written(counted)} ni {written(said)}"
