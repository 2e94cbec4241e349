"""What messages and the clock do to a run."""

import json

import pytest

from alerts.model import AlertState, Level
from devices.readings import EventType
from support.factories import HOME, at_ms
from support.replay_files import (
    DEVICE,
    Line,
    circle,
    event,
    expect,
    fix,
    mqtt,
    run_of,
    side,
    theft,
)

PARKED = [fix(at_s) for at_s in range(0, 130, 10)]


def _changes(*lines: Line) -> list[tuple[int, Level, AlertState, str]]:
    changes = run_of(lines).timeline.observed.changes
    return [(c.alert.caused_recv_ms, c.alert.level, c.alert.state, c.alert.what) for c in changes]


# -- messages ---------------------------------------------------------------------------


def test_flags_of_the_broker_reach_the_core() -> None:
    """A retained fix is refused, a retained state sets the state and proves no life."""
    state = mqtt(1, "state", {"v": 1, "state": "online", "t": at_ms(1)}) | {"retain": True}
    run = run_of([DEVICE, fix(0) | {"retain": True}, state])

    observed = run.timeline.observed
    assert [refusal.reason for refusal in observed.quarantine.values()] == ["retained"]
    assert observed.share("trk-1")["accepted"] == 1
    assert run.world().device_line("trk-1")["presence"] == "unknown"


def test_batch_counts_per_fix() -> None:
    """A repeated batch is as many duplicates; one bad element is one in quarantine."""
    fixes = [
        {"seq": k, "t": at_ms(k), "pos": {"lat": 31.8, "lon": 117.2, "acc_m": 5}} for k in range(4)
    ]
    batch = {"v": 1, "boot": "b1", "fixes": fixes}
    spoilt = {"v": 1, "boot": "b1", "fixes": [fixes[0] | {"seq": 9, "pos": {"lat": 99, "lon": 1}}]}
    run = run_of([DEVICE, fix(5), *(mqtt(10, "batch", body) for body in (batch, batch, spoilt))])

    assert run.timeline.observed.share("trk-1") == {
        "received": 10,
        "accepted": 5,
        "duplicate": 4,
        "quarantined": 1,
    }


def test_duplicates_among_many_devices_are_counted_where_they_belong() -> None:
    """In one step as in many."""
    devices = [{"kind": "device", "class": "trk", "id": f"trk-{k}"} for k in range(5)]
    lines = [fix(0, who=f"trk/trk-{k}") for k in (0, 1, 2, 3, 4, 3, 1, 3)]

    observed = run_of([*devices, *lines]).timeline.observed

    assert [observed.share(f"trk-{k}")["duplicate"] for k in range(5)] == [0, 1, 0, 2, 0]


def test_duplicates_of_a_gateway_are_those_of_its_children() -> None:
    """Whoever else speaks in the same second; what it may not speak for is quarantined."""
    children = [
        {"kind": "device", "class": "trk", "id": f"trk-{k}", "gateway": "gw-1"} for k in range(2)
    ]
    body = {"v": 1, "boot": "b1", "seq": 1, "t": at_ms(0), "pos": {"lat": 31.8, "lon": 117.2}}
    items = [
        {"class": "trk", "id": f"trk-{k}", "channel": "fix", "msg": body | {"seq": seq}}
        for k, seq in ((0, 1), (1, 1), (0, 2), (2, 1))
    ]
    multi = mqtt(1, "multi", {"v": 1, "items": items}, who="gw/gw-1")
    again = mqtt(1, "multi", {"v": 1, "items": [items[2], items[1]]}, who="gw/gw-1")
    gateway: Line = {"kind": "device", "class": "gw", "id": "gw-1"}

    observed = run_of([gateway, *children, DEVICE | {"id": "trk-9"}, multi, again, multi]).timeline
    shares = observed.observed

    assert [shares.share(f"trk-{k}")["duplicate"] for k in range(3)] == [3, 2, 0]
    assert [shares.share(f"trk-{k}")["accepted"] for k in range(3)] == [2, 1, 0]
    assert shares.share("trk-2")["quarantined"] == 2
    assert shares.share("gw-1")["received"] == 0


def test_measure_that_cannot_be_read_is_unknown_one_left_out_is_as_before() -> None:
    """Battery in a fix, then none, then nonsense."""

    def level(at_s: float, bat: object) -> Line:
        line = fix(at_s)
        payload = line["payload"]
        assert isinstance(payload, dict)
        return line | {"payload": payload | ({} if bat is None else {"bat": {"pct": bat}})}

    field = {"device": "trk-1", "field": "bat_pct"}
    run = run_of(
        [
            DEVICE,
            level(0, 82),
            level(10, None),
            expect("state", **field, value=82, recv_t=at_ms(10)),
            level(20, "N"),
            expect("state", **field, value=None, recv_t=at_ms(20)),
            level(30, "81"),
            expect("state", **field, value=81),
        ]
    )

    assert run.misses == []


# -- the clock --------------------------------------------------------------------------


@pytest.mark.parametrize("step_s", [7_200, -7_200])
def test_step_of_the_wall_clock_ages_nobody(step_s: int) -> None:
    """Devices stay online over it and still go offline on their own time after it."""
    before = [fix(at_s) for at_s in range(0, 60, 10)]
    after = [fix(at_s + step_s, seq=10 * at_s) for at_s in range(60, 120, 10)]
    seen = [
        expect("presence", device="trk-1", value=value, recv_t=at_ms(at_s + step_s))
        for at_s, value in ((120, "online"), (154, "online"), (156, "late"), (172, "offline"))
    ]

    run = run_of([DEVICE, *before, side(59, "clock_step", seconds=step_s), *after, *seen])

    assert run.misses == []
    assert run.timeline.clock.elapsed_ms == at_ms(172)


def test_latest_time_of_an_expectation_follows_the_clock_that_was_set() -> None:
    """``by`` is a wall clock: after a step it means the moments after it."""
    device, *ride = theft()
    shifted = [
        json.loads(
            json.dumps(line).replace(str(line["recv_t"]), str(int(str(line["recv_t"])) + 3_600_000))
        )
        for line in ride[21:]
    ]
    lines = [device, *ride[:21], side(205, "clock_step", seconds=3600), *shifted]

    raised = run_of(lines).timeline.observed.changes[0].alert.caused_recv_ms

    assert raised > at_ms(3600)
    late = run_of([*lines, expect("alert", level=1, by=raised - 1)])
    assert len(late.misses) == 1
    assert run_of([*lines, expect("alert", level=1, by=raised)]).misses == []


def test_time_passes_to_the_last_line() -> None:
    """A ``tick`` only lets it pass: an alert without news ends after its time."""
    changes = _changes(*theft(), side(320 + 1_900, "tick"))

    assert changes[-1][2:] == (AlertState.EXPIRED, "expired")
    assert changes[-1][0] - at_ms(310) == pytest.approx(1_800_000, abs=30_000)


def test_our_own_outage_is_nobodys_silence() -> None:
    """While the service is down nobody grows older; elapsed time goes on all the same."""
    down = side(100, "restart", down_s=600)
    still = expect("presence", device="trk-1", value="online", recv_t=at_ms(705))
    gone = expect("presence", device="trk-1", value="offline", recv_t=at_ms(760))

    run = run_of([DEVICE, *PARKED[:10], down, still, gone])

    assert run.misses == []


def test_events_of_fences_are_counted_for_device_and_vehicle() -> None:
    """Made by the platform, from the tracker's fixes."""
    out = [fix(130 + 10 * k, east_m=300.0) for k in range(8)]
    run = run_of([DEVICE, {"kind": "fence", **circle("yard")}, *PARKED, *out])

    observed = run.timeline.observed
    assert observed.events["trk-1"] == {"geofence_exit": 1}
    assert observed.vehicle_events["v-1"] == {"geofence_exit": 1}


def test_sos_of_a_device_is_an_event_and_an_alert() -> None:
    """Level 4, and a repeated number is no second event."""
    run = run_of([DEVICE, *PARKED, event(125, EventType.SOS)])

    assert run.timeline.observed.events["trk-1"] == {"sos": 1}
    assert run.timeline.observed.changes[0].alert.level is Level.DANGER


def test_foreign_id_switches_its_adapter_on() -> None:
    """From the line that names it on, in the middle of a run as at its head."""
    said = {"_type": "location", "lat": HOME[0], "lon": HOME[1], "tst": at_ms(0) // 1000, "acc": 5}
    topic = {"topic": "owntracks/wang/phone"}
    device = {"class": "trk", "id": "trk-2", "foreign": {"owntracks": "wang/phone"}}
    lines = [mqtt(at_s, "", said | {"tst": at_ms(at_s) // 1000}) | topic for at_s in (0, 20)]

    before, after = lines
    late = run_of([DEVICE, before, side(10, "register", device=device), after])
    early = run_of([DEVICE, {"kind": "device", **device}, *lines])

    assert early.timeline.observed.share("trk-2")["accepted"] == 2
    assert late.timeline.observed.share("trk-2")["accepted"] == 1
    assert [r.reason for r in late.timeline.observed.quarantine.values()] == ["topic"]
