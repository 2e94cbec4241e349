"""A whole town with its records on a real PostgreSQL that is killed in the middle of a theft."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from parkguard.clock import wall_ms
from parkguard.parts import PART_NAMES
from parkguard.status_files import read_all
from stores.records_months import Month
from stores.schema import alerts, feed, incidents, outbox
from support.broker import wait_until
from support.machine import missing_mosquitto
from support.postgres_server import PostgresServer
from support.postgres_settings import postgres_settings
from support.town import Town

pytestmark = [pytest.mark.broker, pytest.mark.postgres]
WITHIN_S = 50.0
"""Any moment of the story comes within this, or is missing."""
BUSY = 503


@pytest.mark.fault(36)
@pytest.mark.promise(12, 13)
def test_alerts_reach_people_over_a_server_that_dies(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """SIGKILL between alert and incident: each comes once, nobody is told twice, books balance."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    records = postgres_settings(postgres.clean_database(), tmp_path / "private")
    settings = {
        "records": records | {"connect_s": 2.0},
        "dispatch": {"retry_first_s": 0.2},
        "process": {"checkpoint_s": 2},
    }
    with Town(tmp_path, settings=settings) as town, town.client() as client:
        town.up()
        run_dir = town.settings.data_dir / "run"
        town.open_offices()
        city = town.live(seconds=45, answer_s=1.0)
        wait_until(lambda: town.rows(alerts), within_s=WITHIN_S, what="the first alert")
        pids = {part: town.pid(part) for part in PART_NAMES}
        postgres.kill()
        wait_until(
            lambda: "records" in read_all(run_dir)["process"].reason, what="the processor says it"
        )
        while_away = client.get("/v1/incidents")
        postgres.start()
        wait_until(lambda: _cases(town), within_s=WITHIN_S, what="a case at the desk")
        wait_until(
            lambda: all(row["state"] != "due" for row in town.rows(outbox)),
            within_s=WITHIN_S,
            what="everybody is told",
        )
        city.end()
        wait_until(town.is_quiet, within_s=30, what="everything is stored")
        books, opened, truths = town.books(), town.rows(incidents), town.truths()
        shown = client.get("/v1/incidents").json()
        cases = town.asked("police", "cases")["cases"]
        feed_ids = [row["id"] for row in town.rows(feed)]
        months = {f"{table}_{Month.of(wall_ms()).name}" for table in ("audit", "outbox")}
        made = set(sa.inspect(town.engine).get_table_names())
        survivors = {part: town.pid(part) for part in PART_NAMES}

    assert while_away.status_code == BUSY
    assert survivors == pids
    assert made >= months
    assert not (tmp_path / "data" / "records.db").exists()
    assert {row["vehicle_id"] for row in opened} <= {
        name for name, theft in truths.items() if theft
    }
    assert sorted(item["id"] for item in shown["incidents"]) == sorted(row["id"] for row in opened)
    assert sorted(case["incident"] for case in cases) == sorted(row["id"] for row in opened)
    assert all([n["action"] for n in case["notices"]].count("opened") == 1 for case in cases)
    assert feed_ids == list(range(1, len(feed_ids) + 1))
    assert books["received"] == books["accepted"] + books["duplicate"] + books["quarantined"]
    assert books["accepted"] == books["projected"] + books["thinned"]


def _cases(town: Town) -> int:
    """How many incidents have a case number of the police."""
    return sum(row["case_number"] is not None for row in town.rows(incidents))
