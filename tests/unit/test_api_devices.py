"""Devices: words for presence, who sees a position, pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.roles import Role
from devices.causes import Cause
from devices.presence import Presence
from stores.schema import audit
from support.api_city import a_device, client_of, fill
from support.api_world import HERE, NOW_MS, THERE, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything, and a charger here in slot 3."""
    world = a_world(tmp_path, page_default=100, page_max=200)
    fill(world)
    a_device(world, "post", id="chg-here", cls="chg", vehicle_id=None)
    yield world
    world.engine.dispose()


def test_health_is_three_fields_and_words(world: World) -> None:
    """Presence, condition and admin state stand apart; causes speak English and Chinese."""
    causes = Cause.SILENT | Cause.BATTERY_LOW
    world.latest.put(
        1,
        presence=Presence.LATE,
        causes=int(causes),
        recv_ms=NOW_MS - 300_000,
        since_ms=NOW_MS - 60_000,
        due_ms=NOW_MS - 120_000,
        battery_pct=17.5,
    )

    answer = client_of(world).get(
        "/v1/devices/trk-here/health", headers=world.headers(Role.OPERATOR)
    )

    assert answer.json() == {
        "id": "trk-here",
        "presence": "late",
        "condition": "degraded",
        "admin": "active",
        "severity": "degraded",
        "causes": [
            {"code": "silent", "en": Cause.SILENT.en, "zh": Cause.SILENT.zh},
            {"code": "battery_low", "en": Cause.BATTERY_LOW.en, "zh": Cause.BATTERY_LOW.zh},
        ],
        "since": "2025-11-25T08:29:00.000Z",
        "next_expected": "2025-11-25T08:28:00.000Z",
        "heard": "2025-11-25T08:25:00.000Z",
        "silent_s": 300.0,
        "battery_pct": 17.5,
        "rssi_dbm": None,
        "clock_off_ms": None,
        "missing_records": 0,
        "missing_newest": None,
    }


def test_a_device_that_only_is_late_is_not_degraded(world: World) -> None:
    """Silence is presence's matter, not condition's."""
    world.latest.put(1, presence=Presence.LATE, causes=int(Cause.SILENT), recv_ms=NOW_MS)

    answer = client_of(world).get(
        "/v1/devices/trk-here/health", headers=world.headers(Role.ATTENDANT)
    )

    assert answer.json()["condition"] == "ok"


def test_a_registered_device_never_heard_says_so(world: World) -> None:
    """Nothing was written for its slot yet."""
    answer = (
        client_of(world).get("/v1/devices/chg-here", headers=world.headers(Role.OPERATOR)).json()
    )

    assert (answer["presence"], answer["heard"], answer["position"]) == ("unknown", None, None)
    assert [cause["code"] for cause in answer["causes"]] == ["never_heard"]


@pytest.mark.parametrize(
    ("role", "purpose", "sees"),
    [
        (Role.OPERATOR, None, False),
        (Role.OPERATOR, "MAINTENANCE", True),
        (Role.ATTENDANT, None, False),
        (Role.DESK, None, False),
        (Role.DESK, "case", True),
        (Role.ADMIN, None, False),
        (Role.ADMIN, "ADMIN_CHECK", True),
        (Role.OWNER, None, True),
    ],
)
def test_a_vehicles_position_needs_a_purpose(
    world: World, role: Role, purpose: str | None, *, sees: bool
) -> None:
    """Every look that shows one is in the audit with its purpose."""
    headers = world.headers(role, owner_id="wang" if role is Role.OWNER else None)
    headers |= {"X-Purpose": purpose} if purpose else {}

    answer = client_of(world).get("/v1/devices/trk-here", headers=headers).json()

    assert (answer["position"] is not None, answer["position_hidden"]) == (sees, not sees)
    looks = [(row["action"], row["object"], row["role"]) for row in world.rows(audit)]
    assert looks == ([("position_seen", "vehicle:veh-here", role)] if sees else [])


def test_a_position_has_age_source_and_accuracy(world: World) -> None:
    """Unknown numbers are null, never zero."""
    headers = world.headers(Role.OWNER, owner_id="wang")

    answer = client_of(world).get("/v1/devices/trk-here", headers=headers).json()

    assert answer["position"] == {
        "lat_deg": 31.82,
        "lon_deg": 117.22,
        "acc_m": 6.5,
        "speed_mps": 1.5,
        "course_deg": 87.0,
        "source": "gnss",
        "t_ms": NOW_MS - 3_000,
        "age_s": 3.0,
    }


def test_a_chargers_place_is_no_secret(world: World) -> None:
    """Only what belongs to a vehicle is personal."""
    world.latest.put(3, recv_ms=NOW_MS, fix_t_ms=NOW_MS, lat_deg=31.8, lon_deg=117.2)

    answer = (
        client_of(world).get("/v1/devices/chg-here", headers=world.headers(Role.ATTENDANT)).json()
    )

    assert answer["position"]["lat_deg"] == 31.8
    assert world.rows(audit) == []


@pytest.mark.parametrize("purpose", ["PATROL_INCIDENT", "curious", "x" * 33])
def test_a_purpose_that_is_not_the_roles_is_refused(world: World, purpose: str) -> None:
    """An operator cannot look as a patrol, nor out of curiosity."""
    headers = world.headers(Role.OPERATOR) | {"X-Purpose": purpose}

    answer = client_of(world).get("/v1/devices/trk-here", headers=headers)

    assert answer.status_code in {403, 422}
    assert world.rows(audit) == []


def test_lists_stay_in_scope_and_show_no_positions_to_staff(world: World) -> None:
    """Not even with a purpose: a look at many vehicles is the admins'."""
    client = client_of(world)
    operator = world.headers(Role.OPERATOR, areas=[HERE]) | {"X-Purpose": "MAINTENANCE"}
    admin = world.headers(Role.ADMIN) | {"X-Purpose": "ADMIN_CHECK"}

    mine = client.get("/v1/devices", headers=operator).json()["devices"]
    every = client.get("/v1/devices", headers=admin).json()["devices"]

    assert [one["id"] for one in mine] == ["trk-here", "chg-here"]
    assert mine[0]["position_hidden"] is True
    assert [one["id"] for one in every] == ["trk-here", "trk-there", "chg-here"]
    assert every[1]["position"] is not None
    assert len(world.rows(audit)) == 2


def test_filters_narrow_a_list(world: World) -> None:
    """By class, by area prefix, by presence."""
    world.latest.put(2, presence=Presence.OFFLINE, recv_ms=NOW_MS - 10_000_000)
    client, headers = client_of(world), world.headers(Role.OPERATOR)

    def ids(query: str) -> list[str]:
        answer = client.get(f"/v1/devices?{query}", headers=headers).json()
        return [one["id"] for one in answer["devices"]]

    assert ids("cls=chg") == ["chg-here"]
    assert ids(f"area={THERE[:6]}") == ["trk-there"]
    assert ids("presence=offline") == ["trk-there"]
    assert ids("presence=unknown") == ["chg-here"]
    assert ids("presence=sleeping") == []


@pytest.mark.parametrize("presence", ["", "&presence=unknown"])
@pytest.mark.parametrize("limit", [1, 7, 30, 200, 5000])
def test_pages_hold_every_device_once(world: World, limit: int, presence: str) -> None:
    """Whatever the page's size; filters too."""
    for number in range(60):
        a_device(world, f"n{number:02d}", vehicle_id=None)
    client, headers = client_of(world), world.headers(Role.OPERATOR)
    seen: list[str] = []
    address = f"/v1/devices?limit={limit}{presence}"
    cursor = ""
    while True:
        page = client.get(f"{address}{cursor}", headers=headers).json()
        seen += [one["id"] for one in page["devices"]]
        assert len(page["devices"]) <= min(limit, 200)
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    whole = ["chg-here", *(f"trk-n{number:02d}" for number in range(60))]
    assert seen == (whole if presence else ["trk-here", "trk-there", *whole])


def test_a_hole_in_the_numbers_stands_in_the_table_too(world: World) -> None:
    """As text: first and last number."""
    world.latest.put(3, recv_ms=NOW_MS, missing=3, missing_from=17, missing_to=19)

    text = (
        client_of(world)
        .get("/v1/devices?cls=chg&format=csv", headers=world.headers(Role.OPERATOR))
        .text
    )

    assert ',3,"17-19",' in text
