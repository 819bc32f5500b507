"""`make migration`: write the next migration from what the models say now."""

import re
import sys
from pathlib import Path

import flask_migrate

from .. import create_app

LONGEST_ID = 32  # that alembic's own table holds on Postgres


def main(message: str) -> None:
    """A new file in versions/, numbered after the last one and named after ``message``."""
    number = len(list(Path(__file__).with_name("versions").glob("[0-9]*.py"))) + 1
    name = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    with create_app().app_context():
        flask_migrate.migrate(message=message, rev_id=f"{number:04}_{name}"[:LONGEST_ID])


if __name__ == "__main__":
    main(sys.argv[1])
