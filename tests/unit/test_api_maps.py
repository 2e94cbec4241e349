"""The map's layers: scope, places, systems, tags; they are made anew when a place changes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.base_map import BaseMap
from api.roles import Role
from devices.crs import Crs, from_wgs84
from devices.model import Fence, Grid, Site, SiteClass
from stores.registry import Registry
from support.api_city import client_of
from support.api_world import HERE, NOW_MS, THERE, World, a_world

SQUARE: dict[str, object] = {
    "type": "Polygon",
    "coordinates": [[[117.2, 31.8], [117.3, 31.8], [117.3, 31.9], [117.2, 31.9], [117.2, 31.8]]],
}
SITES = [
    Site(id="site-here", name="Gate 2", area=HERE, lat_deg=31.8206134, lon_deg=117.2272391),
    Site(id="site-there", area=THERE, lat_deg=31.9, lon_deg=117.3, site_class=SiteClass.CANYON),
    Site(id="site-outlined", area=HERE, geometry=SQUARE),
    Site(id="site-unplaced", area=HERE),
]
GRIDS = [
    Grid(id=f"{HERE}00101", name="Meishan Road", geometry=SQUARE),
    Grid(id=f"{THERE}00101", geometry=SQUARE),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Sites and grids of two districts."""
    world = a_world(tmp_path)
    registry_of(world).add_places(SITES, GRIDS)
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def registry_of(world: World) -> Registry:
    """The registry's own writer."""
    return Registry(world.engine, lambda: NOW_MS)


def features(client: TestClient, layer: str, headers: dict[str, str], **query: str) -> Any:  # noqa: ANN401
    """Ask for a layer: its features by id."""
    answer = client.get(f"/v1/maps/{layer}", params=query, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    found = answer.json()["features"]
    return {feature.get("id") or feature["properties"]["id"]: feature for feature in found}


def test_a_district_sees_its_sites_and_grids(world: World, client: TestClient) -> None:
    """By the prefix of the area; a grid's id is its area."""
    headers = world.headers(Role.OFFICER, areas=[HERE])

    assert set(features(client, "sites", headers)) == {"site-here", "site-outlined"}
    assert set(features(client, "grids", headers)) == {f"{HERE}00101"}


def test_a_scope_does_not_get_anothers_packed_answer(world: World, client: TestClient) -> None:
    """One after the other, whoever asked first."""
    city = world.headers(Role.DESK, areas=[""])
    there = world.headers(Role.DESK, areas=[THERE])

    assert len(features(client, "sites", city)) == 3
    assert set(features(client, "sites", there)) == {"site-there"}
    assert len(features(client, "sites", city)) == 3


def test_an_owner_has_the_base_map_alone(world: World, client: TestClient) -> None:
    """Layers are empty, not refused: the owner's page draws the same map."""
    headers = world.headers(Role.OWNER, owner_id="wang")
    registry_of(world).save_fence(Fence(id="park", lat_deg=31.8, lon_deg=117.2, radius_m=300.0))

    assert client.get("/v1/maps/style", headers=headers).json()["kind"] == "none"
    assert [features(client, layer, headers) for layer in ("sites", "grids", "fences")] == [{}] * 3


def test_a_site_is_a_point_with_what_it_has(world: World, client: TestClient) -> None:
    """To 0.1 m; what is empty is left out; an outline without a place stands at its middle."""
    sites = features(client, "sites", world.headers(Role.DESK))

    assert sites["site-here"]["geometry"]["coordinates"] == [117.227239, 31.820613]
    assert sites["site-here"]["properties"] == {"id": "site-here", "name": "Gate 2"}
    assert sites["site-there"]["properties"] == {"id": "site-there", "class": "canyon"}
    assert sites["site-outlined"]["geometry"]["coordinates"] == [117.25, 31.85]


def test_layers_are_shifted_for_a_base_map_in_gcj02(world: World, client: TestClient) -> None:
    """Points and outlines, by the same formula as devices' positions."""
    headers = world.headers(Role.DESK)

    sites = features(client, "sites", headers, crs="gcj02")
    grids = features(client, "grids", headers, crs="gcj02")

    lat_deg, lon_deg = from_wgs84(31.9, 117.3, Crs.GCJ02)
    expected = pytest.approx([lon_deg, lat_deg], abs=1e-6)
    assert sites["site-there"]["geometry"]["coordinates"] == expected
    assert grids[f"{HERE}00101"]["geometry"]["coordinates"][0][2] == expected


def test_the_first_view_is_where_the_grids_else_the_sites_in_scope_are(
    world: World, client: TestClient
) -> None:
    """West, south, east, north."""
    registry_of(world).add_places([Site(id="far", area="99", lat_deg=30.5, lon_deg=118.0)], [])

    here, far = (
        client.get("/v1/maps/style", headers=world.headers(Role.DESK, areas=[area])).json()
        for area in (HERE, "99")
    )

    assert here["bounds"] == [117.2, 31.8, 117.3, 31.9]
    assert far["bounds"] == [118.0, 30.5, 118.0, 30.5]


def test_fences_on_the_map_are_those_of_every_vehicle(world: World, client: TestClient) -> None:
    """One vehicle's would show where somebody lives."""
    registry = registry_of(world)
    registry.save_fence(Fence(id="park", lat_deg=31.8, lon_deg=117.2, radius_m=300.0))
    registry.save_fence(
        Fence(id="home", vehicle_id="veh-1", lat_deg=31.8, lon_deg=117.2, radius_m=300.0)
    )

    fences = features(client, "fences", world.headers(Role.DESK, areas=[HERE]))

    assert set(fences) == {"park"}
    assert fences["park"]["properties"]["radius_m"] == 300.0
    assert fences["park"]["geometry"]["type"] == "Point"


def test_who_has_the_layer_is_told_so_until_a_place_changes(
    world: World, client: TestClient
) -> None:
    """304 to the same tag; another site, another tag."""
    headers = world.headers(Role.DESK)
    first = client.get("/v1/maps/sites", headers=headers)
    again = client.get("/v1/maps/sites", headers=headers | {"If-None-Match": first.headers["etag"]})
    registry_of(world).add_places([Site(id="new", area=HERE, lat_deg=31.7, lon_deg=117.1)], [])

    changed = client.get(
        "/v1/maps/sites", headers=headers | {"If-None-Match": first.headers["etag"]}
    )

    assert again.status_code == 304
    assert again.content == b""
    assert changed.status_code == 200
    assert "new" in changed.text


def test_a_fence_deleted_leaves_the_map(world: World, client: TestClient) -> None:
    """The version rises with a deletion, too."""
    registry, headers = registry_of(world), world.headers(Role.DESK)
    registry.save_fence(Fence(id="park", lat_deg=31.8, lon_deg=117.2, radius_m=300.0))
    before = features(client, "fences", headers)
    registry.delete_fence("park")

    assert set(before) == {"park"}
    assert features(client, "fences", headers) == {}


def test_the_version_stays_while_no_place_changes(world: World) -> None:
    """Other control rows are many: a city's sites are not packed anew for each."""
    registry, maps = registry_of(world), world.services.maps
    before = maps.version()
    registry.add_vehicles([])
    registry.revoke_device("nobody")
    registry.add_new_vehicles([])
    unchanged = maps.version()
    registry.save_fence(Fence(id="park", lat_deg=31.8, lon_deg=117.2, radius_m=300.0))

    assert unchanged == before
    assert maps.version() > before


def test_a_client_without_gzip_gets_plain_json(world: World, client: TestClient) -> None:
    """The packed body is kept; it is unpacked for those few."""
    headers = world.headers(Role.DESK)
    packed = client.get("/v1/maps/sites", headers=headers)
    plain = client.get("/v1/maps/sites", headers=headers | {"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.json() == packed.json()
    assert "Accept-Encoding" in plain.headers["vary"]


def test_the_pages_are_told_the_base_map_and_may_ask_its_host(tmp_path: Path) -> None:
    """As the operator set it; the policy of the pages names its host."""
    base = BaseMap(kind="raster", url="https://t.example/{z}/{x}/{y}.png", crs="gcj02", max_zoom=17)
    world = a_world(tmp_path, base_map=base, map_hosts=("https://t.example",))
    client = client_of(world)

    told = client.get("/v1/maps/style", headers=world.headers(Role.OFFICER, areas=[HERE]))

    assert json.loads(told.text) == {
        "kind": "raster",
        "url": "https://t.example/{z}/{x}/{y}.png",
        "attribution": "",
        "crs": "gcj02",
        "max_zoom": 17,
        "bounds": None,
    }
    world.engine.dispose()
