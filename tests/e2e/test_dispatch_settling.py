"""What a receipt, a refusal and a failure change, each in one transaction."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from alerts.delivery.model import (
    Accepted,
    DeliveryReason,
    DueNotice,
    Failure,
    Rejected,
    RejectReason,
)
from alerts.delivery.ports import OutboxError
from devices.control import Delivered, decode
from stores.delivery import SqlOutbox
from stores.records import open_records, writing
from stores.schema import control, outbox
from support.delivery_rows import (
    T0_MS,
    a_notice,
    body_of,
    controls,
    incident,
    logged,
    put_incident,
    put_row,
    records_at,
    row_of,
    rows,
    states,
)

LATER_MS = T0_MS + 42_000
NO_TABLE = "no such table|relation .* does not exist"


@pytest.fixture
def engine(records_url: str) -> Iterator[sa.Engine]:
    opened = open_records(records_url)
    with opened.begin() as connection:
        put_incident(connection, 1, at_ms=T0_MS)
    yield opened
    opened.dispose()


@pytest.fixture
def store(engine: sa.Engine) -> Iterator[SqlOutbox]:
    store = SqlOutbox(engine)
    yield store
    store.close()


def put(engine: sa.Engine, **changes: object) -> int:
    with engine.begin() as connection:
        return put_row(connection, 1, at_ms=T0_MS, **changes)  # type: ignore[arg-type]


def due(
    store: SqlOutbox, *, channel: str = "webhook", target: str = "police", limit: int = 10
) -> list[DueNotice]:
    return store.due(channel, target, now_ms=LATER_MS, busy=(), limit=limit)


def test_accepted_case_is_kept_logged_fed_and_controlled(
    engine: sa.Engine, store: SqlOutbox
) -> None:
    """The case number goes everywhere at once."""
    row_id = put(engine)

    store.accepted(due(store)[0], Accepted(case="17"), at_ms=LATER_MS)

    row = row_of(engine, row_id)
    assert (row["state"], row["sent_ms"], row["attempts"]) == ("sent", LATER_MS, 1)
    assert json.loads(row["answer"]) == {"status": "accepted", "case": "17"}
    now = incident(engine, 1)
    assert (now["case_number"], now["version"], now["updated_ms"]) == ("17", 2, LATER_MS)
    (log,) = logged(engine)
    assert (log["by"], log["from_state"], log["to_state"]) == ("police", "open", "open")
    assert "17" in log["reason"]
    fed = rows(engine, outbox)[-1]
    assert (fed["channel"], fed["kind"], fed["action"]) == ("feed", "incident", "case_accepted")
    assert (fed["audience"], fed["state"], fed["alert_id"]) == ("officer", "due", "al-1")
    assert json.loads(fed["body"]) == body_of(1) | {
        "action": "case_accepted",
        "case_number": "17",
        "version": 2,
        "by": "police",
    }
    (said,) = rows(engine, control)
    assert decode(said["body"]) == Delivered(
        at_ms=LATER_MS, by="dispatch", alert_id="al-1", notice="incident", receiver="police"
    )


def test_receipt_written_twice_changes_nothing_more(engine: sa.Engine, store: SqlOutbox) -> None:
    """A repeat after an unclear commit is harmless."""
    put(engine)
    notice = due(store)[0]
    store.accepted(notice, Accepted(case="17"), at_ms=LATER_MS)
    before = (rows(engine, outbox), logged(engine), controls(engine), incident(engine, 1))

    store.accepted(notice, Accepted(case="17"), at_ms=LATER_MS + 1)
    store.given_up(
        notice, Failure(reason=DeliveryReason.REFUSED, detail="x", attempts=1), at_ms=LATER_MS
    )

    assert (rows(engine, outbox), logged(engine), controls(engine), incident(engine, 1)) == before


@pytest.mark.parametrize("table", ["incident_log", "control", "incidents"])
def test_receipt_is_written_in_whole_or_not_at_all(
    engine: sa.Engine, store: SqlOutbox, table: str
) -> None:
    """Whichever statement fails, the row is still due and nothing else has changed."""
    put(engine)
    notice = due(store)[0]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO hidden")

    with pytest.raises(OutboxError, match=NO_TABLE):
        store.accepted(notice, Accepted(case="17"), at_ms=LATER_MS)

    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE hidden RENAME TO {table}")
    assert states(engine) == ["due"]
    assert len(rows(engine, outbox)) == 1
    assert (incident(engine, 1)["case_number"], incident(engine, 1)["version"]) == (None, 1)
    assert (logged(engine), controls(engine)) == ([], [])


def test_same_case_again_is_no_change_of_the_incident(engine: sa.Engine, store: SqlOutbox) -> None:
    """Every update of an incident is answered with the case number it has already."""
    put(engine)
    store.accepted(due(store)[0], Accepted(case="17"), at_ms=LATER_MS)
    put(engine, version=3)

    store.accepted(due(store)[0], Accepted(case="17"), at_ms=LATER_MS)

    assert incident(engine, 1)["version"] == 2
    assert len(logged(engine)) == 1
    assert len(controls(engine)) == 2


def test_answer_to_an_old_notice_does_not_move_the_vehicle_back(
    engine: sa.Engine, store: SqlOutbox
) -> None:
    """case_accepted carries the newest position that was told."""
    put(engine)
    notice = due(store)[0]
    put(engine, version=5, channel="feed", receiver="feed")

    store.accepted(notice, Accepted(case="17"), at_ms=LATER_MS)

    body = json.loads(rows(engine, outbox)[-1]["body"])
    assert body["lat_deg"] == body_of(1, version=5)["lat_deg"]


@pytest.mark.parametrize("reason", RejectReason)
def test_rejection_is_kept_and_shown(
    engine: sa.Engine, store: SqlOutbox, reason: RejectReason
) -> None:
    """People see which reason the police gave."""
    row_id = put(engine)

    store.rejected(due(store)[0], Rejected(reason=reason), at_ms=LATER_MS)

    assert row_of(engine, row_id)["state"] == "rejected"
    assert json.loads(row_of(engine, row_id)["answer"]) == {"status": "rejected", "reason": reason}
    assert reason in logged(engine)[0]["reason"]
    fed = rows(engine, outbox)[-1]
    assert (fed["kind"], fed["action"], fed["audience"]) == ("incident", "case_rejected", "officer")
    assert json.loads(fed["body"])["reject_reason"] == reason
    assert controls(engine) == []


def test_owner_notice_gives_delivered_and_touches_no_incident(
    engine: sa.Engine, store: SqlOutbox
) -> None:
    """The ladder waits for exactly this control row."""
    put(engine, kind="owner_notice", action="told", receiver="owner:wang", incident_id=None)

    store.accepted(due(store, target="owner")[0], Accepted(), at_ms=LATER_MS)

    (said,) = controls(engine)
    assert (said["type"], said["notice"], said["receiver"]) == (
        "delivered",
        "owner_notice",
        "owner:wang",
    )
    assert logged(engine) == []


def test_mqtt_puback_is_no_proof_of_a_receiver(engine: sa.Engine, store: SqlOutbox) -> None:
    """The broker has it; whether anybody read it is not known."""
    row_id = put(engine, channel="mqtt", receiver="34010200000001")

    store.accepted(due(store, channel="mqtt", target="")[0], Accepted(), at_ms=LATER_MS)

    assert row_of(engine, row_id)["state"] == "sent"
    assert controls(engine) == []


def test_given_up_notice_stands_on_the_desks_feed(engine: sa.Engine, store: SqlOutbox) -> None:
    """Undelivered is visible: which alert, to whom, why, how often tried."""
    row_id = put(engine)
    failure = Failure(reason=DeliveryReason.SERVER_FAULT, detail="status 503", attempts=9)

    store.given_up(due(store)[0], failure, at_ms=LATER_MS)

    row = row_of(engine, row_id)
    assert (row["state"], row["attempts"]) == ("undelivered", 9)
    assert row["last_error"] == "server_fault: status 503"
    fed = rows(engine, outbox)[-1]
    assert (fed["kind"], fed["action"], fed["audience"]) == ("alert", "undelivered", "desk")
    body = json.loads(fed["body"])
    assert (body["alert_id"], body["vehicle"], body["level"], body["what"]) == (
        "al-1",
        "e-1",
        3,
        "undelivered",
    )
    assert body["t_ms"] == T0_MS - 500
    assert body["delivery"]["receiver"] == "police"
    assert body["delivery"]["reason"] == "server_fault"


def test_locked_database_is_an_error_that_may_pass(tmp_path: Path) -> None:
    """And nothing of the call is stored."""
    with records_at(tmp_path / "records.db") as engine:
        with engine.begin() as connection:
            put_incident(connection, 1, at_ms=T0_MS)
        put(engine)
        notice = due(SqlOutbox(engine))[0]
        impatient = sa.create_engine(engine.url, connect_args={"timeout": 0.05})

        with writing(engine), pytest.raises(OutboxError, match="locked") as caught:
            SqlOutbox(impatient).accepted(notice, Accepted(case="17"), at_ms=LATER_MS)
        impatient.dispose()

        assert caught.value.may_pass
        assert states(engine) == ["due"]
        assert controls(engine) == []


def test_error_text_holds_no_parameters(engine: sa.Engine) -> None:
    """A database error in the log names neither plate nor place."""
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE outbox")

    with pytest.raises(OutboxError) as caught:
        SqlOutbox(engine).accepted(a_notice(body="secret"), Accepted(), at_ms=LATER_MS)

    assert re.search(NO_TABLE, str(caught.value))
    assert "secret" not in str(caught.value)
