"""Who did what to what, and when."""

from flask import Flask

from . import looks


def init_app(app: Flask) -> None:
    """Audit every list of the office that is saved as a file."""
    app.extensions["note_list"] = looks.note_list
