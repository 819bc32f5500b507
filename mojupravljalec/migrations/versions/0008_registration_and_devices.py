"""Passwords that wait in activation links, cookies of known browsers, sliding windows of tries."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0008_registration_and_devices"
down_revision = "0007_invoice_corrections"
branch_labels = None
depends_on = None

NAMES_AND_PASSWORD = ("first_name", "last_name", "password_hash")


def upgrade() -> None:
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("once_seed", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("once_until", sa.DateTime(), nullable=True))

    _move_waiting_passwords()
    _mark_accounts()

    # Counts under the old table belong to spans that are over within a day: they begin anew.
    with op.batch_alter_table("throttle_count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_throttle_count_span_start"))
    op.drop_table("throttle_count")
    op.create_table(
        "throttle_window",
        sa.Column(
            "key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("tries", sa.JSON(), nullable=False),
        sa.Column("ends_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle_window")),
    )
    with op.batch_alter_table("throttle_window", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_throttle_window_ends_at"), ["ends_at"], unique=False)


def _move_waiting_passwords() -> None:
    """Give each activation link the registration that the account holds until now.

    An account without a link keeps its own: a letter that is asked for later activates that.
    """
    with op.batch_alter_table("mail_link", schema=None) as batch_op:
        for name in NAMES_AND_PASSWORD:
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("mail_link", schema=None) as batch_op:
        for name in NAMES_AND_PASSWORD:
            batch_op.alter_column(name, existing_type=sa.String(), server_default=None)

    waits = "account.activated_at IS NULL AND account.role IS NULL"
    of_link = "SELECT {} FROM account WHERE account.id = mail_link.account_id"
    carries = "mail_link.purpose = 'activation' AND mail_link.used_at IS NULL"
    values = ", ".join(f"{name} = ({of_link.format(name)})" for name in NAMES_AND_PASSWORD)
    op.execute(
        f"UPDATE mail_link SET {values} "
        f"WHERE {carries} AND EXISTS ({of_link.format('1')} AND {waits})"
    )
    op.execute(
        f"UPDATE account SET password_hash = '' WHERE {waits} AND EXISTS "
        f"(SELECT 1 FROM mail_link WHERE mail_link.account_id = account.id AND {carries})"
    )


def _mark_accounts() -> None:
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("browser_mark", sa.String(), nullable=True))
    account = sa.table("account", sa.column("id"), sa.column("browser_mark"))
    connection = op.get_bind()
    marks = [
        {"of": number, "mark": secrets.token_urlsafe(12)}
        for number in connection.scalars(sa.select(account.c.id))
    ]
    if marks:
        statement = account.update().where(account.c.id == sa.bindparam("of"))
        connection.execute(statement.values(browser_mark=sa.bindparam("mark")), marks)
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.alter_column("browser_mark", existing_type=sa.String(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("throttle_window", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_throttle_window_ends_at"))
    op.drop_table("throttle_window")
    op.create_table(
        "throttle_count",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("span_start", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "span_start", name=op.f("pk_throttle_count")),
    )
    with op.batch_alter_table("throttle_count", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_throttle_count_span_start"), ["span_start"], unique=False
        )

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("browser_mark")

    # One account has room for one registration: the latest.
    latest = (
        "SELECT {} FROM mail_link WHERE mail_link.account_id = account.id "
        "AND mail_link.password_hash <> '' ORDER BY mail_link.id DESC LIMIT 1"
    )
    values = ", ".join(f"{name} = ({latest.format(name)})" for name in NAMES_AND_PASSWORD)
    op.execute(
        f"UPDATE account SET {values} WHERE activated_at IS NULL AND role IS NULL "
        f"AND EXISTS ({latest.format('1')})"
    )
    with op.batch_alter_table("mail_link", schema=None) as batch_op:
        for name in NAMES_AND_PASSWORD:
            batch_op.drop_column(name)

    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_column("once_until")
        batch_op.drop_column("once_seed")
