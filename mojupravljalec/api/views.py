"""Programs and their tokens, in the office."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from ..accounts import shown_once
from ..accounts.roles import Right
from ..extensions import db
from ..web import lists
from ..web.access import desk, fresh
from ..web.filters import moment
from ..web.page import ButtonForm
from . import actions, forms, queries
from .models import ApiToken
from .rules import Scope, token_of
from .wording import SCOPES_SHORT, STATES

bp = Blueprint("programs", __name__)
Answer = Response | str | tuple[str, int]

TOKEN = "api-token"  # noqa: S105 what `shown_once` calls it


@bp.get("/pisarna/programi")
@desk(Right.STAFF)
def overview() -> Answer:
    """The tokens, and this once the one that was just made."""
    key = shown_once.key_to_show(current_user, TOKEN)
    token = token_of(key) if key else None
    return lists.answer(
        "api/programs.html",
        queries.tokens(),
        (
            lists.Column("program", gettext("Program"), lambda row: row.name, ApiToken.name),
            lists.Column("sme", gettext("May do"), _scopes),
            lists.Column("ustvarjen", gettext("Made"), _made, ApiToken.id),
            lists.Column("uporabljen", gettext("Last used"), _used, ApiToken.used_at),
            lists.Column("stanje", gettext("State"), _state_cell),
            lists.Column("prekini", gettext("End"), _end_cell),
        ),
        order="-ustvarjen",
        tie=ApiToken.id,
        name="programi",
        token=token,
        example=_example(token or "mu_…"),
    )


def _example(token: str) -> str:
    """What is typed on a terminal to send a file, and to ask how far it is."""
    signed, imports = (
        f'curl -H "Authorization: Bearer {token}"',
        f"{current_app.config['SITE_URL']}/api/imports",
    )
    return f"{signed} -F file=@stranke.csv {imports}\n{signed} {imports}/1"


@bp.route("/pisarna/programi/nov", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def new() -> Answer:
    form = forms.TokenForm()
    if not form.validate_on_submit():
        return render_template("api/new.html", form=form), form.status
    scopes = [Scope(scope) for scope in form.scopes.data]
    try:
        key = shown_once.new_key(current_user, TOKEN, submission=form.submission.data or "")
    except shown_once.MadeBefore:
        return redirect(url_for(".overview"), 303)
    actions.make_token(form.name.data.strip(), scopes, key=key, by=current_user.id)
    db.session.commit()
    flash(gettext("The token is made."))
    return redirect(url_for(".overview"), 303)


@bp.route("/pisarna/programi/<int:token_id>/prekini", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def end(token_id: int) -> Answer:
    """The program is let in no more."""
    found = queries.token_of(token_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return render_template("api/end.html", form=form, token=found), form.status
    actions.end_token(found, by=current_user.id)
    db.session.commit()
    flash(gettext("The token works no more."))
    return redirect(url_for(".overview"), 303)


def _scopes(row: Any) -> str:
    return ", ".join(str(SCOPES_SHORT[Scope(scope)]) for scope in row.scopes.split())


def _made(row: Any) -> str:
    return f"{moment(row.made_at)}, {row.email}"


def _used(row: Any) -> str:
    return moment(row.used_at) if row.used_at else gettext("not yet")


def _state_cell(row: Any) -> lists.Cell:
    state, tone = STATES[queries.state(row)]
    return lists.Cell(str(state), tone=tone)


def _end_cell(row: Any) -> lists.Cell:
    if row.ended_at:
        return lists.Cell("–")
    return lists.Cell(gettext("End"), url_for(".end", token_id=row.id))
