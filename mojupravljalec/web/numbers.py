"""Numbers of rows in addresses: one that no row can have leads nowhere."""

from flask import Flask
from werkzeug.routing import IntegerConverter, ValidationError

LARGEST = 2**31 - 1  # what a column of whole numbers holds; beyond it databases refuse the query


def row_number(text: str) -> int:
    """The number that ``text`` is; raises ValueError where no row can have it."""
    if len(text) > len(str(LARGEST)) or not 0 <= int(text) <= LARGEST:
        raise ValueError(text)
    return int(text)


class RowNumber(IntegerConverter):
    """``<int:…>`` in a route."""

    def to_python(self, value: str) -> int:
        try:
            return row_number(value)
        except ValueError as wrong:
            raise ValidationError from wrong


def init_app(app: Flask) -> None:
    """Every route that says ``int`` means a row."""
    app.url_map.converters["int"] = RowNumber
