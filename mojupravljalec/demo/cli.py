"""`mojupravljalec demo`: a utility to try the portal with."""

from datetime import timedelta

import click

from ..command import in_portal
from ..extensions import db
from ..values import clock
from . import actions
from .utility import UNUSED, Utility


@click.command()
@click.option("--customers", type=click.IntRange(UNUSED, 1_000_000), default=60, show_default=True)
@click.option("--months", type=click.IntRange(1, 240), default=36, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same demo.")
@click.option("--if-empty", is_flag=True, help="Where customers are, only say how to sign in.")
@in_portal
def demo(customers: int, months: int, seed: int, if_empty: bool) -> None:
    """Grow a demo utility in an empty database: customers, meters and months of readings.

    Two residents can sign in at once, and one customer code is left to be linked. Readings go
    up to the end of the last month, so that this month's are still to be sent.
    """
    if actions.is_empty():
        until = clock.today().replace(day=1) - timedelta(days=1)
        utility = Utility(customers, months, seed, until)
        with click.progressbar(length=customers, label="Demo utility", hidden=if_empty) as bar:
            actions.grow(utility, bar.update)
        db.session.commit()
    elif not if_empty:
        raise click.ClickException(
            "There are customers in this database, so no demo was added: it is never mixed "
            "into real data. Use an empty database, for example another MOJUPRAVLJALEC_INSTANCE."
        )
    _say_how_to_sign_in()


def _say_how_to_sign_in() -> None:
    if (code := actions.unused_code()) is None:
        return
    for email, (first_name, _last_name, _customers) in actions.RESIDENTS.items():
        click.echo(f"{first_name}: {email}, geslo {actions.PASSWORD}")
    click.echo(f"Prosta koda stranke: {code}")
