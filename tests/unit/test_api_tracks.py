"""Tracks: purpose and audit, the period, pages over several trackers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.roles import Role
from stores.schema import audit, incidents
from support.api_city import a_device, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world

ADDRESS = "/v1/vehicles/veh-here/track"
MINUTE_MS = 60_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything; a fix a minute for 50 minutes, on two trackers."""
    world = a_world(tmp_path, page_max=100)
    fill(world)
    a_device(world, "spare", vehicle_id="veh-here")
    for minute in range(50):
        world.track.put("trk-here", NOW_MS - minute * MINUTE_MS, minute, 31.8, 117.2)
        world.track.put("trk-spare", NOW_MS - minute * MINUTE_MS, minute, 31.8, 117.2)
    world.track.put("trk-there", NOW_MS, 1, 31.9, 117.3)
    yield world
    world.engine.dispose()


@pytest.mark.parametrize(
    ("role", "purpose", "status", "noted"),
    [
        (Role.OFFICER, None, 200, "PATROL_INCIDENT"),
        (Role.OFFICER, "CASE", 200, "CASE"),
        (Role.OWNER, None, 200, "OWNER"),
        (Role.OPERATOR, None, 403, None),
        (Role.OPERATOR, "MAINTENANCE", 200, "MAINTENANCE"),
        (Role.OPERATOR, "CASE", 403, None),
        (Role.DESK, None, 403, None),
        (Role.DESK, "PATROL_INCIDENT", 200, "PATROL_INCIDENT"),
        (Role.ADMIN, None, 403, None),
        (Role.ADMIN, "ADMIN_CHECK", 200, "ADMIN_CHECK"),
        (Role.ATTENDANT, None, 403, None),
    ],
)
def test_every_look_has_a_purpose_and_is_noted(
    world: World, role: Role, purpose: str | None, status: int, noted: str | None
) -> None:
    """A refused look shows nothing, so it is not noted as one."""
    headers = world.headers(role, owner_id="wang" if role is Role.OWNER else None)
    headers |= {"X-Purpose": purpose} if purpose else {}

    answer = client_of(world).get(ADDRESS, headers=headers)

    assert answer.status_code == status
    looks = [(row["action"], row["purpose"]) for row in world.rows(audit)]
    assert looks == ([("track_seen", noted)] if noted else [])


def test_police_see_no_track_without_an_open_incident(world: World) -> None:
    """403 with its own code: the vehicle is theirs to see, its track is not."""
    with world.engine.begin() as connection:
        connection.execute(sa.update(incidents).values(state="closed"))

    answer = client_of(world).get(ADDRESS, headers=world.headers(Role.OFFICER, areas=[HERE]))

    assert (answer.status_code, answer.json()["code"]) == (403, "no_open_incident")
    assert world.rows(audit) == []


def test_police_see_it_from_two_hours_before_the_onset(world: World) -> None:
    """What was before is not the incident's; the answer says what was looked at."""
    headers = world.headers(Role.OFFICER, areas=[HERE])

    answer = client_of(world).get(f"{ADDRESS}?from=2025-11-01&to={NOW_MS}", headers=headers).json()

    assert answer["from_ms"] == NOW_MS - 60_000 - 7_200_000
    assert answer["to_ms"] == NOW_MS


@pytest.mark.parametrize("limit", [1, 3, 7, 50, 100, 1000])
def test_pages_hold_every_fix_once_in_order(world: World, limit: int) -> None:
    """Two trackers of one vehicle, the same times: merged by time."""
    client, headers = client_of(world), world.headers(Role.OWNER, owner_id="wang")
    seen: list[tuple[int, str]] = []
    cursor = ""
    while True:
        page = client.get(f"{ADDRESS}?limit={limit}{cursor}", headers=headers).json()
        seen += [(fix["t_ms"], fix["device"]) for fix in page["fixes"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 100


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (f"from={NOW_MS - 10 * MINUTE_MS}", 22),
        ("from=2025-11-25T08:20:00Z&to=2025-11-25T08:25:00Z", 12),
        ("from=2025-11-25T09:20:00+01:00&to=2025-11-25T16:25:00%2B08:00", 12),
        ("from=2025-11-25T08:20:00&to=2025-11-25%2008:25", 12),
        ("to=2025-11-20", 0),
    ],
)
def test_a_period_is_read_in_every_usual_form(world: World, query: str, count: int) -> None:
    """The plus of an offset may come unescaped; both ends count."""
    headers = world.headers(Role.OWNER, owner_id="wang")

    answer = client_of(world).get(f"{ADDRESS}?{query}", headers=headers)

    assert answer.status_code == 200
    assert len(answer.json()["fixes"]) == count


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2025-11-26&to=2025-11-25", "later"),
        ("from=2025-10-01&to=2025-11-25", "31 days"),
    ],
)
def test_a_wrong_period_is_refused(world: World, query: str, words: str) -> None:
    """The longest period is the policy's."""
    headers = world.headers(Role.OWNER, owner_id="wang")

    answer = client_of(world).get(f"{ADDRESS}?{query}", headers=headers)

    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_wrong_time_comes_back_with_a_hint(world: World) -> None:
    """Seconds are not guessed to be milliseconds."""
    headers = world.headers(Role.OWNER, owner_id="wang")

    answer = client_of(world).get(f"{ADDRESS}?from=1764059400", headers=headers)

    [fault] = answer.json()["errors"]
    assert fault["where"] == "query.from"
    assert "epoch milliseconds" in fault["message"]
