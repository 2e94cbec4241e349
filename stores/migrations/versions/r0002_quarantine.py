"""Quarantine that can be run again, devices' profiles and foreign ids.

Columns are added in place: nothing is copied, and the counters behind ids and slots stay, so
that no number is given twice.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAMES = sa.String(length=97)
_IDS = sa.String(length=64)


def upgrade() -> None:
    """Add columns and tables; rows of yesterday get what can be told of them."""
    for column in (
        sa.Column("retained", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("bytes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stored_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("queued_ms", sa.BigInteger(), nullable=True),
        sa.Column("replayed_ms", sa.BigInteger(), nullable=True),
        sa.Column("replay_by", sa.Text(), nullable=True),
        sa.Column("runnable", sa.Boolean(), server_default=sa.true(), nullable=False),
    ):
        op.add_column("quarantine", column)
    op.execute("UPDATE quarantine SET bytes = length(payload), stored_ms = recv_ms")
    op.execute("UPDATE quarantine SET retained = true WHERE reason = 'retained'")
    # an element was kept bare then, and a row of our own is no message
    op.execute("UPDATE quarantine SET runnable = false WHERE item >= 0 OR reason = 'control'")
    if op.get_bind().dialect.name == "postgresql":  # SQLite holds any width
        op.alter_column("quarantine", "device_id", type_=_NAMES, existing_nullable=False)
    op.drop_index(op.f("ix_quarantine_reason"), table_name="quarantine")
    op.create_index(
        "quarantine_by_reason",
        "quarantine",
        ["reason", "recv_ms", "device_id", "bytes", "queued_ms", "replayed_ms", "runnable"],
    )
    kind = sa.Column("kind", sa.String(length=16), server_default="", nullable=False)
    op.add_column("control", kind)
    requeued = sa.text("kind = 'requeue'")
    op.create_index(
        "control_requeued",
        "control",
        ["at_ms"],
        sqlite_where=requeued,
        postgresql_where=requeued,
    )
    op.add_column("devices", sa.Column("profile", sa.Text(), server_default="{}", nullable=False))
    op.create_table(
        "foreign_ids",
        sa.Column("adapter", sa.String(length=32), nullable=False),
        sa.Column("foreign_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("adapter", "foreign_id"),
    )
    op.create_index(op.f("ix_foreign_ids_device_id"), "foreign_ids", ["device_id"], unique=False)


def downgrade() -> None:
    """Take them away; profiles and marks of replays are lost, names of strangers cut."""
    op.drop_index(op.f("ix_foreign_ids_device_id"), table_name="foreign_ids")
    op.drop_table("foreign_ids")
    op.drop_column("devices", "profile")
    op.drop_index("control_requeued", table_name="control")
    op.drop_column("control", "kind")
    op.drop_index("quarantine_by_reason", table_name="quarantine")
    op.create_index(op.f("ix_quarantine_reason"), "quarantine", ["reason"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "quarantine",
            "device_id",
            type_=_IDS,
            existing_nullable=False,
            postgresql_using="substr(device_id, 1, 64)",
        )
    for name in (
        "runnable",
        "replay_by",
        "replayed_ms",
        "queued_ms",
        "stored_ms",
        "bytes",
        "retained",
    ):
        op.drop_column("quarantine", name)
