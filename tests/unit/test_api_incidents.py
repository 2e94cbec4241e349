"""Incidents: people's steps, each one transaction; of two at once, one wins."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from alerts.lifecycle import TRANSITIONS, IncidentState, Outcome
from api.roles import Role
from devices import control as wire
from devices.control import IncidentMoved
from stores.schema import audit, control, incident_log, incidents, outbox
from support.api_city import MASKED, PLATE, a_feed_row, an_incident, client_of, fill
from support.api_world import HERE, NOW_MS, THERE, World, a_world

ADDRESS = "/v1/incidents/inc-here"


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


def officer(world: World, name: str) -> dict[str, str]:
    """Headers of an officer of this district."""
    return world.headers(Role.OFFICER, areas=[HERE], name=name)


def test_taking_an_incident_writes_everything_at_once(world: World, client: TestClient) -> None:
    """Row, log, audit, control, and a notice for the feed, the police system and MQTT."""
    answer = client.post(f"{ADDRESS}/acknowledge", headers=officer(world, "chen"))

    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["assignee"]) == ("acknowledged", "chen")
    assert answer.json()["version"] == 2
    last = world.rows(incident_log)[-1]
    assert (last["from_state"], last["to_state"], last["by"]) == ("open", "acknowledged", "chen")
    assert world.rows(audit)[-1]["action"] == "incident_acknowledged"
    [row] = world.rows(control)
    assert wire.decode(row["body"]) == IncidentMoved(
        at_ms=NOW_MS,
        by="chen",
        incident_id="inc-here",
        alert_id="alert-here",
        state="acknowledged",
    )
    notices = {one["channel"]: one for one in world.rows(outbox)}
    assert set(notices) == {"feed", "webhook", "mqtt"}
    assert {one["state"] for one in notices.values()} == {"due"}
    assert notices["feed"]["key"] == "incident:inc-here:2:feed"
    assert (notices["feed"]["audience"], notices["feed"]["area"]) == ("officer", f"{HERE}00101")
    assert notices["webhook"]["receiver"] == "police"
    assert notices["mqtt"]["receiver"] == f"{HERE}00101"


def test_a_notice_says_what_the_contract_names(world: World, client: TestClient) -> None:
    """The newest place, the plate, who has it."""
    client.post(f"{ADDRESS}/acknowledge", headers=officer(world, "chen"))

    body = msgspec.json.decode(world.rows(outbox)[0]["body"])

    assert body["lat_deg"] == 31.82
    assert body["t_ms"] == NOW_MS - 3_000
    assert (body["plate"], body["label"]) == (PLATE, "red Yadea")
    assert (body["action"], body["state"]) == ("acknowledged", "acknowledged")
    assert (body["by"], body["assignee"], body["version"]) == ("chen", "chen", 2)
    assert (body["source"], body["speed_mps"], body["moved_m"]) == ("gnss", 1.5, 84.0)


def test_of_two_officers_at_once_one_wins_and_the_other_learns_who(world: World) -> None:
    """Ten press at the same moment: one 200, nine 409 that name the winner; one log line."""
    client = client_of(world)
    names = [f"officer-{number}" for number in range(10)]
    headers = {name: officer(world, name) for name in names}
    gate = threading.Barrier(len(names))
    answers: dict[str, tuple[int, dict[str, object]]] = {}

    def press(name: str) -> None:
        gate.wait()
        answer = client.post(f"{ADDRESS}/acknowledge", headers=headers[name])
        answers[name] = answer.status_code, answer.json()

    threads = [threading.Thread(target=press, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [winner] = [name for name, (status, _) in answers.items() if status == 200]
    losers = [body for status, body in answers.values() if status == 409]
    assert len(losers) == 9
    assert {body["code"] for body in losers} == {"incident_taken"}
    assert {body["assignee"] for body in losers} == {winner}
    assert len(world.rows(incident_log)) == 2 + 1  # two opened by ``fill``
    assert len(world.rows(control)) == 1


def test_the_same_tap_again_changes_nothing(world: World, client: TestClient) -> None:
    """A phone that was offline sends its queued taps once more."""
    headers = officer(world, "chen")
    first = client.post(f"{ADDRESS}/acknowledge", headers=headers).json()

    second = client.post(f"{ADDRESS}/acknowledge", headers=headers)

    assert (second.status_code, second.json()) == (200, first)
    assert len(world.rows(outbox)) == 3


def test_only_who_has_it_moves_it_or_the_desk(world: World, client: TestClient) -> None:
    """Another officer is told who has it; the desk may step in."""
    client.post(f"{ADDRESS}/acknowledge", headers=officer(world, "chen"))
    move = {"state": "en_route"}

    other = client.post(f"{ADDRESS}/move", json=move, headers=officer(world, "liu"))
    desk = client.post(f"{ADDRESS}/move", json=move, headers=world.headers(Role.DESK))

    assert (other.status_code, other.json()["assignee"]) == (409, "chen")
    assert desk.status_code == 200
    assert desk.json()["assignee"] == "chen"


def test_an_illegal_step_says_what_is_allowed(world: World, client: TestClient) -> None:
    """From the transition table, nothing else."""
    answer = client.post(
        f"{ADDRESS}/move", json={"state": "on_scene"}, headers=officer(world, "chen")
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert answer.json()["allowed"] == sorted(TRANSITIONS[IncidentState.OPEN])
    assert world.rows(control) == []


def test_closing_needs_an_outcome_and_labels_the_alert(world: World, client: TestClient) -> None:
    """The outcome goes to the processor with the control row."""
    headers = officer(world, "chen")
    client.post(f"{ADDRESS}/acknowledge", headers=headers)
    without = client.post(f"{ADDRESS}/close", json={}, headers=headers).status_code
    by_move = client.post(f"{ADDRESS}/move", json={"state": "closed"}, headers=headers)

    closed = client.post(
        f"{ADDRESS}/close",
        json={"outcome": "theft_recovered", "reason": "found in a garage"},
        headers=headers,
    )

    assert (without, by_move.status_code) == (422, 422)
    assert (closed.json()["state"], closed.json()["outcome"]) == ("closed", "theft_recovered")
    moved = wire.decode(world.rows(control)[-1]["body"])
    assert isinstance(moved, IncidentMoved)
    assert (moved.state, moved.outcome) == ("closed", Outcome.THEFT_RECOVERED)
    assert world.rows(incident_log)[-1]["reason"] == "found in a garage"


def test_a_stale_version_is_refused_when_one_is_given(world: World, client: TestClient) -> None:
    """Who says what they saw is not overtaken."""
    headers = officer(world, "chen")

    stale = client.post(f"{ADDRESS}/acknowledge", json={"version": 7}, headers=headers)
    fresh = client.post(f"{ADDRESS}/acknowledge", json={"version": 1}, headers=headers)

    assert (stale.status_code, stale.json()["version"]) == (409, 1)
    assert fresh.status_code == 200


def test_a_foreign_incident_cannot_be_taken(world: World, client: TestClient) -> None:
    """It does not exist for this officer."""
    headers = officer(world, "chen")

    foreign = client.post("/v1/incidents/inc-there/acknowledge", headers=headers)
    nowhere = client.post("/v1/incidents/inc-nowhere/acknowledge", headers=headers)

    assert foreign.status_code == nowhere.status_code == 404
    assert foreign.json() == nowhere.json()


def test_a_case_shows_its_log_and_who_was_told(world: World, client: TestClient) -> None:
    """The plate is masked for operators, and for officers once it is closed."""
    headers = officer(world, "chen")
    client.post(f"{ADDRESS}/acknowledge", headers=headers)

    mine = client.get(ADDRESS, headers=headers).json()
    staff = client.get(ADDRESS, headers=world.headers(Role.OPERATOR)).json()
    client.post(f"{ADDRESS}/close", json={"outcome": "test"}, headers=headers)
    after = client.get(ADDRESS, headers=headers).json()

    assert [step["to_state"] for step in mine["log"]] == ["open", "acknowledged"]
    assert [told["channel"] for told in mine["deliveries"]] == ["feed", "webhook", "mqtt"]
    assert (mine["plate"], staff["plate"], after["plate"]) == (PLATE, MASKED, MASKED)


def test_lists_are_in_scope_and_filtered(world: World, client: TestClient) -> None:
    """By state and area prefix; the feed's number comes along."""
    a_feed_row(world, 5)
    an_incident(world, "city", area="", grid="", vehicle_id="veh-x", alert_id="alert-x")

    def ids(headers: dict[str, str], query: str = "") -> list[str]:
        page = client.get(f"/v1/incidents{query}", headers=headers).json()
        assert page["feed_id"] == 5
        return sorted(one["id"] for one in page["incidents"])

    desk = world.headers(Role.DESK)
    assert ids(desk) == ["inc-city", "inc-here", "inc-there"]
    assert ids(desk, f"?area={THERE}") == ["inc-there"]
    assert ids(desk, "?state=closed") == []
    assert ids(officer(world, "chen")) == ["inc-here"]
    assert ids(officer(world, "chen"), f"?area={THERE}") == []


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(list(IncidentState)), st.sampled_from(["chen", "liu"])),
        max_size=6,
    )
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_sequence_of_taps_skips_the_table(
    world: World, steps: list[tuple[IncidentState, str]]
) -> None:
    """Log, versions and control rows agree, whatever people press."""
    client = client_of(world)
    number = len(world.rows(incidents))
    name = f"h{number}"
    an_incident(world, name, vehicle_id=f"veh-{name}", area=f"{HERE}00101")
    headers = {who: officer(world, who) for who in ("chen", "liu")}
    address = f"/v1/incidents/inc-{name}"
    for state, who in steps:
        verb, body = (
            ("close", {"outcome": "test"})
            if state is IncidentState.CLOSED
            else ("move", {"state": state})
        )
        answer = client.post(f"{address}/{verb}", json=body, headers=headers[who])
        assert answer.status_code in {200, 409}

    log = [row for row in world.rows(incident_log) if row["incident_id"] == f"inc-{name}"]
    row = next(row for row in world.rows(incidents) if row["id"] == f"inc-{name}")
    for step in log[1:]:
        before = IncidentState(str(step["from_state"]))
        assert IncidentState(str(step["to_state"])) in TRANSITIONS[before]
    assert row["state"] == log[-1]["to_state"]
    assert row["version"] == len(log)
