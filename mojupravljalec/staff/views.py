"""The staff: who is there, inviting, roles, and leaving."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from ..accounts.actions import AddressTaken
from ..accounts.models import Account
from ..accounts.roles import Right, Role
from ..extensions import db
from ..factors.queries import factors_of
from ..web import lists
from ..web.access import desk, fresh
from ..web.filters import moment
from ..web.page import ButtonForm
from . import actions, forms, queries
from .wording import ABOUT_ROLES, ROLES, STATES

bp = Blueprint("staff", __name__)
Answer = Response | str | tuple[str, int]


@bp.get("/pisarna/osebje")
@desk(Right.STAFF)
def people() -> Answer:
    role = request.args.get("vloga", "")
    return lists.answer(
        "staff/people.html",
        queries.people(role),
        (
            lists.Column("oseba", gettext("Person"), _person_cell, Account.last_name),
            lists.Column("naslov", gettext("E-mail"), lambda row: row.email, Account.email_key),
            lists.Column("vloga", gettext("Role"), lambda row: str(ROLES[row.role]), Account.role),
            lists.Column("stanje", gettext("State"), _state_cell),
            lists.Column("prijava", gettext("Last sign-in"), _last_cell),
        ),
        order="oseba",
        tie=Account.id,
        name="osebje",
        filters={"vloga": role},
        role=role,
        roles=[(one.value, name) for one, name in ROLES.items()],
    )


@bp.route("/pisarna/osebje/povabi", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def invite() -> Answer:
    form = forms.InvitationForm()
    if not form.validate_on_submit():
        return _invite_page(form, form.status)
    try:
        actions.invite(form.email.data, Role(form.role.data), by=current_user.id)
    except AddressTaken:
        form.email.errors = [gettext("This address has an access already. Take another one.")]
        return _invite_page(form, 422)
    db.session.commit()
    flash(gettext("We sent an invitation to %(email)s.", email=form.email.data))
    return redirect(url_for(".people"), 303)


@bp.get("/pisarna/osebje/<int:account_id>")
@desk(Right.STAFF)
def person(account_id: int) -> Answer:
    found = queries.person(account_id)
    state, tone = STATES[queries.state(found)]
    return render_template(
        "staff/person.html",
        person=found,
        role=ROLES[queries.role(found)],
        about=ABOUT_ROLES[queries.role(found)],
        state=state,
        tone=tone,
        factors=factors_of(account_id),
    )


@bp.route("/pisarna/osebje/<int:account_id>/vloga", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def role(account_id: int) -> Answer:
    found = queries.person(account_id)
    form = forms.RoleForm(role=found.role)
    if not form.validate_on_submit():
        return _role_page(found, form, form.status)
    try:
        actions.change_role(found, Role(form.role.data), by=current_user.id)
    except actions.LastOperator:
        form.role.errors = [_last_operator()]
        return _role_page(found, form, 422)
    return _done(found, gettext("The role is changed."))


@bp.route("/pisarna/osebje/<int:account_id>/zapri", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def close(account_id: int) -> Answer:
    found = queries.person(account_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _confirm("close", found, form, form.status)
    try:
        actions.close(found, by=current_user.id)
    except actions.LastOperator:
        form.form_errors.append(_last_operator())
        return _confirm("close", found, form, 422)
    return _done(found, gettext("The access is closed."))


@bp.route("/pisarna/osebje/<int:account_id>/odpri", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def reopen(account_id: int) -> Answer:
    found = queries.person(account_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _confirm("reopen", found, form, form.status)
    actions.reopen(found, by=current_user.id)
    return _done(found, gettext("The access is open again."))


@bp.route("/pisarna/osebje/<int:account_id>/povabi-znova", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def invite_again(account_id: int) -> Answer:
    found = queries.person(account_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _confirm("invite_again", found, form, form.status)
    if found.activated_at is None:
        actions.invite_again(found, by=current_user.id)
    return _done(found, gettext("We sent an invitation to %(email)s.", email=found.email))


@bp.route("/pisarna/osebje/<int:account_id>/dvojna-prijava", methods=["GET", "POST"])
@desk(Right.STAFF)
@fresh
def reset_factors(account_id: int) -> Answer:
    found = queries.person(account_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _confirm("reset_factors", found, form, form.status)
    actions.reset_factors(found, by=current_user.id)
    return _done(found, gettext("The second proof is removed."))


def _invite_page(form: forms.InvitationForm, status: int) -> Answer:
    return render_template("staff/invite.html", form=form, about=ABOUT_ROLES), status


def _role_page(found: Account, form: forms.RoleForm, status: int) -> Answer:
    page = render_template("staff/role.html", form=form, person=found, about=ABOUT_ROLES)
    return page, status


def _confirm(name: str, found: Account, form: ButtonForm, status: int) -> Answer:
    return render_template(f"staff/{name}.html", form=form, person=found), status


def _done(found: Account, sentence: str) -> Response:
    db.session.commit()
    flash(sentence)
    return redirect(url_for(".person", account_id=found.id), 303)


def _last_operator() -> str:
    return gettext("This is the last operator. Make somebody else an operator first.")


def _person_cell(row: Any) -> lists.Cell:
    called = f"{row.first_name} {row.last_name}".strip() or row.email
    return lists.Cell(called, url_for(".person", account_id=row.id))


def _state_cell(row: Any) -> lists.Cell:
    state, tone = STATES[queries.state(row)]
    return lists.Cell(str(state), tone=tone)


def _last_cell(row: Any) -> str:
    return moment(row.last_at) if row.last_at else "–"
