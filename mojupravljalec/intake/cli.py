"""`mojupravljalec watch`: the billing program drops files into a folder, and they come in."""

import logging
import signal
import threading
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from .. import startup
from ..command import in_portal
from ..extensions import db
from ..imports.text_encoding import ENCODINGS
from ..logs import described
from .actions import Who
from .watching import Folder, Wishes

log = logging.getLogger(__name__)

POLL_S = 2.0


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--skip-bad", is_flag=True, help="Import the good rows of a file with bad ones.")
@click.option("--accept-sums", is_flag=True, help="Let in and mark invoices that do not add up.")
@click.option(
    "--quiet",
    type=click.FloatRange(0),
    default=5.0,
    show_default=True,
    help="Seconds for which a file must not have changed.",
)
@click.option(
    "--encoding",
    type=click.Choice(list(ENCODINGS)),
    help="Of tables in text, where it is not found out rightly.",
)
@click.option("--once", is_flag=True, help="Take what is there and end.")
@in_portal
def watch(
    folder: Path, skip_bad: bool, accept_sums: bool, quiet: float, encoding: str | None, once: bool
) -> None:
    """Import every file that is put into FOLDER, until Ctrl-C or SIGTERM.

    Headings that were kept in the office are known here too. Imported files go to
    FOLDER/uvozeno, others to FOLDER/zavrnjeno with a report beside.
    """
    startup.check()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    wishes = Wishes(skip_bad, accept_sums, quiet, encoding or "")
    watched = Folder(folder, wishes, Who(f"mapa: {folder}"), stop.is_set, log.info)
    _look(watched)
    if once:
        stop.wait(quiet)
        _look(watched)
        return
    log.info("watching %s", folder)
    while not stop.wait(POLL_S):
        _look(watched)
    log.info("ended")


def _look(watched: Folder) -> None:
    """Whatever goes wrong is logged, and tried again with the next look."""
    try:
        watched.look()
    except (SQLAlchemyError, OSError) as error:
        log.warning("waiting: %s", described(error))
    except Exception:
        log.exception("a look at the folder broke")
    finally:
        db.session.remove()
