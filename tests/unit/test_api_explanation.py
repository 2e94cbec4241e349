"""The explanation of an alert over HTTP: who may, what is noted, and what is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.explain_port import CannotExplain, ExplainerBusy, ToExplain
from api.roles import Role
from stores.schema import alert_log, alerts, audit
from support.api_city import client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world

ADDRESS = "/v1/alerts/alert-here/explanation"
CASE = {"X-Purpose": "CASE"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


def _looks(world: World) -> list[tuple[str, str, str]]:
    return [(row["action"], row["object"], row["purpose"]) for row in world.rows(audit)]


@pytest.mark.parametrize(
    ("role", "purpose", "status"),
    [
        (Role.DESK, "CASE", 200),
        (Role.DESK, None, 403),
        (Role.DESK, "MAINTENANCE", 403),
        (Role.OPERATOR, "MAINTENANCE", 200),
        (Role.OPERATOR, None, 403),
        (Role.ADMIN, "ADMIN_CHECK", 200),
        (Role.ADMIN, None, 403),
        (Role.OFFICER, "PATROL_INCIDENT", 403),
        (Role.OWNER, "OWNER", 403),
        (Role.AUDITOR, None, 403),
    ],
)
def test_it_shows_a_track_so_it_needs_a_purpose_and_is_noted(
    world: World, role: Role, purpose: str | None, status: int
) -> None:
    """As a look at the track; who is refused sees nothing and nothing is run."""
    headers = world.headers(role, owner_id="wang" if role is Role.OWNER else None)
    headers |= {"X-Purpose": purpose} if purpose else {}

    answer = client_of(world).get(ADDRESS, headers=headers)

    assert answer.status_code == status
    shown = status == 200
    assert _looks(world) == ([("track_seen", "vehicle:veh-here", purpose)] if shown else [])
    assert len(world.explainer.asked) == shown


def test_an_alert_elsewhere_is_not_there(world: World) -> None:
    """The same 404 as for none."""
    client, headers = client_of(world), world.headers(Role.DESK, areas=[HERE]) | CASE

    answers = [
        client.get(f"/v1/alerts/{name}/explanation", headers=headers)
        for name in ("alert-there", "alert-nowhere")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert (_looks(world), world.explainer.asked) == ([], [])


def test_what_it_is_made_from_changes_with_steps_and_not_with_places(world: World) -> None:
    """An update of the place makes no new explanation; somebody's word does."""
    client, headers = client_of(world), world.headers(Role.DESK) | CASE
    step = {"alert_id": "alert-here", "level": 2, "t_ms": 0, "moved_m": 9.0, "by": "system"}
    client.get(ADDRESS, headers=headers)
    world.put(alert_log, version=2, what="moved", at_ms=NOW_MS - 2_000, **step)
    client.get(ADDRESS, headers=headers)
    world.put(alert_log, version=3, what="owner_not_me", at_ms=NOW_MS - 1_000, **step)
    client.get(ADDRESS, headers=headers)

    first, moved, answered = world.explainer.asked
    assert first == moved
    assert first == ToExplain(
        alert_id="alert-here",
        vehicle_id="veh-here",
        onset_ms=NOW_MS - 60_000,
        raised_ms=NOW_MS - 30_000,
        acted_ms=first.acted_ms,
        steps=1,
    )
    assert (answered.steps, answered.acted_ms) == (2, NOW_MS - 1_000)


def test_busy_says_when_to_ask_again(world: World) -> None:
    """503; nothing was shown, so nothing is noted."""
    world.explainer.fault = ExplainerBusy()

    answer = client_of(world).get(ADDRESS, headers=world.headers(Role.DESK) | CASE)

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "1"
    assert _looks(world) == []


def test_what_cannot_be_explained_says_why(world: World) -> None:
    """409 with a stable word; an alert of an area has no vehicle to look at."""
    client, headers = client_of(world), world.headers(Role.DESK) | CASE
    world.explainer.fault = CannotExplain("not_held", "the journal does not hold it")
    old = client.get(ADDRESS, headers=headers)
    with world.engine.begin() as connection:
        connection.execute(sa.update(alerts).values(vehicle_id=""))
    area = client.get(ADDRESS, headers=headers)

    assert [answer.status_code for answer in (old, area)] == [409, 409]
    assert (old.json()["code"], old.json()["why"]) == ("unexplained", "not_held")
    assert area.json()["why"] == "no_vehicle"
    assert len(world.explainer.asked) == 1
    assert _looks(world) == []
