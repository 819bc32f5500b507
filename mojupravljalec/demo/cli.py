"""`mojupravljalec demo`: a utility to try the portal with."""

import shlex
from datetime import timedelta

import click
from sqlalchemy import inspect

from ..command import in_portal
from ..extensions import db
from ..values import clock
from . import actions
from .utility import UNUSED, Utility

CUSTOMERS, MONTHS, SEED = 60, 36, 1


@click.command()
@click.option(
    "--customers", type=click.IntRange(UNUSED, 1_000_000), default=CUSTOMERS, show_default=True
)
@click.option("--months", type=click.IntRange(1, 240), default=MONTHS, show_default=True)
@click.option("--seed", type=int, default=SEED, show_default=True, help="Same seed, same demo.")
@in_portal
def demo(customers: int, months: int, seed: int) -> None:
    """Grow a demo utility in an empty database: customers, readings, invoices and payments.

    Two residents and an operator can sign in at once, and one customer code is left to be
    linked. Readings go up to the end of the last month, so that this month's are still to be
    sent. Some invoices, a bank statement and customers of another program are left in files.
    """
    if not inspect(db.engine).has_table("customer"):
        raise click.ClickException("There is no database yet. First: mojupravljalec upgrade")
    if not actions.is_empty():
        raise click.ClickException(
            "There are customers in this database, so no demo was added: it is never mixed "
            "into real data. Use an empty database, for example another MOJUPRAVLJALEC_INSTANCE."
        )
    with click.progressbar(length=customers, label="Demo utility") as bar:
        actions.grow(_utility(customers, months, seed), bar.update)
    db.session.commit()
    say_how_to_sign_in()


def grow_if_empty() -> None:
    """The demo of the defaults, unless customers are there already."""
    if actions.is_empty():
        actions.grow(_utility(CUSTOMERS, MONTHS, SEED), lambda _done: None)
        db.session.commit()


def say_how_to_sign_in() -> None:
    """The residents, a code and files to try; nothing where the database is not a demo's."""
    if not actions.is_demo():
        return
    for email, (first_name, _last_name, _customers) in actions.RESIDENTS.items():
        click.echo(f"{first_name}: {email}, geslo {actions.PASSWORD}")
    if code := actions.unused_code():
        click.echo(f"Prosta koda stranke: {code}")
    email, first_name, _ = actions.OPERATOR
    click.echo(f"{first_name}, pisarna: {email}, geslo {actions.PASSWORD}")
    click.echo(f"Nadomestne kode za pisarno, vsaka enkrat: {', '.join(actions.RECOVERY_CODES)}")
    _say_what_to_import()


def _say_what_to_import() -> None:
    for path in actions.files():
        if path.exists():
            click.echo(f"Za uvoz v pisarni: {shlex.quote(str(path))}")


def _utility(customers: int, months: int, seed: int) -> Utility:
    today = clock.today()
    return Utility(customers, months, seed, today.replace(day=1) - timedelta(days=1), today)
