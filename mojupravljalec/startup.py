"""What must hold before a long-running process starts: the schema, and whose files these are."""

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, inspect

from . import identity, storage
from .extensions import READS_ONLY, db


def check() -> None:
    """Check the schema and the storage folder. Raises ClickException with one line.

    No connection stays open: `serve` forks afterwards.
    """
    try:
        require_current_schema()  # first: it begins the transaction that only reads
        if trouble := folder_trouble():
            raise click.ClickException(trouble)
    finally:
        db.session.remove()
        db.engine.dispose()


def require_current_schema() -> None:
    """Raises ClickException if the schema is older than this version, or unknown to it."""
    require_known_schema()
    found = schema_revisions()
    if found != (_script().get_current_head(),):
        is_older = f"has the older schema {', '.join(found)}" if found else "has no schema yet"
        raise click.ClickException(f"The database {is_older}. First: mojupravljalec upgrade")


def require_known_schema() -> None:
    """Raises ClickException if another version of the portal has changed the schema."""
    known = {script.revision for script in _script().walk_revisions()}
    unknown = [revision for revision in schema_revisions() if revision not in known]
    if unknown:
        raise click.ClickException(
            f"The database has the schema {', '.join(unknown)}, which this version of the portal "
            "does not know. Run the newer version that made it."
        )


def schema_revisions() -> tuple[str, ...]:
    """Return the revision of the schema; nothing where there is no schema."""
    return MigrationContext.configure(_connection()).get_current_heads()


def has_schema_without_id() -> bool:
    """Whether an earlier version, without the portal's identity, made the schema."""
    return bool(schema_revisions()) and not inspect(_connection()).has_table(
        identity.PortalIdentity.__tablename__
    )


def folder_trouble() -> str:
    """Return one line about a storage folder that belongs to another database, or nothing."""
    if identity.folder_matches():
        return ""
    folder = current_app.config["STORAGE"]
    if identity.folder_id():
        whose = "belongs to another database"
    elif storage.is_empty():
        return f"The folder {folder} is new to this database. First: mojupravljalec upgrade"
    else:
        whose = "holds files and does not say to which database they belong"
    return (
        f"The folder {folder} {whose}; no file was touched. Correct the settings, or if they are "
        "right: mojupravljalec adopt-files"
    )


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(current_app.config["MIGRATIONS"]))


def _connection() -> Connection:
    """Return the session's connection; on SQLite without the write lock, which may be held."""
    options = None if db.session().in_transaction() else READS_ONLY
    return db.session.connection(execution_options=options)
