"""An import of devices reads by keys alone: a thousand rows cost the same in any fleet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from devices.crs import Crs
from devices.model import Vehicle
from parkguard.importing.device_shelf import Devices
from parkguard.importing.fault_book import FaultBook
from parkguard.importing.fresh_secrets import FreshSecrets
from parkguard.importing.kinds import Kind
from parkguard.importing.reading import open_source
from parkguard.importing.run import check, write
from stores.records import migrate, open_records
from stores.registry import Registry

TRACKERS = (
    "id,vehicle_id,model,gateway,foreign.jt808,foreign.traccar\n"
    "trk-1,veh-1,T1,gw-1,013912345671,861234567890123\n"
    "trk-2,veh-2,T2,gw-1,013912345672,861234567890124\n"
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A records database of its own."""
    engine = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def plan_of(engine: sa.Engine, statement: str, cells: Any) -> list[str]:  # noqa: ANN401 - as the driver takes them
    """How SQLite answers a statement, a step each."""
    with engine.connect() as connection:
        asked = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", cells)
        return [str(row[3]) for row in asked]


def test_no_step_of_an_import_reads_a_whole_table(engine: sa.Engine, tmp_path: Path) -> None:
    """Holders of foreign ids were once looked for without the adapter: the whole table each time.

    A million trackers were a thousand such reads of a table that grew with them.
    """
    file = tmp_path / "trackers.csv"
    file.write_text(TRACKERS)
    registry = Registry(engine, lambda: 1)
    registry.add_vehicles([Vehicle(id="veh-1"), Vehicle(id="veh-2")])
    said: list[tuple[str, object]] = []

    def listen(*event: Any) -> None:  # noqa: ANN401 - as SQLAlchemy gives it
        _, _, statement, cells, _, is_many = event
        if statement.startswith(("SELECT", "DELETE", "UPDATE")):
            said.append((statement, cells[0] if is_many else cells))

    sa.event.listen(engine, "before_cursor_execute", listen)
    source = open_source(file, Kind.TRACKERS)
    with FaultBook(None, source.headers) as book, FreshSecrets() as fresh:
        shelf = Devices(
            engine, registry, Kind.TRACKERS, Crs.WGS84, fresh=fresh, keep_secrets=lambda _new: None
        )
        counts = check(source, shelf, book, lambda _size: None)
        write(source, shelf, book.rows, counts, lambda _size: None)
    sa.event.remove(engine, "before_cursor_execute", listen)

    steps = [step for each in said for step in plan_of(engine, *each)]
    assert counts.written == 2
    assert any(step.startswith("SEARCH foreign_ids") for step in steps)
    assert [step for step in steps if step.startswith("SCAN") and "json_each" not in step] == []
