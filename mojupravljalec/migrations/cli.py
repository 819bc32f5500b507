"""`mojupravljalec upgrade`: the database, created or brought up to date."""

from pathlib import Path

import click
import flask_migrate
from flask import current_app

from ..command import in_portal


@click.command()
@in_portal
def upgrade() -> None:
    """Create the database, or bring it up to this version. Run again, it changes nothing."""
    bring_up_to_date()
    click.echo("The database is up to date.")


def bring_up_to_date() -> None:
    """Run the migrations that are missing, in one transaction."""
    Path(current_app.instance_path).mkdir(parents=True, exist_ok=True)
    flask_migrate.upgrade()
