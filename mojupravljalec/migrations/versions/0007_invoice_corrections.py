"""Invoices that were corrected are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0007_invoice_corrections"
down_revision = "0006_upload_inspection"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_invoice_corrects",
            ["customer_id", "corrects", "kind"],
            unique=False,
            sqlite_where=sa.text("corrects <> ''"),
            postgresql_where=sa.text("corrects <> ''"),
        )


def downgrade() -> None:
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_invoice_corrects",
            sqlite_where=sa.text("corrects <> ''"),
            postgresql_where=sa.text("corrects <> ''"),
        )
