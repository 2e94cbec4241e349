"""Quarantine that can be run again, devices' profiles and foreign ids, crossings of fences.

Columns are added in place: nothing is copied, and the counters behind ids and slots stay, so
that no number is given twice.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns and tables; rows of yesterday get what can be told of them."""
    for column in (
        sa.Column("retained", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("bytes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stored_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("queued_ms", sa.BigInteger(), nullable=True),
        sa.Column("replayed_ms", sa.BigInteger(), nullable=True),
        sa.Column("replay_by", sa.Text(), nullable=True),
    ):
        op.add_column("quarantine", column)
    op.execute("UPDATE quarantine SET bytes = length(payload), stored_ms = recv_ms")
    op.add_column("devices", sa.Column("profile", sa.Text(), server_default="{}", nullable=False))
    op.create_table(
        "foreign_ids",
        sa.Column("adapter", sa.String(length=32), nullable=False),
        sa.Column("foreign_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("adapter", "foreign_id"),
    )
    op.create_index(op.f("ix_foreign_ids_device_id"), "foreign_ids", ["device_id"], unique=False)
    op.create_table(
        "fence_events",
        sa.Column("id", _big, autoincrement=True, nullable=False),
        sa.Column("vehicle_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("fence_id", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("recv_ms", sa.BigInteger(), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("vehicle_id", "t_ms", "fence_id", "what", "device_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fence_events_fence_id"), "fence_events", ["fence_id"], unique=False)


def downgrade() -> None:
    """Take them away; profiles, marks of replays and crossings are lost."""
    op.drop_index(op.f("ix_fence_events_fence_id"), table_name="fence_events")
    op.drop_table("fence_events")
    op.drop_index(op.f("ix_foreign_ids_device_id"), table_name="foreign_ids")
    op.drop_table("foreign_ids")
    op.drop_column("devices", "profile")
    for name in ("replay_by", "replayed_ms", "queued_ms", "stored_ms", "bytes", "retained"):
        op.drop_column("quarantine", name)
