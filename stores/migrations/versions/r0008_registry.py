"""What devices were bound to before, the models they are of, and who owns vehicles."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and since when a device is bound as it is."""
    op.add_column(
        "devices", sa.Column("bound_ms", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_table(
        "device_history",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("vehicle_id", sa.String(length=64), nullable=True),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("area", sa.String(length=14), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_device_history_device_id"), "device_history", ["device_id"], unique=False
    )
    op.create_index(
        op.f("ix_device_history_vehicle_id"), "device_history", ["vehicle_id"], unique=False
    )
    op.create_table(
        "models",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("cls", sa.String(length=3), nullable=False),
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("devices_by_model", "devices", ["model", "slot"], unique=False)
    op.create_table(
        "owners",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("consent_ref", sa.String(length=64), nullable=False),
        sa.Column("consent_ms", sa.BigInteger(), nullable=True),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("owners")
    op.drop_index("devices_by_model", table_name="devices")
    op.drop_table("models")
    op.drop_table("device_history")
    op.drop_column("devices", "bound_ms")
