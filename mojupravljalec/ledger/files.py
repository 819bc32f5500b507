"""The card as a file: CSV and XLSX to count with, a PDF statement to print."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from flask import current_app
from flask_babel import gettext

from ..values import money
from ..values.spreadsheets import guarded
from ..web.filters import day, short_day
from ..web.i18n import locale
from . import wording
from .queries import Entry, Span, Sums


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One customer's card over a span; ``entries`` come with the oldest first."""

    customer_number: str
    customer_name: str
    span: Span
    sums: Sums
    entries: Iterator[Entry]
    until_on: date


def _headings() -> tuple[str, ...]:
    return (
        gettext("Date"),
        gettext("Document"),
        gettext("Description"),
        gettext("Debit"),
        gettext("Credit"),
        gettext("Balance"),
    )


def as_csv(statement: Statement) -> bytes:
    """UTF-8 with BOM, semicolons and decimal commas: it opens in a Slovenian Excel."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(_headings())
    for entry in statement.entries:
        debit, credit = _sides(entry.amount_cents)
        writer.writerow(
            (
                entry.booked_on.isoformat(),
                guarded(entry.document),
                guarded(wording.description(entry)),
                *(_plain(cents) for cents in (debit, credit, entry.balance_cents)),
            )
        )
    return file.getvalue().encode("utf-8-sig")


def _sides(amount_cents: int) -> tuple[int | None, int | None]:
    """Debit and credit: one of them is there."""
    return (amount_cents, None) if amount_cents > 0 else (None, -amount_cents)


def _plain(cents: int | None) -> str:
    """»-1234,50«, as spreadsheets read a number."""
    if cents is None:
        return ""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100},{abs(cents) % 100:02}"


def as_xlsx(statement: Statement) -> bytes:
    """The same as a workbook: days are days, amounts are numbers, texts are never formulas."""
    from xlsxwriter import Workbook  # rarely needed

    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    # Equal input gives equal bytes.
    with Workbook(file, {**options, "constant_memory": True}) as book:
        book.set_properties({"created": datetime.combine(statement.until_on, time())})
        days = book.add_format({"num_format": "d. m. yyyy"})
        amounts = book.add_format({"num_format": "#,##0.00"})
        sheet = book.add_worksheet()
        sheet.set_column(0, 1, 16)
        sheet.set_column(2, 2, 40)
        sheet.set_column(3, 5, 12)
        sheet.write_row(0, 0, _headings())
        for row, entry in enumerate(statement.entries, 1):
            sheet.write_datetime(row, 0, entry.booked_on, days)
            sheet.write_string(row, 1, entry.document)
            sheet.write_string(row, 2, wording.description(entry))
            sides = (*_sides(entry.amount_cents), entry.balance_cents)
            for column, cents in enumerate(sides, 3):
                if cents is not None:
                    sheet.write_number(row, column, cents / 100, amounts)
    return file.getvalue()


def as_pdf(statement: Statement) -> bytes:
    """A statement on A4, with the balance before and after."""
    from ..paper.sheets import Table  # draws with reportlab: loaded when it is needed
    from .statement_pdf import Statement as Printed
    from .statement_pdf import statement_pdf

    sums = statement.sums
    rows = tuple(_row(entry) for entry in statement.entries)
    opening = ("", "", gettext("Balance before"), "", "", money.written(sums.opening_cents))
    closing = (
        "",
        "",
        gettext("Together"),
        money.written(sums.debit_cents),
        money.written(sums.credit_cents),
        money.written(sums.closing_cents),
    )
    return statement_pdf(
        Printed(
            title=gettext("Financial card"),
            language=locale().replace("sl", "sl-SI"),
            operator=_operator(),
            customer=(
                statement.customer_name,
                gettext("customer number %(number)s", number=statement.customer_number),
            ),
            span=_span(statement),
            table=Table(headings=_headings(), rows=(opening, *rows)),
            totals=(closing,),
            footer=(gettext("A positive balance is what you owe, a negative one is overpaid."),),
        )
    )


def _row(entry: Entry) -> tuple[str, ...]:
    debit, credit = _sides(entry.amount_cents)
    return (
        short_day(entry.booked_on),
        entry.document,
        wording.description(entry),
        "" if debit is None else money.written(debit),
        "" if credit is None else money.written(credit),
        money.written(entry.balance_cents),
    )


def _operator() -> tuple[str, ...]:
    names = ("OPERATOR_NAME", "OPERATOR_STREET", "OPERATOR_PLACE", "OPERATOR_PHONE")
    return tuple(current_app.config[name] for name in names if current_app.config[name])


def _span(statement: Statement) -> str:
    if statement.span.from_on is None:
        return gettext("Up to %(day)s", day=day(statement.until_on))
    return gettext(
        "From %(first)s to %(last)s",
        first=day(statement.span.from_on),
        last=day(statement.until_on),
    )
