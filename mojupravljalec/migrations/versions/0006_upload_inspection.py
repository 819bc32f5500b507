"""Uploads are looked into by the worker, in the encoding that a person chose."""

import sqlalchemy as sa
from alembic import op

revision = "0006_upload_inspection"
down_revision = "0005_job_leases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("chosen_encoding", sa.String(), nullable=False, server_default="")
        )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.alter_column("chosen_encoding", existing_type=sa.String(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_column("chosen_encoding")
