"""Rules of trackers that need time: power, satellites, signal, refused fixes (health.md)."""

from typing import Any

import numpy as np
import pytest

from devices.causes import Cause
from devices.fix_quality import FixQuality, is_fix_of
from devices.model import DeviceClass
from devices.readings import FixSource, Flag
from devices.tracker_rules import TrackerRules
from support.factories import a_device, a_fix
from support.ward import Ward

MIN = 60_000
UNPOWERED = {"ext_power": False, "ignition": True}
NOWHERE = {"lat_deg": None, "lon_deg": None, "ignition": True}


def _causes(*said: tuple[int, dict[str, Any]]) -> list[int]:
    """Causes after each fix (minute, what it says)."""
    rules = TrackerRules()
    causes = []
    for minute, words in said:
        causes.append(rules.step(1, a_fix(**words), minute * MIN))
        rules = TrackerRules(rules.dump())
    return causes


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([(0, UNPOWERED), (10, UNPOWERED), (11, UNPOWERED)], [0, 0, Cause.NO_EXTERNAL_POWER]),
        ([(0, UNPOWERED), (9, {"ext_power": True}), (11, UNPOWERED)], [0, 0, 0]),
        ([(0, UNPOWERED), (9, {"ignition": False}), (11, UNPOWERED)], [0, 0, 0]),
        ([(0, {"ext_power": False}), (60, {"ext_power": False})], [0, 0]),
        ([(0, {"rssi_dbm": -111.0}), (60, {"rssi_dbm": -112.0})], [0, Cause.SIGNAL_WEAK]),
        ([(0, {"rssi_dbm": -111.0}), (59, {"rssi_dbm": -112.0})], [0, 0]),
        (
            [(0, {"rssi_dbm": -111.0}), (30, {"rssi_dbm": -110.0}), (61, {"rssi_dbm": -112.0})],
            [0, 0, 0],
        ),
        ([(0, {"rssi_dbm": -111.0}), (60, {})], [0, Cause.SIGNAL_WEAK]),
    ],
)
def test_what_lasts_is_told(said: list[tuple[int, dict[str, Any]]], expected: list[int]) -> None:
    """External power 10 min with ignition, signal an hour; one good word ends it."""
    assert _causes(*said) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (NOWHERE, Cause.NO_POSITION),
        ({"ignition": True, "source": FixSource.CELL}, Cause.NO_POSITION),
        ({"ignition": True}, 0),
        ({"lat_deg": None, "lon_deg": None, "ignition": False}, 0),
    ],
)
def test_half_an_hour_of_riding_without_satellites_is_told(
    words: dict[str, Any], expected: int
) -> None:
    """A cell is no satellite; a parked vehicle in a basement is no trouble."""
    assert _causes(*((minute, words) for minute in range(31)))[-1] == expected


def test_rides_without_satellites_add_up_until_a_position_comes() -> None:
    """Two rides of 16 minutes with a night between them."""
    parked = {"lat_deg": None, "lon_deg": None, "ignition": False}
    night = [*((m, NOWHERE) for m in range(17)), (17, parked), (600, parked)]
    ride = [(600 + m, NOWHERE) for m in range(1, 18)]

    causes = _causes(*night, *ride, (640, {"ignition": True}))

    assert causes[18] == 0
    assert causes[-2:] == [Cause.NO_POSITION, 0]


@pytest.mark.parametrize(("bad", "good", "told"), [(10, 39, True), (10, 40, False), (9, 0, False)])
def test_a_fifth_of_the_days_fixes_refused_is_told(*, bad: int, good: int, told: bool) -> None:
    """0/0 counts as refused, an honest "no position" does not; fewer than ten are no verdict."""
    ward = Ward()
    for k in range(good):
        ward.hear(a_fix(ward.now_s, seq=k, lat_deg=None, lon_deg=None, flags=int(Flag.NO_FIX)))
    for k in range(bad):
        if k % 2:
            ward.health.refused(1)
        else:
            ward.hear(a_fix(ward.now_s, seq=100 + k, flags=int(Flag.NULL_ISLAND)))
    ward.tick(1)

    assert (ward.causes() == [Cause.FIXES_REJECTED]) is told


def test_refused_fixes_are_forgotten_after_a_day() -> None:
    """In blocks of six hours; good ones in between count."""
    quality, hour = FixQuality(), 3_600_000
    quality.grow(8)
    quality.tick(100 * hour)
    quality.fixes(np.full(20, 3, np.int64))
    quality.rejected([3] * 20)
    changed = [quality.tick(hours * hour) for hours in range(100, 127)]

    assert changed[0] == {3: True}
    assert [verdict for verdict in changed[1:] if verdict] == [{3: False}]


def test_only_a_trackers_fix_is_a_refused_fix() -> None:
    """Refused events and other classes say nothing of its fixes."""
    tracker, camera = a_device(), a_device(2, cls=DeviceClass.CAMERA)

    assert is_fix_of(tracker, "pg/v1/up/trk/trk-000001/batch")
    assert not is_fix_of(tracker, "pg/v1/up/trk/trk-000001/event")
    assert not is_fix_of(camera, "pg/v1/up/cam/trk-000002/fix")
