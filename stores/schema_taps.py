"""What phones tapped: so that a tap that is sent once more is done once."""

import sqlalchemy as sa

from stores.schema_metadata import metadata

taps = sa.Table(
    "taps",
    metadata,
    sa.Column("incident_id", sa.String(32), primary_key=True),  # or an alert: an owner's link
    sa.Column("by", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),  # of the phone: one tap, one key
    sa.Column("what", sa.String(64), primary_key=True),  # acknowledge, move:en_route ...
    sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),  # when it came first
    sa.Column("answer", sa.Text, nullable=False),  # the incident as it was answered, JSON
)
