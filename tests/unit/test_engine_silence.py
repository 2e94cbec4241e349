"""What must raise nothing: broken times, weak sources, lone witnesses, vehicles nobody watches."""

from collections import Counter

import pytest

from alerts.model import Effects, Level
from devices.admission import Admission
from devices.entry import RETAIN
from devices.model import DeviceClass
from devices.readings import Event, EventType, FixSource, Flag
from support.factories import (
    ROOT,
    a_device,
    a_fix,
    a_vehicle,
    an_entry,
    an_event,
    event_bytes,
    fix_bytes,
)
from support.scene import Scene


def _ride_of(scene: Scene, **changes: object) -> None:
    """A ride whose fixes all have something about them."""
    for k in range(1, 31):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, 50 * k, 0.0, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"source": FixSource.CELL},
        {"source": FixSource.WIFI},
        {"source": FixSource.LAST},
        {"source": FixSource.MANUAL},
        {"flags": int(Flag.FUTURE)},
        {"flags": int(Flag.LATE)},
        {"flags": int(Flag.LATE | Flag.BACKFILL)},
        {"lat_deg": None, "lon_deg": None, "flags": int(Flag.NULL_ISLAND)},
    ],
)
def test_fix_that_is_not_to_be_believed_never_raises(changes: dict[str, object]) -> None:
    """Cell, Wi-Fi, last known, future, late, no position: stored, never scored."""
    scene = Scene()
    scene.park()
    scene.event(EventType.VIBRATION)

    _ride_of(scene, **changes)

    assert scene.quiet
    assert scene.armed


@pytest.mark.parametrize(
    "payload_channel",
    [(fix_bytes(900, seq=900), "fix"), (event_bytes(EventType.SOS, 900), "event")],
)
def test_retained_message_never_raises(payload_channel: tuple[bytes, str]) -> None:
    """It stops at admission: the engine never sees it (A-15)."""
    scene = Scene()
    scene.park()
    payload, channel = payload_channel
    entry = an_entry(payload, at_s=900, channel=channel, flags=RETAIN)

    admitted = Admission(ROOT, registry=scene.registry).admit([entry], Counter())

    assert admitted.records == []


@pytest.mark.parametrize(
    "event",
    [
        EventType.POWER_CUT,
        EventType.BATTERY_REMOVED,
        EventType.VIBRATION,
        EventType.TILT,
        EventType.JAMMING_GNSS,
        EventType.LOW_BATTERY,
        EventType.SLEEP,
    ],
)
def test_lone_witness_raises_nothing(event: EventType) -> None:
    """A power cut alone may be the site's; a shake alone the wind (scenario 23)."""
    scene = Scene()
    scene.park()

    scene.event(event)
    scene.park(120)

    assert scene.quiet


@pytest.mark.parametrize(
    "stale",
    [
        an_event(EventType.SOS, -400),
        an_event(EventType.SOS, 300, flags=int(Flag.LATE)),
        an_event(EventType.SOS, 9_000, flags=int(Flag.FUTURE)),
        an_event(EventType.SOS, 300, on=False),
        an_event(EventType.REMOVED, -400),
    ],
)
def test_event_that_is_history_raises_nothing(stale: Event) -> None:
    """Five hours late, from the future, or the end of an alarm (A-12)."""
    scene = Scene()
    scene.park()

    scene.hear(stale)

    assert scene.quiet


def test_vehicle_that_does_not_arm_by_rule_is_not_watched() -> None:
    """Until someone arms it."""
    scene = Scene(vehicle=a_vehicle(auto_arm=False))
    scene.park()

    scene.event(EventType.REMOVED)
    scene.ride(120)

    assert scene.quiet


def test_tracker_without_a_vehicle_is_not_watched() -> None:
    """In the drawer of the workshop."""
    scene = Scene()
    scene.registry.vehicles.clear()
    scene.park()

    scene.event(EventType.VIBRATION)
    scene.ride(120)

    assert scene.quiet


def test_cold_start_raises_nothing_until_it_has_settled() -> None:
    """The whole service begins while vehicles are being ridden (scenario 40)."""
    scene = Scene()

    scene.ride(600)

    assert scene.quiet


def test_doppler_at_rest_denies_what_positions_imply() -> None:
    """The position creeps 60 m off while the speed says zero."""
    scene = Scene()
    scene.park()

    for k in range(1, 31):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, min(60, 6 * k), speed_mps=0.0))

    assert all(change.level <= Level.SUSPECTED for change in scene.effects.alerts)


def test_parked_jitter_with_every_witness_stays_below_the_police() -> None:
    """Sensors alone never reach the police without displacement."""
    scene = Scene()
    scene.park()

    for k in range(60):
        for event in (EventType.VIBRATION, EventType.TILT, EventType.POWER_CUT, EventType.REMOVED):
            scene.event(event)
        scene.wait(10)
        scene.fix(6.0 * (-1) ** k, 3.0 * (k % 3))

    assert scene.alert.level is Level.SUSPECTED
    assert scene.effects.incidents == []


def test_engine_keeps_no_effects_of_its_own() -> None:
    """What is to be committed is the caller's."""
    scene = Scene()
    scene.steal()

    scene.effects = Effects()
    scene.wait(1)

    assert scene.quiet


@pytest.mark.parametrize("jump_m", [588, 5_000, 300_000])
def test_single_wild_fix_raises_nothing(jump_m: float) -> None:
    """Multipath, a spoofed fix, another continent: one fix is no theft."""
    scene = Scene()
    scene.park()
    scene.event(EventType.VIBRATION)

    scene.wait(10)
    scene.fix(jump_m)
    scene.park(300)

    assert scene.quiet


def test_events_of_other_devices_are_ignored() -> None:
    """A charger's alarm speaks of no vehicle, even if someone bound it to one."""
    scene = Scene()
    scene.park()
    charger = a_device(7, cls=DeviceClass.CHARGER, vehicle_id="v-1")

    scene.hear(an_event(EventType.SOS, scene.now_s), device=charger)

    assert scene.quiet


@pytest.mark.parametrize(
    ("shaken_s", "told"),
    [(None, True), (-1_000, False), (200, True)],
    ids=["no sensor known", "a working sensor felt nothing", "shaken as it left"],
)
def test_slow_rule_is_denied_by_a_sensor_that_felt_nothing(
    shaken_s: int | None, *, told: bool
) -> None:
    """It creeps to 90 m in four minutes and stays: a shove felt, or a reflection that is not."""
    scene = Scene()
    scene.park()
    begin_s = scene.now_s + 1_300
    if shaken_s is not None and shaken_s < 0:
        scene.event(EventType.VIBRATION)
    while scene.now_s < begin_s + 900:
        scene.wait(10)
        gone_s = scene.now_s - begin_s
        if shaken_s is not None and 0 <= gone_s - shaken_s < 10:
            scene.event(EventType.VIBRATION)
        scene.hear(a_fix(scene.now_s, min(max(gone_s, 0) * 0.375, 90.0), 0.0))

    assert bool(scene.effects.alerts) is told
