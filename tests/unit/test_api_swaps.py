"""Swaps over the API: who may, what is told, and one track of a vehicle over both trackers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from devices import control as wire
from devices.control import RegisterDevices
from devices.model import AdminState
from stores.schema import audit, control
from support.api_city import a_device, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world

ADDRESS = "/v1/devices/trk-here/swap"
MINUTE_MS = 60_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything, a spare tracker, and a fix a minute on both for an hour."""
    world = a_world(tmp_path)
    fill(world)
    a_device(world, "spare", vehicle_id=None)
    for minute in range(60):
        for name in ("trk-here", "trk-spare"):
            world.track.put(name, NOW_MS + minute * MINUTE_MS, minute, 31.8, 117.2)
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def test_spare_takes_over_and_the_track_goes_on(world: World, client: TestClient) -> None:
    """Each tracker's fixes are the vehicle's while it was on it: none before, none after."""
    headers = world.headers(Role.OPERATOR, areas=[HERE], name="zhao")
    world.clock[0] = NOW_MS + 30 * MINUTE_MS

    done = client.post(ADDRESS, json={"new": " TRK-SPARE", "why": "wet"}, headers=headers)

    assert (done.status_code, done.json()["vehicle_id"]) == (200, "veh-here")
    [entry] = [wire.decode(row["body"]) for row in world.rows(control)]
    assert isinstance(entry, RegisterDevices)
    assert [(each.id, each.admin, each.vehicle_id) for each in entry.devices] == [
        ("trk-here", AdminState.RETIRED, None),
        ("trk-spare", AdminState.ACTIVE, "veh-here"),
    ]
    noted = [(row["by"], row["action"], row["object"]) for row in world.rows(audit)]
    assert noted == [
        ("zhao", "device_swapped", "device:trk-here"),
        ("zhao", "device_swapped", "device:trk-spare"),
    ]
    world.clock[0] = NOW_MS + 60 * MINUTE_MS
    owner = world.headers(Role.OWNER, owner_id="wang")
    track = client.get("/v1/vehicles/veh-here/track?limit=100", headers=owner).json()
    seen = [(fix["device"], fix["seq"]) for fix in track["fixes"]]
    assert seen == [("trk-here" if k < 30 else "trk-spare", k) for k in range(60)]
    [was] = client.get("/v1/devices/trk-here/bindings", headers=headers).json()["periods"]
    assert (was["since"], was["ended"], was["why"], was["by"]) == (None, "swapped", "wet", "zhao")


@pytest.mark.parametrize(
    ("new", "status", "code"),
    [
        ("trk-there", 422, "invalid"),
        ("trk-nowhere", 422, "invalid"),
        ("trk-here", 409, "swap_refused"),
        ("trk here", 422, "invalid"),
    ],
)
def test_swap_that_cannot_be_is_said_and_changes_nothing(
    world: World, client: TestClient, new: str, status: int, code: str
) -> None:
    """Another district's device is no device of theirs."""
    headers = world.headers(Role.OPERATOR, areas=[HERE])

    answer = client.post(ADDRESS, json={"new": new}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert world.rows(control) == []


def test_what_is_registered_is_one_thing_however_it_was_typed(
    world: World, client: TestClient
) -> None:
    """Plate, vehicle and device; name and place come back."""
    headers = world.headers(Role.ADMIN)
    vehicle = {"id": " VEH-9", "plate": "皖a·12345", "area": HERE}
    pile = {"id": "ＣＨＧ-9", "cls": "chg", "area": HERE, "name": "Pile 2", "vendor": "Acme"}  # noqa: RUF001
    tracker = {"id": "trk-9", "cls": "trk", "area": HERE, "vehicle_id": "Veh-9"}
    body = {"devices": [pile | {"lat_deg": 31.8, "lon_deg": 117.2}, tracker]}

    made = client.post("/v1/vehicles", json={"vehicles": [vehicle]}, headers=headers)
    also = client.post("/v1/devices", json=body, headers=headers)

    assert (made.status_code, also.status_code) == (201, 201)
    assert client.get("/v1/vehicles/veh-9", headers=headers).json()["plate"] == "皖A12345"
    found = client.get("/v1/devices/chg-9", headers=headers).json()
    assert (found["name"], found["vendor"]) == ("Pile 2", "Acme")
    assert (found["installed_lat_deg"], found["installed_lon_deg"]) == (31.8, 117.2)
    tracker = client.get("/v1/devices/trk-9", headers=headers).json()
    assert (tracker["vehicle_id"], tracker["installed_lat_deg"]) == ("veh-9", None)


def test_maintenance_is_begun_and_ended_once(world: World, client: TestClient) -> None:
    """The processor hears of it, who did it is written down, and a second time does nothing."""
    headers = world.headers(Role.OPERATOR, areas=[HERE], name="zhao")
    address = "/v1/devices/trk-here/maintenance"

    said = [
        client.post(address, json={"on": on}, headers=headers).json()["admin"]
        for on in (True, True, False, False)
    ]

    assert said == ["maintenance", "maintenance", "active", "active"]
    heard = [wire.decode(row["body"]) for row in world.rows(control)]
    assert [
        (each.by, device.id, device.vehicle_id, device.admin)
        for each in heard
        if isinstance(each, RegisterDevices)
        for device in each.devices
    ] == [
        ("zhao", "trk-here", "veh-here", AdminState.MAINTENANCE),
        ("zhao", "trk-here", "veh-here", AdminState.ACTIVE),
    ]
    assert [(row["by"], row["action"], row["object"]) for row in world.rows(audit)] == [
        ("zhao", "maintenance_begun", "device:trk-here"),
        ("zhao", "maintenance_ended", "device:trk-here"),
    ]


def test_a_retired_device_is_in_nobodys_hands(world: World, client: TestClient) -> None:
    """It says what to do; nothing is written."""
    a_device(world, "old", vehicle_id=None, admin="retired")
    headers = world.headers(Role.OPERATOR, areas=[HERE])

    answer = client.post("/v1/devices/trk-old/maintenance", json={"on": False}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "register it again" in answer.json()["detail"]
    assert (world.rows(control), world.rows(audit)) == ([], [])
