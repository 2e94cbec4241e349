"""Money of charging stations by day, and how each station stands now."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "charger_days",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slot", "day"),
    )
    op.create_index("charger_days_by_day", "charger_days", ["day"], unique=False)
    op.create_table(
        "charger_now",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slot"),
    )
    op.create_table(
        "camera_channels",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("causes", sa.BigInteger(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slot", "n"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("camera_channels")
    op.drop_table("charger_now")
    op.drop_index("charger_days_by_day", table_name="charger_days")
    op.drop_table("charger_days")
