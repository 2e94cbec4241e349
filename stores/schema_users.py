"""People who log in with a name and a password (a session is a row of ``tokens``)."""

import sqlalchemy as sa

from stores.schema_metadata import metadata

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),  # lower case
    sa.Column("display", sa.String(64), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("areas", sa.Text, nullable=False),  # JSON list of area prefixes, as in tokens
    sa.Column("owner_id", sa.String(64)),  # role owner: whose vehicles
    sa.Column("language", sa.String(8), nullable=False),  # zh, en; "" = as the browser says
    sa.Column("password_hash", sa.String(128), nullable=False),  # argon2id, with its salt
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("disabled_ms", sa.BigInteger),
    sa.Column("failures", sa.Integer, nullable=False),  # wrong passwords since the last right one
    sa.Column("locked_until_ms", sa.BigInteger, nullable=False),  # 0 = never was
)
