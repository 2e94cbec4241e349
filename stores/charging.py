"""Charging stations as the processor writes them (``charger_now``, ``charger_days``)."""

from collections.abc import Sequence

import sqlalchemy as sa

from devices.charger_now import StationChange
from stores.records import insert_of
from stores.schema import charger_days, charger_now


def put_stations(connection: sa.Connection, changes: Sequence[StationChange]) -> None:
    """Write the newest of each station and of each of its days; the same again changes nothing.

    Args:
        connection: Inside a writing transaction.
        changes: In the order in which they came about.
    """
    shown = {change.slot: change for change in changes if change.now}
    if shown:
        insert = insert_of(connection, charger_now)
        columns = ("at_ms", "body")
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["slot"], set_={name: insert.excluded[name] for name in columns}
            ),
            [
                {"slot": slot, "at_ms": change.at_ms, "body": change.now.decode()}
                for slot, change in sorted(shown.items())
            ],
        )
    days = {(change.slot, day): body for change in changes for day, body in change.days}
    if days:
        insert = insert_of(connection, charger_days)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["slot", "day"], set_={"body": insert.excluded["body"]}
            ),
            [
                {"slot": slot, "day": day, "body": body.decode()}
                for (slot, day), body in sorted(days.items())
            ],
        )
