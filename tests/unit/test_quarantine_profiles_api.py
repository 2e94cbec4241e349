"""Profiles by HTTP: taken whole, wrong ones refused in words, a foreign id only once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from devices import control as wire
from devices.control import RegisterDevices
from devices.crs import Crs
from devices.model import Profile, SpeedUnit
from stores.schema import control, devices
from support.api_city import client_of, fill
from support.api_world import HERE, World, a_world


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


def a_body(device_id: str, **profile: object) -> dict[str, object]:
    """One tracker with a profile."""
    device = {"id": device_id, "cls": "trk", "area": HERE, "profile": profile}
    return {"devices": [device]}


def test_profile_reaches_the_processor(world: World, client: TestClient) -> None:
    """Every field as given."""
    body = a_body(
        "trk-9",
        speed_unit="knots",
        crs="gcj02",
        decimal=",",
        gateway="gw-1",
        foreign={"jt808": "013912345678"},
        meter_wrap_wh=1_000_000,
        coins_fen=[50, 100],
    )

    answer = client.post("/v1/devices", json=body, headers=world.headers(Role.OPERATOR))

    assert answer.status_code == 201
    [entry] = [wire.decode(row["body"]) for row in world.rows(control)]
    assert isinstance(entry, RegisterDevices)
    assert entry.devices[0].profile == Profile(
        speed_unit=SpeedUnit.KNOTS,
        crs=Crs.GCJ02,
        decimal=",",
        gateway="gw-1",
        foreign={"jt808": "013912345678"},
        meter_wrap_wh=1_000_000,
        coins_fen=(50, 100),
    )


@pytest.mark.parametrize(
    ("profile", "where"),
    [
        ({"speed_unit": "warp"}, "speed_unit"),
        ({"crs": "epsg:4326"}, "crs"),
        ({"decimal": ";"}, "decimal"),
        ({"gateway": "g w"}, "gateway"),
        ({"foreign": {"JT 808": "1"}}, "foreign"),
        ({"foreign": {"jt808": "a b"}}, "foreign"),
        ({"foreign": {"jt808": 13912345678}}, "foreign"),
        ({"foreign": {"jt808": "x\n"}}, "foreign"),
        ({"foreign": {f"a{k}": "1" for k in range(17)}}, "foreign"),
        ({"foreign": {"teltonika": "1"}}, "foreign"),
        ({"foreign": {"jt808": "bike-1"}}, "foreign"),
        ({"foreign": {"traccar": "\u7696"}}, "foreign"),
        ({"foreign": {"traccar": "1" * 257}}, "foreign"),
        ({"meter_wrap_wh": -1}, "meter_wrap_wh"),
        ({"meter_wrap_wh": 2**53}, "meter_wrap_wh"),
        ({"meter_wrap_wh": "7"}, "meter_wrap_wh"),
        ({"coins_fen": [0]}, "coins_fen"),
        ({"coins_fen": [1.5]}, "coins_fen"),
        ({"coins_fen": 100}, "coins_fen"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_profile_names_its_field(
    world: World, client: TestClient, profile: dict[str, object], where: str
) -> None:
    """422 with the place; nothing is registered."""
    answer = client.post(
        "/v1/devices", json=a_body("trk-9", **profile), headers=world.headers(Role.ADMIN)
    )

    assert answer.status_code == 422
    assert where in answer.json()["errors"][0]["where"]
    assert world.rows(control) == []


def test_foreign_ids_are_kept_in_the_form_in_which_they_arrive(
    world: World, client: TestClient
) -> None:
    """However they were typed: one terminal has one number."""
    body = a_body("trk-9", foreign={"jt808": "139-1234-5678", "owntracks": "Wang/Bike 7"})

    client.post("/v1/devices", json=body, headers=world.headers(Role.OPERATOR))

    [entry] = [wire.decode(row["body"]) for row in world.rows(control)]
    assert isinstance(entry, RegisterDevices)
    assert entry.devices[0].profile.foreign == {
        "jt808": "013912345678",
        "owntracks": "wang/bike-7",
    }


def test_wrong_foreign_id_is_not_repeated(world: World, client: TestClient) -> None:
    """A 422 holds no value that was sent: it may be a phone number."""
    body = a_body("trk-9", foreign={"jt808": "13912345678x"})

    answer = client.post("/v1/devices", json=body, headers=world.headers(Role.ADMIN))

    assert answer.status_code == 422
    assert "13912345678" not in answer.text


def test_profile_is_shown_to_whoever_may_change_it(world: World, client: TestClient) -> None:
    """A foreign id may be a phone number: the desk and attendants do not see it."""
    body = a_body("trk-9", decimal=",", foreign={"jt808": "013912345678"})
    client.post("/v1/devices", json=body, headers=world.headers(Role.OPERATOR))

    def profiles(role: Role) -> list[object]:
        headers = world.headers(role, areas=[HERE])
        one = client.get("/v1/devices/trk-9", headers=headers).json()
        page = client.get("/v1/devices", headers=headers).json()["devices"]
        return [one["profile"], *(each["profile"] for each in page if each["id"] == "trk-9")]

    whole = {
        "speed_unit": "kmh",
        "crs": "wgs84",
        "decimal": ",",
        "gateway": "",
        "foreign": {"jt808": "013912345678"},
        "meter_wrap_wh": 0,
        "coins_fen": [],
    }
    assert profiles(Role.OPERATOR) == profiles(Role.ADMIN) == [whole, whole]
    assert profiles(Role.DESK) == profiles(Role.ATTENDANT) == [None, None]
    csv = client.get("/v1/devices?format=csv", headers=world.headers(Role.OPERATOR)).text
    assert "013912345678" not in csv


def test_what_only_the_registry_sees_is_said_in_words(world: World, client: TestClient) -> None:
    """It cannot be its own gateway; an amount stands there once."""
    body = a_body("trk-9", gateway="trk-9", coins_fen=[50, 50])

    answer = client.post("/v1/devices", json=body, headers=world.headers(Role.ADMIN))

    assert answer.status_code == 422
    assert "its own gateway" in answer.json()["detail"]
    assert "twice" in answer.json()["detail"]


def test_foreign_id_of_another_device_is_refused(world: World, client: TestClient) -> None:
    """The city is told whose it is, a district that it is taken; nothing is registered."""
    taken = {"foreign": {"jt808": "013912345678"}}
    city = world.headers(Role.OPERATOR)
    client.post("/v1/devices", json=a_body("trk-8", **taken), headers=city)

    told = client.post("/v1/devices", json=a_body("trk-9", **taken), headers=city)
    district = client.post(
        "/v1/devices",
        json=a_body("trk-9", **taken),
        headers=world.headers(Role.OPERATOR, areas=[HERE]),
    )

    assert (told.status_code, district.status_code) == (422, 422)
    assert "is trk-8's already" in told.json()["detail"]
    assert "trk-8" not in district.text
    assert "trk-9" not in {row["id"] for row in world.rows(devices)}
