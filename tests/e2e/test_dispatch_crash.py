"""Killing any process between commit and delivery loses nothing and tells nobody twice (P12)."""

import asyncio
import json
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from parkguard.clock import wall_ms
from stores.schema import outbox
from support.delivery_parts import key_file, police_desk, start_dispatcher
from support.delivery_rows import (
    controls,
    feed_rows,
    incident,
    logged,
    put_incident,
    put_row,
    records_at,
    rows,
    states,
)
from support.delivery_run import WAIT_S, eventually

INCIDENTS = 16
KILLS = 10


def committed(engine: sa.Engine) -> None:
    """Incidents with their police and feed rows, one transaction each."""
    for number in range(1, INCIDENTS + 1):
        with engine.begin() as connection:
            at_ms = wall_ms()
            put_incident(connection, number, at_ms=at_ms)
            put_row(connection, number, at_ms=at_ms, channel="feed", receiver="feed")
            put_row(connection, number, at_ms=at_ms)


@pytest.mark.fault(41)
def test_ten_kills_between_send_and_commit_tell_each_case_once(tmp_path: Path) -> None:
    """Each kill comes after the desk said yes and before we wrote it down."""
    records = tmp_path / "records.db"
    with records_at(records) as engine, police_desk(tmp_path, "--json") as desk:
        committed(engine)

        for _ in range(KILLS):
            doomed = start_dispatcher(records, desk.url, key_file(tmp_path), die_after=1)
            assert doomed.wait(WAIT_S) == -signal.SIGKILL
        last = start_dispatcher(records, desk.url, key_file(tmp_path))
        asyncio.run(
            eventually(
                lambda: set(states(engine)) == {"sent"} and len(feed_rows(engine)) == 2 * INCIDENTS,
                what="everything told",
            )
        )
        last.terminate()
        assert last.wait(WAIT_S) == 0
        cases = desk.get("cases")["cases"]

        # The desk: each incident is one case, told once, though it was sent again after each kill.
        assert sorted(int(case["case"]) for case in cases) == list(range(1, INCIDENTS + 1))
        assert {case["incident"] for case in cases} == {
            f"inc-{number}" for number in range(1, INCIDENTS + 1)
        }
        assert all(len(case["notices"]) == 1 for case in cases)
        repeats = sum(case["notices"][0]["deliveries"] - 1 for case in cases)
        assert repeats >= KILLS

        # Ours: case numbers as the desk gave them, one log line and one Delivered for each.
        for case in cases:
            number = int(case["incident"].removeprefix("inc-"))
            assert incident(engine, number)["case_number"] == case["case"]
            assert incident(engine, number)["version"] == 2
        assert len(logged(engine)) == INCIDENTS
        told = [(said["type"], said["alert_id"]) for said in controls(engine)]
        assert sorted(told) == sorted(
            ("delivered", f"al-{number}") for number in range(1, INCIDENTS + 1)
        )

        # The feed: gapless, in outbox id order, each thing once.
        fed = feed_rows(engine)
        assert [row["id"] for row in fed] == list(range(1, 2 * INCIDENTS + 1))
        assert [row["outbox_id"] for row in fed] == sorted(row["outbox_id"] for row in fed)
        actions = [(row["action"], row["body"]["incident_id"]) for row in fed]
        assert len(set(actions)) == 2 * INCIDENTS


def test_desk_that_dies_after_writing_and_before_answering_is_told_once(tmp_path: Path) -> None:
    """The repeat finds the case in the desk's diary, and gets the same number."""
    records = tmp_path / "records.db"
    desk_is = police_desk(tmp_path, "--hang-s", "60", "--hang-first", "1", "--first-case", "17")
    with records_at(records) as engine, desk_is as desk:
        with engine.begin() as connection:
            put_incident(connection, 1, at_ms=wall_ms())
            put_row(connection, 1, at_ms=wall_ms())
        diary = tmp_path / "desk.jsonl"

        dispatcher = start_dispatcher(records, desk.url, key_file(tmp_path))
        asyncio.run(eventually(lambda: diary.read_bytes().endswith(b"\n"), what="written down"))
        desk.kill_and_restart()
        asyncio.run(eventually(lambda: desk.get("cases")["posts"], what="the repeat"))
        # the restarted desk hangs on its first POST again; the time limit brings the next one
        asyncio.run(eventually(lambda: states(engine) == ["sent"], what="told"))
        dispatcher.terminate()
        assert dispatcher.wait(WAIT_S) == 0

        (case,) = desk.get("cases")["cases"]
        assert case["case"] == "17"
        assert len(case["notices"]) == 1
        assert case["notices"][0]["deliveries"] >= 3
        assert incident(engine, 1)["case_number"] == "17"
        assert json.loads(rows(engine, outbox)[0]["answer"]) == {"status": "accepted", "case": "17"}
