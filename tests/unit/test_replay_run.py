"""What each kind of line does to a run."""

import json

import pytest

from alerts.model import AlertState, Level
from devices.crs import Crs, from_wgs84
from devices.geo import distance_m
from devices.model import DeviceClass, SiteClass, SpeedUnit
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


# -- registrations ----------------------------------------------------------------------


def test_devices_are_numbered_as_they_appear() -> None:
    """A known id keeps its slot, whatever is said of it later."""
    run = run_of(
        [
            {"kind": "device", "class": "chg", "id": "b", "coins_fen": [50, 100]},
            {"kind": "device", "class": "trk", "id": "a", "speed_unit": "knots"},
            {"kind": "device", "class": "trk", "id": "a", "vehicle": "v-1"},
            side(0, "tick"),
        ]
    )

    devices = run.timeline.pipeline.admission.registry.devices
    assert {name: device.slot for name, device in devices.items()} == {"b": 0, "a": 1}
    assert devices["b"].cls is DeviceClass.CHARGER
    assert devices["b"].profile.coins_fen == (50, 100)
    assert devices["a"].vehicle_id == "v-1"
    assert devices["a"].profile.speed_unit is SpeedUnit.KNOTS


def test_vehicle_without_a_line_has_the_defaults_of_the_file() -> None:
    """``site_class`` of ``meta`` unless a vehicle says its own."""
    run = run_of(
        [
            {"kind": "meta", "site_class": "canyon"},
            DEVICE,
            {"kind": "device", "class": "trk", "id": "trk-2", "vehicle": "v-2"},
            {"kind": "vehicle", "id": "v-2", "site_class": "open", "auto_arm": False},
            {"kind": "vehicle", "id": "v-3"},
            side(0, "tick"),
        ]
    )

    vehicles = run.timeline.pipeline.admission.registry.vehicles
    assert [vehicles[f"v-{k}"].site_class for k in (1, 2, 3)] == [
        SiteClass.CANYON,
        SiteClass.OPEN,
        SiteClass.CANYON,
    ]
    assert [vehicles[f"v-{k}"].auto_arm for k in (1, 2)] == [True, False]


def test_places_are_taken_in_their_coordinate_system() -> None:
    """A fence, a site and a grid drawn in GCJ-02 stand where they are in WGS 84."""
    lat, lon = from_wgs84(*HOME, Crs.GCJ02)
    place = {"lat": lat, "lon": lon, "radius_m": 60, "crs": "gcj02"}
    square = [[lon, lat], [lon + 0.01, lat], [lon + 0.01, lat + 0.01], [lon, lat]]
    polygon = {"type": "Polygon", "coordinates": [square]}
    run = run_of(
        [
            {"kind": "site", "id": "s", **place},
            {"kind": "grid", "id": "34010401001001", "polygon": polygon, "crs": "gcj02"},
            {"kind": "grid", "id": "34010401001002", **place},
            {"kind": "fence", "id": "f", **place},
            side(0, "tick"),
        ]
    )

    registry = run.timeline.pipeline.admission.registry
    site, fence = registry.sites["s"], registry.fences["f"]
    corner = registry.grids["34010401001001"].geometry["coordinates"][0][0]  # type: ignore[index]
    for there in ((site.lat_deg, site.lon_deg), (fence.lat_deg, fence.lon_deg), corner[::-1]):
        assert there[0] is not None
        assert distance_m(*HOME, *there) < 0.2
    assert len(registry.grids["34010401001002"].geometry["coordinates"][0]) == 33  # type: ignore[index]


def test_more_than_a_row_of_devices() -> None:
    """Controls hold at most 1,000."""
    devices = [{"kind": "device", "class": "trk", "id": f"t-{k}"} for k in range(2_500)]

    run = run_of([*devices, side(0, "tick")])

    assert len(run.timeline.pipeline.admission.registry.devices) == 2_500


# -- what people do ---------------------------------------------------------------------


def test_owner_who_says_not_me_confirms() -> None:
    """The vehicle's open alert, by whoever answers."""
    changes = _changes(*theft(), side(320, "owner_answer", vehicle="v-1", answer="not_me"))

    assert changes[-1][1:] == (Level.CONFIRMED, AlertState.CONFIRMED, "owner_not_me")


def test_owner_who_says_me_ends_it() -> None:
    """It is dismissed and nothing follows."""
    ride = [fix(320 + 10 * k, east_m=650.0 + 50 * k) for k in range(6)]
    answer = side(311, "owner_answer", vehicle="v-1", answer="me")

    changes = _changes(*theft(), answer, *ride)

    assert changes[-1][1:] == (Level.PROBABLE, AlertState.DISMISSED, "owner_me")


def test_disarm_and_ticket_keep_it_quiet() -> None:
    """A vehicle that is not watched raises nothing."""
    ride = theft()[20:]
    for quiet in (
        side(185, "disarm", vehicle="v-1", by="owner"),
        side(185, "ticket", vehicle="v-1", ticket="tow", until=at_ms(999)),
    ):
        assert _changes(*theft()[:20], quiet, *ride) == []


def test_arm_watches_a_vehicle_that_does_not_arm_by_rule() -> None:
    """Without it nothing is raised."""
    vehicle = {"kind": "vehicle", "id": "v-1", "auto_arm": False}
    device, *ride = theft()

    armed = _changes(device, vehicle, ride[0], side(1, "arm", vehicle="v-1"), *ride[1:])

    assert _changes(device, vehicle, *ride) == []
    assert armed[0][1] == Level.SUSPECTED


def test_stolen_report_opens_an_incident() -> None:
    """Level 3 at once."""
    run = run_of([DEVICE, *PARKED, side(125, "report_stolen", vehicle="v-1")])

    (opened,) = run.timeline.observed.incidents
    assert opened.alert.level is Level.CONFIRMED


def test_delivery_of_the_owners_notice_is_assumed_at_the_next_tick() -> None:
    """So that the ladder goes on as it would; the policy alone opens nothing by default."""
    changes = _changes(*theft())

    (raised,) = (at for at, *_, what in changes if what == "raised")
    (told,) = (at for at, *_, what in changes if what == "owner_told")
    assert 0 <= told - raised <= 1_000
    assert run_of(theft()).timeline.observed.incidents == []


def test_side_lines_that_change_nothing_say_so() -> None:
    """An answer to nothing, an unknown vehicle, a fence that is not there, a phone."""
    run = run_of(
        [
            DEVICE,
            fix(0),
            side(1, "owner_answer", vehicle="v-1", answer="me"),
            side(2, "arm", vehicle="v-9"),
            side(3, "owner_phone", vehicle="v-1", lat=31.8, lon=117.2),
            side(4, "fence_delete", id="f"),
        ]
    )

    assert [note.split(": ", 1)[0] for note in run.notes] == ["-:3", "-:4", "-:5", "-:6"]


# -- registration in the middle ---------------------------------------------------------


def test_adopted_device_gets_its_held_messages() -> None:
    """They leave the quarantine, the books move with them, and the next one is taken."""
    device = {"class": "trk", "id": "trk-7", "vehicle": "v-7"}
    other = fix(2, who="trk/trk-8")
    run = run_of(
        [
            DEVICE,
            fix(0, who="trk/trk-7"),
            fix(1, who="trk/trk-7"),
            other,
            expect("quarantine", device="trk-7", value=2, recv_t=at_ms(59)),
            side(60, "register", device=device),
            expect("count", device="trk-7", reason="quarantined", value=0, recv_t=at_ms(60)),
            expect("count", device="trk-7", reason="accepted", value=2, recv_t=at_ms(60)),
            expect("presence", device="trk-7", value="unknown", recv_t=at_ms(60)),
            fix(62, who="trk/trk-7"),
            fix(62, who="trk/trk-7"),
            expect("count", device="trk-7", reason="received", value=4),
            expect("count", device="trk-7", reason="duplicate", value=1),
            expect("presence", device="trk-7", value="online"),
            expect("quarantine", reason="unknown_device", value=1),
        ]
    )

    assert run.misses == []
    assert run.timeline.observed.totals() == {
        "received": 5,
        "accepted": 3,
        "duplicate": 1,
        "quarantined": 1,
    }


def test_known_device_is_bound_to_another_vehicle() -> None:
    """What is not said of it stays: its slot, its profile."""
    device = {"class": "trk", "id": "trk-1", "vehicle": "v-2"}
    run = run_of([DEVICE | {"speed_unit": "mps"}, *PARKED, side(130, "register", device=device)])

    known = run.timeline.pipeline.admission.registry.devices["trk-1"]
    assert (known.slot, known.vehicle_id) == (0, "v-2")
    assert known.profile.speed_unit is SpeedUnit.MPS


def test_fence_is_saved_and_deleted_as_staff_would() -> None:
    """From then on; one that may not be saved is refused and the run goes on."""
    run = run_of(
        [
            DEVICE,
            *PARKED,
            side(125, "fence", fence=circle("yard")),
            side(125, "fence", fence=circle("yard", radius_m=3)),
            *(fix(at_s) for at_s in range(130, 190, 10)),
            expect("state", vehicle="v-1", field="fences.yard", value="inside", recv_t=at_ms(189)),
            expect("refused", value="yard", recv_t=at_ms(189)),
            side(190, "fence_delete", id="yard"),
            expect("state", vehicle="v-1", field="fences.yard", value=None),
        ]
    )

    assert run.misses == []
    assert run.notes == []


# -- messages ---------------------------------------------------------------------------


def test_flags_of_the_broker_reach_the_core() -> None:
    """A retained fix is refused, a retained state sets the state and proves no life."""
    state = mqtt(1, "state", {"v": 1, "state": "online", "t": at_ms(1)}) | {"retain": True}
    run = run_of([DEVICE, fix(0) | {"retain": True}, state])

    observed = run.timeline.observed
    assert [refusal.reason for refusal in observed.quarantine.values()] == ["retained"]
    assert observed.shares["trk-1"]["accepted"] == 1
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
    out = [fix(130 + 10 * k, east_m=300.0) for k in range(6)]
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
