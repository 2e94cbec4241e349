"""Alive, ready, metrics."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.metrics_table import METRICS
from api.roles import Role
from stores.schema import books
from support.api_city import client_of
from support.api_fakes import FakeStatus
from support.api_world import NOW_MS, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty city whose parts have all just said that they are ready."""
    world = a_world(tmp_path)
    for part in world.services.policy.parts:
        world.statuses[part] = FakeStatus(at_ms=NOW_MS - 1_000)
    yield world
    world.engine.dispose()


@pytest.fixture
def client(world: World) -> TestClient:
    """A client of it."""
    return client_of(world)


def test_ready_when_every_part_says_so(world: World, client: TestClient) -> None:
    """With a list by part."""
    answer = client.get("/readyz", headers=world.headers(Role.METRICS))

    assert answer.status_code == 200
    assert [part["part"] for part in answer.json()["parts"]] == list(world.services.policy.parts)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (None, "never reported"),
        (FakeStatus(at_ms=NOW_MS - 15_000), "silent for 15 s"),
        (FakeStatus(at_ms=NOW_MS, ready=False, reason="disk full"), "disk full"),
    ],
)
def test_one_part_that_is_not_ready_is_named(
    world: World, client: TestClient, status: FakeStatus | None, reason: str
) -> None:
    """503, and why."""
    if status is None:
        del world.statuses["ingest"]
    else:
        world.statuses["ingest"] = status

    answer = client.get("/readyz", headers=world.headers(Role.OPERATOR))

    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    [fault] = [part for part in answer.json()["parts"] if not part["ready"]]
    assert (fault["part"], fault["reason"]) == ("ingest", reason)


def test_who_is_behind_is_told_while_ready(world: World, client: TestClient) -> None:
    """By the metric of what waits; a zero and other metrics are left out."""
    metrics = {"process_lag_entries": 30_518.0, "process_open_alerts": 7.0}
    world.statuses["process"] = FakeStatus(at_ms=NOW_MS, metrics=metrics)
    world.statuses["project"] = FakeStatus(at_ms=NOW_MS, metrics={"project_lag_entries": 0.0})

    parts = client.get("/readyz", headers=world.headers(Role.METRICS)).json()["parts"]

    behind = {part["part"]: part["behind"] for part in parts if part["behind"]}
    assert behind == {"process": {"process_lag_entries": 30_518.0}}


def test_a_feed_that_is_not_read_makes_it_stuck(world: World, client: TestClient) -> None:
    """/livez flips after 15 s without a read, and /readyz names this part."""
    alive = client.get("/livez").status_code
    world.clock[0] += 15_001
    for part in world.statuses:
        world.statuses[part] = FakeStatus(at_ms=world.clock[0])

    stuck = client.get("/livez").status_code
    ready = client.get("/readyz", headers=world.headers(Role.METRICS))

    assert (alive, stuck, ready.status_code) == (200, 503, 503)
    assert [part["part"] for part in ready.json()["parts"] if not part["ready"]] == ["api"]


def test_metrics_are_prometheus_text_of_all_parts(world: World, client: TestClient) -> None:
    """Counters by their ``_total``; the books; a strange name is counted, not fatal."""
    world.statuses["ingest"] = FakeStatus(
        at_ms=NOW_MS,
        metrics={"ingest_messages_total": 12.0, "ingest_unacked": 3.0, "bad name{}": 1.0},
    )
    world.put(books, reader="processor", name="quarantined", reason="json", count=4)

    answer = client.get("/metrics", headers=world.headers(Role.METRICS))

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert families["parkguard_ingest_messages"].type == "counter"
    assert families["parkguard_ingest_unacked"].type == "gauge"
    [sample] = families["parkguard_books"].samples
    assert sample.labels == {"reader": "processor", "name": "quarantined", "reason": "json"}
    assert families["parkguard_api_names_refused"].samples[0].value == 1.0
    assert len(families["parkguard_part_ready"].samples) == len(world.services.policy.parts)
    assert all(name.startswith("parkguard_") for name in families)


def test_the_apps_own_metrics_are_described(world: World) -> None:
    """Every name the hub reports has its words."""
    with client_of(world) as client:
        client.get("/livez")

    [(ready, reason, metrics), *_] = world.status.written
    assert (ready, reason) == (True, "")
    assert set(metrics) <= set(METRICS)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.OWNER, Role.AUDITOR, Role.DEVICE])
def test_watching_is_for_operators_and_scrapers(
    world: World, client: TestClient, role: Role
) -> None:
    """Others are refused."""
    headers = world.headers(role, owner_id="wang" if role is Role.OWNER else None)

    assert client.get("/metrics", headers=headers).status_code == 403
    assert client.get("/readyz", headers=headers).status_code == 403
