"""The records database as the processor commits to it: all or nothing, and only once."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.model import AlertKind, AlertState, Level
from alerts.ports import ProcessCommit
from devices.errors import StoreError
from stores.processing import RecordsProcessLedger
from stores.records import writing
from stores.schema import (
    alert_log,
    alerts,
    books,
    incident_log,
    incidents,
    outbox,
    quarantine,
    reader_offsets,
)
from support.stores_records import (
    NOW_MS,
    a_change,
    a_commit,
    a_notice,
    a_refusal,
    an_opening,
    records_in,
    rows_of,
)
from support.stores_tmpfs import fill_up, small_disk

TABLES = (
    alerts,
    alert_log,
    incidents,
    incident_log,
    outbox,
    quarantine,
    books,
    reader_offsets,
)


def ledger_on(engine: sa.Engine) -> RecordsProcessLedger:
    """The processor's ledger, five seconds after the first cause."""
    return RecordsProcessLedger(engine, "0.1.0", now_ms=lambda: NOW_MS + 5000)


def a_theft(upto_seq: int = 40) -> ProcessCommit:
    """Raised, confirmed, an incident, its telling, a refusal beside it."""
    raised, confirmed = a_change(1), a_change(2, level=Level.CONFIRMED, state=AlertState.CONFIRMED)
    return a_commit(
        upto_seq,
        books={("received", ""): 40, ("quarantined", "utf8"): 1},
        alerts=[raised, confirmed],
        incidents=[an_opening(confirmed)],
        notices=[a_notice("a1:1:feed"), a_notice("inc-a1:a2:webhook", incident_id="inc-a1")],
        quarantine=[a_refusal(12)],
    )


def everything(engine: sa.Engine) -> dict[str, list[dict[str, object]]]:
    """All rows of the ledger's tables."""
    return {table.name: rows_of(engine, table) for table in TABLES}


def test_commit_stores_everything_together(engine: sa.Engine) -> None:
    """Alert and its log, incident and its log, outbox, quarantine, books, offset."""
    ledger = ledger_on(engine)

    ledger.commit(a_theft())

    stored = everything(engine)
    assert ledger.offset() == 40
    assert [(row["id"], row["version"], row["level"]) for row in stored["alerts"]] == [("a1", 2, 3)]
    assert stored["alerts"][0]["raised_ms"] == NOW_MS + 1000
    assert stored["alerts"][0]["updated_ms"] == NOW_MS + 2000
    assert [row["what"] for row in stored["alert_log"]] == ["raised", "level"]
    assert [(row["id"], row["state"]) for row in stored["incidents"]] == [("inc-a1", "open")]
    assert [row["to_state"] for row in stored["incident_log"]] == ["open"]
    assert [row["key"] for row in stored["outbox"]] == ["a1:1:feed", "inc-a1:a2:webhook"]
    assert {row["state"] for row in stored["outbox"]} == {"due"}
    assert stored["outbox"][0]["due_ms"] == stored["outbox"][0]["created_ms"] == NOW_MS + 5000
    assert stored["outbox"][0]["deadline_ms"] == NOW_MS + 5000 + 86_400_000
    assert json.loads(str(stored["outbox"][0]["body"]))["label"] == "红车"
    assert stored["quarantine"][0]["payload"] == b"\xff{"
    assert stored["quarantine"][0]["code_version"] == "0.1.0"
    assert {(row["name"], row["reason"], row["count"]) for row in stored["books"]} == {
        ("received", "", 40),
        ("quarantined", "utf8", 1),
    }


def test_repeated_commit_changes_nothing(engine: sa.Engine) -> None:
    """A commit whose answer was lost is sent again: nobody is told twice, nothing counts twice."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    once = everything(engine)

    ledger.commit(a_theft())

    assert everything(engine) == once


def test_replay_with_the_same_keys_tells_nobody_twice(engine: sa.Engine) -> None:
    """The processor runs entries again and meets its own rows: versions and keys hold."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft(40))
    ledger.commit(a_commit(50, alerts=[a_change(3, level=Level.DANGER)]))
    once = everything(engine)

    ledger.commit(a_theft(60))

    again = everything(engine)
    for name in ("alerts", "alert_log", "incidents", "incident_log", "outbox", "quarantine"):
        assert again[name] == once[name], name


def test_commit_behind_the_offset_is_refused(engine: sa.Engine) -> None:
    """Two processors on one database: the slower one must stop."""
    ledger = ledger_on(engine)
    ledger.commit(a_commit(40, books={("received", ""): 40}))

    with pytest.raises(StoreError) as refused:
        ledger.commit(a_commit(39, books={("received", ""): 1}))

    assert not refused.value.may_pass
    assert ledger.offset() == 40
    assert rows_of(engine, books)[0]["count"] == 40


def test_books_add_up(engine: sa.Engine) -> None:
    """Increments over commits, negative ones too (a gap closes)."""
    ledger = ledger_on(engine)
    ledger.commit(a_commit(1, books={("gaps", ""): 3, ("accepted", ""): 5}))
    ledger.commit(a_commit(2, books={("gaps", ""): -2, ("duplicate", ""): 0}))

    counts = {row["name"]: row["count"] for row in rows_of(engine, books)}

    assert counts == {"accepted": 5, "gaps": 1}


def test_failed_commit_stores_nothing(engine: sa.Engine) -> None:
    """A row that the database refuses takes the whole commit with it."""
    ledger = ledger_on(engine)
    ledger.commit(a_commit(1))
    before = everything(engine)
    broken = a_theft()
    broken.quarantine = [a_refusal(12, reason=None)]

    with pytest.raises(StoreError) as failed:
        ledger.commit(broken)

    assert not failed.value.may_pass
    assert everything(engine) == before


def test_full_disk_may_pass_and_loses_nothing(tmp_path: Path) -> None:
    """The same commit succeeds when there is space again."""
    with small_disk(tmp_path / "disk", kib=3000) as disk, records_in(disk) as engine:
        ledger = ledger_on(engine)
        ledger.commit(a_commit(1))
        ballast = fill_up(disk)
        commit = a_commit(2, quarantine=[a_refusal(k, payload=b"x" * 900) for k in range(500)])
        with pytest.raises(StoreError) as failed:
            ledger.commit(commit)
        kept = (ledger.offset(), rows_of(engine, quarantine))
        ballast.unlink()

        ledger.commit(commit)

        assert failed.value.may_pass
        assert kept == (1, [])
        assert len(rows_of(engine, quarantine)) == 500


def test_incident_follows_its_alert(engine: sa.Engine) -> None:
    """Level, place and reasons; its version rises with the level."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    before = rows_of(engine, incidents)[0]

    ledger.commit(a_commit(50, alerts=[a_change(3, level=Level.DANGER, grid="g9", area="g9")]))

    after = rows_of(engine, incidents)[0]
    assert (after["level"], after["area"], after["grid"]) == (4, "g9", "g9")
    assert after["lat_deg"] == pytest.approx(31.823)
    assert after["updated_ms"] == NOW_MS + 3000
    assert after["version"] == before["version"] + 1


def test_incident_that_only_moves_keeps_its_version(engine: sa.Engine) -> None:
    """An officer who takes it while the vehicle rides on is not refused for an old version."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    before = rows_of(engine, incidents)[0]

    ledger.commit(a_commit(50, alerts=[a_change(3, level=Level.CONFIRMED, what="moved")]))

    after = rows_of(engine, incidents)[0]
    assert after["lat_deg"] == pytest.approx(31.823)
    assert after["version"] == before["version"]


def test_change_after_the_opening_in_the_same_commit_counts(engine: sa.Engine) -> None:
    """The processor commits a batch at once: the incident stands where the batch ends."""
    confirmed = a_change(2, level=Level.CONFIRMED)
    changes = [a_change(1), confirmed, a_change(3, level=Level.DANGER)]
    ledger_on(engine).commit(a_commit(9, alerts=changes, incidents=[an_opening(confirmed)]))

    incident = rows_of(engine, incidents)[0]
    assert incident["level"] == Level.DANGER
    assert incident["lat_deg"] == pytest.approx(31.823)


def test_incident_level_never_falls_and_its_place_is_never_forgotten(engine: sa.Engine) -> None:
    """A change without a position, at a lower level, leaves both."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())

    ledger.commit(
        a_commit(50, alerts=[a_change(3, lat_deg=None, lon_deg=None, acc_m=None, grid="")])
    )

    after = rows_of(engine, incidents)[0]
    assert after["level"] == Level.CONFIRMED
    assert after["lat_deg"] == pytest.approx(31.822)
    assert after["grid"] == "34010400100001"


def test_closed_incident_stays_as_it_was_closed(engine: sa.Engine) -> None:
    """Later changes of its alert are in the alert alone."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    with writing(engine) as connection:
        connection.execute(sa.update(incidents).values(state="closed", outcome="test"))
    before = rows_of(engine, incidents)

    ledger.commit(a_commit(50, alerts=[a_change(3, level=Level.DANGER)]))

    assert rows_of(engine, incidents) == before


def test_second_alert_joins_the_open_incident_of_its_vehicle(engine: sa.Engine) -> None:
    """At most one open incident per vehicle and kind; its log says who joined."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    joining = a_change(1, alert_id="a2", level=Level.CONFIRMED)

    ledger.commit(a_commit(50, alerts=[joining], incidents=[an_opening(joining)]))
    ledger.commit(a_commit(51, alerts=[joining], incidents=[an_opening(joining)]))

    assert [row["id"] for row in rows_of(engine, incidents)] == ["inc-a1"]
    reasons = [row["reason"] for row in rows_of(engine, incident_log)]
    assert len(reasons) == 2
    assert "a2" in str(reasons[1])


def test_what_a_joined_alert_tells_names_the_incident_that_exists(engine: sa.Engine) -> None:
    """An officer who opens the notice finds the incident, then and later."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    joining = a_change(1, alert_id="a2", level=Level.CONFIRMED)
    ledger.commit(
        a_commit(
            50,
            alerts=[joining],
            incidents=[an_opening(joining)],
            notices=[a_notice("inc-a2:a1:webhook", alert_id="a2", incident_id="inc-a2")],
        )
    )

    ledger.commit(
        a_commit(
            60,
            alerts=[a_change(2, alert_id="a2", level=Level.DANGER)],
            notices=[a_notice("inc-a2:a2:webhook", alert_id="a2", incident_id="inc-a2")],
        )
    )

    told = [row for row in rows_of(engine, outbox) if row["alert_id"] == "a2"]
    incident = rows_of(engine, incidents)[0]
    assert [row["incident_id"] for row in told] == ["inc-a1", "inc-a1"]
    assert [json.loads(row["body"])["incident_id"] for row in told] == ["inc-a1", "inc-a1"]
    assert incident["level"] == Level.DANGER


def test_another_kind_opens_its_own_incident(engine: sa.Engine) -> None:
    """An SOS on a stolen vehicle is not hidden in the theft."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    sos = a_change(1, alert_id="a2", kind=AlertKind.SOS, level=Level.DANGER)

    ledger.commit(a_commit(50, alerts=[sos], incidents=[an_opening(sos)]))

    assert [row["id"] for row in rows_of(engine, incidents)] == ["inc-a1", "inc-a2"]


def test_closed_incident_makes_room_for_the_next(engine: sa.Engine) -> None:
    """Stolen again after the first case was closed."""
    ledger = ledger_on(engine)
    ledger.commit(a_theft())
    with writing(engine) as connection:
        connection.execute(sa.update(incidents).values(state="closed", outcome="test"))
    again = a_change(1, alert_id="a2", level=Level.CONFIRMED)

    ledger.commit(a_commit(50, alerts=[again], incidents=[an_opening(again)]))

    states = {row["id"]: row["state"] for row in rows_of(engine, incidents)}
    assert states == {"inc-a1": "closed", "inc-a2": "open"}
