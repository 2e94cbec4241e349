"""Who is too slow for a change of health is told so, and reads the list anew."""

import asyncio
from pathlib import Path

import msgspec

from api.health_feed import HealthFeed
from api.roles import Principal, Role, Scope
from api.stream_scope import Viewer
from api.subscribers import Subscriber
from devices.health_events import HealthChange
from devices.presence import Presence
from stores.health_log import put_changes
from stores.records import writing
from support.api_city import a_device
from support.api_world import NOW_MS, World, a_world

ADMIN = Principal(token_id="t", name="n", role=Role.ADMIN, scope=Scope(areas=("",)))  # noqa: S106 - an id


def change(world: World, seq: int) -> None:
    """The camera is something else from an entry on."""
    now = HealthChange(
        slot=1,
        seq=seq,
        at_ms=NOW_MS + seq,
        presence=Presence.LATE if seq % 2 else Presence.ONLINE,
        causes=0,
        admin="active",
    )
    with writing(world.engine) as connection:
        put_changes(connection, [now])


def test_a_change_that_found_no_room_is_owned_up_to(tmp_path: Path) -> None:
    """Room for one event: the second is dropped, and the third says that something was."""
    world = a_world(tmp_path)
    a_device(world, "cam", id="cam-here", cls="cam", vehicle_id=None)
    reader = Subscriber(Viewer(principal=ADMIN), 2)

    async def listen() -> list[tuple[bool, int]]:
        feed = HealthFeed(world.services)
        await feed.start()
        got = []
        for seqs in ((1, 2), (3,), (4,)):
            for seq in seqs:
                change(world, seq)
                await feed.publish([reader])
            event = await reader.next()
            assert event is not None
            data = msgspec.json.decode(event.data)
            got.append((data["missed"], data["changes"][-1]["at_ms"] - NOW_MS))
        return got

    got = asyncio.run(listen())
    world.engine.dispose()

    assert got == [(False, 1), (True, 3), (False, 4)]
