"""Changes of devices' health are pushed to staff: over a real server."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.roles import Role
from devices.causes import Cause
from devices.health_events import HealthChange
from devices.presence import Presence
from stores.health_log import put_changes
from stores.records import writing
from support.api_city import a_device
from support.api_server import Listener, ServedCity, served_city
from support.api_world import HERE, NOW_MS
from support.broker import wait_until

CAMERA = 3


@pytest.fixture
def city(tmp_path: Path) -> Iterator[ServedCity]:
    """Trackers of vehicles in slots 1 (here) and 2 (there), a camera here in slot 3."""
    with served_city(tmp_path) as city:
        a_device(city.world, "cam", id="cam-here", cls="cam", vehicle_id=None, site_id="site-1")
        yield city


class Log:
    """Writes changes as the processor does, an entry each."""

    def __init__(self, city: ServedCity) -> None:
        """Begin."""
        self._city, self._seq = city, itertools.count(1)

    def put(self, slot: int, presence: Presence, causes: int = 0) -> None:
        """One change."""
        seq = next(self._seq)
        change = HealthChange(
            slot=slot,
            seq=seq,
            at_ms=NOW_MS + seq,
            presence=presence,
            causes=causes,
            admin="active",
        )
        with writing(self._city.world.engine) as connection:
            put_changes(connection, [change])


def told(listener: Listener) -> list[tuple[Any, Any]]:
    """Device and presence of everything that was pushed."""
    changes = [
        change
        for event in listener.events
        if event.name == "health"
        for change in event.data["changes"]  # type: ignore[attr-defined]  # a list
    ]
    return [(change["device"], change["presence"]) for change in changes]


def test_staff_in_scope_hear_changes_with_their_causes(city: ServedCity) -> None:
    """Once each, in order, with what was before; officers and owners hear nothing of it."""
    operator = city.listen(city.world.headers(Role.OPERATOR, areas=[HERE]))
    admin = city.listen(city.world.headers(Role.ADMIN))
    officer = city.listen(city.world.headers(Role.OFFICER, areas=[HERE]))
    owner = city.listen(city.world.headers(Role.OWNER, owner_id="wang"))
    log = Log(city)

    log.put(2, Presence.OFFLINE, Cause.SILENT)
    log.put(CAMERA, Presence.ONLINE)
    log.put(CAMERA, Presence.ONLINE, Cause.FROZEN)
    wait_until(lambda: len(told(admin)) == 3 and len(told(operator)) == 2, what="the changes")

    assert told(admin) == [
        ("trk-there", "offline"),
        ("cam-here", "online"),
        ("cam-here", "online"),
    ]
    assert told(operator) == told(admin)[1:]
    last = [event for event in operator.events if event.name == "health"][-1]
    assert last.id is None
    assert last.data["missed"] is False
    change = last.data["changes"][-1]  # type: ignore[index]  # a list
    assert (change["condition"], change["site_id"]) == ("degraded", "site-1")
    assert [cause["zh"] for cause in change["causes"]] == ["画面冻结"]
    assert (change["was"]["condition"], change["at_ms"]) == ("ok", NOW_MS + 3)
    assert [event.name for event in (*officer.events, *owner.events)].count("health") == 0


def test_a_vehicle_that_wakes_is_not_told(city: ServedCity) -> None:
    """It would say when it was moved; that it went missing is told."""
    admin = city.listen(city.world.headers(Role.ADMIN))
    log = Log(city)

    for presence in (Presence.SLEEPING, Presence.ONLINE, Presence.SLEEPING, Presence.OFFLINE):
        log.put(1, presence)
    log.put(CAMERA, Presence.ONLINE)
    wait_until(lambda: ("cam-here", "online") in told(admin), what="the camera")

    assert told(admin) == [
        ("trk-here", "sleeping"),
        ("trk-here", "offline"),
        ("cam-here", "online"),
    ]


def test_what_was_before_one_listened_is_not_told(city: ServedCity) -> None:
    """The lists say how it is; the stream says what changes."""
    log = Log(city)
    early = city.listen(city.world.headers(Role.ADMIN))
    log.put(CAMERA, Presence.OFFLINE)
    wait_until(lambda: told(early), what="the first change")
    late = city.listen(city.world.headers(Role.ADMIN))

    log.put(CAMERA, Presence.ONLINE)
    wait_until(lambda: len(told(early)) == 2 and told(late), what="the second change")

    assert told(late) == [("cam-here", "online")]
