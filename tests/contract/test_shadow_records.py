"""What a candidate would have sent, kept on SQLite and PostgreSQL alike, and what was sent."""

import dataclasses

import pytest
import sqlalchemy as sa

from alerts.comparing import Sent, differences, pairs
from alerts.policy import DetectionPolicy
from parkguard.replay.timeline import LatestArray
from parkguard.settings import Settings, load_settings
from parkguard.wiring.pipeline import build_pipeline
from parkguard.wiring.shadow import build_shadow
from stores.queries_shadow import ShadowRecords, live_sent
from stores.schema import incident_log
from support.api_city import an_alert
from support.api_world import NOW_MS, World, a_world_on

A = Sent(alert_id="a", vehicle_id="v-1", raised_ms=NOW_MS + 1_000)


def test_a_comparison_goes_on_until_the_candidate_changes_or_fails(engine: sa.Engine) -> None:
    """A restart with the same settings is the same comparison."""
    book = ShadowRecords(engine)

    first = book.begin("{}", now_ms=NOW_MS)
    again = book.begin("{}", now_ms=NOW_MS + 5)
    other = book.begin('{"tau_s":60}', now_ms=NOW_MS + 5)
    back = book.begin("{}", now_ms=NOW_MS + 5)
    book.fail(back, "ZeroDivisionError()")
    run = book.newest()
    after = book.begin("{}", now_ms=NOW_MS + 9)

    assert (first, again, other, back) == (NOW_MS, NOW_MS, NOW_MS + 5, NOW_MS + 6)
    assert run is not None
    assert (run.started_ms, run.candidate, run.failure) == (back, "{}", "ZeroDivisionError()")
    assert after == NOW_MS + 9


def test_steps_are_kept_once_and_never_lost(engine: sa.Engine) -> None:
    """The first moment of each step stays, whatever is written again after a restart."""
    book = ShadowRecords(engine)
    key = book.begin("{}", now_ms=NOW_MS)
    ready = dataclasses.replace(A, ready_ms=NOW_MS + 2_000)

    book.keep(key, [(A, 1, "movement", "")], seen_ms=NOW_MS + 1_000)
    book.keep(key, [(ready, 2, "movement", "")], seen_ms=NOW_MS + 2_000)
    for later in (A, dataclasses.replace(A, ready_ms=NOW_MS + 9_000)):
        book.keep(key, [(later, 2, "movement", "")], seen_ms=NOW_MS + 9_000)
    before = Sent(alert_id="b", vehicle_id="v-2", raised_ms=NOW_MS - 1)
    book.keep(key, [(before, 1, "movement", "")], seen_ms=NOW_MS + 9_000)

    run = book.newest()
    assert run is not None
    assert run.seen_ms == NOW_MS + 9_000
    assert book.candidate_sent(run) == [ready]


@pytest.fixture
def world(engine: sa.Engine) -> World:
    """Alerts of all levels: noted, owner's, police-ready, with an incident, with another's."""
    made = a_world_on(engine)
    for k, name in enumerate(("noted", "owner", "ready", "opened", "joined", "old")):
        raised_ms = NOW_MS + 1_000 * k if name != "old" else NOW_MS - 1
        an_alert(made, name, level=min(k, 3), raised_ms=raised_ms)
    for words in ("alert alert-opened", "alert alert-joined joined"):
        made.put(
            incident_log,
            incident_id="inc-1",
            at_ms=NOW_MS + 60_000,
            by="system",
            from_state="-",
            to_state="open",
            reason=words,
        )
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE alert_log SET what = 'police_ready' WHERE alert_id = 'alert-ready'")
        )
    return made


def test_what_was_sent_is_read_from_the_records(world: World) -> None:
    """Level 0 was sent to nobody; an alert that joined an incident has one."""
    sent = {
        one.alert_id: one for one in live_sent(world.engine, since_ms=NOW_MS, upto_ms=NOW_MS * 2)
    }

    assert sent.keys() == {"alert-owner", "alert-ready", "alert-opened", "alert-joined"}
    assert [one.alert_id for one in sent.values() if one.ready_ms is not None] == ["alert-ready"]
    assert {one.alert_id for one in sent.values() if one.incident_ms == NOW_MS + 60_000} == {
        "alert-opened",
        "alert-joined",
    }
    (notice, *_) = differences(pairs(sent.values(), []), {})
    assert (notice.only_live, notice.both) == (4, 0)


def test_candidate_is_built_as_the_settings_say(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One variable each; without any nothing runs beside the live detector."""
    monkeypatch.setenv("PARKGUARD_DETECTION__SHADOW__POLICE_RATE", "1e-6")
    settings = load_settings()
    pipeline = build_pipeline(
        settings, LatestArray().rows_for, adapters=settings.adapters, bound=settings.quarantine
    )

    shadow = build_shadow(settings, engine)
    assert shadow is not None
    shadow.begin(pipeline)
    run = ShadowRecords(engine).newest()

    assert pipeline.shadow is shadow
    assert shadow.metrics()["process_shadow_on"] == 1
    assert run is not None
    assert run.candidate == '{"police_rate":1e-6}'
    assert build_shadow(Settings(detection=DetectionPolicy()), engine) is None
