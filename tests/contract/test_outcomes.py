"""Outcomes and demotions in the records database: the same on SQLite and PostgreSQL."""

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from alerts.model import AlertKind, DemotionChange, Effects, Labelled, Level
from alerts.ports import ProcessCommit
from api.roles import CITY, Role, Scope
from devices import control as controls
from devices.control import LiftDemotion
from stores.processing import RecordsProcessLedger
from stores.queries_outcomes import OutcomeQueries
from stores.schema import audit, control
from support.api_city import a_demotion, a_label, an_alert, client_of
from support.api_world import HERE, NOW_MS, THERE, World, a_world_on

DAY_MS = 86_400_000
HERE_SCOPE = Scope(areas=(HERE,))
HISTORY = {
    "1": ("theft_recovered", "movement:movement", "GT-1", 1),
    "2": ("theft_not_recovered", "movement:movement", "GT-1", 8),
    "3": ("gps_drift", "movement:movement", "GT-2", 1),
    "4": ("owner_me", "movement:slow_move", "GT-2", 2),
    "5": ("test", "movement:slow_move", "GT-2", 2),
    "6": ("gps_drift", "movement:slow_move", "GT-2", 200),
}
"""Alert -> outcome, rule, model, days ago."""


@pytest.fixture
def world(engine: sa.Engine) -> World:
    """A city in which people labelled six alerts of one district and one of another."""
    made = a_world_on(engine)
    for name, (outcome, rule, model, days) in HISTORY.items():
        raised_ms = NOW_MS - days * DAY_MS
        a_label(made, name, outcome=outcome, rule=rule, model=model, raised_ms=raised_ms)
        an_alert(made, name, raised_ms=raised_ms, level=1)
    an_alert(made, "unlabelled", level=1)
    an_alert(made, "noted", level=0)
    a_label(made, "there", outcome="device_fault")
    return made


def _client(world: World, role: Role = Role.DESK) -> tuple[TestClient, dict[str, str]]:
    return client_of(world), world.headers(role, areas=[HERE], name="desk-1")


def test_precision_of_a_district(world: World) -> None:
    """By rule, over the last 90 days: what is older, and what lies elsewhere, is not counted."""
    client, headers = _client(world)

    answer = client.get("/v1/precision", headers=headers).json()

    assert (answer["raised"], answer["labelled"]) == (6, 5)
    assert [(line["key"], line["true"], line["false"]) for line in answer["lines"]] == [
        (["movement:movement"], 2, 1),
        (["movement:slow_move"], 0, 1),
    ]
    assert answer["lines"][1]["not_counted"] == 1
    assert answer["lines"][1]["high"] == pytest.approx(0.7935, abs=1e-4)


def test_precision_by_model_and_week(world: World) -> None:
    """Split as asked, in that order; from the first alert on."""
    client, headers = _client(world)

    answer = client.get(
        "/v1/precision?by=model&by=week&from=2025-01-01T00:00:00Z", headers=headers
    ).json()

    keys = {tuple(line["key"]): (line["true"], line["false"]) for line in answer["lines"]}
    assert keys == {
        ("GT-1", "2025-W47"): (1, 0),
        ("GT-1", "2025-W48"): (1, 0),
        ("GT-2", "2025-W48"): (0, 1),
        ("GT-2", "2025-W47"): (0, 1),
        ("GT-2", "2025-W19"): (0, 1),
    }
    assert client.get("/v1/precision?by=owner", headers=headers).status_code == 422


def _committed(engine: sa.Engine, upto_seq: int, effects: Effects) -> None:
    ledger = RecordsProcessLedger(engine, "0.1.0", now_ms=lambda: NOW_MS)
    ledger.commit(ProcessCommit(upto_seq=upto_seq, recv_ms=NOW_MS, books={}, effects=effects))


def _label(outcome: str) -> Labelled:
    return Labelled(
        alert_id="a-1",
        vehicle_id="v-1",
        device_id="trk-1",
        kind=AlertKind.MOVEMENT,
        rule="movement:movement",
        level=Level.PROBABLE,
        model="GT-1",
        site="",
        area=HERE,
        raised_ms=NOW_MS,
        labelled_ms=NOW_MS,
        outcome=outcome,
        by="desk-1",
    )


def test_processor_writes_a_label_once(engine: sa.Engine) -> None:
    """The first word stays, a repetition changes nothing."""
    for k, outcome in enumerate(("gps_drift", "gps_drift", "test")):
        _committed(engine, k + 1, Effects(labels=[_label(outcome)]))

    (row,) = OutcomeQueries(engine).labels(CITY, since_ms=0)
    assert (row.rule, row.model, row.outcome) == ("movement:movement", "GT-1", "gps_drift")


def test_newest_demotion_of_a_subject_holds(engine: sa.Engine) -> None:
    """Demoted, for longer, lifted; another one ends by itself."""
    book = OutcomeQueries(engine)
    lifted: dict[str, object] = {"lifted_ms": NOW_MS, "by": "li"}
    steps: list[dict[str, object]] = [{}, {"until_ms": NOW_MS + 2 * DAY_MS}, lifted]
    for k, changes in enumerate(steps):
        values: dict[str, object] = {"until_ms": NOW_MS + DAY_MS} | changes
        first = DemotionChange(
            subject="device:trk-1",
            area=HERE,
            false_alarms=3,
            since_ms=NOW_MS,
            **values,  # type: ignore[arg-type]
        )
        other = DemotionChange(
            subject="rule:movement:late@s", area=THERE, false_alarms=3, since_ms=1, until_ms=NOW_MS
        )
        _committed(engine, k + 1, Effects(demotions=[first, other]))
        found = [row.subject for row in book.demoted(CITY, now_ms=NOW_MS)]
        later = [row.subject for row in book.demoted(CITY, now_ms=NOW_MS + DAY_MS)]

        assert found == (["device:trk-1"] if k < 2 else [])
        assert later == (["device:trk-1"] if k == 1 else [])
    assert [row.subject for row in book.demoted(CITY, now_ms=NOW_MS - 1)] == [
        "rule:movement:late@s"
    ]
    assert book.demoted(HERE_SCOPE, now_ms=0) == []


def test_desk_lifts_a_demotion_of_its_district(world: World) -> None:
    """Control and audit in one; another district's, and none at all, are the same 404."""
    a_demotion(world, "here")
    a_demotion(world, "there")
    client, headers = _client(world)
    listed = client.get("/v1/demoted", headers=headers).json()["demoted"]

    done = client.post(
        "/v1/demoted/lift",
        headers=headers,
        json={"subject": "device:trk-here", "reason": "new antenna"},
    )
    refused = [
        client.post("/v1/demoted/lift", headers=headers, json={"subject": f"device:{name}"})
        for name in ("trk-there", "trk-nowhere")
    ]

    assert [one["subject"] for one in listed] == ["device:trk-here"]
    assert done.status_code == 202
    (row,) = world.rows(control)
    assert controls.decode(row["body"]) == LiftDemotion(
        at_ms=NOW_MS, by="desk-1", subject="device:trk-here", reason="new antenna"
    )
    (noted,) = world.rows(audit)
    assert (noted["action"], noted["object"], noted["purpose"]) == (
        "demotion_lifted",
        "device:trk-here",
        "new antenna",
    )
    assert {answer.status_code for answer in refused} == {404}
    assert refused[0].text == refused[1].text


def test_dismissal_says_why(world: World) -> None:
    """An outcome goes with a dismissal and is no theft."""
    client, headers = _client(world)
    address = "/v1/alerts/alert-unlabelled/verdict"

    wrong = [
        client.post(address, headers=headers, json={"verdict": verdict, "outcome": outcome})
        for verdict, outcome in (("confirm", "gps_drift"), ("dismiss", "theft_recovered"))
    ]
    right = client.post(
        address, headers=headers, json={"verdict": "dismiss", "outcome": "gps_drift"}
    )

    assert [answer.status_code for answer in wrong] == [422, 422]
    assert right.status_code == 202
    (row,) = world.rows(control)
    assert b'"outcome":"gps_drift"' in row["body"]
