"""A file whose writer is killed or whose disk is full; and the projector's ledger."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest

from devices.errors import StoreError
from stores.memory import MemoryProjectLedger
from stores.telemetry_sqlite import SqliteProjectLedger, SqliteTelemetry
from support.stores_tmpfs import fill_up, small_disk
from support.telemetry_rows import NOW_MS, a_row
from support.telemetry_stores import everything

Ledger = MemoryProjectLedger | SqliteProjectLedger
CHILD = Path(__file__).parents[1] / "support" / "stores_telemetry_child.py"


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """Each ledger in turn, empty."""
    made: Ledger = MemoryProjectLedger()
    if request.param == "sqlite":
        made = SqliteProjectLedger(tmp_path / "project.db")
    yield made
    made.close()


def test_ledger_moves_offset_and_books_together(ledger: Ledger) -> None:
    """Increments add up by name and reason."""
    before = (ledger.offset(), ledger.books())
    ledger.commit(10, NOW_MS, {("projected", ""): 7, ("thinned", ""): 3})
    ledger.commit(15, NOW_MS, {("projected", ""): 5, ("thinned", ""): 0})

    assert before == (0, {})
    assert ledger.offset() == 15
    assert ledger.books() == {("projected", ""): 12, ("thinned", ""): 3}


def test_ledger_counts_a_repeated_commit_once(ledger: Ledger) -> None:
    """And refuses one that is behind: another projector has gone on."""
    for _ in range(2):
        ledger.commit(10, NOW_MS, {("projected", ""): 7})

    with pytest.raises(StoreError) as refused:
        ledger.commit(9, NOW_MS, {("projected", ""): 1})

    assert not refused.value.may_pass
    assert (ledger.offset(), ledger.books()) == (10, {("projected", ""): 7})


def test_killed_writer_keeps_what_it_returned(tmp_path: Path) -> None:
    """SIGKILL between commits: every returned batch is there, none is half there."""
    path = tmp_path / "t.db"
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(25):
        returned = child.stdout.readline()
    child.kill()
    returned = (child.communicate()[0].split() or [returned])[-1]

    store = SqliteTelemetry(path)
    count = store.count("fix")
    store.close()

    assert count >= int(returned)
    assert count % 10 == 0


@contextmanager
def writing(path: Path) -> Iterator[IO[str]]:
    """A process that writes all the time; what it says, a line after each ten rows."""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            yield child.stdout
        finally:
            child.kill()


def test_other_process_reads_while_one_writes(tmp_path: Path) -> None:
    """As the API beside the projector: whole batches, none that was returned is missing."""
    with writing(tmp_path / "t.db") as said, closing(SqliteTelemetry(tmp_path / "t.db")) as store:
        seen = [(int(said.readline()), store.count("fix")) for _ in range(50)]
        found = store.rows("fix", "trk-7", 0, 2**50, None, 10)

    assert all(count >= returned and count % 10 == 0 for returned, count in seen)
    assert [row.seq for row in found] == [7]


def test_reader_opens_while_somebody_holds_the_file(tmp_path: Path) -> None:
    """A writer in the middle of a long transaction keeps nobody waiting."""
    SqliteTelemetry(tmp_path / "t.db").close()
    with closing(sqlite3.connect(tmp_path / "t.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")

        with closing(SqliteTelemetry(tmp_path / "t.db")) as store:
            assert store.count("fix") == 0


def test_ledger_is_read_while_somebody_holds_it(tmp_path: Path) -> None:
    """As the API reads the books."""
    SqliteProjectLedger(tmp_path / "p.db").close()
    with closing(sqlite3.connect(tmp_path / "p.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")

        with closing(SqliteProjectLedger(tmp_path / "p.db")) as ledger:
            assert (ledger.offset(), ledger.books()) == (0, {})


def test_reader_opened_before_the_first_rows_sees_them(tmp_path: Path) -> None:
    """And one that is opened later, too."""
    writer, early = SqliteTelemetry(tmp_path / "t.db"), SqliteTelemetry(tmp_path / "t.db")
    writer.write([a_row()])
    late = SqliteTelemetry(tmp_path / "t.db")

    seen = [everything(reader) for reader in (early, late)]

    assert seen == [[a_row()], [a_row()]]
    for store in (writer, early, late):
        store.close()


def test_file_of_yesterday_opens(tmp_path: Path) -> None:
    """Columns that are written no more stay, those that are new are added; old rows are read."""
    with closing(sqlite3.connect(tmp_path / "t.db")) as old:
        old.executescript(
            "CREATE TABLE device (n INTEGER PRIMARY KEY, id TEXT UNIQUE);"
            "CREATE TABLE fix (device INTEGER, t_ms INTEGER, seq INTEGER, lat_deg REAL, "
            "lon_deg REAL, acc_m REAL, hdop REAL, source TEXT, flags INTEGER, recv_ms INTEGER, "
            "PRIMARY KEY (device, t_ms, seq)) WITHOUT ROWID;"
            "INSERT INTO device VALUES (1, 'trk-000001');"
        )
        row = (1, NOW_MS, 1, 31.82, 117.22, 6.5, 0.9, "gnss", 0, NOW_MS + 120)
        old.execute("INSERT INTO fix VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.commit()
    store = SqliteTelemetry(tmp_path / "t.db")
    store.write([a_row(), a_row(1.0, battery_pct=80.0)])

    assert everything(store) == [a_row(), a_row(1.0, battery_pct=80.0)]
    store.close()


def test_full_disk_may_pass_and_stores_nothing(tmp_path: Path) -> None:
    """Also the devices that were new in the batch are known again when it is repeated."""
    with small_disk(tmp_path / "disk", kib=2500) as disk:
        store = SqliteTelemetry(disk / "t.db")
        store.write([a_row()])
        rows = [a_row(k, device_id=f"trk-{k:06d}") for k in range(10_000)]
        ballast = fill_up(disk, leave_bytes=65_536)
        with pytest.raises(StoreError) as refused:
            store.write(rows)
        kept = store.count("fix")
        ballast.unlink()

        store.write(rows[:1000])

        assert refused.value.may_pass
        assert kept == 1
        assert store.count("fix") == 1001
        assert everything(store, "trk-000999") == [rows[999]]
        store.close()


def test_file_that_is_no_database_may_not_pass(tmp_path: Path) -> None:
    """Waiting will not mend it."""
    (tmp_path / "t.db").write_bytes(b"not a database" * 1000)

    with pytest.raises(StoreError) as refused:
        SqliteTelemetry(tmp_path / "t.db")

    assert not refused.value.may_pass


def test_poison_does_not_hold_up_the_next_batch(tmp_path: Path) -> None:
    """An integer that SQLite cannot hold is a bug; the transaction is over all the same."""
    store = SqliteTelemetry(tmp_path / "t.db")
    with pytest.raises(OverflowError):
        store.write([a_row(device_id="new", sat=2**70)])

    store.write([a_row(device_id="new")])

    assert store.count("fix") == 1
    store.close()
