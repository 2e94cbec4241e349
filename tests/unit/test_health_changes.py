"""Every change of a registered device is told once, the same after a restart and in a replay."""

from functools import cache

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.engine import Engine
from alerts.pipeline import Outcome, Pipeline, PipelineState
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.admission import Admission
from devices.causes import Cause
from devices.control import RegisterDevices, RevokeDevice
from devices.entry import Entry
from devices.health import Health
from devices.health_events import HealthChange, HealthEvent
from devices.model import AdminState
from devices.presence import Presence, PresencePolicy
from devices.readings import DeviceState
from support.factories import ROOT, a_control, a_device, a_tick, an_entry, at_ms, fix_bytes
from support.fakes import LatestColumns
from support.health_town import HealthTown, cameras
from support.rates import thresholds

SITE = cameras(range(1, 11), "s-1")
REST = cameras(range(11, 21), "s-2")


def _story(restart_at: int = -1) -> HealthTown:
    """An outage, one that stays away, one that flaps, one that was never heard."""
    town = HealthTown([*SITE, *REST], PresencePolicy(never_heard_s=900.0))
    mute = REST[:1]
    town.run(200, silent=mute, restart_at=restart_at)
    town.run(360, silent=[*SITE, *mute], restart_at=restart_at)
    for _ in range(3):
        town.say(REST[1], DeviceState.LOST)
        town.run(30, silent=[*SITE[:2], *mute, REST[1]], restart_at=restart_at)
        town.run(90, silent=[*SITE[:2], *mute], restart_at=restart_at)
    town.run(700, silent=[*SITE[:1], *mute], restart_at=restart_at)
    return town


@cache
def _plain() -> tuple[list[HealthEvent], list[HealthChange]]:
    town = _story()
    return town.events, town.changes


def test_story_has_everything() -> None:
    """Or the property below would say little."""
    events, changes = _plain()

    kinds = {event.kind for event in events}
    assert {"outage", "outage_over", "silent", "flapping", "never_heard"} <= kinds
    assert len({(change.slot, change.seq) for change in changes}) == len(changes)
    assert len({event.key for event in events}) == len(events)


@settings(max_examples=4, deadline=None)
@given(restart_at=st.integers(1, 780))
def test_restart_at_any_tick_changes_nothing(restart_at: int) -> None:
    """The same events and changes, with the same keys."""
    town = _story(restart_at)

    assert (town.events, town.changes) == _plain()


def _line() -> tuple[Pipeline, LatestColumns]:
    latest, admission = LatestColumns(), Admission(ROOT)
    engine = Engine(
        admission.registry, DetectionPolicy(), DispatchPolicy(), thresholds=thresholds()
    )
    health = Health(latest, PresencePolicy())
    return Pipeline(admission=admission, health=health, engine=engine), latest


def _take(pipeline: Pipeline, *entries: Entry) -> list[HealthChange]:
    outcome = Outcome()
    pipeline.step(list(entries), outcome)
    return outcome.effects.health


def _change(seq: int, presence: Presence, causes: int = 0, admin: str = "active") -> HealthChange:
    return HealthChange(
        slot=1, seq=seq, at_ms=at_ms(seq), presence=presence, causes=causes, admin=admin
    )


def test_changes_of_presence_causes_and_admin_are_rows() -> None:
    """Registered, heard, in maintenance, retired: one change each; nothing in between."""
    pipeline, _ = _line()
    devices = {admin: [a_device(1, admin=admin)] for admin in AdminState}

    def register(seq: int, admin: AdminState) -> Entry:
        return a_control(RegisterDevices(at_ms=0, devices=devices[admin]), at_s=seq, seq=seq)

    def tick(seq: int) -> Entry:
        return a_tick(seq, seq=seq)

    changes = _take(
        pipeline,
        register(1, AdminState.ACTIVE),
        *(tick(2), tick(3)),
        an_entry(fix_bytes(4, seq=1), at_s=4, seq=4),
        *(tick(5), tick(6)),
        register(7, AdminState.ACTIVE),
        *(tick(8), register(9, AdminState.MAINTENANCE), tick(10)),
        a_control(RevokeDevice(at_ms=0, device_id="trk-000001"), at_s=11, seq=11),
        tick(12),
    )

    assert changes == [
        _change(2, Presence.UNKNOWN, int(Cause.NEVER_HEARD)),
        _change(5, Presence.ONLINE),
        _change(10, Presence.ONLINE, admin="maintenance"),
        _change(12, Presence.UNKNOWN, admin="retired"),
    ]


def test_restart_without_change_tells_nothing_even_without_latest_state() -> None:
    """What was told is in the checkpoint, not in the file that readers map."""
    pipeline, _ = _line()
    registered = RegisterDevices(at_ms=0, devices=[a_device()])
    fix = an_entry(fix_bytes(2, seq=1), at_s=2, seq=2)
    _take(pipeline, a_control(registered, at_s=1, seq=1), fix, a_tick(3, seq=3))
    blob = msgspec.msgpack.encode(pipeline.dump())

    again, latest = _line()
    again.load(msgspec.msgpack.decode(blob, type=PipelineState))

    assert _take(again, a_tick(4, seq=4)) == []
    assert latest.rows["presence"][1] == Presence.ONLINE
