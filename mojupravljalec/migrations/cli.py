"""`mojupravljalec upgrade` and `adopt-files`: the database, and the folder that belongs to it."""

from pathlib import Path

import click
import flask_migrate
from flask import current_app

from .. import identity, startup, storage
from ..command import in_portal
from ..extensions import db


@click.command()
@in_portal
def upgrade() -> None:
    """Create the database, or bring it up to this version. Run again, it changes nothing."""
    bring_up_to_date()
    click.echo("The database is up to date.")
    if trouble := startup.folder_trouble():
        click.echo(trouble, err=True)


@click.command("adopt-files")
@in_portal
def adopt_files() -> None:
    """Let the files of the instance folder belong to this database from now on.

    Only where `serve` says that they do not, and you know better. Files that the database does
    not reference will be moved to quarantine.
    """
    startup.require_current_schema()
    identity.mark_folder()
    click.echo(f"The files in {current_app.config['STORAGE']} belong to this database now.")


def bring_up_to_date() -> None:
    """Run the migrations that are missing, in one transaction, and mark the folder.

    A folder without a mark belongs to the database if it is empty, or if this is the upgrade
    that gives the database its identity. Raises ClickException if the schema is unknown.
    """
    Path(current_app.instance_path).mkdir(parents=True, exist_ok=True)
    startup.require_known_schema()
    is_first = startup.has_schema_without_id()
    db.session.rollback()  # the migrations take the write lock
    flask_migrate.upgrade()
    if not identity.folder_id() and (is_first or storage.is_empty()):
        identity.mark_folder()
    db.session.rollback()
