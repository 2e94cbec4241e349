"""What is wrong with each channel of a camera: written by the processor, read by the API."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from devices.camera_conditions import ChannelChange
from stores.queries import IN_MAX
from stores.records import insert_of
from stores.schema_cameras import camera_channels


def put_channels(connection: sa.Connection, changes: Sequence[ChannelChange]) -> None:
    """Write the newest state of channels in the caller's transaction; again changes nothing."""
    newest = {(change.slot, change.n): change for change in changes}
    stays = [change for change in newest.values() if not change.is_gone]
    table = camera_channels.c
    for change in newest.values():
        if change.is_gone:
            this = (table.slot == change.slot) & (table.n == change.n)
            connection.execute(sa.delete(camera_channels).where(this))
    if not stays:
        return
    insert = insert_of(connection, camera_channels)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["slot", "n"],
            set_={name: insert.excluded[name] for name in ("causes", "since_ms")},
        ),
        [
            {"slot": one.slot, "n": one.n, "causes": one.causes, "since_ms": one.since_ms}
            for one in stays
        ],
    )


def channels_of(
    connection: sa.Connection, slots: Collection[int]
) -> dict[int, list[ChannelChange]]:
    """The channels of cameras that were ever heard of, by number; a camera without has no key."""
    table = camera_channels.c
    query = sa.select(table.slot, table.n, table.causes, table.since_ms).order_by(table.n)
    wanted = sorted(slots)
    found: dict[int, list[ChannelChange]] = {}
    for start in range(0, len(wanted), IN_MAX):
        some = table.slot.in_(wanted[start : start + IN_MAX])
        for row in connection.execute(query.where(some)):
            change = ChannelChange(slot=row.slot, n=row.n, causes=row.causes, since_ms=row.since_ms)
            found.setdefault(row.slot, []).append(change)
    return found
