"""The health log as the processor writes it, and its end after the retention.

One row a change, keyed (slot, journal entry): running entries again changes nothing.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from devices.health_events import HealthChange
from stores.records import FORGET_MAX, insert_of, writing
from stores.schema import health_log

PUT_MAX = 5_000
"""Rows of one statement: a switch that takes 100,000 devices along is one transaction of many."""


def put_changes(connection: sa.Connection, changes: Sequence[HealthChange]) -> None:
    """Write changes; of one device and entry the last word, and a row that is there stays.

    Args:
        connection: Inside a writing transaction.
        changes: In the order in which they came about.
    """
    newest = list({(change.slot, change.seq): change for change in changes}.values())
    insert = insert_of(connection, health_log).on_conflict_do_nothing()
    for start in range(0, len(newest), PUT_MAX):
        connection.execute(
            insert,
            [
                {
                    "slot": change.slot,
                    "seq": change.seq,
                    "at_ms": change.at_ms,
                    "presence": change.presence,
                    "causes": change.causes,
                    "admin": change.admin,
                }
                for change in newest[start : start + PUT_MAX]
            ],
        )


def forget_health(engine: sa.Engine, before_ms: int) -> int:
    """Remove changes from before a moment, ``FORGET_MAX`` at most; gives how many it was.

    The newest of each device stays, however old: it says what the device is since then, and
    without it nobody could tell how available it was.
    """
    newer = health_log.alias("newer")
    next_ms = (  # of the very next one: looked up at once, however long the log is
        sa.select(newer.c.at_ms)
        .where(newer.c.slot == health_log.c.slot, newer.c.seq > health_log.c.seq)
        .order_by(newer.c.seq)
        .limit(1)
        .scalar_subquery()
    )
    old = (
        sa.select(health_log.c.slot.label("k_slot"), health_log.c.seq.label("k_seq"))
        .where(health_log.c.at_ms < before_ms, next_ms < before_ms)
        .order_by(health_log.c.at_ms)
        .limit(FORGET_MAX)
    )
    with engine.connect() as connection:  # looked for outside of the writing transaction
        keys = [dict(row) for row in connection.execute(old).mappings()]
    if not keys:
        return 0
    gone = sa.delete(health_log).where(
        health_log.c.slot == sa.bindparam("k_slot"), health_log.c.seq == sa.bindparam("k_seq")
    )
    with writing(engine) as connection:
        connection.execute(gone, keys)
    return len(keys)
