"""Uploads of late records: gathered in any order, bounded, kept over a restart, apart from live."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.detection.anchor import AnchorArrays
from alerts.late import MAX_FIXES, LateLane, fixes_of
from devices.control import RegisterDevices
from devices.readings import EventType, Flag
from support.factories import (
    ELAPSED0_MS,
    a_device,
    a_fix,
    a_record,
    an_event,
    at_ms,
)
from support.scene import Scene
from support.theft import LOST_S, and_back, late_ride

HOUR_S = 3_600


def test_batch_in_several_messages_is_one() -> None:
    """The way home comes two seconds after the way out, in whatever order."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    whole = and_back(late_ride())

    for part in (whole[120:], whole[:60], whole[60:120]):
        scene.upload(*part)
        scene.wait(2)
    scene.wait(60)

    assert scene.quiet


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(40)), cut=st.integers(1, 39), home=st.booleans())
def test_order_and_cuts_of_an_upload_mean_nothing(
    order: list[int], cut: int, *, home: bool
) -> None:
    """Newest first, shuffled, in two messages, some twice: what counts is when it was measured."""
    whole = and_back(late_ride()) if home else late_ride()
    pieces = [whole[k :: len(order)] for k in order]
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)

    for part in (pieces[:cut], pieces[cut - 1 :]):
        scene.upload(*(reading for piece in part for reading in piece))
        scene.wait(3)
    scene.wait(10)

    assert scene.story == ([] if home else ["raised"])
    assert home or scene.last.onset_ms == at_ms(LOST_S + 570)


def test_second_part_of_an_upload_that_was_told_tells_no_second_time() -> None:
    """A slow network: the rest comes a minute later; the owner has said nothing yet, or has."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    whole = late_ride()
    scene.upload(*whole[:60])
    scene.wait(60)
    scene.desk_says("dismiss")

    scene.upload(*whole[60:])
    scene.wait(60)

    assert scene.story == ["raised", "desk_dismissed"]


def test_late_data_change_nothing_the_live_lane_knows() -> None:
    """Anchor, position, evidence, mode: as they were."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    before = scene.engine.dump().watch

    scene.upload(an_event(EventType.REMOVED, 330), *late_ride())
    scene.wait(10)

    after = scene.engine.dump().watch
    assert scene.story == ["raised"]
    assert (after.anchors, after.expires, after.shaken) == (
        before.anchors,
        before.expires,
        before.shaken,
    )


@pytest.mark.parametrize("at", [0, 1, 3, 5, 8])
def test_restart_in_the_middle_of_an_upload_changes_nothing(at: int) -> None:
    """What waits is in the checkpoint."""

    def run(scene: Scene, restart: Callable[[], None]) -> Scene:
        for k in range(10):
            if k == at:
                restart()
            if k < 4:
                scene.upload(*late_ride()[k * 25 : (k + 1) * 25])
            scene.wait(1)
        scene.wait(5)
        return scene

    plain, cut = Scene.parked(), Scene.parked()
    for scene in (plain, cut):
        scene.sleep_until(3 * HOUR_S)

    run(plain, lambda: None)
    run(cut, cut.restart)

    assert cut.effects.alerts == plain.effects.alerts
    assert cut.story == ["raised"]


def test_end_of_the_input_judges_at_once() -> None:
    """A replay's file ends with the upload: nothing will follow."""
    scene = Scene.parked()
    scene.sleep_until(3 * HOUR_S)
    scene.upload(*late_ride())

    waited = scene.engine.waits
    scene.finish()

    assert waited
    assert not scene.quiet
    assert scene.story == ["raised"]


def test_records_from_before_the_tracker_came_to_the_vehicle_are_not_its() -> None:
    """Its buffer is of the vehicle it was on."""
    scene = Scene(trackers=2)
    scene.park()
    scene.sleep_until(2 * HOUR_S)
    moved = a_device(1, vehicle_id="v-2")
    scene.people(RegisterDevices(at_ms=at_ms(scene.now_s), devices=[moved]))

    scene.hear(
        *(
            a_fix((r.t_ms - at_ms(0)) / 1000, 40 * k, flags=int(Flag.LATE))
            for k, r in enumerate(late_ride())
        ),
        device=moved,
    )
    scene.wait(60)

    assert scene.quiet


def test_requeued_records_of_a_device_nobody_knew_are_not_judged() -> None:
    """Adopted today: what it said before it belonged to anybody is history only."""
    scene = Scene()
    scene.sleep_until(3 * HOUR_S)

    scene.hear(
        *(
            a_fix((r.t_ms - at_ms(0)) / 1000, 40 * k, flags=int(Flag.LATE | Flag.REQUEUED))
            for k, r in enumerate(late_ride())
        )
    )
    scene.wait(60)

    assert scene.quiet


def test_many_uploads_are_judged_over_some_seconds() -> None:
    """A network comes back: live records must not wait for all of it; each gets its turn."""
    lane = LateLane()
    for slot in range(1, 11):
        for k in range(1_900):
            fix = a_fix(10 * k, flags=int(Flag.LATE))
            lane.take(a_record(fix, device=a_device(slot), at_s=0))

    early = lane.due(ELAPSED0_MS + 4_999, 5_000, 6_000, lambda _: False)
    turns = [
        [u.slot for u in lane.due(ELAPSED0_MS + 5_000, 5_000, 6_000, lambda _: False)]
        for _ in range(5)
    ]

    assert early == []
    assert turns == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10], []]


def test_upload_larger_than_the_budget_is_judged_all_the_same() -> None:
    """One at a time."""
    lane = LateLane()
    for slot in (1, 2):
        for k in range(50):
            fix = a_fix(10 * k, flags=int(Flag.LATE))
            lane.take(a_record(fix, device=a_device(slot), at_s=0))

    turns = [
        [u.slot for u in lane.due(ELAPSED0_MS + 5_000, 5_000, 10, lambda _: False)]
        for _ in range(3)
    ]

    assert turns == [[1], [2], []]


def test_upload_without_end_stays_bounded() -> None:
    """More fixes than a day has: every second one goes, the first and the newest remain."""
    lane = LateLane()
    for k in range(MAX_FIXES + 1_000):
        lane.take(a_record(a_fix(k, flags=int(Flag.LATE)), at_s=0))
    (upload,) = lane.due(ELAPSED0_MS + 5_000, 5_000, 0, lambda _: False)

    fixes = fixes_of(upload, AnchorArrays.empty(2))

    assert MAX_FIXES / 2 <= len(fixes) <= MAX_FIXES
    assert (fixes[0].t_ms, fixes[-1].t_ms) == (at_ms(0), at_ms(MAX_FIXES + 999))
