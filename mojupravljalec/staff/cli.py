"""`mojupravljalec staff`: the first of them, before anybody can sign in to invite others."""

import click
from flask import current_app

from ..accounts.actions import AddressTaken
from ..accounts.models import Account
from ..accounts.roles import Role
from ..accounts.rules import NotAnAddress
from ..command import in_portal
from ..extensions import db
from . import actions, queries


@click.group()
def staff() -> None:
    """Who works in the office."""


@staff.command("add")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.OPERATOR.value,
    show_default=True,
)
@in_portal
def add(email: str, role: str) -> None:
    """Invite EMAIL to the office. The letter is queued, and its link is printed as well."""
    site = current_app.config["SITE_URL"]
    try:
        with current_app.test_request_context(base_url=site):
            account, path = actions.invite(email, Role(role), by=None)
            invited = account.email
            db.session.commit()
    except NotAnAddress as wrong:
        raise click.BadParameter(f"{email!r} is no e-mail address") from wrong
    except AddressTaken as taken:
        raise click.ClickException(
            f"{email} has an access already. A staff account needs an address of its own."
        ) from taken
    click.echo(f"Povabilo za {invited} ({role}):\n{site}{path}")


@staff.command("list")
@in_portal
def list_people() -> None:
    """Everybody with a staff account, their roles and whether these are open."""
    for row in db.session.execute(queries.people().order_by(Account.email)):
        click.echo(f"{row.email}  {row.role}  {queries.state(row)}")
