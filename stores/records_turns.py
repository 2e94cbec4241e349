"""Who may go on first where SQLite's single writer would have kept the order.

On PostgreSQL a turn is an advisory lock that the transaction holds to its end: it meets neither
readers nor vacuum nor a dump, as LOCK TABLE would. Order of taking, so that nobody waits in a
ring: rows of alerts, incidents and the outbox, then ``CONTROL``, then the registry's rows and
the quarantine's.
"""

from enum import IntEnum

import sqlalchemy as sa

OURS = 0x5047
"""First key of our advisory locks ("PG"): the second says which."""


class Turn(IntEnum):
    """What is done by one transaction at a time; the numbers are never used again."""

    CONTROL = 1
    FEED = 2
    PROCESSOR = 3
    MIGRATION = 4
    MONTHS = 5
    DISPATCHER = 6  # of a session, not of a transaction (stores.records_post)


def take_turn(connection: sa.Connection, turn: Turn) -> None:
    """Wait until no other transaction has this turn; on SQLite every writer has all of them."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(OURS, int(turn))))
