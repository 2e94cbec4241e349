"""What registrations and ``side`` lines do to a run."""

import pytest

from alerts.model import AlertState, Level
from devices.crs import Crs, from_wgs84
from devices.geo import distance_m
from devices.model import DeviceClass, SiteClass, SpeedUnit
from support.factories import HOME, at_ms, place
from support.replay_files import (
    DEVICE,
    Line,
    circle,
    expect,
    fix,
    in_order,
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
    assert run.notes == []
    site, fence = registry.sites["s"], registry.fences["f"]
    corner = registry.grids["34010401001001"].geometry["coordinates"][0][0]  # type: ignore[index]
    for there in ((site.lat_deg, site.lon_deg), (fence.lat_deg, fence.lon_deg), corner[::-1]):
        assert there[0] is not None
        assert distance_m(*HOME, *there) < 0.2
    assert len(registry.grids["34010401001002"].geometry["coordinates"][0]) == 33  # type: ignore[index]


def test_site_that_is_a_polygon_stands_in_its_middle() -> None:
    """Unless it says where it stands."""
    square = [[117.2, 31.8], [117.4, 31.8], [117.4, 32.0], [117.2, 32.0], [117.2, 31.8]]
    site: Line = {"kind": "site", "polygon": {"type": "Polygon", "coordinates": [square]}}
    run = run_of([site | {"id": "a"}, site | {"id": "b", "lat": 1, "lon": 2}, side(0, "tick")])

    sites = run.timeline.pipeline.admission.registry.sites
    assert (sites["a"].lat_deg, sites["a"].lon_deg) == pytest.approx((31.9, 117.3))
    assert (sites["b"].lat_deg, sites["b"].lon_deg) == (1, 2)


def test_refused_fence_says_why() -> None:
    """At the head of a file as in the middle; the run goes on."""
    run = run_of([DEVICE, {"kind": "fence", **circle("yard", radius_m=3)}, side(0, "tick")])

    assert run.enrolment.refused[0][0] == "yard"
    assert [note.split(": the ")[0] for note in run.notes] == ["-:2: fence yard is refused"]


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


def test_closed_ticket_watches_again() -> None:
    """It is closed before the shake, by its kind: as if there had been none."""
    opened = side(100, "ticket", vehicle="v-1", ticket="tow", until=at_ms(999))
    closed = side(110, "ticket_closed", vehicle="v-1", ticket="tow")
    lines = theft()

    changes = _changes(*lines[:12], opened, closed, *lines[12:])

    assert changes != []


def test_phone_that_rides_along_keeps_it_quiet() -> None:
    """The owner's phone beside his vehicle, every ten seconds; without it the ride is an alert."""
    phones = []
    for k in range(-2, 12):
        lat, lon = place(max(0.0, 50.0 * (k + 1)) + 6)
        at_s = 201 + 10 * k
        phones.append(side(at_s, "owner_phone", vehicle="v-1", lat=lat, lon=lon, acc_m=8))

    assert _changes(*in_order([*theft(), *phones])) == []
    assert _changes(*theft()) != []


def test_hours_of_a_vehicle_say_when_it_is_watched() -> None:
    """T0 is nine o'clock in Shanghai: a vehicle that is armed from ten on is not watched then."""
    device, *ride = theft()
    late: Line = {"kind": "vehicle", "id": "v-1", "hours": [["10:00", "18:00"]]}
    now: Line = late | {"hours": [["08:59", "18:00"]]}

    assert _changes(device, late, *ride) == []
    assert _changes(device, now, *ride) != []


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
    """An answer to nothing, an unknown vehicle, a fence that is not there."""
    run = run_of(
        [
            DEVICE,
            fix(0),
            side(1, "owner_answer", vehicle="v-1", answer="me"),
            side(2, "arm", vehicle="v-9"),
            side(4, "fence_delete", id="f"),
        ]
    )

    assert [note.split(": ", 1)[0] for note in run.notes] == ["-:3", "-:4", "-:5"]


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


def test_device_that_is_registered_as_retired_brings_nothing() -> None:
    """What it sent stays what it was: the message of a stranger, not one of a revoked device."""
    device = {"class": "trk", "id": "trk-7", "admin": "retired"}
    run = run_of([DEVICE, fix(0, who="trk/trk-7"), side(60, "register", device=device)])

    reasons = [refusal.reason for refusal in run.timeline.observed.quarantine.values()]
    assert reasons == ["unknown_device"]


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
    (note,) = run.notes
    assert note.startswith("-:16: fence yard is refused: the fence is about 3 m in radius")
