"""Alerts: lists, timeline, the owner's answer, the desk's verdict."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa

from alerts.model import ALERT_ENDS, AlertState
from api.roles import Role
from devices import control as wire
from devices.control import DeskVerdict, OwnerAnswer
from stores.schema import alerts, audit, control
from support.api_city import a_feed_row, an_alert, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with one of everything."""
    world = a_world(tmp_path)
    fill(world)
    yield world
    world.engine.dispose()


def test_an_alert_has_its_timeline_and_reasons(world: World) -> None:
    """In words and numbers, oldest step first."""
    headers = world.headers(Role.OWNER, owner_id="wang")

    answer = client_of(world).get("/v1/alerts/alert-here", headers=headers).json()

    assert answer["reasons"][0]["en"] == "moved 84 m"
    assert [step["what"] for step in answer["timeline"]] == ["raised"]


def test_lists_are_in_scope_newest_first(world: World) -> None:
    """State and least level narrow them; the feed's number comes along."""
    an_alert(world, "old", id="alert-old", vehicle_id="veh-here", level=1, raised_ms=1)
    a_feed_row(world, 7)
    client, headers = client_of(world), world.headers(Role.DESK, areas=[HERE])

    whole = client.get("/v1/alerts", headers=headers).json()
    high = client.get("/v1/alerts?level=2", headers=headers).json()
    none = client.get("/v1/alerts?state=expired", headers=headers).json()

    assert [one["id"] for one in whole["alerts"]] == ["alert-here", "alert-old"]
    assert [one["id"] for one in high["alerts"]] == ["alert-here"]
    assert none["alerts"] == []
    assert whole["feed_id"] == 7


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_pages_hold_every_alert_once(world: World, limit: int) -> None:
    """Also those raised in the same millisecond."""
    for number in range(7):
        an_alert(world, f"n{number}", id=f"alert-n{number}", raised_ms=NOW_MS)
    client, headers = client_of(world), world.headers(Role.DESK)
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/alerts?limit={limit}{cursor}", headers=headers).json()
        seen += [one["id"] for one in page["alerts"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    newest = [f"alert-n{number}" for number in reversed(range(7))]
    assert seen == [*newest, "alert-there", "alert-here"]


@pytest.mark.parametrize("word", ["me", "not_me"])
def test_an_owners_answer_is_a_control_row(world: World, word: Literal["me", "not_me"]) -> None:
    """Its bytes decode to what was said, by whom, about what."""
    headers = world.headers(Role.OWNER, owner_id="wang", name="wang")

    answer = client_of(world).post(
        "/v1/alerts/alert-here/answer", json={"answer": word}, headers=headers
    )

    [row] = world.rows(control)
    assert (answer.status_code, answer.json()) == (202, {"control_id": row["id"]})
    assert wire.decode(row["body"]) == OwnerAnswer(
        at_ms=NOW_MS, by="wang", vehicle_id="veh-here", alert_id="alert-here", answer=word
    )
    assert [one["action"] for one in world.rows(audit)] == [f"alert_{word}"]


@pytest.mark.parametrize("word", ["confirm", "dismiss"])
def test_a_verdict_is_a_control_row(world: World, word: Literal["confirm", "dismiss"]) -> None:
    """With the desk's reason."""
    headers = world.headers(Role.DESK, areas=[HERE], name="desk-1")

    answer = client_of(world).post(
        "/v1/alerts/alert-here/verdict",
        json={"verdict": word, "reason": "seen on camera 摄像头"},
        headers=headers,
    )

    [row] = world.rows(control)
    assert answer.status_code == 202
    assert wire.decode(row["body"]) == DeskVerdict(
        at_ms=NOW_MS,
        by="desk-1",
        alert_id="alert-here",
        verdict=word,
        reason="seen on camera 摄像头",
    )


@pytest.mark.parametrize("state", sorted(ALERT_ENDS))
def test_a_word_on_an_ended_alert_is_409(world: World, state: AlertState) -> None:
    """Nothing is written, not even to the audit."""
    with world.engine.begin() as connection:
        connection.execute(sa.update(alerts).values(state=state))
    client = client_of(world)

    answered = client.post(
        "/v1/alerts/alert-here/answer",
        json={"answer": "me"},
        headers=world.headers(Role.OWNER, owner_id="wang"),
    )
    judged = client.post(
        "/v1/alerts/alert-here/verdict",
        json={"verdict": "confirm"},
        headers=world.headers(Role.DESK),
    )

    assert (answered.status_code, answered.json()["code"]) == (409, "alert_ended")
    assert (judged.status_code, judged.json()["code"]) == (409, "alert_ended")
    assert world.rows(control) == []
    assert world.rows(audit) == []


def test_a_confirmed_alert_still_takes_the_owners_word(world: World) -> None:
    """An owner who finds the bike with a cousin must be able to say so."""
    with world.engine.begin() as connection:
        connection.execute(sa.update(alerts).values(state="confirmed", level=3))

    answer = client_of(world).post(
        "/v1/alerts/alert-here/answer",
        json={"answer": "me"},
        headers=world.headers(Role.OWNER, owner_id="wang"),
    )

    assert answer.status_code == 202
