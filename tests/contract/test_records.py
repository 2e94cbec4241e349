"""Opening, migrating and sharing the records database."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api.roles import CITY
from devices.errors import StoreError
from devices.model import PLAIN, DeviceClass
from stores.processing import RecordsControl, put_control
from stores.queries_quarantine import QuarantineQueries
from stores.records import downgrade, migrate, open_records, writing
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import control, metadata, quarantine, sites
from support.stores_records import records_in, rows_of, url_of
from support.stores_tmpfs import fill_up, small_disk

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "support" / "stores_records_child.py"


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    """A process on a records database."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, str(CHILD), url, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def definitions(engine: sa.Engine) -> dict[str, list[str]]:
    """What SQLite keeps of every table and index: the parts, in an order that does not matter.

    A column that was added later stands on another line, and behind a constraint.
    """
    query = sa.text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%alembic%'")
    with engine.connect() as connection:
        return {row.name: parts_of(row.sql or "") for row in connection.execute(query)}


def parts_of(sql: str) -> list[str]:
    """The columns and constraints of a CREATE statement."""
    head, _, inner = " ".join(sql.split()).partition("(")
    parts = re.split(r",(?![^(]*\))", inner.removesuffix(")"))
    return sorted([head.strip(), *(part.strip() for part in parts)])


def fail_after(control_id: int) -> None:
    """The caller's bug, right after its row was written."""
    raise ZeroDivisionError(control_id)


def test_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    """Alembic finds no difference, and SQLite keeps the same definitions as for the tables."""
    made = open_records("sqlite://")
    metadata.create_all(made)
    with records_in(tmp_path) as engine:
        with engine.connect() as connection:
            difference = compare_metadata(MigrationContext.configure(connection), metadata)

        assert difference == []
        assert definitions(engine) == definitions(made)
    made.dispose()


def test_migrations_are_found_in_an_installed_package(tmp_path: Path) -> None:
    """The wheel holds them, and they run from wherever it was unpacked, in any folder."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    site = tmp_path / "site"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    code = (
        "import sys, stores\n"
        "from stores.records import migrate, open_records\n"
        "migrate(open_records(sys.argv[1]))\n"
        "print(stores.__file__)\n"
    )

    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, url_of(tmp_path / "records.db")],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stderr == ""
    assert Path(ran.stdout.strip()).is_relative_to(site)
    engine = open_records(url_of(tmp_path / "records.db"))
    assert set(sa.inspect(engine).get_table_names()) > set(metadata.tables)
    engine.dispose()


def test_migrating_again_changes_nothing(engine: sa.Engine) -> None:
    """Every part does it at its start."""
    with writing(engine) as connection:
        put_control(connection, b"{}", 1)

    migrate(engine)

    assert len(rows_of(engine, control)) == 1


def test_downgrade_and_upgrade_work_with_data(engine: sa.Engine) -> None:
    """Down to nothing and up again, with rows in the tables."""
    with writing(engine) as connection:
        put_control(connection, b"{}", 1)
        connection.execute(sa.insert(sites).values(id="s-1", body="{}"))

    downgrade(engine, "base")
    left = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    migrate(engine)

    assert left == set()
    assert rows_of(engine, control) == []


YESTERDAY = (
    "INSERT INTO devices (id, cls, secret_hash, registered_ms) VALUES ('trk-1', 'trk', 'h', 1)",
    "INSERT INTO devices (id, cls, secret_hash, registered_ms) VALUES ('trk-2', 'trk', 'h', 1)",
    "DELETE FROM devices WHERE id = 'trk-2'",
    (
        "INSERT INTO quarantine"
        "(seq, item, recv_ms, topic, device_id, reason, detail, payload, code_version)"
        "VALUES (7, -1, 1790000000000, 't', 'trk-1', 'json', 'd', BYTES, '0.1.0')"
    ),
)
MORE_OF_YESTERDAY = (
    "INSERT INTO quarantine"
    "(seq, item, recv_ms, topic, device_id, reason, detail, payload, code_version) VALUES "
    "(8, 3, 1790000000000, 't', 'trk-1', 'range', 'd', '{}', '0.1.0'),"
    "(9, -1, 1790000000000, 't', 'trk-1', 'retained', 'd', '{}', '0.1.0'),"
    "(10, -1, 1790000000000, '', '', 'control', 'd', '{}', '0.1.0')"
)


def yesterday(connection: sa.Connection, statements: Sequence[str]) -> list[str]:
    """The statements in the database's own way of writing bytes."""
    on_server = connection.dialect.name == "postgresql"
    bytes_ = r"'\x00ff00'" if on_server else "x'00ff00'"
    return [statement.replace("BYTES", bytes_) for statement in statements]


def test_database_of_yesterday_opens_today(bare_url: str) -> None:
    """Its rows stay, with what can be told of them; a slot that was given is never given again."""
    engine = open_records(bare_url)
    migrate(engine, "0001")
    with writing(engine) as connection:
        for statement in yesterday(connection, YESTERDAY):
            connection.exec_driver_sql(statement)

    migrate(engine)

    [row] = QuarantineQueries(engine).page(CITY, limit=9)
    assert (row.seq, row.bytes, row.stored_ms) == (7, 3, 1_790_000_000_000)
    assert (row.retained, row.queued_ms, row.replayed_ms, row.replay_by) == (
        False,
        None,
        None,
        None,
    )
    registry = Registry(engine, lambda: 2)
    assert [(device.slot, device.profile) for device in registry.devices()] == [(1, PLAIN)]
    fresh = NewDevice(id="trk-3", cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106 - of nobody
    assert registry.add_devices([fresh]).devices[0].slot == 3
    engine.dispose()


def test_what_yesterday_kept_of_a_message_is_not_run_again(bare_url: str) -> None:
    """A bare element is no message; what was retained is known to have been."""
    engine = open_records(bare_url)
    migrate(engine, "0001")
    with writing(engine) as connection:
        for statement in yesterday(connection, (*YESTERDAY, MORE_OF_YESTERDAY)):
            connection.exec_driver_sql(statement)

    migrate(engine)

    book = QuarantineQueries(engine)
    rows = {row.seq: row for row in book.page(CITY, limit=9)}
    assert {seq: row.runnable for seq, row in rows.items()} == {
        7: True,
        8: False,
        9: True,
        10: False,
    }
    assert [seq for seq, row in rows.items() if row.retained] == [9]
    assert book.held(CITY)[0] == 2
    engine.dispose()


def test_counting_by_reason_reads_no_payload(tmp_path: Path) -> None:
    """One index has all of it: payloads are megabytes a device and day."""
    with records_in(tmp_path) as engine:
        asked: list[str] = []
        listen = sa.event.listens_for(engine, "before_cursor_execute")
        listen(lambda *words: asked.append(words[2]))
        QuarantineQueries(engine).reasons(CITY)
        with engine.connect() as connection:
            nothing = ("",) * asked[-1].count("?")
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1]}", nothing).all()

    assert "USING COVERING INDEX quarantine_by_reason" in " ".join(row[-1] for row in plan)


def test_newest_step_goes_back_and_forth_with_data(engine: sa.Engine) -> None:
    """Going back takes its columns alone."""
    with writing(engine) as connection:
        for statement in yesterday(connection, YESTERDAY):
            connection.exec_driver_sql(statement)

    downgrade(engine, "0001")
    columns = {column["name"] for column in sa.inspect(engine).get_columns("quarantine")}
    migrate(engine)

    assert columns.isdisjoint({"retained", "queued_ms", "replayed_ms", "bytes"})
    assert [(row["seq"], row["bytes"]) for row in rows_of(engine, quarantine)] == [(7, 3)]


def test_long_control_rows_are_given_a_few_at_a_time(engine: sa.Engine) -> None:
    """Held messages make rows of megabytes: the receiver does not take 500 of them at once."""
    with writing(engine) as connection:
        ids = [put_control(connection, b"x" * 5_000_000, k) for k in range(5)]
    source = RecordsControl(engine)

    seen: list[int] = []
    lengths: list[int] = []
    while rows := source.after(seen[-1] if seen else 0, 500):
        seen += [control_id for control_id, _ in rows]
        lengths.append(len(rows))

    assert seen == ids
    assert lengths == [3, 2]


def test_failed_transaction_leaves_nothing(engine: sa.Engine) -> None:
    """Rows written before the error are gone too."""
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        fail_after(put_control(connection, b"{}", 1))

    assert rows_of(engine, control) == []


def test_pragmas_of_durability_hold_on_every_connection(tmp_path: Path) -> None:
    """WAL, FULL (2), foreign keys."""
    with records_in(tmp_path) as engine, engine.connect() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

    assert values == ["wal", 2, 1, 10_000]


def test_error_text_holds_no_values(engine: sa.Engine) -> None:
    """Plates and places do not get into a log by way of an error."""
    twice = {"id": "s-1", "body": "plate 皖A12345"}

    with pytest.raises(sa.exc.IntegrityError) as failed, writing(engine) as connection:
        connection.execute(sa.insert(sites), [twice, twice])

    assert "皖A12345" not in str(failed.value)


def test_many_processes_may_start_at_once(bare_url: str) -> None:
    """All migrate the same new file; none fails, none makes a table twice."""
    children = [start(bare_url, "migrate") for _ in range(5)]

    answers = [child.communicate(timeout=60) for child in children]

    assert answers == [("done\n", "")] * 5


def test_two_writing_processes_never_meet_a_lock(records_url: str, engine: sa.Engine) -> None:
    """They wait for each other; every row of both is there."""
    children = [
        start(records_url, "control", "--count", "150"),
        start(records_url, "process", "--count", "150"),
    ]

    answers = [child.communicate(timeout=60) for child in children]

    assert [complaint for _, complaint in answers] == ["", ""]
    assert [said.split()[-1] for said, _ in answers] == ["done", "done"]
    assert len(rows_of(engine, control)) == 150


def test_reader_is_not_held_up_by_a_writer(engine: sa.Engine) -> None:
    """It sees what was committed before."""
    with writing(engine) as writer:
        put_control(writer, b"{}", 1)

        seen = rows_of(engine, control)

    assert seen == []


def test_control_rows_come_in_order_and_once(engine: sa.Engine) -> None:
    """Above the mark, ascending, with the bytes that were put."""
    with writing(engine) as connection:
        ids = [put_control(connection, b"%d" % k, k) for k in range(5)]
    source = RecordsControl(engine)

    rows = source.after(ids[1], 2)

    assert rows == [(ids[2], b"2"), (ids[3], b"3")]
    assert source.after(ids[-1], 10) == []


def test_control_ids_are_never_used_again(engine: sa.Engine) -> None:
    """A deleted newest row does not give its number to the next one: the journal knows it."""
    with writing(engine) as connection:
        first = put_control(connection, b"{}", 1)
        connection.execute(sa.delete(control))
    with writing(engine) as connection:
        second = put_control(connection, b"{}", 1)

    assert second > first


def test_full_disk_may_pass(tmp_path: Path) -> None:
    """Nothing is stored, the error says so, and freed space is enough."""
    with small_disk(tmp_path / "disk", kib=2000) as disk, records_in(disk) as engine:
        source = RecordsControl(engine)
        ballast = fill_up(disk)
        body = b"x" * 100_000
        with pytest.raises(sa.exc.OperationalError, match="full"), writing(engine) as connection:
            put_control(connection, body, 1)
        kept = source.after(0, 10)
        ballast.unlink()

        with writing(engine) as connection:
            put_control(connection, body, 1)

        assert kept == []
        assert source.after(0, 10)[0][1] == body


def test_file_that_is_no_database_may_not_pass(tmp_path: Path) -> None:
    """Waiting will not mend it."""
    (tmp_path / "records.db").write_bytes(b"not a database" * 1000)
    engine = open_records(url_of(tmp_path / "records.db"))

    with pytest.raises(StoreError) as failed:
        RecordsControl(engine).after(0, 1)

    assert not failed.value.may_pass
    engine.dispose()
