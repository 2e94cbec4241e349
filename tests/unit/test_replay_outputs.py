"""The same file gives the same bytes; a restart and a coarser clock change nothing that counts."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.readings import EventType
from parkguard.replay import ticking
from parkguard.replay.observed import BooksError
from parkguard.replay.outputs import notice_lines
from parkguard.replay.timeline import Timeline
from support.factories import at_ms
from support.replay_files import (
    DEVICE,
    Line,
    circle,
    event,
    expect,
    fix,
    mqtt,
    outputs_of,
    run_of,
    side,
    theft,
)

CAMERA: Line = {"kind": "device", "class": "cam", "id": "cam-1"}
CITY: list[Line] = [
    {"kind": "meta", "scenario": "city", "seed": 1},
    DEVICE,
    CAMERA,
    {"kind": "fence", **circle("yard")},
    *sorted(
        [
            *theft()[1:],
            *(
                mqtt(k, "hb", {"v": 1, "t": at_ms(k), "next_s": 60}, who="cam/cam-1")
                for k in (0, 60, 120)
            ),
            fix(45, who="trk/trk-9"),
            fix(40) | {"recv_t": at_ms(46)},
            mqtt(47, "fix", {"v": 1, "pos": {"lat": "north"}}),
        ],
        key=lambda line: int(str(line["recv_t"])),
    ),
]


def test_two_runs_give_the_same_bytes() -> None:
    """Alerts and state."""
    assert outputs_of(run_of(CITY)) == outputs_of(run_of(CITY))


def test_notices_are_told_once_over_a_restart() -> None:
    """One switch behind 40 cameras, and smoke in the middle of it: two notices and the fire."""
    cameras = [f"cam-{k:02d}" for k in range(40)]
    place: Line = {"class": "cam", "site": "yard"}
    lines: list[Line] = [
        {"kind": "meta", "scenario": "switch", "seed": 1},
        {"kind": "site", "id": "yard", "name": "Yard", "lat": 31.82, "lon": 117.22},
        *({"kind": "device", "id": name, **place} for name in cameras),
        {"kind": "device", "id": "chg-1", "class": "chg", "site": "yard"},
        *(
            mqtt(at_s, "hb", {"v": 1, "t": at_ms(at_s), "next_s": 60}, who=f"cam/{name}")
            for at_s in range(0, 300, 60)
            for name in cameras
        ),
        mqtt(500, "status", {"v": 1, "t": at_ms(500), "smoke": True}, who="chg/chg-1"),
        side(520, "restart", down_s=1),
        side(900, "tick"),
    ]

    notices = list(notice_lines(run_of(lines).timeline.observed))

    actions = [(line["audience"], line["action"]) for line in notices]
    assert actions == [("fire", "opened"), ("maintenance", "outage"), ("fire", "escalated")]
    assert "40 devices" in json.dumps(notices[1]["body"])


def test_alert_lines_hold_what_the_page_says() -> None:
    """Each change with its times, its level and its reasons."""
    alerts, _ = outputs_of(run_of(CITY))

    lines = [json.loads(line) for line in alerts]
    names = ["recv_t", "t", "vehicle", "alert_id", "level", "kind", "state", "late_s"]
    names += ["reasons", "lat", "lon", "acc_m"]
    assert [list(line) for line in lines] == [names] * len(lines)
    assert [line["level"] for line in lines] == sorted(line["level"] for line in lines)
    assert {line["vehicle"] for line in lines} == {"v-1"}
    assert lines[0]["reasons"][0]["code"] == "movement"
    assert len({line["alert_id"] for line in lines}) == 1


def test_state_lines_hold_devices_vehicles_quarantine_and_totals() -> None:
    """In this order; what is in quarantine is what the totals say."""
    _, state = outputs_of(run_of(CITY))

    lines = [json.loads(line) for line in state]
    kinds = [line["kind"] for line in lines]
    assert kinds == ["device", "device", "vehicle", "quarantine", "quarantine", "totals"]
    camera, tracker, vehicle, unknown, number, totals = lines
    assert (camera["id"], tracker["id"], vehicle["id"]) == ("cam-1", "trk-1", "v-1")
    assert camera["presence"] == "late"
    assert tracker["position"]["t"] == at_ms(310)
    assert vehicle["alert"]["level"] == 2
    assert unknown["reason"] == "unknown_device"
    assert number["recv_t"] == at_ms(47)
    assert totals["quarantined"] == 2
    assert totals["received"] == totals["accepted"] + totals["duplicate"] + totals["quarantined"]
    assert tracker["counters"] == {
        "received": 34,
        "accepted": 32,
        "duplicate": 1,
        "quarantined": 1,
    }


def test_books_that_do_not_balance_fail_loudly() -> None:
    """It is a bug, and no output hides it."""
    run = run_of(CITY)
    run.timeline.observed.books["received"] += 1

    with pytest.raises(BooksError, match="do not balance"):
        run.finish()


@pytest.mark.parametrize("place", range(5, len(CITY), 3))
def test_restart_changes_no_alert(place: int) -> None:
    """Wherever it falls: the same ids, levels and kinds."""
    at = CITY[place]["recv_t"]
    cut = {"kind": "side", "recv_t": at, "type": "restart", "down_s": 0}

    whole, restarted = run_of(CITY), run_of([*CITY[:place], cut, *CITY[place:]])

    def said(run: object) -> list[tuple[str, int, str]]:
        changes = run.timeline.observed.changes  # type: ignore[attr-defined]
        return [(c.alert.alert_id, int(c.alert.level), str(c.alert.kind)) for c in changes]

    assert said(restarted) == said(whole)
    assert len(said(whole)) > 2
    assert restarted.timeline.observed.totals() == whole.timeline.observed.totals()
    assert outputs_of(restarted)[1][:2] == outputs_of(whole)[1][:2]


STATION: Line = {"kind": "device", "class": "chg", "id": "chg-1"}
CHARGING = {
    "v": 1,
    "t": at_ms(100),
    "ports": [{"n": 1, "state": "preparing", "session": "S-1", "w": 0}],
    "next_s": 60,
}


def every_second(*_: object) -> int:
    """Leave no tick out."""
    return ticking.TICK_MS


GAPS = st.lists(st.sampled_from([0.5, 1, 2, 7, 10, 31, 95, 260, 900]), max_size=3)


@settings(max_examples=12, deadline=None)
@given(gaps=GAPS, waits=GAPS, sleeps=st.booleans())
def test_leaving_out_ticks_of_quiet_gaps_changes_nothing(
    gaps: list[float], waits: list[float], *, sleeps: bool
) -> None:
    """Against a run that ticks every second: the same bytes, whatever the pauses."""
    lines, at_s = theft(), 320.0
    for gap in gaps:
        at_s += gap
        lines.append(fix(at_s, east_m=600))
    if sleeps:
        body = {"v": 1, "state": "sleeping", "t": at_ms(at_s + 1), "next_s": 300}
        lines.append(mqtt(at_s + 1, "state", body))
    for wait in waits:
        at_s += wait + 1
        lines.append(side(at_s, "tick"))
    lines.append(event(at_s + 1, EventType.TILT))
    lines.insert(0, STATION)
    lines.insert(12, mqtt(100, "status", CHARGING, who="chg/chg-1"))

    assert outputs_of(run_of(lines)) == outputs_of(run_of(lines, ahead=every_second))


def test_ticks_come_every_second_while_one_has_something_to_decide() -> None:
    """A late upload waits as an open alert does; without either a gap is ticked coarsely."""
    buried = fix(0) | {"recv_t": at_ms(7_200)}
    late = run_of([DEVICE, buried, side(7_203, "tick")]).timeline
    quiet = run_of([DEVICE, fix(0), side(30, "tick")]).timeline
    stolen = run_of(theft()).timeline

    def ahead_ms(timeline: Timeline, gap_ms: int) -> int:
        return ticking.ahead_ms(timeline.pipeline, timeline.latest.rows, gap_ms)

    body = fix(100)
    payload = json.dumps(body["payload"]).encode()
    late.receive(at_ms(7_203), str(body["topic"]), payload, retain=False, dup=False)
    late.step()
    found = [ahead_ms(timeline, 60_000) for timeline in (late, quiet, stolen)]
    assert found == [1_000, 2_000, 1_000]
    assert [ahead_ms(quiet, gap_ms) for gap_ms in (0, 999, 1_999, 2_000)] == [1_000] * 3 + [2_000]


@settings(max_examples=8, deadline=None)
@given(
    looks=st.lists(
        st.tuples(st.integers(4, len(CITY) - 1), st.integers(0, 2_500)), min_size=1, max_size=6
    )
)
def test_looking_changes_nothing(looks: list[tuple[int, int]]) -> None:
    """Expectations anywhere in the file: the same alerts at the same moments, the same end."""
    lines = [*CITY, side(2_400, "tick")]
    alone = outputs_of(run_of(lines))
    for place, after_ms in sorted(looks, reverse=True):
        recv_t, next_t = (int(str(line["recv_t"])) for line in lines[place : place + 2])
        look = expect("presence", device="trk-1", value="?", recv_t=min(recv_t + after_ms, next_t))
        lines.insert(place + 1, look)
    looked = run_of(lines)

    assert outputs_of(looked) == alone
    assert len(looked.misses) == len(looks)


def test_gap_of_months_costs_little() -> None:
    """Offline devices do not change by more silence: a year passes in two ticks a gap."""
    run = run_of([DEVICE, fix(0), side(365 * 86_400, "tick")])

    assert run.world().device_line("trk-1")["presence"] == "offline"
    assert run.timeline.clock.elapsed_ms == at_ms(365 * 86_400)
