"""The audit in the office: who did what to what, and when."""

from flask import Blueprint, request
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from ..accounts.roles import Right
from ..audit.looks import note_list
from ..web import lists
from ..web.access import ask_again, desk
from . import queries, wording
from .forms import WantedForm

bp = Blueprint("journal", __name__)
NAME = "dnevnik"


@bp.get("/pisarna/dnevnik")
@desk(Right.AUDIT)
def entries() -> Response:
    """A page of it; the whole as a file only for whoever typed the password a while ago."""
    as_file = request.args.get(lists.FORM) == lists.CSV
    if as_file and not current_user.is_fresh:
        return ask_again()
    form = WantedForm(request.args, meta={"csrf": False})
    form.offer()
    is_sound = form.validate()
    if as_file:
        note_list(current_user.id, NAME, **form.asked)
    query = queries.entries(form.wanted) if is_sound else queries.nothing()
    return lists.answer(
        "journal/entries.html",
        query,
        _columns(query),
        order="-kdaj",
        tie=query.selected_columns.id,
        name=NAME,
        prepare=queries.named,
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
