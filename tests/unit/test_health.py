"""Presence, condition and last believed state from accepted records."""

import msgspec
import numpy as np
import pytest

from devices.admitted import Record
from devices.causes import Cause
from devices.entry import RETAIN
from devices.health import Health, HealthState
from devices.model import AdminState
from devices.presence import Presence, PresencePolicy
from devices.readings import (
    SOURCE_CODE,
    ChargerStatus,
    DeviceInfo,
    DeviceState,
    Fix,
    FixSource,
    Flag,
    StateReport,
)
from support.factories import a_device, a_fix, a_record, a_tick, at_ms, place
from support.fakes import LatestColumns
from support.ward import CAMERA, CHARGER, Ward, a_heartbeat, a_station


def test_device_goes_late_offline_and_comes_back() -> None:
    """By its promise of 10 s; one message heals it."""
    ward = Ward()

    seen = [ward.presence()]
    for silence in (0, 45, 16):
        if silence == 0:
            ward.hear(a_fix(ward.now_s))
        ward.tick(max(silence, 1))
        seen.append(ward.presence())
    ward.hear(a_fix(ward.now_s))
    ward.tick(1)
    seen.append(ward.presence())

    assert seen == [
        Presence.UNKNOWN,
        Presence.ONLINE,
        Presence.LATE,
        Presence.OFFLINE,
        Presence.ONLINE,
    ]
    assert ward.causes() == []


def test_our_own_outage_is_nobodys_silence() -> None:
    """Ten minutes without a broker, then ten minutes without us: nobody is late."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.tick(600, connected=False)
    ward.now_s += 600
    ward.tick(2)

    assert ward.presence() is Presence.ONLINE


def test_dead_device_goes_offline_after_our_outage() -> None:
    """Time counts again as soon as we listen (A-22)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.tick(600, connected=False)
    ward.tick(62)

    assert ward.presence() is Presence.OFFLINE


@pytest.mark.parametrize("step_s", [7_200, -7_200])
def test_stepped_wall_clock_makes_no_outage(step_s: int) -> None:
    """Age is counted on the steady clock (A-22)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    for k in range(1, 5):
        tick = a_tick(ward.now_s + k)
        ward.health.tick(tick._replace(recv_ms=tick.recv_ms + step_s * 1000), connected=True)

    assert ward.presence() is Presence.ONLINE


@pytest.mark.parametrize("clock_off_s", [-1_020, 720])
def test_clock_of_the_device_decides_no_presence(clock_off_s: float) -> None:
    """17 min behind or 12 min ahead: online while it speaks, offline in time (A-18)."""
    ward = Ward()

    ward.hear(a_fix(ward.now_s + clock_off_s, flags=Flag.FUTURE if clock_off_s > 0 else 0))
    ward.tick(1)
    heard = ward.presence()
    ward.tick(62)

    assert (heard, ward.presence()) == (Presence.ONLINE, Presence.OFFLINE)


def test_will_makes_late_and_newer_life_wins() -> None:
    """Lost at once, offline after 30 s (3 E), online with the next message (A-17)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))
    will = StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.LOST, key=1)

    ward.hear(will)
    ward.tick(1)
    lost = ward.presence(), ward.causes()
    ward.tick(30)
    gone = ward.presence()
    ward.hear(a_fix(ward.now_s))
    ward.tick(1)

    assert lost == (Presence.LATE, [Cause.CONNECTION_LOST])
    assert gone is Presence.OFFLINE
    assert ward.presence() is Presence.ONLINE


def test_retained_will_does_not_beat_live_messages() -> None:
    """A word of unknown age proves nothing (A-17)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.hear(StateReport(t_ms=at_ms(0), state=DeviceState.LOST, key=1), flags=RETAIN)
    ward.tick(1)

    assert (ward.presence(), ward.causes()) == (Presence.ONLINE, [])


def test_retained_status_is_no_life() -> None:
    """The broker gives the last status of a dead charger to every new subscriber."""
    ward = Ward()
    status = ChargerStatus(t_ms=at_ms(-86_400), boot="a", seq=1, smoke=True)

    ward.hear(status, CHARGER, flags=RETAIN)
    ward.tick(1)

    assert ward.presence(2) is Presence.UNKNOWN
    assert Cause.SMOKE in ward.causes(2)
    assert ward.columns.rows["recv_ms"][2] == 0


def test_sleeper_keeps_its_promise() -> None:
    """Sleeping for an hour is not silence."""
    ward = Ward()
    ward.hear(
        StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.SLEEPING, next_s=3_600.0, key=1)
    )

    ward.tick(900)

    assert ward.presence() is Presence.SLEEPING


def test_retired_device_is_forgotten() -> None:
    """It neither alarms nor counts."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))
    ward.health.register(a_device(1, admin=AdminState.RETIRED))

    ward.tick(1)

    assert ward.presence() is Presence.UNKNOWN
    assert ward.causes() == []
    assert ward.health.counts()["unknown"] == 2


def test_latest_position_is_the_newest_by_fix_time() -> None:
    """An older fix that comes later does not move the vehicle back (A-06)."""
    ward = Ward()
    ward.now_s = 100

    ward.health.records(
        [
            a_record(a_fix(at_s, east_m, speed_mps=3.0, course_deg=90.0), at_s=100)
            for at_s, east_m in [(90, 900), (70, 700), (80, 800)]
        ]
    )
    ward.hear(a_fix(60, 600))

    row = ward.columns.rows[1]
    assert (row["fix_t_ms"], row["lat_deg"], row["lon_deg"]) == (at_ms(90), *place(900))
    assert (row["speed_mps"], row["course_deg"]) == (3, 90)
    assert row["source"] == SOURCE_CODE[FixSource.GNSS]


@pytest.mark.parametrize(
    "unplaced",
    [
        a_fix(50, lat_deg=None, lon_deg=None, flags=Flag.NULL_ISLAND),
        a_fix(10**6, 5_000, flags=Flag.FUTURE),
    ],
)
def test_position_stays_when_a_message_has_none_to_believe(unplaced: Fix) -> None:
    """0/0 and a clock in the future move nothing; the message is still life (A-01, A-04)."""
    ward = Ward()
    ward.now_s = 40
    ward.hear(a_fix(40, 7))
    ward.now_s = 50

    ward.hear(unplaced)
    later = a_fix(60, 9)
    ward.hear(later)

    row = ward.columns.rows[1]
    assert row["lon_deg"] == later.lon_deg
    assert row["recv_ms"] == at_ms(50)


def test_seqlock_is_even_after_every_write() -> None:
    """A reader that sees an even, unchanged version read a whole row."""
    ward = Ward()

    for _ in range(5):
        ward.hear(a_fix(ward.now_s))
        ward.tick(1)

    versions = ward.columns.rows["version"]
    assert versions[1] > 0
    assert (versions % 2 == 0).all()


def test_buffered_promise_is_no_promise() -> None:
    """A back-filled fix of a sleeping night does not stretch the interval of today."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s))

    ward.hear(a_fix(-9_000, flags=int(Flag.BACKFILL | Flag.LATE), next_s=3_600.0))
    ward.tick(61)

    assert ward.presence() is Presence.OFFLINE


def test_position_of_the_last_known_place_has_its_own_time() -> None:
    """``src: last`` repeats an old place: the newer one stays (wire.md)."""
    ward = Ward()
    ward.now_s = 100
    ward.hear(a_fix(90, 7))

    old = a_fix(100, 5_000, source=FixSource.LAST)
    ward.hear(msgspec.structs.replace(old, pos=msgspec.structs.replace(old.pos, fix_t=at_ms(50))))

    assert ward.columns.rows["fix_t_ms"][1] == at_ms(90)


def test_retained_farewell_of_a_device_that_speaks_is_a_note() -> None:
    """Online, and the broker's word is called stale until the device says its own (A-17)."""
    ward = Ward()
    lost = StateReport(t_ms=at_ms(-9_000), state=DeviceState.LOST, key=1)
    seen = []

    ward.hear(lost, CAMERA, flags=RETAIN)
    ward.tick(1)
    seen.append((ward.presence(3), ward.causes(3)))
    ward.hear(a_heartbeat(ward.now_s), CAMERA)
    ward.tick(1)
    seen.append((ward.presence(3), ward.causes(3)))
    ward.hear(StateReport(t_ms=at_ms(ward.now_s), state=DeviceState.ONLINE, key=2), CAMERA)
    ward.tick(1)
    seen.append((ward.presence(3), ward.causes(3)))

    assert seen == [
        (Presence.UNKNOWN, [Cause.NEVER_HEARD]),
        (Presence.ONLINE, [Cause.STATUS_STALE]),
        (Presence.ONLINE, []),
    ]


def test_numbers_that_contradict_are_told_for_an_hour() -> None:
    """A clone goes on; a counter that restarted once is forgotten."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s, flags=int(Flag.SEQ_BACK)))
    ward.tick(1)
    told = ward.causes()

    for _ in range(360):
        ward.tick(10)
        ward.hear(a_fix(ward.now_s))
    ward.tick(1)

    assert (told, ward.causes()) == ([Cause.NUMBERS_CONFLICT], [])


def test_note_of_another_part_is_a_cause_until_it_ends() -> None:
    """Ports and units are judged elsewhere; other causes stay as they are."""
    ward = Ward()
    ward.hear(a_station(smoke=True), CHARGER)
    mask = int(Cause.PORT_BLOCKED | Cause.MONEY_SUSPECT)

    ward.health.note(2, int(Cause.PORT_BLOCKED), mask)
    ward.tick(1)
    noted = ward.causes(2)
    ward.health.note(2, 0, mask)
    ward.tick(1)

    assert noted == [Cause.SMOKE, Cause.PORT_BLOCKED]
    assert ward.causes(2) == [Cause.SMOKE]


def test_interval_in_info_is_an_expectation() -> None:
    """A device that promises nothing else is late by what it said it would do."""
    ward = Ward()

    ward.hear(DeviceInfo(t_ms=at_ms(ward.now_s), key=1, interval_s=20.0))
    ward.tick(91)

    assert ward.presence() is Presence.OFFLINE


def test_checkpoint_goes_on_with_the_same_health() -> None:
    """Ages, promises, conditions, notes and what is remembered survive a restart."""
    ward = Ward()
    for _ in range(3):
        ward.hear(a_heartbeat(ward.now_s), CAMERA)
        ward.tick(20)
    ward.health.note(1, int(Cause.UNIT_SUSPECT), int(Cause.UNIT_SUSPECT))
    ward.hear(a_fix(ward.now_s, battery_pct=5.0))
    blob = msgspec.msgpack.encode(ward.health.dump())

    restarted = Ward()
    restarted.columns = ward.columns
    restarted.health = Health(ward.columns, PresencePolicy())
    devices = [a_device(), CHARGER, CAMERA]
    restarted.health.load(msgspec.msgpack.decode(blob, type=HealthState), devices)
    restarted.now_s = ward.now_s
    restarted.tick(46)

    assert restarted.presence() is Presence.LATE
    assert restarted.causes() == [Cause.SILENT, Cause.BATTERY_CRITICAL, Cause.UNIT_SUSPECT]
    restarted.hear(a_heartbeat(restarted.now_s), CAMERA)
    restarted.tick(1)
    assert restarted.causes(3) == [Cause.FROZEN]


def test_empty_checkpoint_loads() -> None:
    """A service that stopped before its first device starts again."""
    blob = msgspec.msgpack.encode(Health(LatestColumns(), PresencePolicy()).dump())

    health = Health(LatestColumns(), PresencePolicy())
    health.load(msgspec.msgpack.decode(blob, type=HealthState), [])
    health.register(a_device())
    health.records([a_record(a_fix(1))])
    health.tick(a_tick(2), connected=True)

    assert health.counts()["online"] == 1


def test_records_of_one_batch_are_taken_in_order() -> None:
    """The last word of a device in a batch is its newest."""
    ward = Ward()
    records: list[Record] = [
        a_record(StateReport(t_ms=at_ms(1), state=DeviceState.LOST, key=1), at_s=1),
        a_record(a_fix(1), at_s=1),
    ]

    ward.health.records(records)
    ward.tick(1)

    assert ward.presence() is Presence.ONLINE


def test_delays_are_remembered_only_while_records_are_late() -> None:
    """A tracker that speaks of now again, or is gone, leaves nothing behind."""
    ward = Ward()
    behind = int(Flag.LATE)

    ward.hear(a_fix(ward.now_s - 900, flags=behind))
    late = dict(ward.health.dump().hearing.memory.lags)
    ward.hear(a_fix(ward.now_s))
    spoken = dict(ward.health.dump().hearing.memory.lags)
    ward.hear(a_fix(ward.now_s - 900, flags=behind))
    ward.health.conflict(1, 0)
    ward.health.register(a_device(1, admin=AdminState.RETIRED))

    gone = ward.health.dump().hearing.memory
    assert (list(late), spoken) == ([1], {})
    assert (gone.lags, gone.conflicts) == ({}, {})


@pytest.mark.parametrize("flag", [Flag.UNREADABLE, Flag.IMPLAUSIBLE])
def test_measure_that_could_not_be_read_is_unknown_now(flag: Flag) -> None:
    """One that is left out keeps its last value (docs/replay.md says the same of a replay)."""
    ward = Ward()
    ward.hear(a_fix(ward.now_s, battery_pct=82.0))
    ward.hear(a_fix(ward.now_s, seq=2))
    kept = float(ward.columns.rows["battery_pct"][1])

    ward.hear(a_fix(ward.now_s, seq=3, flags=int(flag)))

    assert kept == 82.0
    assert np.isnan(ward.columns.rows["battery_pct"][1])
