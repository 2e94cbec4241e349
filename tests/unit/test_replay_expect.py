"""Every expectation: what meets it, and what must miss."""

import pytest

from devices.readings import EventType
from parkguard.replay.reading import read_lines
from support.factories import at_ms, place
from support.replay_files import (
    DEVICE,
    Line,
    circle,
    encoded,
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
    (theft(), expect("alert", vehicle="v-2", level=1), "but there is no vehicle v-2"),
    (theft(), expect("alert", device="trk-2", level=1), "but there is no device trk-2"),
    (theft(), expect("alert", vehicle="v-1", level=1, by=at_ms(201)), "level 1 raised"),
    (theft(), expect("alert", vehicle="v-1", value=2), "saw 1"),
    (theft(), expect("alert", vehicle="v-1", reason="sos"), "movement"),
    (theft(), expect("no_alert", vehicle="v-1", level=1), "movement level 1 at recv_t"),
    (theft(), expect("no_alert"), "movement level 1 at recv_t"),
    (QUIET, expect("presence", device="trk-1", value="offline"), "saw online"),
    (QUIET, expect("presence", device="trk-1", value="online", reason="silent"), "causes []"),
    (QUIET, expect("presence", device="trk-7", value="online"), "but there is no device trk-7"),
    (QUIET, expect("position", vehicle="v-7", value=None), "but there is no vehicle v-7"),
    (QUIET, expect("distance_m", device="trk-7", value=0), "but there is no device trk-7"),
    (QUIET, expect("event", vehicle="v-7", value=0), "but there is no vehicle v-7"),
    (QUIET, expect("quarantine", vehicle="v-7", value=0), "but there is no vehicle v-7"),
    (QUIET, expect("state", device="trk-7", field="ign", value=None), "there is no device trk-7"),
    (MIXED, expect("quarantine", device="trk-9", value=0), "saw 1 of"),
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


def test_expectation_of_no_alert_says_whom_it_does_not_know() -> None:
    """A typing error in it would be met for ever; a known vehicle needs no word."""
    typo, known = (expect("no_alert", vehicle=name) for name in ("v-typo", "v-1"))
    run = run_of([*QUIET, typo, known, expect("no_alert", device="trk-typo", recv_t=at_ms(60))])

    assert run.misses == []
    assert run.notes == [
        "-:10: expect no_alert: there is no device trk-typo",
        "-:8: expect no_alert: there is no vehicle v-typo",
    ]


def test_unknown_names_are_said_where_they_would_be_met_for_ever() -> None:
    """A stranger that sent something is known by that; one that sent nothing is a slip."""
    truth = {"kind": "truth", "vehicle": "v-typo", "from": 0, "to": 1, "state": "parked"}
    fence = {"kind": "fence", **circle("yard"), "vehicle": "v-typo"}
    strangers = [
        expect(what, device=device, value=value, **reason)
        for what, reason in (("quarantine", {}), ("count", {"reason": "quarantined"}))
        for device, value in (("trk-9", 1), ("trk-typo", 0))
    ]
    run = run_of([*MIXED, truth, truth | {"vehicle": "v-1"}, fence, *strangers])

    first = len(MIXED) + 1
    assert run.misses == []
    assert run.notes == [
        f"-:{first + 4}: expect quarantine: there is no device trk-typo",
        f"-:{first + 6}: expect count: there is no device trk-typo",
        f"-:{first}: truth: there is no vehicle v-typo",
        f"-:{first + 2}: fence: there is no vehicle v-typo",
    ]


def test_vehicle_of_a_truth_may_come_after_it() -> None:
    """Only at the end is it known that there is none."""
    truth = {"kind": "truth", "vehicle": "v-1", "from": 0, "to": 1, "state": "parked"}

    assert run_of([truth, *QUIET]).notes == []


def test_expectation_in_its_place_delivers_nothing() -> None:
    """The owner is told at the tick after the alert, whoever looks in between."""

    def told(*looks: Line) -> list[tuple[str, int]]:
        lines = sorted([*theft()[1:], *looks], key=lambda line: int(str(line["recv_t"])))
        changes = run_of([DEVICE, *lines]).timeline.observed.changes
        return [(change.alert.what, change.alert.caused_recv_ms) for change in changes]

    alone = told()
    ((_, raised_ms), (what, _), *_) = alone
    assert what == "owner_told"
    for after_ms in (0, 1, 300, 999):
        at = raised_ms + after_ms
        assert told(expect("presence", device="trk-1", value="online", recv_t=at)) == alone


def test_looking_leaves_no_trace() -> None:
    """Devices that said nothing are as unknown afterwards as before."""
    silent = DEVICE | {"id": "trk-2", "vehicle": "v-2"}
    run = run_of([DEVICE, silent, fix(0), side(1, "tick")])
    observed = run.timeline.observed
    for look in (
        expect("event", device="trk-2", value=0),
        expect("event", vehicle="v-2", value=0),
        expect("count", device="trk-2", reason="received", value=0),
        expect("state", device="trk-2", field="flags", value=None),
    ):
        run.feed(read_lines(encoded([look | {"recv_t": at_ms(2)}]), "-"))

    for kept in (observed.events, observed.vehicle_events, observed.flags, observed.trackers):
        assert kept.keys() <= {"trk-1"}
    assert observed.share("trk-2")["received"] == 0


def test_event_that_is_sent_twice_counts_once() -> None:
    """By its ``ev_id``, however it came again."""
    shaken = event(20, EventType.VIBRATION)
    run = run_of([DEVICE, fix(0), shaken, shaken | {"recv_t": at_ms(30)}])

    assert run.timeline.observed.events["trk-1"] == {"vibration": 1}
