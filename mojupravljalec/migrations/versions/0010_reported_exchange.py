"""Exchanges of meters that residents report."""

import sqlalchemy as sa
from alembic import op

revision = "0010_reported_exchange"
down_revision = "0009_code_shapes"
branch_labels = None
depends_on = None

REPORTED = sa.text("reported_serial IS NOT NULL")


def upgrade() -> None:
    for table in ("reading", "earlier_reading"):
        op.add_column(table, sa.Column("reported_serial", sa.String(), nullable=True))
    op.create_index(
        "ix_reading_exchange",
        "reading",
        ["installation_id"],
        sqlite_where=REPORTED,
        postgresql_where=REPORTED,
    )
    # Until now such a reading passed as one of the old meter, unless it was too odd. Where the
    # office has entered the exchange, there is nothing left to report. Not undone by a downgrade.
    op.execute(
        "UPDATE reading SET reported_serial = '', status = 'pending'"
        " WHERE source = 'portal' AND reason = 'meter_changed' AND exported_at IS NULL"
        " AND installation_id IN"
        " (SELECT id FROM meter_installation WHERE removed_on IS NULL)"
    )


def downgrade() -> None:
    op.drop_index("ix_reading_exchange", "reading")
    for table in ("earlier_reading", "reading"):
        op.drop_column(table, "reported_serial")
