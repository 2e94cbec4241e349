"""Lists of devices: every filter and all together, the worst first, counts, pages under change."""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from api.roles import Role
from devices.causes import PRESENCE_CAUSES, Cause, causes_of
from devices.model import AdminState
from devices.presence import Presence
from devices.severity import Severity, severity_of
from stores.schema import devices
from support.api_city import a_device, client_of
from support.api_world import HERE, NOW_MS, THERE, World, a_world

COUNT = 150
CAUSES = (0, 0, Cause.BATTERY_LOW, Cause.SILENT, Cause.SMOKE, Cause.FROZEN | Cause.DISK_FULL)
FILTERS = (
    "presence=offline",
    "presence=offline&presence=late",
    "condition=degraded",
    "condition=ok",
    "cause=battery_low",
    "cause=smoke&cause=frozen",
    "admin=maintenance",
    "admin=retired",
    "admin=retired&condition=ok",
    f"area={HERE[:6]}",
    f"district={THERE[:6]}&presence=online",
    f"area={THERE}&district={HERE[:6]}",
    "site=s1&site=s2",
    "vendor=Hik&model=m1",
    "vendor=%E6%B5%B7%E5%BA%B7",
    "cls=cam&cls=chg&cause=silent",
    "text=DEV-01",
    "text=ev-1&presence=offline",
)


def build(folder: Path) -> World:
    """Devices of all kinds in two districts, a third of them unwell."""
    world = a_world(folder, page_default=40, page_max=1_000)
    chance = random.Random(5)  # noqa: S311
    rows = [
        {
            "slot": slot,
            "id": f"dev-{slot:03d}",
            "cls": chance.choice(["trk", "cam", "chg"]),
            "site_id": chance.choice([None, "s1", "s2", "s3"]),
            "area": chance.choice([HERE, THERE]),
            "vendor": chance.choice(["", "Hik", "海康"]),
            "model": chance.choice(["m1", "m2"]),
            "admin": chance.choice(["active"] * 6 + ["maintenance", "retired"]),
            "secret_hash": "$7$101$x$y",
            "registered_ms": NOW_MS,
        }
        for slot in range(1, COUNT + 1)
    ]
    with world.engine.begin() as connection:
        connection.execute(sa.insert(devices), rows)
    for slot in range(1, COUNT + 1):
        if slot % 10:  # every tenth was never heard
            change(world, slot, chance)
    return world


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A city in which nothing changes."""
    world = build(tmp_path_factory.mktemp("still"))
    yield world
    world.engine.dispose()


@pytest.fixture(scope="module")
def client(still: World) -> TestClient:
    """A client of it."""
    return client_of(still)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city of one's own."""
    world = build(tmp_path)
    yield world
    world.engine.dispose()


def change(world: World, slot: int, chance: random.Random) -> None:
    """Let a device be well or unwell, by chance."""
    world.latest.put(
        slot,
        presence=chance.choice([Presence.ONLINE, Presence.LATE, Presence.OFFLINE]),
        causes=int(chance.choice(CAUSES)),
        recv_ms=NOW_MS - 5_000,
        since_ms=NOW_MS - chance.randrange(3) * 60_000,
    )


def every(client: TestClient, headers: dict[str, str], query: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/devices?{query}{cursor}", headers=headers).json()
        found += page["devices"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def holds(device: dict[str, Any], name: str, words: list[str]) -> bool:
    """Whether an answer is what one filter asks for."""
    if name in {"area", "district"}:
        return str(device["area"]).startswith(words[0])
    if name in {"presence", "condition", "cause"} and device["admin"] == "retired":
        return False
    if name == "text":
        return words[0].lower() in device["id"]
    if name == "cause":
        return bool({cause["code"] for cause in device["causes"]} & set(words))
    return device[{"site": "site_id"}.get(name, name)] in words


@pytest.mark.parametrize("query", FILTERS)
def test_filters_together_hold_what_each_asks(still: World, client: TestClient, query: str) -> None:
    """A list is the whole list without those that one of its filters leaves out; so is a count."""
    headers = still.headers(Role.OPERATOR)
    whole = every(client, headers, "limit=1000")
    asked: dict[str, list[str]] = {}
    for name, word in client.build_request("GET", f"/?{query}").url.params.multi_items():
        asked.setdefault(name, []).append(word)
    vendors = vendors_of(still)

    found = every(client, headers, f"{query}&limit=7")
    counted = client.get(f"/v1/devices/summary?{query}", headers=headers).json()

    right = [
        device
        for device in whole
        if all(
            vendors[device["id"]] in words if name == "vendor" else holds(device, name, words)
            for name, words in asked.items()
        )
    ]
    assert [one["id"] for one in found] == [one["id"] for one in right]
    assert counted == counts_of(right)
    assert 0 < len(right) < COUNT or "area=" in query or query == "admin=retired&condition=ok"


def vendors_of(world: World) -> dict[str, str]:
    """Vendor by device."""
    return {row["id"]: row["vendor"] for row in world.rows(devices)}


def counts_of(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The summary, counted by hand."""
    used = [one for one in found if one["admin"] != "retired"]
    codes = [cause["code"] for one in used for cause in one["causes"]]
    named = sorted(
        (cause for cause in Cause if cause.code in codes), key=lambda c: -codes.count(c.code)
    )
    return {
        "devices": len(found),
        "admin": {s.value: sum(one["admin"] == s for one in found) for s in AdminState},
        "presence": {p.word: sum(one["presence"] == p.word for one in used) for p in Presence},
        "condition": {
            word: sum(one["condition"] == word for one in used) for word in ("ok", "degraded")
        },
        "causes": [
            {"code": c.code, "en": c.en, "zh": c.zh, "devices": codes.count(c.code)} for c in named
        ],
    }


def badness_of(world: World, device: dict[str, Any]) -> tuple[Severity, int]:
    """How far ahead a device stands in the list of the worst."""
    row = world.latest.rows.get(int(device["id"][-3:]))
    admin = AdminState(device["admin"])
    if row is None:
        return severity_of(Presence.UNKNOWN, int(Cause.NEVER_HEARD), admin), 0
    severity = severity_of(Presence(int(row["presence"])), int(row["causes"]), admin)
    return severity, int(row["since_ms"])


@pytest.mark.parametrize("limit", [13, 1000])
def test_the_worst_come_first(still: World, client: TestClient, limit: int) -> None:
    """By severity, then what changed last, then as registered; each once, no retired one."""
    headers = still.headers(Role.OPERATOR)

    found = every(client, headers, f"sort=worst&limit={limit}")

    keys = [(*badness_of(still, one), -int(one["id"][-3:])) for one in found]
    assert keys == sorted(keys, reverse=True)
    assert keys[0][0] is Severity.FIRE
    in_use = [one for one in every(client, headers, "") if one["admin"] != "retired"]
    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in in_use)


@pytest.mark.parametrize("sort", ["slot", "worst"])
def test_pages_hold_what_stays_once_while_others_change(world: World, sort: str) -> None:
    """Between two pages devices fall ill, recover and are registered; nobody else moves."""
    client, headers = client_of(world), world.headers(Role.OPERATOR)
    chance = random.Random(3)  # noqa: S311
    restless = range(2, COUNT, 3)
    query = f"/v1/devices?sort={sort}&limit=9&admin=active&condition=degraded"
    before = {one["id"] for one in every(client, headers, query.partition("?")[2])}
    seen: list[str] = []
    cursor = ""
    for number in range(100):
        page = client.get(f"{query}{cursor}", headers=headers).json()
        seen += [one["id"] for one in page["devices"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
        for slot in chance.sample(restless, 10):
            change(world, slot, chance)
        a_device(world, f"new-{number}", cls="cam", vehicle_id=None)

    stay = {one for one in before if int(one[-3:]) not in restless}
    assert [one for one in seen if one in stay] == [
        one for one in dict.fromkeys(seen) if one in stay
    ]
    assert stay <= set(seen)


def test_a_cursor_of_the_other_order_is_refused(still: World, client: TestClient) -> None:
    """It would begin anywhere."""
    headers = still.headers(Role.OPERATOR)
    cursor = client.get("/v1/devices?sort=worst&limit=2", headers=headers).json()["next"]

    answer = client.get(f"/v1/devices?cursor={cursor}", headers=headers)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "query", ["cause=tired", "presence=dead", "condition=bad", "district=3401", "sort=best"]
)
def test_a_word_that_is_none_is_refused(still: World, client: TestClient, query: str) -> None:
    """Rather than all devices, or none."""
    headers = still.headers(Role.OPERATOR)

    assert client.get(f"/v1/devices?{query}", headers=headers).status_code == 422


def test_counts_stay_in_scope(still: World, client: TestClient) -> None:
    """A district's own; an owner's own vehicles."""
    here = client.get("/v1/devices/summary", headers=still.headers(Role.DESK, areas=[HERE])).json()
    owner = still.headers(Role.OWNER, owner_id="wang")

    mine = every(client, still.headers(Role.OPERATOR), f"area={HERE}")
    assert here == counts_of(mine)
    assert client.get("/v1/devices/summary", headers=owner).json() == counts_of([])


def test_conditions_are_told_by_the_same_causes_everywhere() -> None:
    """What makes a device degraded in an answer, a filter and a count."""
    presence = causes_of(int(PRESENCE_CAUSES))

    assert Cause.SILENT in presence
    assert all(a.value < b.value for a, b in pairwise(presence))
