"""What people said of alerts, who is demoted, and what a candidate would have sent.

Outcomes of incidents closed before are not taken over: which rule had raised them was not kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "alert_outcomes",
        sa.Column("alert_id", sa.String(length=32), nullable=False),
        sa.Column("vehicle_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=14), nullable=False),
        sa.Column("raised_ms", sa.BigInteger(), nullable=False),
        sa.Column("labelled_ms", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index(
        op.f("ix_alert_outcomes_raised_ms"), "alert_outcomes", ["raised_ms"], unique=False
    )
    op.create_table(
        "demotions",
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("area", sa.String(length=14), nullable=False),
        sa.Column("false_alarms", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("lifted_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index(op.f("ix_demotions_until_ms"), "demotions", ["until_ms"], unique=False)
    op.create_table(
        "shadow_runs",
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("started_ms"),
    )
    op.create_table(
        "shadow_alerts",
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.String(length=32), nullable=False),
        sa.Column("vehicle_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=14), nullable=False),
        sa.Column("raised_ms", sa.BigInteger(), nullable=False),
        sa.Column("ready_ms", sa.BigInteger(), nullable=True),
        sa.Column("incident_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("started_ms", "alert_id"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("shadow_alerts")
    op.drop_table("shadow_runs")
    op.drop_index(op.f("ix_demotions_until_ms"), table_name="demotions")
    op.drop_table("demotions")
    op.drop_index(op.f("ix_alert_outcomes_raised_ms"), table_name="alert_outcomes")
    op.drop_table("alert_outcomes")
