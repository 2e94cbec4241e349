"""Cameras under one health: channels that changed, events, maintenance, checkpoints."""

import msgspec

from devices.camera_conditions import ChannelChange
from devices.causes import Cause, causes_of
from devices.health import Health
from devices.model import AdminState
from devices.presence import PresencePolicy
from devices.readings import CameraHeartbeat, Event, EventType
from support.factories import a_tick, at_ms
from support.fakes import LatestColumns
from support.ward import CAMERA, Ward, a_heartbeat


def _event(ward: Ward, type_: EventType, *, on: bool = True) -> None:
    ward.hear(Event(t_ms=at_ms(ward.now_s), ev_id="e", type=type_, on=on), CAMERA)


def _beat(ward: Ward, frames: int) -> None:
    heartbeat = a_heartbeat(ward.now_s, frames=frames)
    ward.hear(msgspec.structs.replace(heartbeat, next_s=60.0), CAMERA)


def _told(changes: list[ChannelChange]) -> list[tuple[int, int, list[Cause]]]:
    return [(change.slot, change.n, causes_of(change.causes)) for change in changes]


def test_a_channel_that_changed_is_told_once() -> None:
    """When it is first heard, and when its picture stands; nothing between."""
    ward = Ward()
    for _ in range(4):
        _beat(ward, 100)
        ward.tick(30)
    first, nothing = ward.health.take_channels(), ward.health.take_channels()

    assert _told(first) == [(3, 1, []), (3, 1, [Cause.FROZEN])]
    assert nothing == []
    assert ward.causes(3) == [Cause.FROZEN]


def test_a_view_that_changed_stands_until_staff_have_it_in_hand() -> None:
    """Heartbeats that are well do not clear it; the admin state maintenance does."""
    ward = Ward()
    _beat(ward, 1)
    _event(ward, EventType.SCENE_CHANGE)
    for k in (2, 3):
        ward.tick(40)
        _beat(ward, k)
    ward.tick(1)
    moved = ward.causes(3)
    for admin in (AdminState.MAINTENANCE, AdminState.ACTIVE):
        ward.health.register(msgspec.structs.replace(CAMERA, admin=admin))
    _beat(ward, 4)
    ward.tick(1)

    assert (moved, ward.causes(3)) == ([Cause.MOVED], [])


def test_an_event_of_a_camera_that_never_beat_says_nothing_of_its_picture() -> None:
    """No channel of it is known."""
    ward = Ward()
    _event(ward, EventType.OCCLUSION)
    ward.tick(40)

    assert ward.causes(3) == []
    assert ward.health.take_channels() == []


def test_a_restart_changes_nothing() -> None:
    """The checkpoint holds what was said before; afterwards both say the same."""
    ward, other = Ward(), Ward()
    heartbeats = [
        CameraHeartbeat(t_ms=at_ms(k), channels=a_heartbeat(k, occluded=True, kbps=3_000).channels)
        for k in (1, 61)
    ]
    for one in (ward, other):
        one.hear(heartbeats[0], CAMERA)
        one.tick(20)
    other.health.take_channels()
    ward.health.take_channels()
    columns, state = LatestColumns(), other.health.dump()
    again = Health(columns, PresencePolicy())
    again.load(state, [CAMERA])
    other.health, other.columns = again, columns
    for one in (ward, other):
        one.tick(40)
        one.hear(heartbeats[1], CAMERA)
        one.health.tick(a_tick(one.now_s + 1), connected=True)

    assert ward.causes(3) == other.causes(3) == [Cause.FROZEN, Cause.OCCLUDED]
    assert ward.health.take_channels() == other.health.take_channels() != []
