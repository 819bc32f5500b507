"""The identity that a database shares with its storage folders."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004_portal_identity"
down_revision = "0003_office"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identity = op.create_table(
        "portal_identity",
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_identity")),
    )
    op.bulk_insert(identity, [{"id": secrets.token_hex(16)}])


def downgrade() -> None:
    op.drop_table("portal_identity")
