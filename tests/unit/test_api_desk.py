"""The desk: what waits, who is called, how busy it was, who was told; filters of its lists."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from alerts.desk import DeskPolicy, fire_calls, theft_calls, workload_of
from api.roles import Role
from devices.fire import FirePolicy
from stores.queries_desk import JudgedRow
from stores.schema import alert_log, outbox
from support.api_city import a_vehicle, an_alert, an_incident, client_of, fill
from support.api_world import HERE, NOW_MS, World, a_world


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


def desk(world: World) -> dict[str, str]:
    """Headers of this district's desk."""
    return world.headers(Role.DESK, areas=[HERE], name="desk-1")


def a_telling(world: World, number: int, **changes: object) -> None:
    """Put one row of the outbox on ``alert-here``."""
    values: dict[str, object] = {
        "key": f"k{number}",
        "kind": "owner_notice",
        "action": "raised",
        "channel": "webhook",
        "receiver": "owner:wang",
        "audience": "owner",
        "area": HERE,
        "alert_id": "alert-here",
        "incident_id": None,
        "body": "{}",
        "caused_recv_ms": NOW_MS,
        "created_ms": NOW_MS - 9_000 + number,
        "due_ms": NOW_MS,
        "deadline_ms": NOW_MS,
        "state": "sent",
        "attempts": 1,
    }
    world.put(outbox, **(values | changes))


def test_what_waits_is_counted_in_scope_with_the_oldest(world: World, client: TestClient) -> None:
    """No level 1, nothing judged, nothing of another district; what nobody took, apart."""
    an_alert(world, "old", id="alert-old", raised_ms=NOW_MS - 90_000, state="raised")
    an_alert(world, "low", id="alert-low", raised_ms=1, level=1, state="raised")
    an_alert(world, "done", id="alert-done", raised_ms=1, state="confirmed")
    an_incident(world, "mine", opened_ms=1, state="en_route", vehicle_id="veh-x")
    an_incident(world, "shut", opened_ms=1, state="closed", vehicle_id="veh-y")
    a_telling(world, 1, incident_id="inc-here", state="undelivered")
    a_telling(world, 2, alert_id="alert-old", state="rejected")
    a_telling(world, 3, alert_id="alert-shut", incident_id="inc-shut", state="undelivered")

    answer = client.get("/v1/desk", headers=desk(world)).json()

    assert answer["at_ms"] == NOW_MS
    assert answer["waiting"] == {
        "alerts": 2,
        "alerts_oldest_ms": NOW_MS - 90_000,
        "untaken": 1,
        "untaken_oldest_ms": NOW_MS - 20_000,
        "open": 2,
        "undelivered": 2,
    }
    assert [call["to"] for call in answer["theft_calls"]][-1] == "command_centre"
    assert answer["fire_calls"] == [{"to": "police", "after_s": 60.0, "is_told": True}]


def test_a_quiet_desk_has_no_oldest_and_no_rate(world: World, client: TestClient) -> None:
    """Unknown is null, never 0."""
    headers = world.headers(Role.DESK, areas=["99"])

    answer = client.get("/v1/desk", headers=headers).json()

    assert answer["waiting"]["alerts_oldest_ms"] is None
    assert answer["workload"] == {
        "period_s": 28_800.0,
        "judged": 0,
        "operator_hours": 0,
        "per_hour": None,
        "median_s": None,
    }


def test_the_workload_is_of_what_the_desk_judged(world: World, client: TestClient) -> None:
    """The owner's word and the machine's steps are not the desk's work."""
    for version, what, by in ((2, "desk_confirmed", "desk-1"), (3, "owner_me", "wang")):
        world.put(
            alert_log,
            alert_id="alert-here",
            version=version,
            what=what,
            level=3,
            at_ms=NOW_MS - 10_000,
            t_ms=NOW_MS,
            moved_m=84.0,
            by=by,
        )

    load = client.get("/v1/desk", headers=desk(world)).json()["workload"]

    assert (load["judged"], load["operator_hours"], load["median_s"]) == (1, 1, 20.0)


def test_operator_hours_are_clock_hours_of_people() -> None:
    """Two people in one hour are two; one person twice in an hour is one."""
    rows = [
        JudgedRow(by=by, raised_ms=at_ms - 30_000, at_ms=at_ms)
        for by, at_ms in (("a", 1_000), ("a", 2_000), ("b", 3_000), ("a", 3_600_000))
    ]

    load = workload_of(rows)

    assert (load.judged, load.operator_hours, load.per_hour) == (4, 3, 1.3)


def test_steps_of_an_escalation_are_those_of_the_policy() -> None:
    """A theft's are for people; a fire's are told, one later than the other."""
    assert [call.after_s for call in theft_calls(DeskPolicy())] == [60.0, 120.0, 300.0]
    fire = FirePolicy(escalate_to=("police", "command"), escalate_s=45.0)
    assert fire_calls(fire) == [("police", 45.0, True), ("command", 90.0, True)]


def test_who_was_told_of_an_alert_is_the_desks_to_see(world: World, client: TestClient) -> None:
    """The owner's contacts and the police, oldest first; not another alert's."""
    a_telling(world, 1)
    a_telling(world, 2, receiver="police", incident_id="inc-here", state="due", attempts=3)
    a_telling(world, 3, alert_id="alert-there")

    answer = client.get("/v1/alerts/alert-here/deliveries", headers=desk(world)).json()

    seen = [(one["receiver"], one["state"]) for one in answer["deliveries"]]
    assert seen == [("owner:wang", "sent"), ("police", "due")]


def test_alerts_that_wait_are_those_nobody_judged(world: World, client: TestClient) -> None:
    """Raised and verifying; whatever ended or was confirmed is not in the queue."""
    for state in ("raised", "confirmed", "dismissed", "expired", "merged"):
        an_alert(world, state, id=f"alert-{state}", state=state)

    rows = client.get("/v1/alerts?waiting=true", headers=desk(world)).json()["alerts"]

    assert {row["id"] for row in rows} == {"alert-here", "alert-raised"}


def test_incidents_are_found_by_kind_and_by_being_open(world: World, client: TestClient) -> None:
    """Both ways, also together with a state."""
    an_incident(world, "fire", kind="fire", state="acknowledged", vehicle_id=":7")
    an_incident(world, "shut", state="closed", vehicle_id="veh-y")

    def ids(query: str) -> list[str]:
        rows = client.get(f"/v1/incidents?{query}", headers=desk(world)).json()["incidents"]
        return sorted(row["id"] for row in rows)

    assert ids("open=true") == ["inc-fire", "inc-here"]
    assert ids("open=false") == ["inc-shut"]
    assert ids("kind=fire&open=true") == ["inc-fire"]
    assert ids("state=open&open=false") == []


def test_lists_name_the_vehicle_in_words(world: World, client: TestClient) -> None:
    """Also after a step; a vehicle without a name, or none at all, has none."""
    a_vehicle(world, "bare", label="")
    an_alert(world, "bare")
    an_incident(world, "fire", kind="fire", vehicle_id=":7")
    headers = desk(world)

    alerts = client.get("/v1/alerts", headers=headers).json()["alerts"]
    incidents = client.get("/v1/incidents", headers=headers).json()["incidents"]
    taken = client.post("/v1/incidents/inc-here/acknowledge", headers=headers).json()

    assert {row["id"]: row["label"] for row in alerts} == {
        "alert-here": "red Yadea",
        "alert-bare": "",
    }
    assert {row["id"]: row["label"] for row in incidents} == {
        "inc-here": "red Yadea",
        "inc-fire": "",
    }
    assert taken["label"] == "red Yadea"
