"""The office: staff and second proofs, imports and exports in the browser, search, programs."""

import sqlalchemy as sa
from alembic import op

revision = "0003_office"
down_revision = "0002_bills"
branch_labels = None
depends_on = None

BYTEWISE = (("account", "email_key"), ("invoice", "number"))

# Rows of the audit are only added.
GUARDS = {
    "sqlite": (
        """
CREATE TRIGGER audit_entry_no_update BEFORE update ON audit_entry
BEGIN SELECT RAISE(ABORT, 'rows of audit_entry are only added'); END
""",
        """
CREATE TRIGGER audit_entry_no_delete BEFORE delete ON audit_entry
BEGIN SELECT RAISE(ABORT, 'rows of audit_entry are only added'); END
""",
    ),
    "postgresql": (
        """
CREATE FUNCTION audit_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of audit_entry are only added'; END $$
""",
        """
CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_entry_is_kept()
""",
    ),
}
GUARDS_OFF = {
    "sqlite": ("DROP TRIGGER audit_entry_no_update", "DROP TRIGGER audit_entry_no_delete"),
    "postgresql": (
        "DROP TRIGGER audit_entry_is_kept ON audit_entry",
        "DROP FUNCTION audit_entry_is_kept()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "export_layout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_layout")),
        sa.UniqueConstraint("name", name=op.f("uq_export_layout_name")),
    )
    op.create_table(
        "heading_map",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heading_map")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_heading_map_kind_name")),
    )
    op.create_table(
        "search_term",
        sa.Column(
            "term", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "customer_id", name=op.f("pk_search_term")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("search_term", schema=None) as batch_op:
        batch_op.create_index("ix_search_term_customer", ["customer_id", "term"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_job_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_state", ["state", "id"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_passkey_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_account_id"), ["account_id"], unique=False)

    op.create_table(
        "reading_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("counts_for", sa.Date(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_reading_export_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_export")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recovery_code_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "totp_key",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_totp_key_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_totp_key")),
    )
    op.create_table(
        "api_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_api_answer_token_id_api_token")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_answer")),
        sa.UniqueConstraint("token_id", "key", name=op.f("uq_api_answer_token_id_key")),
    )
    op.create_table(
        "code_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("which", sa.JSON(), nullable=False),
        sa.Column("makes_new", sa.Boolean(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("stored", sa.String(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_code_batch_account_id_account")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_code_batch_job_id_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_batch")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("stored", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("separator", sa.String(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("skip_bad", sa.Boolean(), nullable=False),
        sa.Column("accept_sums", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_upload_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_upload_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_upload_job_id_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_upload_state", ["state", "id"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("factor_since", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(), nullable=True))
        batch_op.create_index(
            "ix_account_waiting",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("activated_at IS NULL"),
            postgresql_where=sa.text("activated_at IS NULL"),
        )

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_account_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_subject"))
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_account_event_at", ["account_id", "event", "at"], unique=False
        )
        batch_op.create_index(
            "ix_audit_entry_address_event_at", ["address", "event", "at"], unique=False
        )
        batch_op.create_index("ix_audit_entry_subject_at", ["subject", "at"], unique=False)

    # A later migration that lets batch mode build audit_entry anew on SQLite has to make the
    # triggers again: they go with the old table.
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)

    with op.batch_alter_table("bank_payment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_bank_payment_payer",
            ["payer_iban", "customer_id"],
            unique=False,
            sqlite_where=sa.text("customer_id IS NOT NULL"),
            postgresql_where=sa.text("customer_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_bank_payment_office",
            ["booked_on"],
            unique=False,
            sqlite_where=sa.text("matched_by = 'office'"),
            postgresql_where=sa.text("matched_by = 'office'"),
        )

    with op.batch_alter_table("customer_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_link_linked_at"), ["linked_at"], unique=False)

    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proven_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("fresh_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("outbox_letter", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_letter_to_address"), ["to_address"], unique=False
        )

    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.add_column(sa.Column("export_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            "ix_reading_waiting",
            ["counts_for"],
            unique=False,
            sqlite_where=sa.text("exported_at IS NULL AND source = 'portal'"),
            postgresql_where=sa.text("exported_at IS NULL AND source = 'portal'"),
        )

    if op.get_bind().dialect.name == "postgresql":
        # So that an index finds what an address or a number begins with; SQLite compares so anyway.
        for table, column in BYTEWISE:
            op.alter_column(table, column, type_=sa.String(collation="C"), existing_nullable=False)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in BYTEWISE:
            op.alter_column(table, column, type_=sa.String(), existing_nullable=False)
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_reading_waiting",
            sqlite_where=sa.text("exported_at IS NULL AND source = 'portal'"),
            postgresql_where=sa.text("exported_at IS NULL AND source = 'portal'"),
        )
        batch_op.drop_column("export_id")

    with op.batch_alter_table("outbox_letter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_letter_to_address"))

    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_column("fresh_at")
        batch_op.drop_column("proven_at")

    with op.batch_alter_table("customer_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_link_linked_at"))

    with op.batch_alter_table("bank_payment", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_bank_payment_office",
            sqlite_where=sa.text("matched_by = 'office'"),
            postgresql_where=sa.text("matched_by = 'office'"),
        )
        batch_op.drop_index(
            "ix_bank_payment_payer",
            sqlite_where=sa.text("customer_id IS NOT NULL"),
            postgresql_where=sa.text("customer_id IS NOT NULL"),
        )

    for statement in GUARDS_OFF[op.get_bind().dialect.name]:
        op.execute(statement)
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_subject_at")
        batch_op.drop_index("ix_audit_entry_address_event_at")
        batch_op.drop_index("ix_audit_entry_account_event_at")
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))
        batch_op.create_index(batch_op.f("ix_audit_entry_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_account_id"), ["account_id"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_account_waiting",
            sqlite_where=sa.text("activated_at IS NULL"),
            postgresql_where=sa.text("activated_at IS NULL"),
        )
        batch_op.drop_column("closed_at")
        batch_op.drop_column("factor_since")
        batch_op.drop_column("role")

    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index("ix_upload_state")
        batch_op.drop_index(batch_op.f("ix_upload_batch_id"))

    op.drop_table("upload")
    op.drop_table("code_batch")
    op.drop_table("api_answer")
    op.drop_table("totp_key")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_account_id"))

    op.drop_table("recovery_code")
    op.drop_table("reading_export")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_account_id"))

    op.drop_table("passkey")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_state")

    op.drop_table("job")
    op.drop_table("api_token")
    with op.batch_alter_table("search_term", schema=None) as batch_op:
        batch_op.drop_index("ix_search_term_customer")

    op.drop_table("search_term")
    op.drop_table("heading_map")
    op.drop_table("export_layout")
