"""One address, one template, two answers: a page, or for htmx one block of it."""

from collections.abc import Callable
from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response


def wants_part() -> bool:
    """Whether htmx asks for a part. Going back in history asks too, but for the whole page."""
    headers = request.headers
    return "HX-Request" in headers and "HX-History-Restore-Request" not in headers


def show(template: str, part: str, status: int = 200, **context: Any) -> Response:
    """Render ``template``, or for htmx only its block ``part`` and the messages."""
    if wants_part():
        current_app.update_template_context(context)
        page = current_app.jinja_env.get_template(template)
        html = "".join(page.blocks[part](page.new_context(context)))
        html += render_template("ui/messages.html", out_of_band=True)
    else:
        html = render_template(template, **context)
    response = make_response(html, status)
    response.vary.add("HX-Request")
    return response


def after_post(message: str, url: str, fresh: Callable[[], Response]) -> Response:
    """Say it worked: htmx gets ``fresh()``, a plain browser goes to ``url``."""
    flash(message)
    if not wants_part():
        return redirect(url, 303)
    answer = fresh()
    answer.headers["HX-Push-Url"] = url  # reloading shows the same again
    return answer
