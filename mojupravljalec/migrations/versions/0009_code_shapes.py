"""Forms that wait for a password, and the lengths and symbols of the customer codes in force."""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0009_code_shapes"
down_revision = "0008_registration_and_devices"
branch_labels = None
depends_on = None

SYMBOLS = "34679ACDEFGHJKMNPQRTUVWXY"
WEIGHTS = (1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4)  # from the end of a code


def upgrade() -> None:
    op.create_table(
        "held_form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("held_at", sa.DateTime(), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_held_form_device_id_device")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_form")),
    )
    with op.batch_alter_table("held_form", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_held_form_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_held_form_held_at"), ["held_at"], unique=False)
    table = op.create_table(
        "code_shape",
        sa.Column("length", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_ours", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("codes", sa.Integer(), nullable=False),
        sa.Column("symbols", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("length", "is_ours", name=op.f("pk_code_shape")),
    )
    if shapes := _shapes():
        op.bulk_insert(table, shapes)


def _shapes() -> list[dict[str, object]]:
    customer = sa.table("customer", sa.column("access_code_key"))
    keys = op.get_bind().execute(sa.select(customer.c.access_code_key)).scalars().all()
    by_shape = sorted(((len(key), _is_ours(key)), key) for key in keys)
    shapes = []
    for (length, is_ours), group in groupby(by_shape, key=lambda one: one[0]):
        some = [key for _, key in group]
        symbols = "".join(sorted(set().union(*some)))
        shapes.append(
            {"length": length, "is_ours": is_ours, "codes": len(some), "symbols": symbols}
        )
    return shapes


def _is_ours(key: str) -> bool:
    if len(key) != len(WEIGHTS) or not set(key) <= set(SYMBOLS):
        return False
    indexes = [SYMBOLS.index(symbol) for symbol in reversed(key)]
    weighed = sum(weight * index for weight, index in zip(WEIGHTS, indexes, strict=True))
    return weighed % len(SYMBOLS) == 0


def downgrade() -> None:
    op.drop_table("code_shape")
    op.drop_table("held_form")
