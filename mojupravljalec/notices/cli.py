"""`mojupravljalec notice`: what everybody reads on the first page."""

from datetime import date

import click

from ..audit.actions import record
from ..command import in_portal
from ..extensions import db
from ..values import clock
from .models import Notice
from .queries import all_notices

DAY = click.DateTime(["%Y-%m-%d", "%d.%m.%Y"])


@click.group()
def notice() -> None:
    """Announcements on the first page: no water tomorrow, the office is closed."""


@notice.command()
@click.argument("title")
@click.argument("text")
@click.option("--from", "from_on", type=DAY, help="First day; today unless given.")
@click.option("--to", "to_on", type=DAY, required=True, help="Last day.")
@in_portal
def add(title: str, text: str, from_on: object, to_on: object) -> None:
    """Show TITLE and TEXT from one day to another, both included."""
    first, last = _day(from_on) or clock.today(), _day(to_on)
    assert last, "the option is required"  # noqa: S101 narrows the type
    if last < first:
        raise click.BadParameter("the last day lies before the first", param_hint="--to")
    row = Notice(title=title, text=text, from_on=first, to_on=last)
    db.session.add(row)
    db.session.flush()
    record("notice.added", subject=f"notice:{row.id}", title=title)
    db.session.commit()
    click.echo(f"Obvestilo {row.id}: {first} do {last}")


def _day(moment: object) -> date | None:
    return moment.date() if hasattr(moment, "date") else None


@notice.command("list")
@in_portal
def list_() -> None:
    """Every notice with its number, the newest first."""
    for row in all_notices():
        click.echo(f"{row.id}: {row.from_on} do {row.to_on}: {row.title}")


@notice.command()
@click.argument("number", type=int)
@in_portal
def remove(number: int) -> None:
    """Take the notice NUMBER away."""
    row = db.session.get(Notice, number)
    if row is None:
        raise click.ClickException(f"There is no notice {number}.")
    db.session.delete(row)
    record("notice.removed", subject=f"notice:{number}", title=row.title)
    db.session.commit()
    click.echo(f"Obvestilo {number} je odstranjeno.")
