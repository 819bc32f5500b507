"""Help, privacy and accessibility, open to everyone."""

from flask import Blueprint, render_template

from ..web.access import public

bp = Blueprint("info", __name__)


@bp.get("/pomoc")
@public
def help() -> str:
    return render_template("info/help.html")


@bp.get("/zasebnost")
@public
def privacy() -> str:
    return render_template("info/privacy.html")


@bp.get("/dostopnost")
@public
def accessibility() -> str:
    return render_template("info/accessibility.html")
