"""Audit and outbox by month on PostgreSQL; the keys of notices in a table of their own on both.

Everything of yesterday is copied, each row into the month in which it was written: a month is
then forgotten as a whole. Numbers go on where they stood.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIMES = {"audit": "at_ms", "outbox": "created_ms"}
_INDEXES = {
    "ix_outbox_alert_id": ["alert_id"],
    "ix_outbox_incident_id": ["incident_id"],
    "outbox_due": ["state", "channel", "due_ms"],
}
_FIRST_MS, _END_MS = 1_577_836_800_000, 2_524_608_000_000
"""2020 to 2050: what a wrong clock wrote beyond them stays in the default partition."""
_MONTHS = """
SELECT DISTINCT to_char(month, '"y"YYYY"m"MM'),
    (extract(epoch FROM month) * 1000)::bigint,
    (extract(epoch FROM month + interval '1 month') * 1000)::bigint
FROM (SELECT date_trunc('month', to_timestamp({time} / 1000.0) AT TIME ZONE 'UTC') AS month
    FROM {table} WHERE {time} >= {first} AND {time} < {end}) AS months
"""


def upgrade() -> None:
    """Take the keys out, and on PostgreSQL the rows into their months."""
    op.create_table(
        "outbox_keys",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_outbox_keys_created_ms"), "outbox_keys", ["created_ms"], unique=False)
    op.execute("INSERT INTO outbox_keys (key, created_ms) SELECT key, created_ms FROM outbox")
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, time in _TIMES.items():
        _set_aside(table)
        op.execute(
            f"CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS)"
            f" PARTITION BY RANGE ({time})"
        )
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
        for name, start_ms, end_ms in _months(f"{table}_before", time):
            op.execute(
                f"CREATE TABLE {table}_{name} PARTITION OF {table}"
                f" FOR VALUES FROM ({start_ms}) TO ({end_ms})"
            )
        _put_back(table, ["id", time])


def downgrade() -> None:
    """Plain tables again; keys whose rows were forgotten are lost."""
    op.drop_table("outbox_keys")
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _TIMES:
        _set_aside(table)
        op.execute(f"CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS)")
        _put_back(table, ["id"])
    op.create_unique_constraint("outbox_key_key", "outbox", ["key"])


def _set_aside(table: str) -> None:
    """Let a table go on as ``*_before``, without the names that the new one takes."""
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    op.execute(f"ALTER TABLE {table}_before DROP CONSTRAINT {table}_pkey")
    if table == "outbox":
        for name in _INDEXES:
            op.drop_index(name)


def _months(table: str, time: str) -> list[tuple[str, int, int]]:
    asked = _MONTHS.format(table=table, time=time, first=_FIRST_MS, end=_END_MS)
    return [(name, start, end) for name, start, end in op.get_bind().exec_driver_sql(asked)]


def _put_back(table: str, key: list[str]) -> None:
    """Copy the rows, then index them; the counter is the new table's."""
    op.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608 - our own names
    op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
    op.execute(f"DROP TABLE {table}_before")
    op.create_primary_key(f"{table}_pkey", table, key)
    if table == "outbox":
        for name, columns in _INDEXES.items():
            op.create_index(name, table, columns)
