"""The console script `mojupravljalec`: every command of the terminal."""

import click

from .demo.cli import demo
from .exports.cli import export
from .imports.cli import import_files, undo
from .intake.cli import watch
from .mail.cli import worker
from .migrations.cli import adopt_files, upgrade
from .notices.cli import notice
from .server import serve
from .staff.cli import staff


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mojupravljalec")
def main() -> None:
    """Moj upravljalec: the portal for a water utility's customers.

    Settings come from instance/config.py and from MOJUPRAVLJALEC_… environment variables;
    README.md lists them. MOJUPRAVLJALEC_INSTANCE names another instance folder.
    """


for command in (
    *(upgrade, adopt_files, serve, worker, import_files, undo, watch, export, notice, staff, demo),
):
    main.add_command(command)
