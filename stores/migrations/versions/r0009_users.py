"""People who log in, and whose session a token is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and whom a token belongs to when it is a session."""
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=128), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("disabled_ms", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("tokens", sa.Column("user_name", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_tokens_user_name"), "tokens", ["user_name"], unique=False)


def downgrade() -> None:
    """Forget them; sessions go, they would become tokens of nobody."""
    op.execute("DELETE FROM tokens WHERE user_name IS NOT NULL")
    op.drop_index(op.f("ix_tokens_user_name"), table_name="tokens")
    op.drop_column("tokens", "user_name")
    op.drop_table("users")
