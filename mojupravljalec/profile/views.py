"""The profile, and linking customers to it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..accounts.queries import devices_of
from ..customers import actions, queries
from ..customers.forms import LinkForm, ProvenLinkForm, in_words
from ..customers.rules import fault_of
from ..extensions import db
from ..mail import subscriptions
from ..mail.letters import CHOICES
from ..metering.queries import has_meter
from ..web.access import public, shared
from ..web.even import even_time
from ..web.page import ButtonForm

bp = Blueprint("profile", __name__)
Answer = Response | str | tuple[str, int]


@bp.get("/profil")
@shared
def overview() -> Answer:
    return render_template(
        "profile/overview.html",
        links=queries.links_of(current_user.id),
        others=queries.others_with_access(current_user.id),
        devices=devices_of(current_user.id),
        unwanted=subscriptions.unwanted_by(current_user.id),
    )


@bp.route("/prikljuci-stranko", methods=["GET", "POST"])
def link() -> Answer:
    form = ProvenLinkForm() if actions.needs_proof() else LinkForm()
    if not form.validate_on_submit():
        return _link_page(form, form.status)
    before = {link.id for link, _ in queries.links_of(current_user.id) if not link.ended_at}
    serial = form.serial.data if isinstance(form, ProvenLinkForm) else ""
    try:
        with even_time():
            linked = actions.link_by_code(current_user, form.code.data, serial, has_meter)
            db.session.commit()
    except actions.TooManyWrong as wait:
        db.session.commit()
        form.form_errors.append(
            ngettext(
                "There were too many wrong codes. Try again in %(num)d hour, or call us.",
                "There were too many wrong codes. Try again in %(num)d hours, or call us.",
                wait.hours,
            )
        )
        return _link_page(form, 429)
    if linked is None:
        form.code.errors = [_why_wrong(form)]
        return _link_page(form, 422)
    if linked.id in before:
        flash(gettext("This customer was linked already."))
    else:
        flash(gettext("The customer is linked."))
    return redirect(url_for("metering.points"), 303)


@bp.route("/profil/stranke/<int:link_id>/odklop", methods=["GET", "POST"])
def unlink(link_id: int) -> Answer:
    found, customer = queries.link_of(current_user.id, link_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return render_template("profile/unlink.html", form=form, customer=customer), form.status
    actions.end_link(current_user, found)
    db.session.commit()
    flash(gettext("The customer is no longer linked."))
    return redirect(url_for(".overview"), 303)


@bp.route("/profil/sporocila", methods=["GET", "POST"])
def letters() -> Answer:
    """Which letters the person wants."""
    form = ButtonForm()
    wanted = request.form.getlist("wanted")
    if request.method == "GET":
        unwanted = subscriptions.unwanted_by(current_user.id)
        wanted = [kind for kind in CHOICES if kind not in unwanted]
    if not form.validate_on_submit():
        page = render_template("profile/letters.html", form=form, choices=CHOICES, wanted=wanted)
        return page, form.status
    subscriptions.choose(current_user.id, wanted)
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for(".overview"), 303)


@bp.route("/brez-sporocil/<token>", methods=["GET", "POST"])
@public
def no_letters(token: str) -> Answer:
    """Where the link in a letter leads. Opening it changes nothing; a press, or the mail
    program's own button (RFC 8058), switches the letter off without signing in.
    """
    found = subscriptions.read(token)
    if found is None:
        raise NotFound
    if request.method == "POST":
        subscriptions.switch_off(*found)
        db.session.commit()
    return render_template(
        "profile/no_letters.html", what=CHOICES[found[1]], done=request.method == "POST"
    )


def _link_page(form: LinkForm, status: int) -> Answer:
    first = not queries.links_of(current_user.id)
    return render_template("profile/link.html", form=form, first=first), status


def _why_wrong(form: LinkForm) -> str:
    """Say what the form of the code alone tells; else the same for a wrong code and proof."""
    if fault := fault_of(form.code.data, queries.code_shapes()):
        return in_words(fault)
    if isinstance(form, ProvenLinkForm):
        return gettext("The code and the meter number do not belong together. Check both.")
    return gettext("We do not know this code. Check it on your last bill, or call us.")
