"""Taps of phones, and when a step of an incident was tapped if it came later."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "taps",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "by", "key", "what"),
    )
    op.create_index(op.f("ix_taps_at_ms"), "taps", ["at_ms"], unique=False)
    op.add_column("incident_log", sa.Column("tapped_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("incident_log", "tapped_ms")
    op.drop_table("taps")
