"""Real rides: read as they are, spliced onto parking noise, malformed text kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from devices.errors import WireError, WireReason
from devices.topics import parse_topic
from devices.wire import decode
from simulators.city import play
from simulators.outgoing import Actor, Outgoing, wall_from
from simulators.ride_files import Ride, RideError, read_rides, side_by_side
from simulators.rides import RidePlan, RideTracker, ride_truth, rides_registry_json
from support.sim_parts import DIRTY_LAT, DIRTY_ROW, START_MS, payloads, write_rides

PLAN = RidePlan(every_s=10.0, parked_s=60.0, shake=True)


def messages(rides: list[Ride], plan: RidePlan = PLAN) -> list[Outgoing]:
    actors: list[Actor] = [
        RideTracker(ride, plan, seed=1, start_ms=START_MS, to_wall=wall_from(START_MS))
        for ride in rides
    ]
    return [record for _, record in play(actors, until_s=1e6)]


def test_both_dialects_are_read(tmp_path: Path) -> None:
    """Two column styles, two time styles, no zone: seconds since the first row."""
    bike, scooter = read_rides(write_rides(tmp_path))

    assert (bike.name, scooter.name) == ("e-bike-01", "e-scooter-18")
    assert [row.after_s for row in bike.rows] == [float(s) for s in range(40)]
    assert [row.after_s for row in scooter.rows] == [3.0 * n for n in range(40)]
    assert bike.rows[0].place == (53.3854, -6.2564)


def test_dirty_latitude_stays_text(tmp_path: Path) -> None:
    """It is neither dropped nor repaired."""
    scooter = read_rides(write_rides(tmp_path))[1]

    dirty = [row for row in scooter.rows if row.malformed]

    assert [row.lat for row in dirty] == [DIRTY_LAT]
    assert dirty[0] is scooter.rows[DIRTY_ROW]


def test_dirty_row_survives_thinning_and_is_refused_by_the_platform(tmp_path: Path) -> None:
    """However thin the fixes, the malformed one is sent, and quarantined as ``number``."""
    scooter = read_rides(write_rides(tmp_path))[1]

    records = messages([scooter], RidePlan(every_s=60.0, parked_s=60.0, shake=False))

    dirty = [r for r in records if f'"lat":"{DIRTY_LAT}"'.encode() in r.payload]
    assert len(dirty) == 1
    with pytest.raises(WireError) as refused:
        decode(
            parse_topic(dirty[0].topic("pg/v1"), "pg/v1"),
            dirty[0].payload,
            recv_ms=json.loads(dirty[0].payload)["t"],
        )
    assert refused.value.reason is WireReason.NUMBER


def test_empty_position_is_no_fix(tmp_path: Path) -> None:
    """A row without coordinates is a heartbeat without a position."""
    bike = read_rides(write_rides(tmp_path))[0]

    fixes = payloads(messages([bike], RidePlan(every_s=1.0, parked_s=0.0, shake=False)), "fix")

    assert fixes[5]["pos"] == {"src": "gnss", "valid": False}
    assert sum("lat" in fix["pos"] for fix in fixes) == 39


def test_ride_follows_parking_without_a_gap(tmp_path: Path) -> None:
    """Parking noise around the ride's start, one shake, then fixes at least 10 s apart."""
    bike = read_rides(write_rides(tmp_path))[0]

    records = messages([bike])

    fixes = payloads(records, "fix", bike.device_id)
    assert [fix["seq"] for fix in fixes] == list(range(1, len(fixes) + 1))
    parked = [fix for fix in fixes if fix["t"] < START_MS + 60_000]
    riding = [fix for fix in fixes if fix["t"] >= START_MS + 60_000]
    assert len(parked) == 6
    assert all(abs(fix["pos"]["lat"] - 53.3854) < 1e-3 for fix in parked)
    assert [fix["t"] - START_MS for fix in riding] == [60_000, 70_000, 80_000, 90_000]
    (shake,) = payloads(records, "event")
    assert START_MS + 50_000 < shake["t"] < START_MS + 60_000


def test_truth_is_ten_metres_from_the_start(tmp_path: Path) -> None:
    """4.4 m a second: the third row is the first beyond 10 m."""
    bike = read_rides(write_rides(tmp_path))[0]

    truth = ride_truth(bike, PLAN, wall_from(START_MS))

    assert truth.onset_ms == START_MS + 63_000
    assert truth.theft


def test_registry_knows_every_tracker(tmp_path: Path) -> None:
    """One vehicle and one device per ride, bound to each other."""
    rides = read_rides(write_rides(tmp_path))

    registry: dict[str, Any] = rides_registry_json(rides)

    assert [d["id"] for d in registry["devices"]] == [r.device_id for r in rides]
    assert [v["id"] for v in registry["vehicles"]] == [r.vehicle_id for r in rides]


def test_folder_without_rides_is_refused(tmp_path: Path) -> None:
    """The error names the folder and what it looked for."""
    with pytest.raises(RideError, match=r"no trip_NUMBER.csv below"):
        read_rides(tmp_path)


def test_file_without_positions_is_refused(tmp_path: Path) -> None:
    """The error names the file and the missing column."""
    (tmp_path / "trip_1.csv").write_text("timestamp,speed\n2023-07-06T09:04:00,1\n")

    with pytest.raises(RideError, match="position_lat"):
        read_rides(tmp_path)


def test_rides_played_at_once_begin_apart(tmp_path: Path) -> None:
    """Dozens from one door would be a truck's load; a malformed coordinate stays as it is."""
    rides = read_rides(write_rides(tmp_path))

    apart = side_by_side(rides)

    assert [round(b.start[0] - a.start[0], 6) for a, b in zip(rides, apart, strict=True)] == [
        0.01 * k for k in range(len(rides))
    ]
    assert [row.lat for row in apart[1].rows if row.malformed] == [
        row.lat for row in rides[1].rows if row.malformed
    ]
