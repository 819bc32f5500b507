"""`mojupravljalec upgrade`: the database, created or brought up to date."""

from pathlib import Path

import click
import flask_migrate
from flask import current_app

from ..command import in_portal


@click.command()
@click.option("--quiet", is_flag=True, help="Say nothing when all is well.")
@in_portal
def upgrade(quiet: bool) -> None:
    """Create the database, or bring it up to this version. Run again, it changes nothing."""
    Path(current_app.instance_path).mkdir(parents=True, exist_ok=True)
    flask_migrate.upgrade()
    if not quiet:
        click.echo("The database is up to date.")
