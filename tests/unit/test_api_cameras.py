"""Cameras over the API: the nearest ones that work, and which channel is broken since when."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from api.roles import Role
from devices.camera_conditions import ChannelChange
from devices.causes import Cause
from devices.control import RegisterDevices
from devices.crs import Crs, from_wgs84
from devices.model import Device, DeviceClass, Site
from devices.presence import Presence
from stores.camera_channels import put_channels
from stores.schema import control, devices, sites
from support.api_city import a_device, client_of
from support.api_world import HERE, NOW_MS, THERE, World, a_world

LAT, LON = 31.82, 117.22
PLACE: dict[str, Any] = {"lat": LAT, "lon": LON}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Four cameras to the north; the nearest is frozen, one is at its site, one in another area."""
    world = a_world(tmp_path)
    site = Site(id="s-1", name="East gate", lat_deg=LAT + 0.003, lon_deg=LON)
    world.put(sites, id="s-1", area=HERE, body=msgspec.json.encode(site).decode())
    _camera(world, "cam-near", lat_deg=LAT + 0.001, lon_deg=LON, name="gate")
    _camera(world, "cam-next", lat_deg=LAT + 0.002, lon_deg=LON)
    _camera(world, "cam-site", site_id="s-1")
    _camera(world, "cam-there", lat_deg=LAT, lon_deg=LON, area=THERE)
    for slot in (1, 2, 3, 4):
        world.latest.put(slot, presence=Presence.ONLINE, recv_ms=NOW_MS, since_ms=NOW_MS - 60_000)
    causes = int(Cause.FROZEN | Cause.DISK_FULL)
    world.latest.put(1, presence=Presence.ONLINE, causes=causes, recv_ms=NOW_MS)
    yield world
    world.engine.dispose()


def _camera(world: World, device_id: str, **changes: object) -> None:
    values: dict[str, object] = {
        "id": device_id,
        "cls": "cam",
        "area": HERE,
        "admin": "active",
        "secret_hash": "$7$101$x$y",
        "registered_ms": NOW_MS,
    }
    world.put(devices, **(values | changes))


def _near(client: TestClient, world: World, role: Role, **asked: object) -> list[dict[str, object]]:
    headers = world.headers(role, areas=(HERE,))
    answer = client.get("/v1/cameras/near", params=PLACE | asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["cameras"])


def test_working_cameras_come_first_and_a_nearer_broken_one_is_told(world: World) -> None:
    """Nearest first, with bearing and what is wrong in words; nothing of another area."""
    found = _near(client_of(world), world, Role.OFFICER, n=2)

    assert [(one["id"], one["works"]) for one in found] == [
        ("cam-next", True),
        ("cam-site", True),
        ("cam-near", False),
    ]
    assert found[2] == {
        "id": "cam-near",
        "name": "gate",
        "site_id": None,
        "lat_deg": LAT + 0.001,
        "lon_deg": LON,
        "distance_m": 111.2,
        "bearing_deg": 0.0,
        "works": False,
        "presence": "online",
        "causes": [
            {"code": cause.code, "en": cause.en, "zh": cause.zh}
            for cause in (Cause.FROZEN, Cause.DISK_FULL)
        ],
        "since": None,
    }
    assert found[1]["lat_deg"] == LAT + 0.003


def test_a_broken_camera_farther_than_enough_working_ones_is_not_told(world: World) -> None:
    """Nor what is beyond ``max_m``."""
    client = client_of(world)
    world.latest.put(3, presence=Presence.OFFLINE, causes=int(Cause.SILENT), recv_ms=NOW_MS)

    assert [one["id"] for one in _near(client, world, Role.DESK, n=1)] == ["cam-next", "cam-near"]
    assert [one["id"] for one in _near(client, world, Role.DESK, max_m=200)] == ["cam-near"]


def test_a_place_is_given_in_any_system(world: World) -> None:
    """The same cameras at the same distance; the answer is WGS 84."""
    client = client_of(world)
    for crs in Crs:
        lat, lon = from_wgs84(LAT, LON, crs)

        found = _near(client, world, Role.ADMIN, lat=lat, lon=lon, crs=crs.value)

        assert [one["distance_m"] for one in found] == pytest.approx([222.4, 333.6, 111.2], abs=0.2)


def test_a_place_that_is_none_is_refused(world: World) -> None:
    """422, not an empty list."""
    client, headers = client_of(world), world.headers(Role.ADMIN)
    wrong: tuple[dict[str, Any], ...] = (
        {"lat": 91},
        {"lat": "nan"},
        {"crs": "utm"},
        {"n": 0},
        {"max_m": 20_001},
    )

    answers = [
        client.get("/v1/cameras/near", params=PLACE | asked, headers=headers) for asked in wrong
    ]

    assert [answer.status_code for answer in answers] == [422] * len(wrong)


def test_the_index_follows_the_registry(world: World) -> None:
    """A camera that is registered, or put elsewhere, is found there at the next look."""
    client = client_of(world)
    before = _near(client, world, Role.DESK, max_m=50)
    _camera(world, "cam-new", lat_deg=LAT, lon_deg=LON)
    device = Device(id="cam-new", slot=5, cls=DeviceClass.CAMERA)
    body = msgspec.json.encode(RegisterDevices(at_ms=NOW_MS, by="cli", devices=[device]))
    world.put(control, at_ms=NOW_MS, body=body)

    assert before == []
    assert [one["id"] for one in _near(client, world, Role.DESK, max_m=50)] == ["cam-new"]


def test_a_camera_says_which_channel_is_broken_since_when(world: World) -> None:
    """As the processor wrote it; a second time changes nothing, and the newest word counts."""
    frozen = ChannelChange(slot=1, n=2, causes=int(Cause.FROZEN), since_ms=NOW_MS - 5_000)
    well = msgspec.structs.replace(frozen, n=1, causes=0, since_ms=NOW_MS - 90_000)
    for changes in ([msgspec.structs.replace(frozen, causes=0), well], [frozen, well], [frozen]):
        with world.engine.begin() as connection:
            put_channels(connection, changes)

    answer = client_of(world).get("/v1/cameras/cam-near", headers=world.headers(Role.OFFICER))

    shown = answer.json()
    assert (shown["works"], shown["presence"], shown["condition"]) == (False, "online", "degraded")
    assert (shown["lat_deg"], shown["name"]) == (LAT + 0.001, "gate")
    assert [(one["n"], one["works"], one["since"]) for one in shown["channels"]] == [
        (1, True, "2025-11-25T08:28:30.000Z"),
        (2, False, "2025-11-25T08:29:55.000Z"),
    ]
    assert [cause["code"] for cause in shown["channels"][1]["causes"]] == ["frozen"]


def test_only_cameras_of_ones_areas_are_shown(world: World) -> None:
    """Another's camera, and what is no camera, are the same 404; an owner may not ask."""
    a_device(world, "post", id="chg-here", cls="chg", vehicle_id=None)
    client = client_of(world)
    here = world.headers(Role.OPERATOR, areas=(HERE,))
    codes = [
        client.get(f"/v1/cameras/{name}", headers=here).status_code
        for name in ("cam-there", "chg-here", "cam-none", "cam-next")
    ]

    owner = world.headers(Role.OWNER, owner_id="wang")
    assert codes == [404, 404, 404, 200]
    assert client.get("/v1/cameras/cam-next", headers=owner).status_code == 403


def _list(client: TestClient, world: World, query: str) -> list[dict[str, Any]]:
    """All pages of cameras, two at a time, for an officer here."""
    headers = world.headers(Role.OFFICER, areas=(HERE,))
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/cameras?limit=2&{query}{cursor}", headers=headers).json()
        found += page["cameras"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_a_list_of_cameras_has_their_channels_the_worst_first(world: World) -> None:
    """Pages hold each camera of the area once; what is no camera is none, whatever is asked."""
    a_device(world, "post", id="chg-here", cls="chg", vehicle_id=None)
    with world.engine.begin() as connection:
        put_channels(
            connection,
            [
                ChannelChange(slot=3, n=4, causes=0, since_ms=NOW_MS),
                ChannelChange(slot=1, n=2, causes=int(Cause.FROZEN), since_ms=NOW_MS),
                ChannelChange(slot=1, n=1, causes=int(Cause.DISK_FULL), since_ms=NOW_MS),
            ],
        )
    client = client_of(world)

    found = _list(client, world, "cls=chg")

    assert [(one["id"], one["severity"], one["works"]) for one in found] == [
        ("cam-near", "failing", False),
        ("cam-next", "fine", True),
        ("cam-site", "fine", True),
    ]
    assert [[(each["n"], each["works"]) for each in one["channels"]] for one in found] == [
        [(1, True), (2, False)],
        [],
        [(4, True)],
    ]
    assert found[2]["lat_deg"] == LAT + 0.003
    assert [one["id"] for one in _list(client, world, "cause=frozen")] == ["cam-near"]
    assert [one["id"] for one in _list(client, world, "text=GATE&sort=slot")] == ["cam-near"]


def test_cameras_as_a_table_name_the_channel_with_each_cause(world: World) -> None:
    """One row a camera; the next page is in the Link header."""
    causes = int(Cause.FROZEN | Cause.POOR_LINK)
    with world.engine.begin() as connection:
        put_channels(
            connection,
            [
                ChannelChange(slot=1, n=1, causes=0, since_ms=NOW_MS),
                ChannelChange(slot=1, n=2, causes=causes, since_ms=NOW_MS),
            ],
        )
    headers = world.headers(Role.DESK, areas=(HERE,))

    answer = client_of(world).get("/v1/cameras?format=csv&limit=1", headers=headers)

    names, row = answer.content.decode("utf-8-sig").splitlines()
    cells = dict(zip(names.split(","), row.split(","), strict=True))
    assert [cells[f'"{name}"'] for name in ("id", "causes", "channels", "channels_broken")] == [
        '"cam-near"',
        '"frozen disk_full"',
        "2",
        "1",
    ]
    assert cells['"channel_causes"'] == '"2:frozen 2:poor_link"'
    assert 'rel="next"' in answer.headers["link"]
