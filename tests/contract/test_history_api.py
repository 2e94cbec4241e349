"""Charts over the API on every telemetry store: who sees what, pages, limits, a store away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.roles import Role
from devices.errors import StoreError
from devices.telemetry import MEASUREMENTS, MEASURES
from parkguard.passwords import new_secret
from stores.influx_place import InfluxPlace, InfluxVersion
from stores.influx_reads import InfluxReads
from stores.memory import MemoryTelemetry
from stores.schema import audit
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_sqlite import SqliteTelemetry
from support.api_city import a_device, client_of, fill
from support.api_world import HERE, World, a_world
from support.broker import free_port
from support.influx_server import InfluxServer
from support.telemetry_rows import NOW_MS, a_row
from support.telemetry_stores import Store

HOUR_MS = 3_600_000
FIRST_MS = NOW_MS // HOUR_MS * HOUR_MS
ADDRESS = "/v1/devices/trk-here"


@pytest.fixture(params=["memory", "sqlite", pytest.param("influx", marks=pytest.mark.influx)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn, with 36 hours of a tracker of which two were silent, and a charger."""
    made: Store = MemoryTelemetry()
    if request.param == "sqlite":
        made = SqliteTelemetry(tmp_path / "t.db")
    if request.param == "influx":
        server: InfluxServer = request.getfixturevalue("influx")
        made = InfluxTelemetry(server.new_place())
    begin_s = (FIRST_MS - NOW_MS) / 1000
    made.write(
        [
            a_row(
                begin_s + 600 * k,
                device_id="trk-here",
                seq=k,
                battery_pct=float(k % 6),
                speed_mps=2.0,
            )
            for k in range(36 * 6)
            if k // 6 not in {3, 4}
        ]
        + [a_row(begin_s, device_id="chg-here", measurement="charger", ports_busy=3)]
    )
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything, and a charger."""
    made = a_world(tmp_path)
    fill(made)
    a_device(made, "pile", id="chg-here", cls="chg", vehicle_id=None)
    yield made
    made.engine.dispose()


def at_the_end(world: World, telemetry: object) -> TestClient:
    """The API on this store, 36 hours after the first row."""
    world.clock[0] = FIRST_MS + 36 * HOUR_MS
    services = replace(
        world.services,
        telemetry=telemetry,  # type: ignore[arg-type]  # any store
        busy=(*world.services.busy, StoreError),
    )
    return client_of(replace(world, services=services))


def pages(client: TestClient, address: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """All pages of an answer."""
    found = [client.get(address, headers=headers).json()]
    while found[-1]["next"] is not None:
        answer = client.get(f"{address}&cursor={found[-1]['next']}", headers=headers)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
    return found


def test_history_is_mean_least_and_most_of_whole_intervals(world: World, store: Store) -> None:
    """The same from every store; what was silent is left out."""
    client, headers = at_the_end(world, store), world.headers(Role.OPERATOR, areas=[HERE])

    answer = client.get(
        f"{ADDRESS}/history?measure=battery_pct&from={FIRST_MS}&every=2h", headers=headers
    ).json()

    assert (answer["measure"], answer["every_s"], answer["next"]) == ("battery_pct", 7200, None)
    assert (answer["from_ms"], answer["to_ms"]) == (FIRST_MS, world.clock[0])
    begins = [FIRST_MS // (2 * HOUR_MS) * 2 * HOUR_MS + k * 2 * HOUR_MS for k in range(19)]
    shown = {one.pop("t_ms"): one for one in answer["intervals"]}
    assert set(shown) <= set(begins)
    assert len(shown) >= 17
    assert shown[begins[5]] == {"mean": 2.5, "least": 0.0, "most": 5.0}


@pytest.mark.parametrize("limit", [7, 1000])
def test_pages_of_charts_join_without_hole_or_double(
    world: World, store: Store, limit: int
) -> None:
    """Whatever the page, the same intervals; a page may be empty and still lead on."""
    client, headers = at_the_end(world, store), world.headers(Role.OPERATOR, areas=[HERE])
    asked = f"from={FIRST_MS + 60_000}&every=1h&limit={limit}"

    history = pages(client, f"{ADDRESS}/history?{asked}", headers)
    answers = pages(client, f"{ADDRESS}/heard?{asked}", headers)

    begins = [one["t_ms"] for page in history for one in page["intervals"]]
    heard = [(one["t_ms"], one["heard"]) for page in answers for one in page["intervals"]]
    assert begins == [FIRST_MS + k * HOUR_MS for k in range(36) if k not in {3, 4}]
    assert heard == [(FIRST_MS + k * HOUR_MS, k not in {3, 4, 36}) for k in range(37)]
    assert answers[0]["to_ms"] - answers[0]["from_ms"] < limit * HOUR_MS


def test_share_is_of_the_page(world: World, store: Store) -> None:
    """22 of 24 hours."""
    client, headers = at_the_end(world, store), world.headers(Role.OPERATOR, areas=[HERE])
    asked = f"from={FIRST_MS}&to={FIRST_MS + 24 * HOUR_MS - 1}"

    answer = client.get(f"{ADDRESS}/heard?{asked}", headers=headers).json()

    assert (answer["share"], len(answer["intervals"])) == (0.9167, 24)


def test_chargers_have_measures_of_their_own(world: World, store: Store) -> None:
    """The first one of the class unless another is named."""
    client, headers = at_the_end(world, store), world.headers(Role.ATTENDANT, areas=[HERE])

    address = f"/v1/devices/chg-here/history?from={FIRST_MS}"
    answer, years = (
        client.get(f"{address}&every={every}", headers=headers).json() for every in ("1h", "366d")
    )

    assert answer["measure"] == "ports_busy"
    assert [one["most"] for one in years["intervals"]] == [3.0]
    assert answer["intervals"] == [{"t_ms": FIRST_MS, "mean": 3.0, "least": 3.0, "most": 3.0}]


def test_unknown_measure_is_refused_with_those_there_are(world: World) -> None:
    """Texts, places, another class's and nonsense; a gateway has none."""
    a_device(world, "gate", id="gw-here", cls="gw", vehicle_id=None)
    client, headers = at_the_end(world, MemoryTelemetry()), world.headers(Role.ADMIN)
    asked = ["trk-here?measure=lat_deg", "trk-here?measure=source", "chg-here?measure=fps"]
    asked += ["gw-here?measure=fps", "gw-here?", "trk-here?measure="]
    no_gateways = client.get("/v1/devices/gw-here/heard", headers=headers)

    answers = [
        client.get(f"/v1/devices/{one.replace('?', '/history?')}", headers=headers) for one in asked
    ]

    assert {answer.status_code for answer in [*answers, no_gateways]} == {422}
    said = [answer.json()["detail"] for answer in answers]
    trackers = f"measures of a trk: {', '.join(MEASURES['fix'])}"
    assert said[0] == said[1] == said[5] == trackers
    assert "ports_busy" in said[2]
    assert said[3] == said[4] == "measures of a gw: none; ask its devices"


WRONG = {
    "every=5m": "at least 600 s",
    "every=599s": "at least 600 s",
    "every=367d": "at most 366d",
    "from=2026-11-26&to=2025-11-25": "later",
    "from=2099-01-01": "later",
    "every=1w": "see errors",
    "every=0h": "see errors",
    "cursor=WzQxMDI0NDQ4MDAwMDBd": "cursor",
    "cursor=x": "cursor",
}


@pytest.mark.parametrize("route", ["history", "heard"])
def test_wrong_question_is_refused(world: World, route: str) -> None:
    """Intervals finer than the rows of a parked vehicle would tell whether it was moved."""
    client, headers = at_the_end(world, MemoryTelemetry()), world.headers(Role.ADMIN)

    answers = {query: client.get(f"{ADDRESS}/{route}?{query}", headers=headers) for query in WRONG}

    assert {answer.status_code for answer in answers.values()} == {422}
    said = {query: answer.json()["detail"] for query, answer in answers.items()}
    assert [query for query, words in WRONG.items() if words not in said[query]] == []


@pytest.mark.parametrize(
    ("role", "purpose", "status"),
    [
        (Role.OWNER, None, 200),
        (Role.OPERATOR, None, 403),
        (Role.OPERATOR, "MAINTENANCE", 200),
        (Role.DESK, "CASE", 200),
        (Role.ATTENDANT, None, 403),
    ],
)
def test_speed_of_a_vehicle_needs_a_purpose_and_is_noted(
    world: World, role: Role, purpose: str | None, status: int
) -> None:
    """A refused look is not noted, and neither is one at the battery."""
    client = at_the_end(world, MemoryTelemetry())
    headers = world.headers(role, owner_id="wang" if role is Role.OWNER else None)
    headers |= {"X-Purpose": purpose} if purpose else {}

    speed = client.get(f"{ADDRESS}/history?measure=speed_mps", headers=headers)
    battery = client.get(f"{ADDRESS}/history?measure=battery_pct", headers=headers)

    assert (speed.status_code, battery.status_code) == (status, 200)
    looks = [(row["action"], row["object"]) for row in world.rows(audit)]
    assert looks == ([("speed_seen", "vehicle:veh-here")] if status == 200 else [])


def closed_sqlite(folder: Path) -> Store:
    """A file that can no longer be read."""
    store = SqliteTelemetry(folder / "t.db")
    store.close()
    return store


def no_influx(_folder: Path) -> InfluxReads:
    """A server that does not run."""
    url = f"http://127.0.0.1:{free_port()}"
    return InfluxReads(
        InfluxPlace(url=url, version=InfluxVersion.V2, secret=new_secret(), bucket="b")
    )


@pytest.mark.parametrize("make", [closed_sqlite, no_influx])
def test_store_that_is_away_is_503_and_when_to_come_back(
    world: World, tmp_path: Path, make: Callable[[Path], Store | InfluxReads]
) -> None:
    """Nothing of the inside is told."""
    store = make(tmp_path)
    client, headers = at_the_end(world, store), world.headers(Role.OPERATOR, areas=[HERE])

    for route in ("history", "heard"):
        answer = client.get(f"{ADDRESS}/{route}", headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1
        assert "detail" not in answer.json()
    store.close()


def test_measures_are_numbers_of_their_measurement() -> None:
    """And no places."""
    for name, columns in MEASURES.items():
        assert {MEASUREMENTS[name][column] for column in columns} <= {"int", "float"}
        assert not {"lat_deg", "lon_deg"} & set(columns)
