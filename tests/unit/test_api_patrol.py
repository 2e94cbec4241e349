"""The patrol's card, taps that come twice or late, and the call for help."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from alerts.lifecycle import TRANSITIONS, IncidentState
from api.card import TRAIL_MAX, thinned
from api.roles import Role
from stores.schema import audit, control, incident_log, incidents, outbox, taps
from support.api_city import MASKED, PLATE, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world

ADDRESS = "/v1/incidents/inc-here"
MINUTE_MS = 60_000


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


def officer(world: World, name: str = "chen") -> dict[str, str]:
    """Headers of an officer of this district."""
    return world.headers(Role.OFFICER, areas=[HERE], name=name)


def keyed(headers: dict[str, str], key: str) -> dict[str, str]:
    """The same with the key of a tap."""
    return headers | {"Idempotency-Key": key}


def test_a_tap_sent_again_gets_its_first_answer_and_does_nothing(
    world: World, client: TestClient
) -> None:
    """Also when the incident has moved on since: the phone learns what its tap did."""
    headers, key = officer(world), str(uuid4())
    first = client.post(f"{ADDRESS}/acknowledge", headers=keyed(headers, key))
    client.post(f"{ADDRESS}/move", json={"state": "en_route"}, headers=headers)
    steps = len(world.rows(incident_log))

    again = client.post(f"{ADDRESS}/acknowledge", headers=keyed(headers, key))
    without = client.post(f"{ADDRESS}/acknowledge", headers=headers)

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.json()["state"] == "acknowledged"
    assert without.status_code == 409
    assert len(world.rows(incident_log)) == steps
    assert len(world.rows(control)) == 2


def test_a_key_is_of_one_person_and_one_step(world: World, client: TestClient) -> None:
    """Somebody else with the same key is told who has it; another step is another tap."""
    key = str(uuid4())
    mine = keyed(officer(world), key)
    client.post(f"{ADDRESS}/acknowledge", headers=mine)

    other = client.post(f"{ADDRESS}/acknowledge", headers=keyed(officer(world, "liu"), key))
    moved = client.post(f"{ADDRESS}/move", json={"state": "en_route"}, headers=mine)

    assert (other.status_code, other.json()["assignee"]) == (409, "chen")
    assert (moved.status_code, moved.json()["state"]) == (200, "en_route")
    assert {(row["by"], row["what"]) for row in world.rows(taps)} == {
        ("chen", "acknowledged:"),
        ("chen", "en_route:"),
    }


def test_a_refused_tap_is_not_remembered(world: World, client: TestClient) -> None:
    """Nothing was done: it may be tried again when it is allowed."""
    headers = keyed(officer(world), str(uuid4()))
    refused = client.post(f"{ADDRESS}/move", json={"state": "on_scene"}, headers=headers)
    client.post(f"{ADDRESS}/acknowledge", headers=headers)

    later = client.post(f"{ADDRESS}/move", json={"state": "on_scene"}, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert later.json()["state"] == "on_scene"


@pytest.mark.parametrize("key", ["short", "x" * 65, "with blanks in it, long"])
def test_a_key_that_is_none_is_refused(world: World, client: TestClient, key: str) -> None:
    """Before anything is done."""
    answer = client.post(f"{ADDRESS}/acknowledge", headers=keyed(officer(world), key))

    assert answer.status_code == 422
    assert world.rows(control) == []


@pytest.mark.parametrize(
    ("at_ms", "kept"),
    [
        (NOW_MS - 5_000, NOW_MS - 5_000),
        (NOW_MS + 5_000, None),
        (NOW_MS - 20_001, None),
        (None, None),
    ],
)
def test_a_late_tap_says_when_it_was_done(
    world: World, client: TestClient, at_ms: int | None, kept: int | None
) -> None:
    """Not when the phone's clock is wrong: before the incident was opened, or later than now."""
    body = {} if at_ms is None else {"at": at_ms}
    client.post(f"{ADDRESS}/acknowledge", json=body, headers=officer(world))

    log = client.get(ADDRESS, headers=officer(world)).json()["log"]

    assert [(step["at_ms"], step["tapped_ms"]) for step in log] == [
        (NOW_MS - 20_000, None),
        (NOW_MS, kept),
    ]


def test_a_call_for_help_is_told_to_all_and_raises_the_level(
    world: World, client: TestClient
) -> None:
    """State and holder stay; the processor, which goes by states, is told nothing."""
    client.post(f"{ADDRESS}/acknowledge", headers=officer(world))
    told = len(world.rows(outbox))

    answer = client.post(
        f"{ADDRESS}/help", json={"reason": "he has a knife"}, headers=officer(world)
    )

    row = answer.json()
    assert (answer.status_code, row["level"], row["state"]) == (200, 4, "acknowledged")
    assert row["assignee"] == "chen"
    last = world.rows(incident_log)[-1]
    assert (last["from_state"], last["to_state"]) == ("acknowledged", "help")
    assert (last["by"], last["reason"]) == ("chen", "he has a knife")
    assert world.rows(audit)[-1]["action"] == "incident_help"
    notices = world.rows(outbox)[told:]
    assert {one["channel"] for one in notices} == {"feed", "webhook", "mqtt"}
    assert {one["action"] for one in notices} == {"help"}
    body = msgspec.json.decode(notices[0]["body"])
    assert (body["action"], body["level"], body["by"]) == ("help", 4, "chen")
    assert (body["state"], body["reason"]) == ("acknowledged", "he has a knife")
    assert len(world.rows(control)) == 1


def test_help_is_called_once_per_key_and_never_refused(world: World, client: TestClient) -> None:
    """By anybody in scope, of a closed case, too; the level does not fall afterwards."""
    client.post(f"{ADDRESS}/close", json={"outcome": "test"}, headers=officer(world))
    headers = keyed(officer(world, "liu"), str(uuid4()))

    answers = [client.post(f"{ADDRESS}/help", headers=headers) for _ in range(2)]
    foreign = client.post("/v1/incidents/inc-there/help", headers=headers)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["state"], answers[0].json()["level"]) == ("closed", 4)
    assert [row["to_state"] for row in world.rows(incident_log)].count("help") == 1
    assert foreign.status_code == 404


def test_a_card_shows_what_an_officer_needs(world: World, client: TestClient) -> None:
    """What, why, where, how old; who has it and what may be done next."""
    for minute in range(15):
        world.track.put("trk-here", NOW_MS - 3_000 - minute * MINUTE_MS, minute, 31.8, 117.2)

    card = client.get(f"{ADDRESS}/card", headers=officer(world)).json()

    assert card["now_ms"] == NOW_MS
    assert card["incident"]["reasons"][0]["zh"] == "84"
    assert card["vehicle"] == {
        "id": "veh-here",
        "kind": "e-bike",
        "label": "red Yadea",
        "plate": PLATE,
    }
    assert (card["position"]["age_s"], card["position"]["source"]) == (3.0, "gnss")
    assert card["tracker"]["next_expected_ms"] == NOW_MS + 8_000
    assert [point["t_ms"] for point in card["trail"]] == [
        NOW_MS - 3_000 - minute * MINUTE_MS for minute in range(10, -1, -1)
    ]
    assert (card["moved_m"], card["held_by"]) == (84.0, "nobody")
    assert card["next"] == sorted(TRANSITIONS[IncidentState.OPEN])
    assert [step["to_state"] for step in card["log"]] == ["open"]


def test_a_look_at_a_card_stands_in_the_audit(world: World, client: TestClient) -> None:
    """Position, plate and track, with the purpose; a refused look shows and writes nothing."""
    world.track.put("trk-here", NOW_MS - 3_000, 1, 31.8, 117.2)
    foreign = client.get("/v1/incidents/inc-there/card", headers=officer(world))
    staff = client.get(f"{ADDRESS}/card", headers=world.headers(Role.OPERATOR))
    none = len(world.rows(audit))

    client.get(f"{ADDRESS}/card", headers=officer(world))
    client.get(f"{ADDRESS}/card", headers=world.headers(Role.DESK) | {"X-Purpose": "CASE"})

    assert (foreign.status_code, staff.status_code, none) == (404, 403, 0)
    looks = [(row["action"], row["purpose"]) for row in world.rows(audit)]
    seen = ("position_seen", "plate_seen", "track_seen")
    assert looks == [
        (action, purpose) for purpose in ("PATROL_INCIDENT", "CASE") for action in seen
    ]


def test_a_closed_case_shows_no_place(world: World, client: TestClient) -> None:
    """Nor the whole plate, nor whether its tracker is awake."""
    world.track.put("trk-here", NOW_MS - 3_000, 1, 31.8, 117.2)
    client.post(f"{ADDRESS}/close", json={"outcome": "test"}, headers=officer(world))
    before = len(world.rows(audit))

    card = client.get(f"{ADDRESS}/card", headers=officer(world)).json()

    assert (card["position"], card["position_hidden"], card["trail"]) == (None, True, [])
    assert (card["vehicle"]["plate"], card["tracker"], card["next"]) == (MASKED, None, [])
    assert len(world.rows(audit)) == before


def test_what_may_be_done_next_is_what_the_table_allows(world: World, client: TestClient) -> None:
    """An officer may do nothing with what somebody else has; the desk may, but not take it."""
    client.post(f"{ADDRESS}/acknowledge", headers=officer(world))

    def card(headers: dict[str, str]) -> tuple[str, list[str]]:
        found = client.get(f"{ADDRESS}/card", headers=headers).json()
        return found["held_by"], found["next"]

    allowed = sorted(TRANSITIONS[IncidentState.ACKNOWLEDGED])
    assert card(officer(world)) == ("you", allowed)
    assert card(officer(world, "liu")) == ("other", [])
    assert card(world.headers(Role.DESK)) == ("other", allowed)


def test_a_card_without_vehicle_or_position_is_whole(world: World, client: TestClient) -> None:
    """A burning station has no vehicle; its own place stands in the incident."""
    with world.engine.begin() as connection:
        connection.execute(
            sa.update(incidents)
            .where(incidents.c.id == "inc-here")
            .values(vehicle_id=":7", kind="fire")
        )

    card = client.get(f"{ADDRESS}/card", headers=officer(world))

    assert card.status_code == 200
    assert (card.json()["vehicle"], card.json()["position"]) == (None, None)
    assert (card.json()["tracker"], card.json()["position_hidden"]) == (None, False)


@pytest.mark.parametrize("count", [0, 1, TRAIL_MAX, TRAIL_MAX + 1, 1_200])
def test_a_trail_is_thinned_evenly(count: int) -> None:
    """It keeps both ends and the order, and no point twice."""
    kept = thinned(range(count), TRAIL_MAX)

    assert len(kept) == min(count, TRAIL_MAX)
    assert kept == sorted(set(kept))
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)
