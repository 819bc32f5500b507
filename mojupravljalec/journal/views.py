"""The audit in the office: who did what to what, and when."""

from flask import Blueprint, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from ..accounts.roles import Right
from ..web import lists
from ..web.access import desk
from . import queries, wording
from .forms import WantedForm

bp = Blueprint("journal", __name__)
NAME = "dnevnik"


@bp.get("/pisarna/dnevnik")
@desk(Right.AUDIT)
def entries() -> Response:
    """A page of it, or the whole as a file."""
    form = WantedForm(request.args, meta={"csrf": False})
    form.offer()
    is_sound = form.validate()
    query = queries.entries(form.wanted) if is_sound else queries.nothing()
    return lists.answer(
        "journal/entries.html",
        query,
        _columns(query),
        order="-kdaj",
        tie=query.selected_columns.id,
        name=NAME,
        prepare=queries.named,
        filters=form.asked,
        form=form,
    )


def _columns(query: lists.Query) -> tuple[lists.Column, ...]:
    return (
        lists.Column("kdaj", gettext("When"), wording.at, query.selected_columns.at),
        lists.Column("kdo", gettext("Who"), wording.who),
        lists.Column("kaj", gettext("What happened"), wording.what),
        lists.Column("cemu", gettext("To what"), wording.about),
        lists.Column("od-kod", gettext("From where"), lambda entry: entry.address),
        lists.Column("podrobnosti", gettext("Details"), wording.details),
    )
