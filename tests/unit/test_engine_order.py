"""Old, repeated and overtaking fixes: the newest place stands, and the same alerts come of it."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import AlertKind
from devices.model import Fence, FenceKind
from devices.readings import EventType, Fix, Flag
from support.factories import a_fix, place
from support.scene import Scene

RIDE = [a_fix(300 + 10 * k, 40.0 * k) for k in range(1, 61)]
"""Ten minutes away from home, 4 m/s."""


def _played(order: list[tuple[float, Fix]]) -> Scene:
    """Parked, shaken, then fixes received at given seconds."""
    scene = Scene()
    scene.park()
    scene.event(EventType.VIBRATION)
    for at_s, fix in order:
        while scene.now_s < at_s:
            scene.wait(1)
        scene.hear(fix)
    return scene


@cache
def _clean() -> Scene:
    """In order, once, at once."""
    return _played([(310.0 + 10 * k, fix) for k, fix in enumerate(RIDE)])


def _place(scene: Scene) -> tuple[bytes, bytes, bytes]:
    anchors = scene.engine.dump().watch.anchors
    return anchors["last_t"], anchors["last_x"], anchors["last_y"]


def _words(scene: Scene) -> set[tuple[str, AlertKind]]:
    return {(change.vehicle_id, change.kind) for change in scene.effects.alerts}


@settings(max_examples=25, deadline=None)
@given(
    lags=st.lists(st.integers(0, 60), min_size=len(RIDE), max_size=len(RIDE)),
    again=st.lists(st.booleans(), min_size=len(RIDE), max_size=len(RIDE)),
)
@pytest.mark.promise(9)
def test_order_and_repeats_change_neither_the_last_place_nor_the_alert(
    lags: list[int], again: list[bool]
) -> None:
    """Ten minutes of a theft, every fix up to 60 s late, some twice."""
    order = []
    for k, fix in enumerate(RIDE):
        lag = lags[k] if k < len(RIDE) - 1 else 0
        order.append((310.0 + 10 * k + lag, fix))
        if again[k]:
            order.append((310.0 + 10 * k + lags[-k], fix))
    order.sort(key=lambda each: each[0])

    scene, clean = _played(order), _clean()

    assert _place(scene) == _place(clean)
    assert _words(scene) == _words(clean) == {("v-1", AlertKind.MOVEMENT)}
    assert len({change.alert_id for change in scene.effects.alerts}) == 1


def test_every_packet_twice_and_some_late_gives_the_same_alert() -> None:
    """Scenario 34: the same id, level and kind as clean."""
    order = []
    for k, fix in enumerate(RIDE):
        at_s = 310.0 + 10 * k
        lag = 35 if k % 20 == 7 else 0
        order += [(at_s + lag, fix), (at_s + lag + 2, fix)]
    order.sort(key=lambda each: each[0])

    scene, clean = _played(order), _clean()

    told = [[(c.alert_id, c.level, c.kind) for c in s.effects.alerts] for s in (scene, clean)]
    assert told[0] == told[1]
    assert _place(scene) == _place(clean)


@pytest.mark.parametrize("flags", [0, int(Flag.BACKFILL), int(Flag.LATE), int(Flag.REQUEUED)])
def test_older_fix_moves_nothing(flags: int) -> None:
    """Neither ignition nor anchor nor place, whatever it is flagged as."""
    scene = Scene()
    scene.park()
    before = scene.engine.dump().watch

    scene.hear(a_fix(120, 500, ignition=True, flags=flags))
    scene.hear(a_fix(300, 500, ignition=True, flags=flags))
    scene.wait(10)

    after = scene.engine.dump().watch
    assert (after.anchors, after.expires) == (before.anchors, before.expires)
    assert scene.quiet


def test_older_fix_enters_and_leaves_no_fence() -> None:
    """Outside for the past, inside now."""
    lat_deg, lon_deg = place(0)
    fence = Fence(id="f-1", kind=FenceKind.KEEP_IN, lat_deg=lat_deg, lon_deg=lon_deg, radius_m=80)
    scene = Scene(fences=(fence,))
    scene.park()

    for at_s in range(100, 200, 5):
        scene.wait(1)
        scene.hear(a_fix(at_s, 400))

    assert scene.crossings == []
    assert scene.quiet


def test_future_is_never_scored() -> None:
    """An hour ahead, then the present: the present counts."""
    scene = Scene()
    scene.park()

    for k in range(1, 20):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s + 3_600, 40 * k, flags=int(Flag.FUTURE)))
        scene.fix()

    assert scene.quiet
    assert scene.armed
