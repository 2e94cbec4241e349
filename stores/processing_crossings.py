"""Fences that vehicles went into or out of, as the processor commits them."""

from collections.abc import Sequence

import sqlalchemy as sa

from alerts.model import FenceCrossing
from stores.records import insert_of
from stores.schema import fence_events


def put_crossings(connection: sa.Connection, crossings: Sequence[FenceCrossing]) -> None:
    """Write crossings in the caller's transaction; one that is there already stays as it is."""
    if not crossings:
        return
    connection.execute(
        insert_of(connection, fence_events).on_conflict_do_nothing(),
        [
            {
                "vehicle_id": crossing.vehicle_id,
                "device_id": crossing.device_id,
                "fence_id": crossing.fence_id,
                "what": str(crossing.what),
                "t_ms": crossing.t_ms,
                "recv_ms": crossing.recv_ms,
                "inferred": crossing.inferred,
            }
            for crossing in crossings
        ],
    )
