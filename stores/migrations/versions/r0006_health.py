"""What devices were through, where they stand and who made them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the log, the columns, and an index for what is forgotten by the hour."""
    op.add_column(
        "devices", sa.Column("vendor", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column(
        "devices", sa.Column("name", sa.String(length=128), nullable=False, server_default="")
    )
    op.add_column("devices", sa.Column("lat_deg", sa.Float(), nullable=True))
    op.add_column("devices", sa.Column("lon_deg", sa.Float(), nullable=True))
    op.create_table(
        "health_log",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("presence", sa.SmallInteger(), nullable=False),
        sa.Column("causes", sa.BigInteger(), nullable=False),
        sa.Column("admin", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("slot", "seq"),
    )
    op.create_index("health_log_by_time", "health_log", ["at_ms"], unique=False)
    op.create_index(
        "control_phones",
        "control",
        ["at_ms"],
        unique=False,
        sqlite_where=sa.text("kind = 'phone_at'"),
        postgresql_where=sa.text("kind = 'phone_at'"),
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_index("control_phones", table_name="control")
    op.drop_table("health_log")
    for column in ("vendor", "name", "lat_deg", "lon_deg"):
        op.drop_column("devices", column)
