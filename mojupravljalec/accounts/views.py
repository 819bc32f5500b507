"""Signing in, registering, activating, forgotten passwords, and the person's own data."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user, login_user, logout_user
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from ..extensions import db
from ..values import clock
from ..web import lists
from ..web.access import (
    UNSENT,
    SentForm,
    is_unsent_of,
    keeps,
    perform,
    public,
    safe_next,
    shared,
    unsent,
)
from ..web.even import even_time
from ..web.page import ButtonForm
from . import actions, forms, held_forms, known_browsers, passwords, queries, rules, tokens
from .models import MailLink, Purpose
from .roles import STAFF_PASSWORD, Owes

bp = Blueprint("accounts", __name__)
Answer = Response | str | tuple[str, int]
HELD = "obrazec"  # in the address: the number of a form that waits
_WAIT = (actions.TooOften, passwords.Busy)

WRITTEN_TO, OWN_LINK = "written_to", "own_link"  # in the session
WRITTEN_TO_S = 60  # until the page after the form is there


@bp.route("/prijava", methods=["GET", "POST"])
@public
def sign_in() -> Answer:
    goal = safe_next(request.args.get("next"))
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(goal or url_for("home.start"))
    form = forms.SignInForm()
    if not form.validate_on_submit():
        return _page("sign_in", form, form.status)
    try:
        with even_time(), passwords.turn():
            person = actions.sign_in(form.email.data, form.password.data, _browser())
            db.session.commit()
    except ValueError:  # no address at all: the same answer as for an unknown one
        person = None
    except _WAIT as wait:
        return _wait(wait, "sign_in", form)
    if person is None:
        _blame(
            form.email,
            gettext(
                "The address and the password do not match, or the access is not activated yet."
            ),
        )
        return _page("sign_in", form, 422)
    kept = {UNSENT: session[UNSENT]} if is_unsent_of(person.id) else {}
    session.clear()
    session.update(kept)
    session.permanent = True
    login_user(person)
    if owed := person.owes:
        return redirect(url_for(_PROVING[owed], next=goal), 303)
    answer = redirect(goal or url_for("home.start"), 303)
    known_browsers.remember(answer, person)
    return answer


# Where the second proof is given, or got ready.
_PROVING = {Owes.PROOF: "factors.prove", Owes.FACTOR: "factors.overview"}


@bp.route("/odjava", methods=["GET", "POST"])
@public
def sign_out() -> Answer:
    """A button, for whoever comes here by address or with a token that is too old."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return _page("sign_out", form, form.status)
    if not current_user.is_anonymous:
        actions.sign_out(queries.device_of(current_user.id, current_user.device_id))
        db.session.commit()
    logout_user()
    session.clear()
    flash(gettext("You have signed out."))
    answer = redirect(url_for(".sign_in"), 303)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@bp.route("/registracija", methods=["GET", "POST"])
@public
def register() -> Answer:
    form = forms.RegistrationForm()
    if not form.validate_on_submit():
        return _page("register", form, form.status, password_help=forms.password_help())
    try:
        with even_time(), passwords.turn():
            link = actions.register(
                form.email.data, form.first_name.data, form.last_name.data, form.password.data
            )
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "register", form, password_help=forms.password_help())
    return _look_into_mail(form.email.data, link)


@bp.route("/aktivacija", methods=["GET", "POST"])
@public
def activate_by_code() -> Answer:
    written_to = _just_written_to()
    form = forms.ActivationCodeForm(email=written_to)
    if not form.validate_on_submit():
        return _page("activate_by_code", form, form.status, written_to=written_to)
    try:
        with even_time():
            right = actions.activate_by_code(form.email.data, form.code.data)
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "activate_by_code", form)
    if not right:
        _blame(
            form.code,
            gettext(
                "This code does not fit or no longer works. "
                "Check it, or ask for a new letter below."
            ),
        )
        return _page("activate_by_code", form, 422)
    return _activated()


@bp.route("/aktivacija/<token>", methods=["GET", "POST"])
@public
def activate(token: str) -> Answer:
    """Opening the link changes nothing: mail scanners open links. The button does."""
    link = _link(token, Purpose.ACTIVATION)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _page("activate", form, form.status, link=link)
    actions.activate(link)
    db.session.commit()
    return _activated()


@bp.route("/aktivacija/novo-sporocilo", methods=["GET", "POST"])
@public
def resend() -> Answer:
    form = forms.EmailForm()
    if not form.validate_on_submit():
        return _page("resend", form, form.status)
    try:
        with even_time():
            link = actions.ask_activation(form.email.data, session.get(OWN_LINK))
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "resend", form)
    return _look_into_mail(form.email.data, link)


@bp.route("/pozabljeno-geslo", methods=["GET", "POST"])
@public
def forgotten() -> Answer:
    form = forms.EmailForm()
    if not form.validate_on_submit():
        return _page("forgotten", form, form.status)
    try:
        with even_time():
            actions.ask_reset(form.email.data)
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "forgotten", form)
    return redirect(url_for(".letter_sent"), 303)


@bp.get("/pozabljeno-geslo/poslano")
@public
def letter_sent() -> Answer:
    return render_template("accounts/letter_sent.html")


@bp.route("/novo-geslo/<token>", methods=["GET", "POST"])
@public
def new_password(token: str) -> Answer:
    link = _link(token, Purpose.RESET)
    form = forms.NewPasswordForm()
    form.personal = queries.personal_words(link)
    form.least = STAFF_PASSWORD if queries.is_staff(link) else 0
    help_text = forms.password_help(form.least)
    if not form.validate_on_submit():
        return _page("new_password", form, form.status, password_help=help_text)
    try:
        with passwords.turn():
            actions.reset_password(link, form.password.data)
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "new_password", form, password_help=help_text)
    flash(gettext("Your new password is set. Sign in with it."))
    return redirect(url_for(".sign_in"), 303)


@bp.route("/povabilo/<token>", methods=["GET", "POST"])
@public
def accept(token: str) -> Answer:
    """Where an invitation leads: staff choose their name and password."""
    link = _link(token, Purpose.INVITATION)
    form = forms.AcceptForm()
    form.personal = queries.personal_words(link)
    form.least = STAFF_PASSWORD
    help_text = forms.password_help(STAFF_PASSWORD)
    if not form.validate_on_submit():
        return _page("accept", form, form.status, password_help=help_text)
    try:
        with passwords.turn():
            actions.accept(link, form.first_name.data, form.last_name.data, form.password.data)
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "accept", form, password_help=help_text)
    return _activated()


@bp.route("/prijava/ponovno", methods=["GET", "POST"])
@shared
def again() -> Answer:
    """Ask for the password before a sensitive action, then perform the action.

    The address names what comes next: a page or file, or the number of a form that waits.
    """
    goal = safe_next(request.args.get("next")) or url_for("home.start")
    number = lists.number(HELD)
    context = {"has_form": bool(number), "back": safe_next(request.args.get("nazaj"))}
    form = forms.AgainForm()
    if not form.validate_on_submit():
        return _page("again", form, form.status, **context)
    try:
        with even_time(), passwords.turn():
            right = actions.prove_again(current_user, form.password.data)
            waiting = held_forms.take(current_user, number) if right and number else None
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "again", form, **context)
    except held_forms.HeldTooLong:
        db.session.commit()  # the password was right
        flash(gettext("Nothing is done yet, since some time has passed. Press once more."), "warn")
        return redirect(goal, 303)
    if not right:
        return _wrong_password("again", form, form.password, **context)
    if waiting:
        return perform(waiting)
    if number:
        flash(gettext("That has been done already."))
    return redirect(goal, 303)


def hold_form(form: SentForm) -> int:
    """Let a form wait until its sender has typed the password; return its number."""
    number = held_forms.hold(current_user, form)
    db.session.commit()
    return number


@bp.route("/nov-naslov/<token>", methods=["GET", "POST"])
@public
def confirm_email(token: str) -> Answer:
    link = _link(token, Purpose.NEW_EMAIL)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _page("confirm_email", form, form.status, new_email=link.new_email)
    taken_over = actions.confirm_email(link)
    db.session.commit()
    if taken_over:
        flash(gettext("From now on you sign in with %(email)s.", email=link.new_email))
    else:
        flash(gettext("This address belongs to another access. Nothing was changed."), "warn")
    return redirect(url_for("profile.overview"), 303)


@bp.route("/profil/ime", methods=["GET", "POST"])
@shared
@keeps("first_name", "last_name")
def name() -> Answer:
    form = forms.NameForm(obj=current_user, data=unsent())
    if not form.validate_on_submit():
        return _page("name", form, form.status)
    actions.rename(current_user.id, form.first_name.data, form.last_name.data)
    return _saved(gettext("Your name is changed."))


@bp.route("/profil/naslov", methods=["GET", "POST"])
@shared
@keeps("new_email")
def email() -> Answer:
    form = forms.NewEmailForm(data=unsent())
    if not form.validate_on_submit():
        return _page("email", form, form.status)
    try:
        with even_time(), passwords.turn():
            right = actions.ask_new_email(
                current_user, form.email_password.data, form.new_email.data
            )
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "email", form)
    if not right:
        return _wrong_password("email", form, form.email_password)
    return _saved(
        gettext(
            "We sent a letter to %(email)s. The address changes once you confirm it there.",
            email=form.new_email.data,
        )
    )


@bp.route("/profil/geslo", methods=["GET", "POST"])
@shared
def password() -> Answer:
    form = forms.ChangePasswordForm()
    form.personal = (current_user.email, current_user.first_name, current_user.last_name)
    form.least = STAFF_PASSWORD if current_user.role else 0
    help_text = forms.password_help(form.least)
    if not form.validate_on_submit():
        return _page("password", form, form.status, password_help=help_text)
    try:
        with passwords.turn():
            right = actions.change_password(
                current_user, form.old_password.data, form.password.data
            )
            db.session.commit()
    except _WAIT as wait:
        return _wait(wait, "password", form, password_help=help_text)
    if not right:
        return _wrong_password("password", form, form.old_password, password_help=help_text)
    return _saved(gettext("Your password is changed. Other devices are signed out."))


@bp.route("/profil/jezik", methods=["GET", "POST"])
@shared
def language() -> Answer:
    form = forms.LanguageForm(language=current_user.language or "")
    if not form.validate_on_submit():
        return _page("language", form, form.status)
    actions.choose_language(current_user.id, form.language.data or None)
    current_user.language = form.language.data or None
    return _saved(gettext("The language is set."))


@bp.route("/profil/naprave/<int:device_id>/odjava", methods=["GET", "POST"])
@shared
def end_device(device_id: int) -> Answer:
    device = queries.device_of(current_user.id, device_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _page("end_device", form, form.status, device=device)
    actions.sign_out(device)
    return _saved(gettext("The device is signed out."))


def _page(name: str, form: Any, status: int, **context: Any) -> tuple[str, int]:
    return render_template(f"accounts/{name}.html", form=form, **context), status


def _blame(field: Any, sentence: str) -> None:
    field.errors = [*field.errors, sentence]


def _wait(reason: Exception, name: str, form: Any, **context: Any) -> tuple[str, int]:
    """The form again, with what was typed: only the waiting is new."""
    if isinstance(reason, actions.TooOften):
        db.session.commit()
        sentence = ngettext(
            "There were too many attempts. Try again in %(num)d minute.",
            "There were too many attempts. Try again in %(num)d minutes.",
            reason.minutes,
        )
    else:
        db.session.rollback()  # nothing was tried, so nothing counts
        sentence = gettext("Many people sign in at this moment. Press the button once more.")
    form.form_errors.append(sentence)
    return _page(name, form, TooManyRequests.code, **context)


def _wrong_password(name: str, form: Any, field: Any, **context: Any) -> tuple[str, int]:
    _blame(field, gettext("This is not your current password."))
    return _page(name, form, 422, **context)


def _saved(sentence: str) -> Response:
    db.session.commit()
    flash(sentence)
    return redirect(url_for("profile.overview"), 303)


def _look_into_mail(email: str, link: int | None) -> Response:
    """On to the page for the code, which shows the address this once.

    Whoever takes the phone next must not find it. What stays is the number of the link: a new
    letter from this browser is for the registration that was made in it.
    """
    session[WRITTEN_TO] = [email, int(clock.now().timestamp()) + WRITTEN_TO_S]
    if link is not None:
        session[OWN_LINK] = link
    return redirect(url_for(".activate_by_code"), 303)


def _just_written_to() -> str:
    """The address to which a letter was sent a moment ago, the first time that it is asked for."""
    email, until = session.pop(WRITTEN_TO, ("", 0))
    return str(email) if clock.now().timestamp() < until else ""


def _activated() -> Response:
    flash(gettext("Your access is active. Sign in now."))
    return redirect(url_for(".sign_in"), 303)


def _link(token: str, purpose: Purpose) -> MailLink:
    """The mailed link. Raises LinkOver."""
    link = tokens.link_of(token, purpose)
    state = queries.link_state(link) if link else rules.LinkState.BROKEN
    if link is None or state != rules.LinkState.GOOD:
        raise actions.LinkOver(state, purpose)
    return link


@bp.errorhandler(actions.LinkOver)
def _link_over(over: actions.LinkOver) -> Answer:
    """What became of the link, and the way to a new letter."""
    page = render_template("accounts/link_over.html", state=over.state, again=_AGAIN[over.purpose])
    return page, 404 if over.state == rules.LinkState.BROKEN else 410


_AGAIN = {
    Purpose.ACTIVATION: ".resend",
    Purpose.RESET: ".forgotten",
    Purpose.NEW_EMAIL: ".email",
    Purpose.INVITATION: ".resend",
}


def _browser() -> str:
    return request.user_agent.string
