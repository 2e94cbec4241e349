"""Commands in the records database: the newest word of each, on SQLite and PostgreSQL."""

from dataclasses import replace

import sqlalchemy as sa

from alerts.ports import ProcessCommit
from devices.command import CommandChange, CommandKind, CommandState, Order
from stores.commands import forget_commands, put_commands
from stores.processing import RecordsProcessLedger
from stores.queries_commands import CommandQueries
from stores.records import writing

ASKED = CommandChange(
    cmd_id="5c1f0b6a2d9e4f37",
    device_id="trk-1",
    order=Order(kind=CommandKind.INTERVAL, every_s=5, for_s=180),
    by="system",
    why="suspicion",
    asked_ms=1_000,
    until_ms=91_000,
    state=CommandState.QUEUED,
    at_ms=1_000,
    sends=0,
    detail="",
    version=0,
)
SENT = replace(ASKED, state=CommandState.SENT, sends=1, version=1)
DONE = replace(SENT, state=CommandState.DONE, at_ms=3_000, detail="every\x005 s", version=2)


def put(engine: sa.Engine, *changes: CommandChange) -> None:
    """Write them in one transaction."""
    with writing(engine) as connection:
        put_commands(connection, changes)


def test_a_command_is_one_row_and_its_newest_word_stays(engine: sa.Engine) -> None:
    """Run again from the journal, older words change nothing; what no database keeps is escaped."""
    put(engine, ASKED, SENT)
    put(engine, DONE)
    put(engine, ASKED, SENT)

    row = CommandQueries(engine).one("trk-1", ASKED.cmd_id)

    assert row is not None
    assert (row.state, row.version, row.sends, row.changed_ms) == ("done", 2, 1, 3_000)
    assert (row.kind, row.every_s, row.for_s, row.why) == ("interval", 5.0, 180.0, "suspicion")
    assert "\x00" not in row.detail
    assert CommandQueries(engine).one("trk-2", ASKED.cmd_id) is None


def test_a_page_is_newest_first_below_its_key(engine: sa.Engine) -> None:
    """Two of one moment are told apart by their ids."""
    names = ["aa", "ab", "ac"]
    put(engine, *(replace(DONE, cmd_id=name, asked_ms=7) for name in names))
    put(engine, replace(DONE, cmd_id="ad", asked_ms=8), replace(DONE, cmd_id="b", device_id="x"))
    book = CommandQueries(engine)

    first = book.page("trk-1", before=None, limit=2)
    rest = book.page("trk-1", before=(first[-1].asked_ms, first[-1].id), limit=9)

    assert [row.id for row in first + rest] == ["ad", "ac", "ab", "aa"]


def test_only_what_ended_is_forgotten(engine: sa.Engine) -> None:
    """An open command waits for its deadline, however old it is."""
    put(engine, DONE, replace(SENT, cmd_id="open"), replace(DONE, cmd_id="new", at_ms=9_000))

    gone = forget_commands(engine, 5_000)

    left = {row.id for row in CommandQueries(engine).page("trk-1", before=None, limit=9)}
    assert (gone, left) == (1, {"open", "new"})


def test_the_processor_stores_commands_with_its_offset(engine: sa.Engine) -> None:
    """One transaction: what is sent afterwards stands there."""
    ledger = RecordsProcessLedger(engine, "test", now_ms=lambda: 5_000)

    ledger.commit(ProcessCommit(upto_seq=7, recv_ms=1_000, books={}, commands=[ASKED, SENT]))

    assert ledger.offset() == 7
    assert [row.state for row in CommandQueries(engine).page("trk-1", before=None, limit=9)] == [
        "sent"
    ]
