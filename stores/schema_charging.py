"""Tables of charging stations, written by the processor alone."""

import sqlalchemy as sa

from stores.schema_metadata import metadata

charger_days = sa.Table(  # money of one station on one day of the city
    "charger_days",
    metadata,
    sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("day", sa.String(10), primary_key=True),  # 2025-11-25
    sa.Column("body", sa.Text, nullable=False),  # devices.charger_days.DayFacts as JSON
)
sa.Index("charger_days_by_day", charger_days.c.day)

charger_now = sa.Table(  # how one station stands: ports, sessions, box
    "charger_now",
    metadata,
    sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),  # receive time of what it shows
    sa.Column("body", sa.Text, nullable=False),  # devices.charger_now.StationNow as JSON
)
