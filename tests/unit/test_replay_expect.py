"""Every expectation: what meets it, and what must miss."""

import pytest

from devices.readings import EventType
from support.factories import at_ms, place
from support.replay_files import (
    DEVICE,
    Line,
    circle,
    event,
    expect,
    fix,
    misses_of,
    mqtt,
    run_of,
    side,
    theft,
)

LAT, LON = place(0.0)
HERE = {"lat": LAT, "lon": LON}
QUIET: list[Line] = [DEVICE, *(fix(at_s) for at_s in range(0, 60, 10))]
BAD = mqtt(61, "fix", {"v": 1, "t": at_ms(61), "seq": 999, "boot": "b1", "pos": {"lat": 91}})
MIXED: list[Line] = [
    *QUIET,
    fix(50),
    BAD,
    event(62, EventType.TILT),
    {**fix(63), "topic": "pg/v1/up/trk/trk-9/fix"},
]
CAMERA: list[Line] = [
    {"kind": "device", "class": "cam", "id": "cam-1"},
    mqtt(0, "hb", {"v": 1, "t": at_ms(0), "ch": [{"n": 1, "fps": 12.5}]}, who="cam/cam-1"),
]
FENCES: list[Line] = [
    DEVICE,
    {"kind": "fence", **circle("yard")},
    {"kind": "fence", **circle("shed", radius_m=5)},
    *(fix(at_s) for at_s in range(0, 60, 10)),
]

LATE_CAMERA: list[Line] = [
    *CAMERA,
    mqtt(20, "hb", {"v": 1, "t": at_ms(20), "ch": [{"n": 1, "fps": 9}]}, who="cam/cam-1"),
    mqtt(25, "hb", {"v": 1, "t": at_ms(10), "ch": [{"n": 1, "fps": 25}]}, who="cam/cam-1"),
]

MET: list[tuple[list[Line], Line]] = [
    (theft(), expect("alert", vehicle="v-1", level=1)),
    (theft(), expect("alert", vehicle="v-1", level=2, by=at_ms(260))),
    (theft(), expect("alert", device="trk-1", level=1, value=1, reason="movement")),
    (theft(), expect("alert", value=[2, 1])),
    (theft(), expect("no_alert", vehicle="v-1", level=3)),
    (theft(), expect("no_alert", vehicle="v-1", level=1, by=at_ms(199))),
    (QUIET, expect("no_alert", vehicle="v-1")),
    (QUIET, expect("presence", device="trk-1", value="online")),
    (QUIET, expect("presence", vehicle="v-1", value=["late", "online"])),
    ([*QUIET, side(200, "tick")], expect("presence", device="trk-1", value="offline")),
    (
        [*QUIET, side(200, "tick")],
        expect("presence", device="trk-1", value="offline", reason="silent"),
    ),
    (MIXED, expect("quarantine", device="trk-1", value=1)),
    (MIXED, expect("quarantine", device="trk-9", reason="unknown_device")),
    (MIXED, expect("quarantine", value=3, tolerance=1)),
    (QUIET, expect("quarantine", device="trk-1", value=0)),
    (QUIET, expect("position", device="trk-1", value=HERE, tolerance=1)),
    (QUIET, expect("position", vehicle="v-1", value=HERE, tolerance=1, t=at_ms(50))),
    ([DEVICE, side(0, "tick")], expect("position", device="trk-1", value=None)),
    (QUIET, expect("distance_m", vehicle="v-1", value=0, tolerance=20)),
    (MIXED, expect("event", device="trk-1", reason="tilt", value=1)),
    (MIXED, expect("event", vehicle="v-1", reason=["tow", "tilt"])),
    (MIXED, expect("event", device="trk-1", reason="sos", value=0)),
    (MIXED, expect("count", device="trk-1", reason="received", value=9)),
    (MIXED, expect("count", device="trk-1", reason="accepted", value=7)),
    (MIXED, expect("count", device="trk-1", reason="duplicate", value=1)),
    (MIXED, expect("count", device="trk-1", reason="quarantined", value=1)),
    (MIXED, expect("count", reason="received", value=10)),
    (QUIET, expect("state", device="trk-1", field="ign", value=False)),
    (QUIET, expect("state", device="trk-1", field="bat_pct", value=None)),
    (QUIET, expect("state", device="trk-1", field="no.such.name", value=None)),
    (QUIET, expect("state", device="trk-1", field="position.acc_m", value=6, tolerance=1)),
    (CAMERA, expect("state", device="cam-1", field="ch.1.fps", value=[1, 12.5])),
    (LATE_CAMERA, expect("state", device="cam-1", field="ch.1.fps", value=9)),
    (FENCES, expect("state", vehicle="v-1", field="fences.yard", value="inside")),
    (FENCES, expect("state", vehicle="v-1", field="fences.shed", value=None)),
    (FENCES, expect("refused", value="shed")),
    (FENCES, expect("refused", value=["yard", "shed"])),
]

MISSED: list[tuple[list[Line], Line, str]] = [
    (QUIET, expect("alert", vehicle="v-1", level=1), "saw no alert"),
    (theft(), expect("alert", vehicle="v-1", level=3), "level 2 police_ready"),
    (theft(), expect("alert", vehicle="v-2", level=1), "saw no alert"),
    (theft(), expect("alert", vehicle="v-1", level=1, by=at_ms(201)), "level 1 raised"),
    (theft(), expect("alert", vehicle="v-1", value=2), "saw 1"),
    (theft(), expect("alert", vehicle="v-1", reason="sos"), "movement"),
    (theft(), expect("no_alert", vehicle="v-1", level=1), "movement level 1 at recv_t"),
    (theft(), expect("no_alert"), "movement level 1 at recv_t"),
    (QUIET, expect("presence", device="trk-1", value="offline"), "saw online"),
    (QUIET, expect("presence", device="trk-1", value="online", reason="silent"), "causes []"),
    (QUIET, expect("presence", device="trk-7", value="online"), "saw None"),
    (QUIET, expect("quarantine", device="trk-1"), "saw 0 of {}"),
    (MIXED, expect("quarantine", device="trk-1", value=0), "saw 1 of"),
    (MIXED, expect("quarantine", device="trk-1", reason="utf8"), "saw 0 of"),
    (QUIET, expect("position", device="trk-1", value={"lat": LAT, "lon": LON + 1}), "m off"),
    (QUIET, expect("position", device="trk-1", value=HERE, tolerance=1, t=at_ms(49)), '"t":'),
    (QUIET, expect("position", device="trk-1", value=None), '"lat"'),
    ([DEVICE, side(0, "tick")], expect("position", device="trk-1", value=HERE), "saw null"),
    (QUIET, expect("distance_m", vehicle="v-1", value=500, tolerance=20), "saw 0"),
    (QUIET, expect("event", device="trk-1", reason="tilt"), "saw 0"),
    (MIXED, expect("event", device="trk-1", reason="tilt", value=2), "saw 1"),
    (MIXED, expect("count", device="trk-1", reason="received", value=8), "saw 9"),
    (MIXED, expect("count", device="trk-1", reason="duplicate", value=0), "saw 1"),
    (QUIET, expect("state", device="trk-1", field="ign", value=True), "saw false"),
    (QUIET, expect("state", device="trk-1", field="ign", value=0), "saw false"),
    (QUIET, expect("state", device="trk-1", field="ign", value=None), "saw false"),
    (QUIET, expect("state", device="trk-1", field="bat_pct", value=0), "saw null"),
    (CAMERA, expect("state", device="cam-1", field="ch.1.fps", value=12), "saw 12.5"),
    (FENCES, expect("state", vehicle="v-1", field="fences.yard", value="outside"), "inside"),
    (FENCES, expect("refused", value="yard"), 'fences ["shed"]'),
]


@pytest.mark.parametrize(("lines", "wanted"), MET)
def test_met(lines: list[Line], wanted: Line) -> None:
    """Nothing is said of what was seen as expected."""
    assert misses_of(*lines, wanted) == []


@pytest.mark.parametrize(("lines", "wanted", "seen"), MISSED)
def test_missed(lines: list[Line], wanted: Line, seen: str) -> None:
    """One line that says what was expected and what was seen, with the number of the line."""
    (miss,) = misses_of(*lines, wanted)

    assert miss.startswith(f"-:{len(lines) + 1}: expected {wanted['what']} ")
    assert seen in miss


def test_expectation_with_a_time_is_checked_there() -> None:
    """The same words before and after a message; both places count."""
    at = {"device": "trk-1", "reason": "accepted"}
    misses = misses_of(
        DEVICE,
        fix(0),
        expect("count", **at, value=1, recv_t=at_ms(5)),
        expect("count", **at, value=2, recv_t=at_ms(5)),
        fix(10),
        expect("count", **at, value=2),
    )

    assert len(misses) == 1
    assert misses[0].startswith("-:4: ")


def test_expectation_lets_time_pass() -> None:
    """Presence changes at its own second, though no message came."""
    silence = [
        expect("presence", device="trk-1", value=state, recv_t=at_ms(at_s))
        for at_s, state in ((44, "online"), (46, "late"), (60, "late"), (61, "offline"))
    ]

    assert misses_of(DEVICE, fix(0), *silence) == []


def test_event_that_is_sent_twice_counts_once() -> None:
    """By its ``ev_id``, however it came again."""
    shaken = event(20, EventType.VIBRATION)
    run = run_of([DEVICE, fix(0), shaken, shaken | {"recv_t": at_ms(30)}])

    assert run.timeline.observed.events["trk-1"] == {"vibration": 1}
