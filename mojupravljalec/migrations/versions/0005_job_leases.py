"""Leases of jobs, their progress and storage folder; the workers that are or were alive."""

import sqlalchemy as sa
from alembic import op

revision = "0005_job_leases"
down_revision = "0004_portal_identity"
branch_labels = None
depends_on = None

# What a job has that was asked for before: any folder's worker may take it.
NEW = {
    "folder": (sa.String(), ""),
    "fence": (sa.Integer(), "0"),
    "done": (sa.BigInteger(), "0"),
    "total": (sa.BigInteger(), "0"),
}


def upgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        for name, (kind, default) in NEW.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        batch_op.add_column(sa.Column("lease_until", sa.DateTime(), nullable=True))
    with op.batch_alter_table("job", schema=None) as batch_op:
        for name, (kind, _default) in NEW.items():
            batch_op.alter_column(
                name, existing_type=kind, existing_nullable=False, server_default=None
            )

    op.create_table(
        "worker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )


def downgrade() -> None:
    op.drop_table("worker")
    with op.batch_alter_table("job", schema=None) as batch_op:
        for name in ("lease_until", *reversed(NEW)):
            batch_op.drop_column(name)
