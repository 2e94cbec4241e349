"""Registering devices, vehicles, places and fences: within the area, never over a taken id."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from api.tokens import hash_token
from devices import control as wire
from devices.control import (
    DeleteFence,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    SaveFence,
)
from stores.schema import audit, control, devices, fences
from support.api_city import client_of, fill
from support.api_world import HERE, THERE, World, a_world

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[117.2, 31.8], [117.3, 31.8], [117.3, 31.9], [117.2, 31.9], [117.2, 31.8]]],
}
CIRCLE = {"lat_deg": 31.8, "lon_deg": 117.2, "radius_m": 200}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def controls(world: World) -> list[wire.AnyControl]:
    """Everything written for the processor."""
    return [wire.decode(row["body"]) for row in world.rows(control)]


def test_devices_come_back_with_slots_and_one_time_secrets(
    world: World, client: TestClient
) -> None:
    """The hash is kept, the control row carries them, the audit names them."""
    body = {
        "devices": [
            {"id": "trk-9", "cls": "trk", "vehicle_id": "veh-here", "area": HERE},
            {"id": "cam-9", "cls": "cam", "area": f"{HERE}001", "interval_s": 60},
        ]
    }
    headers = world.headers(Role.OPERATOR, areas=[HERE], name="zhao")

    answer = client.post("/v1/devices", json=body, headers=headers)

    assert answer.status_code == 201
    made = answer.json()["devices"]
    assert [one["id"] for one in made] == ["trk-9", "cam-9"]
    kept = {row["id"]: row for row in world.rows(devices)}
    for one in made:
        assert kept[one["id"]]["slot"] == one["slot"]
        assert kept[one["id"]]["secret_hash"] == hash_token(one["secret"])
    [entry] = controls(world)
    assert isinstance(entry, RegisterDevices)
    assert [device.slot for device in entry.devices] == [one["slot"] for one in made]
    assert entry.by == "zhao"
    assert [row["object"] for row in world.rows(audit)] == ["device:trk-9", "device:cam-9"]


@pytest.mark.parametrize(
    ("device", "status", "code"),
    [
        ({"id": "trk-here", "cls": "trk", "area": HERE}, 409, "already_registered"),
        ({"id": "trk-there", "cls": "trk", "area": HERE}, 409, "already_registered"),
        ({"id": "trk-9", "cls": "trk", "area": THERE}, 403, "forbidden"),
        ({"id": "trk-9", "cls": "trk", "area": ""}, 403, "forbidden"),
        ({"id": "trk-9", "cls": "trk", "area": HERE, "vehicle_id": "veh-there"}, 422, "invalid"),
        ({"id": "trk-9", "cls": "trk", "area": HERE, "vehicle_id": "veh-no"}, 422, "invalid"),
        ({"id": "pg-ingest", "cls": "gw", "area": HERE}, 422, "invalid"),
        ({"id": "trk 9", "cls": "trk", "area": HERE}, 422, "invalid"),
        ({"id": "490154203237518", "cls": "trk", "area": HERE}, 422, "invalid"),
        ({"id": "trk-9", "cls": "trk", "area": HERE, "lat_deg": 31.8}, 422, "invalid"),
        ({"id": "trk-9", "cls": "bus", "area": HERE}, 422, "invalid"),
    ],
)
def test_a_device_that_may_not_be_registered_changes_nothing(
    world: World, client: TestClient, device: dict[str, object], status: int, code: str
) -> None:
    """Nor does the good one beside it; nobody's device is taken over."""
    good = {"id": "trk-8", "cls": "trk", "area": HERE}
    headers = world.headers(Role.OPERATOR, areas=[HERE])

    answer = client.post("/v1/devices", json={"devices": [good, device]}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(world.rows(devices)) == 2
    assert world.rows(control) == []


def test_an_id_twice_in_one_request_is_refused(world: World, client: TestClient) -> None:
    """Which of the two would be meant?"""
    device = {"id": "trk-9", "cls": "trk"}

    answer = client.post(
        "/v1/devices", json={"devices": [device, device]}, headers=world.headers(Role.ADMIN)
    )

    assert answer.status_code == 422


def test_vehicles_are_registered_with_their_consent(world: World, client: TestClient) -> None:
    """As given; a taken id is refused."""
    body = {
        "vehicles": [{"id": "veh-9", "plate": "皖A9", "owner_id": "zhou", "contacts": ["zhou"]}]
    }
    headers = world.headers(Role.OPERATOR)

    made = client.post("/v1/vehicles", json=body, headers=headers)
    again = client.post("/v1/vehicles", json=body, headers=headers)

    assert (made.status_code, made.json()) == (201, {"registered": 1})
    assert again.status_code == 409
    [entry] = controls(world)
    assert isinstance(entry, RegisterVehicles)
    assert entry.vehicles[0].contacts == ("zhou",)
    owner = world.headers(Role.OWNER, owner_id="zhou")
    assert client.get("/v1/vehicles/veh-9", headers=owner).json()["plate"] == "皖A9"


def test_places_are_registered_in_the_area_only(world: World, client: TestClient) -> None:
    """A grid's id is its area."""
    inside = {
        "grids": [{"id": f"{HERE}00199", "geometry": SQUARE}],
        "sites": [{"id": "s", "area": HERE}],
    }
    outside = {"grids": [{"id": f"{THERE}00199", "geometry": SQUARE}]}
    headers = world.headers(Role.OPERATOR, areas=[HERE])

    made = client.post("/v1/places", json=inside, headers=headers)
    refused = client.post("/v1/places", json=outside, headers=headers)

    assert (made.status_code, made.json()) == (201, {"registered": 2})
    assert refused.status_code == 403
    [entry] = controls(world)
    assert isinstance(entry, RegisterPlaces)
    assert entry.grids[0].geometry == SQUARE


def test_a_fence_belongs_to_its_vehicle(world: World, client: TestClient) -> None:
    """Saved, replaced and forgotten by who governs the vehicle; 404 for everybody else."""
    mine, city = world.headers(Role.OPERATOR, areas=[HERE]), world.headers(Role.OPERATOR)
    fence = CIRCLE | {"vehicle_id": "veh-here", "kind": "keep_in"}

    saved = client.put("/v1/fences/f1", json=fence, headers=mine).status_code
    foreign = client.put("/v1/fences/fence-there", json=fence, headers=mine).status_code
    smuggled = client.put(
        "/v1/fences/f2", json=CIRCLE | {"vehicle_id": "veh-there"}, headers=mine
    ).status_code
    every = client.put("/v1/fences/f3", json=CIRCLE, headers=mine).status_code
    by_city = client.put("/v1/fences/f3", json={"geometry": SQUARE}, headers=city).status_code
    stolen = client.delete("/v1/fences/fence-there", headers=mine).status_code
    gone = client.delete("/v1/fences/f1", headers=mine).status_code
    again = client.delete("/v1/fences/f1", headers=mine).status_code

    assert (saved, foreign, smuggled, every, by_city) == (200, 404, 404, 404, 200)
    assert (stolen, gone, again) == (404, 204, 404)
    assert {row["id"] for row in world.rows(fences)} == {"fence-here", "fence-there", "f3"}
    assert [type(entry) for entry in controls(world)] == [SaveFence, SaveFence, DeleteFence]


@pytest.mark.parametrize(
    "fence",
    [{}, {"lat_deg": 31.8}, CIRCLE | {"geometry": SQUARE}, CIRCLE | {"radius_m": 0}],
)
def test_half_a_fence_is_refused(
    world: World, client: TestClient, fence: dict[str, object]
) -> None:
    """A circle or a polygon, whole, not both."""
    answer = client.put("/v1/fences/f", json=fence, headers=world.headers(Role.ADMIN))

    assert answer.status_code == 422


def test_a_fence_smaller_than_the_error_of_a_position_is_refused(
    world: World, client: TestClient
) -> None:
    """It would be left by noise alone; the answer says what to do, and nothing is stored."""
    tiny = CIRCLE | {"radius_m": 5}

    answer = client.put("/v1/fences/tiny", json=tiny, headers=world.headers(Role.ADMIN))

    assert answer.status_code == 422
    assert "larger" in answer.json()["detail"]
