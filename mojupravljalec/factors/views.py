"""Giving the second proof at signing in, and choosing what to give it with."""

from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext, ngettext
from flask_login import current_user
from werkzeug.exceptions import NotFound, TooManyRequests
from werkzeug.wrappers import Response

from ..accounts import known_browsers
from ..accounts.actions import TooOften
from ..accounts.roles import Owes
from ..extensions import db
from ..web.access import fresh, half_open, safe_next, shared
from ..web.forms import Form
from ..web.page import ButtonForm
from . import actions, ceremonies, forms, queries, rules

bp = Blueprint("factors", __name__)
Answer = Response | str | tuple[str, int]

CHALLENGE = "challenge"  # in the session


@bp.route("/prijava/drugi-dokaz", methods=["GET", "POST"])
@half_open
def prove() -> Answer:
    """What comes after the password: a code, or a passkey."""
    goal = safe_next(request.args.get("next")) or url_for("home.start")
    if current_user.owes != Owes.PROOF:
        return redirect(goal)
    form, key_form = forms.ProofForm(), forms.KeyForm()
    by_key = "answer" in request.form
    if not (key_form if by_key else form).validate_on_submit():
        return _prove_page(form, key_form, form.status if not by_key else key_form.status)
    try:
        if by_key:
            actions.prove_by_passkey(current_user, _site(), _challenge(), key_form.answer.data)
        else:
            actions.prove_by_code(current_user, form.code.data)
    except actions.NoProof:
        db.session.commit()
        form.code.errors = [_not_right(by_key)]
        return _prove_page(form, key_form, 422)
    except TooOften as wait:
        db.session.commit()
        form.form_errors.append(_wait(wait))
        return _prove_page(form, key_form, TooManyRequests.code)
    db.session.commit()
    answer = redirect(goal, 303)
    known_browsers.remember(answer, current_user)
    return answer


@bp.get("/profil/dvojna-prijava")
@half_open
def overview() -> Answer:
    """What there is to give the proof with; staff come here when there is nothing yet."""
    if current_user.owes == Owes.PROOF:
        return redirect(url_for(".prove"))
    return render_template(
        "factors/overview.html",
        factors=queries.factors_of(current_user.id),
        codes=actions.codes_to_show(current_user),
        can_have_keys=_site_or_none() is not None,
    )


@bp.route("/profil/dvojna-prijava/telefon", methods=["GET", "POST"])
@half_open
@fresh
def phone() -> Answer:
    """A secret for the phone, as a picture and to be typed, and its first code."""
    if current_user.owes == Owes.PROOF:
        return redirect(url_for(".prove"))
    begins = "begin" in request.form
    form = ButtonForm() if begins else forms.PhoneForm()
    if not form.validate_on_submit():
        return _phone_page(form, form.status)
    if begins:
        actions.begin_phone(current_user)
        db.session.commit()
        return redirect(url_for(".phone"), 303)
    try:
        actions.confirm_phone(current_user, form.code.data)
    except actions.NoProof:
        db.session.commit()
        form.code.errors = [_not_right(by_key=False)]
        return _phone_page(form, 422)
    except TooOften as wait:
        db.session.commit()
        form.form_errors.append(_wait(wait))
        return _phone_page(form, TooManyRequests.code)
    return _ready(gettext("The phone is set up. From now on signing in asks for its code."))


@bp.route("/profil/dvojna-prijava/kljuc", methods=["GET", "POST"])
@half_open
@fresh
def new_passkey() -> Answer:
    """A passkey of this device or of a stick; it needs scripts and a browser that knows them."""
    if current_user.owes == Owes.PROOF:
        return redirect(url_for(".prove"))
    form, known = forms.NewKeyForm(), queries.passkeys_of(current_user.id)
    if len(known) >= actions.MOST_PASSKEYS:
        raise NotFound
    if not form.validate_on_submit():
        return _key_page(form, known, form.status)
    try:
        found = ceremonies.registered(_site(), challenge=_challenge(), answer=form.answer.data)
        actions.add_passkey(current_user, found, form.name.data)
    except (ceremonies.NotProven, actions.NoProof):
        form.form_errors.append(_not_right(by_key=True))
        return _key_page(form, known, 422)
    return _ready(gettext("The passkey is set up. From now on signing in asks for it."))


@bp.route("/profil/dvojna-prijava/kode", methods=["GET", "POST"])
@shared
@fresh
def renew_codes() -> Answer:
    form = ButtonForm()
    if not form.validate_on_submit():
        return render_template("factors/renew_codes.html", form=form), form.status
    if not current_user.has_factor:
        return redirect(url_for(".overview"), 303)
    actions.renew_codes(current_user)
    return _ready(gettext("The old recovery codes are void."))


@bp.route("/profil/dvojna-prijava/telefon/odstrani", methods=["GET", "POST"])
@shared
@fresh
def remove_phone() -> Answer:
    form = ButtonForm()
    if not form.validate_on_submit():
        return render_template("factors/remove.html", form=form, name=""), form.status
    actions.remove_phone(current_user)
    return _removed()


@bp.route("/profil/dvojna-prijava/kljuc/<int:passkey_id>/odstrani", methods=["GET", "POST"])
@shared
@fresh
def remove_passkey(passkey_id: int) -> Answer:
    passkey = queries.passkey_of(current_user.id, passkey_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return render_template("factors/remove.html", form=form, name=passkey.name), form.status
    actions.remove_passkey(current_user, passkey)
    return _removed()


def _prove_page(form: forms.ProofForm, key_form: forms.KeyForm, status: int) -> Answer:
    keys = queries.passkeys_of(current_user.id)
    options, site = "", _site_or_none()
    if keys and site:
        options, session[CHALLENGE] = ceremonies.sign_in_options(
            site, [key.credential_id for key in keys]
        )
    page = render_template("factors/prove.html", form=form, key_form=key_form, options=options)
    return page, status


def _phone_page(form: Form, status: int) -> Answer:
    secret = queries.open_secret(current_user.id)
    issuer = current_app.config["SITE_NAME"]
    uri = secret and rules.provisioning_uri(secret, account=current_user.email, issuer=issuer)
    return render_template(
        "factors/phone.html",
        form=form,
        picture=rules.qr_data_uri(uri) if uri else "",
        secret=rules.grouped(secret),
    ), status


def _key_page(form: forms.NewKeyForm, known: list[Any], status: int) -> Answer:
    options, session[CHALLENGE] = ceremonies.registration_options(
        _site(),
        account_id=current_user.id,
        email=current_user.email,
        called=current_user.called,
        known=[key.credential_id for key in known],
    )
    return render_template("factors/new_passkey.html", form=form, options=options), status


def _ready(sentence: str) -> Response:
    """Back to the overview, which shows new recovery codes this once."""
    db.session.commit()
    flash(sentence)
    answer = redirect(url_for(".overview"), 303)
    known_browsers.remember(answer, current_user)
    return answer


def _removed() -> Response:
    db.session.commit()
    flash(gettext("It is removed."))
    return redirect(url_for(".overview"), 303)


def _challenge() -> str:
    """What was asked of the passkey; it is answered once."""
    return str(session.pop(CHALLENGE, ""))


def _site_or_none() -> ceremonies.Site | None:
    settings = current_app.config
    return ceremonies.site_of(settings["SITE_URL"], settings["SITE_NAME"])


def _site() -> ceremonies.Site:
    site = _site_or_none()
    if site is None:  # an address in numbers: browsers make no passkeys for it
        raise NotFound
    return site


def _not_right(by_key: bool) -> str:
    if by_key:
        return gettext("The passkey was not accepted. Try once more, or use a code.")
    return gettext("This code does not fit. Type the one that the phone shows now.")


def _wait(wait: TooOften) -> str:
    return ngettext(
        "There were too many attempts. Try again in %(num)d minute.",
        "There were too many attempts. Try again in %(num)d minutes.",
        wait.minutes,
    )
