"""Fences over the API as GeoJSON: in scope, all or none, mended or refused with the place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from api.roles import Role
from devices.control import SaveFence, decode
from stores.schema import audit, control, fences
from support.api_city import client_of, fill
from support.api_world import HERE, World, a_world
from support.fencing import BOW_TIE, SPIKE, a_feature


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


def _collection(*features: object) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": list(features)}


def test_collection_is_saved_and_read_back(world: World, client: TestClient) -> None:
    """Each with its control row and its audit; the list is what can be imported again."""
    city = world.headers(Role.OPERATOR, areas=[""])
    before = len(world.rows(control))
    sent = _collection(a_feature("a", kind="keep_in"), a_feature("b", SPIKE, vehicle_id="veh-here"))
    sent |= {"bbox": [117.1, 31.7, 117.3, 31.9], "generator": "a map editor"}  # passed over

    saved = client.post("/v1/fences", json=sent, headers=city)
    page = client.get("/v1/fences", headers=city).json()
    again = client.post("/v1/fences?dry_run=true", json=page, headers=city)

    assert saved.status_code == 201
    assert (saved.json()["saved"], [one["id"] for one in saved.json()["mended"]]) == (2, ["b"])
    assert "lon 117.22" in saved.json()["mended"][0]["words"]
    assert len(world.rows(control)) == before + 2
    assert {"fence:a", "fence:b"} <= {row["object"] for row in world.rows(audit)}
    assert [one["id"] for one in page["features"]] == ["a", "b", "fence-here", "fence-there"]
    assert page["features"][0]["properties"]["kind"] == "keep_in"
    assert (again.json()["saved"], again.json()["good"], again.json()["mended"]) == (0, 4, [])
    assert len(world.rows(control)) == before + 2


def test_one_bad_feature_saves_none(world: World, client: TestClient) -> None:
    """With the number, the id and the place of each."""
    city = world.headers(Role.OPERATOR, areas=[""])
    sent = _collection(
        a_feature("good"), a_feature("bad", BOW_TIE), a_feature("far", vehicle_id="veh-nowhere")
    )

    answer = client.post("/v1/fences", json=sent, headers=city)

    faults = answer.json()["faults"]
    assert answer.status_code == 422
    assert [(one["feature"], one["id"]) for one in faults] == [(2, "bad"), (3, "far")]
    assert "lon 117.205000, lat 31.805000" in faults[0]["words"]
    assert "no such vehicle" in faults[1]["words"]
    assert {row["id"] for row in world.rows(fences)} == {"fence-here", "fence-there"}


def test_district_draws_for_its_vehicles_only(world: World, client: TestClient) -> None:
    """Neither city wide, nor another's vehicle, nor over another's fence."""
    mine = world.headers(Role.OPERATOR, areas=[HERE])
    refused = [
        a_feature("new"),
        a_feature("new", vehicle_id="veh-there"),
        a_feature("fence-there", vehicle_id="veh-here"),
    ]

    answers = [client.post("/v1/fences", json=_collection(one), headers=mine) for one in refused]
    saved = client.post(
        "/v1/fences", json=_collection(a_feature("new", vehicle_id="veh-here")), headers=mine
    )
    page = client.get("/v1/fences", headers=mine).json()

    words = [answer.json()["faults"][0]["words"] for answer in answers]
    assert [word.split(":")[0] for word in words] == [
        "a fence of every vehicle needs a token of the whole city",
        "no such vehicle",
        "this id is taken",
    ]
    assert saved.status_code == 201
    assert [one["id"] for one in page["features"]] == ["fence-here", "new"]


def test_many_features_cost_no_more_statements_than_one(world: World, client: TestClient) -> None:
    """They are checked and saved together, in their order."""
    city = world.headers(Role.OPERATOR, areas=[""])
    said: list[str] = []
    sa.event.listen(
        world.engine, "before_cursor_execute", lambda _c, _u, statement, *_: said.append(statement)
    )

    for count in (1, 40):
        said.append("-")
        features = (a_feature(f"f{count}-{k:02d}", vehicle_id="veh-here") for k in range(count))
        answer = client.post("/v1/fences", json=_collection(*features), headers=city)
        assert answer.json()["saved"] == count

    one, many = said.index("-", 1), len(said)
    assert many - one <= one
    saved = [decode(row["body"]) for row in world.rows(control)]
    ids = [each.fence.id for each in saved if isinstance(each, SaveFence)]
    assert ids[-40:] == [f"f40-{k:02d}" for k in range(40)]


def test_list_comes_in_pages(world: World, client: TestClient) -> None:
    """Whatever of a page is not theirs is left out, and the next one follows."""
    city = world.headers(Role.OPERATOR, areas=[""])
    client.post("/v1/fences", json=_collection(a_feature("a"), a_feature("z")), headers=city)
    mine = world.headers(Role.OPERATOR, areas=[HERE])

    found: list[str] = []
    address: str | None = "/v1/fences?limit=2"
    while address:
        page = client.get(address, headers=mine).json()
        found += [one["id"] for one in page["features"]]
        address = page["next"] and f"/v1/fences?limit=2&cursor={page['next']}"

    assert found == ["fence-here"]


def test_one_fence_is_aa_feature(world: World, client: TestClient) -> None:
    """A circle is a point with its radius."""
    city = world.headers(Role.OPERATOR, areas=[""])
    circle = {"lat_deg": 31.8, "lon_deg": 117.2, "radius_m": 200}
    client.put("/v1/fences/round", json=circle, headers=city)

    feature = client.get("/v1/fences/round", headers=city).json()

    assert feature["geometry"] == {"type": "Point", "coordinates": [117.2, 31.8]}
    assert feature["properties"]["radius_m"] == 200


def test_put_mends_a_slip_and_names_the_place_of_a_crossing(
    world: World, client: TestClient
) -> None:
    """What is kept is what is watched."""
    city = world.headers(Role.OPERATOR, areas=[""])
    drawn = [{"geometry": {"type": "Polygon", "coordinates": [ring]}} for ring in (SPIKE, BOW_TIE)]

    mended, refused = (client.put("/v1/fences/f", json=one, headers=city) for one in drawn)

    assert mended.status_code == 200
    assert "mended" in mended.json()["note"]
    assert refused.status_code == 422
    assert "crosses itself at lon 117.205000, lat 31.805000" in refused.json()["detail"]
    kept = client.get("/v1/fences/f", headers=city).json()
    assert len(kept["geometry"]["coordinates"][0]) == 5
