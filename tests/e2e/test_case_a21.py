"""Case A-21, times without an offset in a question.

Kind: an instant in a request means one moment, whatever zone the server or the asker lives in.
Fixed in ``api.times.parse_time_ms``, the type of every time parameter: without an offset it is
UTC, a ``+`` that an address turned into a blank is put back, the rest is 422 with a hint.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from devices.telemetry import MEASUREMENTS, Row
from stores.telemetry_sqlite import SqliteTelemetry
from support.machine import Machine

FULL, EMPTY = "veh-load-000001", "veh-load-000002"
TRACKER = "trk-load-000001"
BEGIN_MS = 1_772_431_200_000
"""2026-03-02T06:00:00Z."""
END = "2026-03-02T07:00:00Z"
NAIVE, OFFSET = "2026-03-02T06:00:00", "2026-03-02T07:00:00+01:00"
SAME = [
    NAIVE,
    OFFSET,
    OFFSET.replace("+", "%2B"),
    OFFSET.replace("+", "%20"),
    f"{NAIVE}Z",
    "2026-03-02%2006:00",
    "2026-03-02T14:00:00+0800",
    f"{BEGIN_MS}",
]
WRONG = [
    f"{BEGIN_MS // 1000}",
    "2026-03-02T06:00:00+25:00",
    "2026-03-02T06:00:60",
    "2026-03-02T24:00:00",
    "06:00",
    "yesterday",
    "",
]
PURPOSE = {"x-purpose": "ADMIN_CHECK"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An API process that lives in another zone; one device has fixes, the other has none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        folder = tmp_path_factory.mktemp("a21")
        with Machine(folder, registry=("load", "--devices", "2")) as machine:
            _fill(machine.settings.data_dir / "telemetry.db")
            machine.start("api")
            machine.wait_ready("api")
            with machine.client() as client:
                yield client


@pytest.mark.parametrize("begin", SAME)
def test_a21_a_naive_time_and_a_lost_plus_are_one_moment(client: httpx.Client, begin: str) -> None:
    """A-21: the same answer for an empty and a full device, in UTC."""
    full = client.get(f"/v1/vehicles/{FULL}/track?from={begin}&to={END}", headers=PURPOSE)
    empty = client.get(f"/v1/vehicles/{EMPTY}/track?from={begin}&to={END}", headers=PURPOSE)

    assert (full.status_code, empty.status_code) == (200, 200), full.text
    assert full.json()["from_ms"] == empty.json()["from_ms"] == BEGIN_MS
    assert [fix["t_ms"] for fix in full.json()["fixes"]] == [BEGIN_MS, BEGIN_MS + 60_000]
    assert empty.json()["fixes"] == []


@pytest.mark.parametrize("begin", WRONG)
def test_a21_what_is_no_time_is_refused_with_a_hint(client: httpx.Client, begin: str) -> None:
    """A-21: 422 and what to write instead, for an empty and a full device."""
    answers = [
        client.get(f"/v1/vehicles/{vehicle}/track?from={begin}&to={END}", headers=PURPOSE)
        for vehicle in (FULL, EMPTY)
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json() == answers[1].json()
    [fault] = answers[0].json()["errors"]
    assert fault["where"] == "query.from"
    assert "without an offset it is UTC" in fault["message"]


@pytest.mark.parametrize("begin", SAME)
def test_a21_every_other_time_parameter_takes_the_same_forms(
    client: httpx.Client, begin: str
) -> None:
    """A-21 is a kind: each query parameter that the document calls a time (``from`` is above)."""
    document = client.get("/openapi.json").json()
    asked = [
        f"{path.format(vehicle_id=FULL, device_id=TRACKER)}?{parameter['name']}={begin}"
        for path, item in document["paths"].items()
        for parameter in item.get("get", {}).get("parameters", [])
        if "ISO 8601" in str(parameter["schema"]) and parameter["name"] != "from"
    ]

    found = {address: client.get(address, headers=PURPOSE).status_code for address in asked}

    assert len(asked) >= 3
    assert set(found.values()) == {200}, found


def _fill(path: Path) -> None:
    columns = dict.fromkeys(MEASUREMENTS["fix"]) | {
        "lat_deg": 31.8,
        "lon_deg": 117.2,
        "source": "gnss",
        "flags": 0,
    }
    rows = [
        Row("fix", TRACKER, BEGIN_MS + minute * 60_000, minute, tuple(columns.values()))
        for minute in (-1, 0, 1)
    ]
    telemetry = SqliteTelemetry(path)
    telemetry.write(rows)
    telemetry.close()
