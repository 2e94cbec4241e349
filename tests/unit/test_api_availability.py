"""Availability and stories over the API: who sees what, from what, in which words."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.roles import Role
from devices.causes import Cause
from devices.presence import Presence
from devices.telemetry import MEASUREMENTS, Row
from stores.schema import audit, health_log
from support.api_city import a_device, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
FROM = NOW_MS - DAY_MS


def a_town(folder: Path) -> World:
    """Two trackers of ``fill`` (slots 1 here, 2 there) and two cameras here (3, 4) with a day."""
    world = a_world(folder)
    fill(world)
    for name, vendor in (("a", "Hik"), ("b", "Dahua")):
        more = {"vendor": vendor, "site_id": f"site-{name}"}
        a_device(world, name, id=f"cam-{name}", cls="cam", vehicle_id=None, **more)
    tell(world, 3, 0, Presence.ONLINE)
    tell(world, 3, 12, Presence.OFFLINE, Cause.SILENT)
    tell(world, 3, 18, Presence.ONLINE, Cause.FROZEN)
    tell(world, 4, 0, Presence.ONLINE)
    tell(world, 1, 0, Presence.SLEEPING)
    tell(world, 1, 6, Presence.ONLINE)
    tell(world, 2, 0, Presence.OFFLINE, Cause.SILENT)
    return world


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests that only read."""
    world = a_town(tmp_path_factory.mktemp("town"))
    yield world
    world.engine.dispose()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One of a test's own."""
    world = a_town(tmp_path)
    yield world
    world.engine.dispose()


def tell(
    world: World, slot: int, hour: int, presence: Presence, causes: int = 0, **more: object
) -> None:
    """What a device is from an hour of the last day on."""
    values: dict[str, object] = {"admin": "active"} | more
    world.put(
        health_log,
        slot=slot,
        seq=100 + hour,
        at_ms=FROM + hour * HOUR_MS,
        presence=int(presence),
        causes=causes,
        **values,
    )


def test_one_device_over_a_day(town: World) -> None:
    """Three quarters of it; frozen is degraded, not absent."""
    client, headers = client_of(town), town.headers(Role.OPERATOR, areas=[HERE])

    answer = client.get(f"/v1/devices/cam-a/availability?from={FROM}", headers=headers).json()

    assert answer == {
        "device": "cam-a",
        "from_ms": FROM,
        "to_ms": NOW_MS,
        "available": 0.75,
        "degraded": 0.25,
        "counted_s": 86_400,
        "online_s": 64_800,
        "late_s": 0,
        "offline_s": 21_600,
        "never_heard_s": 0,
        "maintenance_s": 0,
    }
    assert client.get("/v1/devices/trk-there/availability", headers=headers).status_code == 404


def test_a_registered_device_without_a_log_counts_nothing(world: World) -> None:
    """Nobody knows; that is not 0 %."""
    a_device(world, "new", id="cam-new", cls="cam", vehicle_id=None)

    answer = client_of(world).get(
        "/v1/devices/cam-new/availability", headers=world.headers(Role.ADMIN)
    )

    assert (answer.json()["available"], answer.json()["counted_s"]) == (None, 0)


@pytest.mark.parametrize(
    ("by", "areas", "wanted"),
    [
        ("district", [""], [("340103", 0.0), ("340104", 11 / 12)]),
        ("district", [HERE], [("340104", 11 / 12)]),
        ("vendor", [HERE], [("Hik", 0.75), ("", 1.0), ("Dahua", 1.0)]),
        ("site", [HERE], [("site-a", 0.75), ("", 1.0), ("site-b", 1.0)]),
        ("class", [""], [("trk", 0.5), ("cam", 0.875)]),
        ("model", ["340101"], []),
    ],
)
def test_groups_are_of_the_scope_and_worst_first(
    town: World, by: str, areas: list[str], wanted: list[tuple[str, float]]
) -> None:
    """By what they are grouped; a page is one of them."""
    client, headers = client_of(town), town.headers(Role.OPERATOR, areas=areas)
    lines: list[dict[str, object]] = []
    cursor = ""

    for _ in range(9):
        answer = client.get(
            f"/v1/availability?by={by}&from={FROM}&limit=1{cursor}", headers=headers
        ).json()
        lines += answer["lines"]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"

    assert [(line["key"], line["available"]) for line in lines] == [
        (key, pytest.approx(share, abs=1e-6)) for key, share in wanted
    ]
    assert all(line["worst_device"] for line in lines)


def test_groups_as_csv(town: World) -> None:
    """A number stays a number."""
    headers = town.headers(Role.OPERATOR, areas=[HERE])

    answer = client_of(town).get(
        f"/v1/availability?by=vendor&from={FROM}&format=csv", headers=headers
    )

    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["key"], row["available"], row["worst_device"]) for row in rows] == [
        ("Hik", "0.75", "cam-a"),
        ("", "1.0", "trk-here"),
        ("Dahua", "1.0", "cam-b"),
    ]
    assert "availability-vendor.csv" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (f"from={NOW_MS}", "earlier"),
        (f"from={NOW_MS + 1}", "earlier"),
        (f"to={NOW_MS - 401 * DAY_MS}&from={NOW_MS - 900 * DAY_MS}", "at most 400 days"),
        ("by=owner", "errors"),
    ],
)
def test_wrong_question_says_what_is_wrong(town: World, question: str, said: str) -> None:
    """Periods lie in the past and have an end."""
    answer = client_of(town).get(
        f"/v1/availability?{question}", headers=town.headers(Role.OPERATOR, areas=[HERE])
    )

    assert answer.status_code == 422
    assert said in answer.text


def test_story_is_newest_first_in_pages(town: World) -> None:
    """Each spell ends where the next began, over the page's edge too; causes come in words."""
    client, headers = client_of(town), town.headers(Role.ATTENDANT, areas=[HERE])
    address = f"/v1/devices/cam-a/story?from={FROM + HOUR_MS}&limit=1"

    first = client.get(address, headers=headers).json()
    last = client.get(f"{address}&cursor={first['next']}", headers=headers).json()

    assert first["health"]["id"] == "cam-a"
    spells = [*first["spells"], *last["spells"]]
    assert [(one["presence"], one["condition"], one["for_s"]) for one in spells] == [
        ("online", "degraded", 6 * 3600),
        ("offline", "ok", 6 * 3600),
        ("online", "ok", 12 * 3600),
    ]
    assert [one["until"] for one in spells] == [None, spells[0]["since"], spells[1]["since"]]
    assert spells[1]["causes"] == [
        {
            "code": "silent",
            "en": "no message for longer than expected",
            "zh": "超过预期时间未上报",
        }
    ]
    assert last["next"] is None
    assert first["trends"] == []


def test_story_of_a_vehicle_needs_a_purpose_and_is_noted(world: World) -> None:
    """When it woke tells when it was moved; a sum of hours does not."""
    client, headers = client_of(world), world.headers(Role.OPERATOR, areas=[HERE])
    address = "/v1/devices/trk-here/story"

    hidden = client.get(address, headers=headers)
    told = client.get(address, headers=headers | {"X-Purpose": "MAINTENANCE"})
    summed = client.get("/v1/devices/trk-here/availability", headers=headers)
    owner = client.get(address, headers=world.headers(Role.OWNER, owner_id="wang"))

    assert (hidden.json()["spells"], hidden.json()["spells_hidden"]) == ([], True)
    assert [one["presence"] for one in told.json()["spells"]] == ["online", "sleeping"]
    assert owner.json()["spells"] == told.json()["spells"]
    assert [(row["action"], row["object"]) for row in world.rows(audit)] == [
        ("health_story_seen", "vehicle:veh-here")
    ] * 2
    assert (summed.json()["online_s"], "sleeping_s" in summed.json()) == (86_400, False)


def test_story_tells_where_the_battery_goes(world: World) -> None:
    """From the telemetry store: a date with its interval, signal, and how well it fixed."""
    names = tuple(MEASUREMENTS["fix"])
    rows = []
    for hour in range(10 * 24):
        values: dict[str, float | int | str | None] = dict.fromkeys(names)
        known = hour % 4 != 0
        values |= {
            "battery_pct": 60.0 - hour / 12,
            "rssi_dbm": -80,
            "acc_m": 5.0 + hour % 3 if known else None,
            "flags": 0,
        }
        t_ms = NOW_MS - (240 - hour) * HOUR_MS
        rows.append(Row("fix", "trk-here", t_ms, hour, tuple(values.values())))
    world.track.write(rows)
    headers = world.headers(Role.ADMIN) | {"X-Purpose": "MAINTENANCE"}

    story = client_of(world).get("/v1/devices/trk-here/story", headers=headers).json()

    battery, signal = story["trends"]
    assert (battery["measure"], battery["outlook"]) == ("battery_pct", "falling")
    assert battery["per_day"] == pytest.approx(-2.0)
    assert battery["empty"] >= battery["empty_earliest"]
    assert battery["empty"].startswith("2025-12-15")
    assert (signal["outlook"], signal["empty"]) == ("steady", None)
    day = story["fix_days"][5]
    assert (day["fixes"], day["usable"], day["acc_m"]) == (24, 0.75, pytest.approx(6.0))


def test_one_city_is_added_up_at_a_time(town: World) -> None:
    """It may take seconds; who comes meanwhile is told to come back."""
    client, headers = client_of(town), town.headers(Role.OPERATOR, areas=[HERE])
    turn = client.app.state.availability_turn  # type: ignore[attr-defined]  # of the app

    with turn:
        busy = client.get("/v1/availability", headers=headers)
    free = client.get("/v1/availability", headers=headers)

    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")
    assert free.status_code == 200
