"""Held messages: written by the processor, asked for once, run again, forgotten in time."""

import pytest
import sqlalchemy as sa

from api.roles import CITY, Scope
from devices.control import HELD_BYTES_MAX, HELD_MAX, Held
from devices.model import DeviceClass
from stores import quarantine_replay
from stores.processing import RecordsProcessLedger, put_control
from stores.quarantine import forget_quarantine
from stores.quarantine_replay import REFUSED_MS, Queued
from stores.queries_quarantine import QuarantineQueries
from stores.records import FORGET_MAX, writing
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import audit, control, quarantine
from support.held_messages import ASKED_MS, ask, hold, ledger_on, requeues
from support.stores_records import NOW_MS, a_commit, a_refusal, rows_of


def test_row_keeps_everything_that_is_needed_to_run_it_again(engine: sa.Engine) -> None:
    """Bytes, topic, the retain flag, when it came and when it was written, by which code."""
    ledger_on(engine).commit(a_commit(9, quarantine=[a_refusal(9, retained=True)]))

    row = QuarantineQueries(engine).one(CITY, 1)

    assert row is not None
    assert (row.payload, row.bytes, row.retained) == (b"\xff{", 2, True)
    assert (row.recv_ms, row.stored_ms, row.code_version) == (NOW_MS, NOW_MS + 5000, "0.2.0")
    assert (row.queued_ms, row.replayed_ms, row.replay_by) == (None, None, None)


def test_hostile_words_are_stored_as_escapes(engine: sa.Engine) -> None:
    """Neither NUL nor half a character nor a terminal's command gets into a text column."""
    hostile = a_refusal(
        1,
        topic="pg/v1/\x00\ud800/x",
        device_id="d\x00" + "x" * 100,
        detail="a\x00b\nc\x1b[31m\u202e\ud800é皖",
    )

    ledger_on(engine).commit(a_commit(9, quarantine=[hostile]))

    [row] = QuarantineQueries(engine).page(CITY, limit=9)
    assert row.topic == "pg/v1/\\x00\\ud800/x"
    assert row.device_id == "d\\x00" + "x" * 92
    assert row.detail == "a\\x00b\\x0ac\\x1b[31m\\u202e\\ud800é皖"


def test_asked_rows_reach_the_processor_oldest_first(engine: sa.Engine) -> None:
    """By receive time, whole, with why they were refused; marks and audit are there at once."""
    hold(
        engine,
        a_refusal(1, recv_ms=NOW_MS + 2, payload=b"b"),
        a_refusal(2, recv_ms=NOW_MS + 1, payload=b"a", retained=True),
        a_refusal(3, reason="json"),
    )

    done = ask(engine, reason="utf8")

    [entry] = requeues(engine)
    topic = "pg/v1/up/trk/trk-000001/fix"
    assert entry.messages == [
        Held(row=2, recv_ms=NOW_MS + 1, topic=topic, payload=b"a", reason="utf8", retained=True),
        Held(row=1, recv_ms=NOW_MS + 2, topic=topic, payload=b"b", reason="utf8"),
    ]
    assert (entry.by, entry.at_ms) == ("zhao", ASKED_MS)
    assert done == Queued(queued=2, left=0, control_ids=(1,))
    marks = [(row["queued_ms"], row["replay_by"]) for row in rows_of(engine, quarantine)]
    assert marks == [(ASKED_MS, "zhao"), (ASKED_MS, "zhao"), (None, None)]
    assert [row["object"] for row in rows_of(engine, audit)] == ["quarantine:1"]


def test_two_clicks_run_it_once(engine: sa.Engine) -> None:
    """Also after it was run: only another refusal is another row."""
    hold(engine, a_refusal(1))

    first, second = ask(engine, ids=[1]), ask(engine, ids=[1])
    ledger_on(engine).commit(a_commit(9, requeued=[1]))
    third = ask(engine, ids=[1])

    assert [done.queued for done in (first, second, third)] == [1, 0, 0]
    assert len(requeues(engine)) == 1
    assert len(rows_of(engine, audit)) == 1


def test_run_again_is_noted_once_and_refused_anew_is_a_new_row(engine: sa.Engine) -> None:
    """The new row has the control entry's number; a repeated commit changes neither."""
    hold(engine, a_refusal(1), a_refusal(2))
    ask(engine)
    commit = a_commit(9, requeued=[1, 2], quarantine=[a_refusal(9, 0, reason="version")])
    ledger_on(engine).commit(commit)
    once = rows_of(engine, quarantine)

    RecordsProcessLedger(engine, "0.3.0", now_ms=lambda: NOW_MS + 9999).commit(commit)

    assert rows_of(engine, quarantine) == once
    assert [row["replayed_ms"] for row in once] == [NOW_MS + 5000, NOW_MS + 5000, None]
    assert [row["replay_by"] for row in once] == ["zhao", "zhao", None]
    assert (once[2]["seq"], once[2]["item"], once[2]["reason"]) == (9, 0, "version")


def test_row_that_nobody_asked_for_was_run_by_the_system(engine: sa.Engine) -> None:
    """A journal that is read anew runs what was asked for in another database."""
    hold(engine, a_refusal(1))

    ledger_on(engine).commit(a_commit(9, requeued=[1, 77]))

    assert [row["replay_by"] for row in rows_of(engine, quarantine)] == ["system"]


def test_our_own_control_rows_are_never_run_as_messages(engine: sa.Engine) -> None:
    """They are in quarantine when a newer API wrote them."""
    hold(engine, a_refusal(1, reason="control", topic=""))

    assert ask(engine).queued == 0
    assert QuarantineQueries(engine).held(CITY) == (0, 1)


def test_limit_takes_the_oldest_and_says_what_is_left(engine: sa.Engine) -> None:
    """Nothing is taken twice by asking again; later rows are not taken past ``upto_id``."""
    hold(engine, *(a_refusal(k) for k in range(1, 8)))

    done = [ask(engine, limit=3, upto_id=6) for _ in range(3)]

    assert [(one.queued, one.left) for one in done] == [(3, 3), (3, 0), (0, 0)]
    assert [held.row for entry in requeues(engine) for held in entry.messages] == [1, 2, 3, 4, 5, 6]


def test_control_rows_keep_their_bounds(engine: sa.Engine) -> None:
    """500 messages and 4 MiB each, and no message is left out at an edge."""
    small = [a_refusal(k) for k in range(1201)]
    large = [a_refusal(10_000 + k, payload=b"\xff" * 65_536, recv_ms=NOW_MS + 1) for k in range(60)]
    hold(engine, *small, *large)

    done = ask(engine)

    bodies = [row["body"] for row in rows_of(engine, control)]
    counts = [len(entry.messages) for entry in requeues(engine)]
    assert max(counts) == HELD_MAX
    assert max(len(body) for body in bodies) <= HELD_BYTES_MAX
    rows = [held.row for entry in requeues(engine) for held in entry.messages]
    assert rows == list(range(1, 1262))
    assert done.control_ids == tuple(range(1, len(counts) + 1))


def test_call_stops_when_it_is_full(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction stays short; the rest is left for the next call, never lost."""
    monkeypatch.setattr(quarantine_replay, "CALL_BYTES", 250)
    hold(engine, *(a_refusal(k, payload=b"x" * 100) for k in range(5)))

    done = [ask(engine) for _ in range(3)]

    assert [(one.queued, one.left) for one in done] == [(2, 3), (2, 1), (1, 0)]


def test_district_sees_its_own_devices_rows_only(engine: sa.Engine) -> None:
    """A stranger's messages are the whole city's, for reading and for running."""
    registry = Registry(engine, lambda: NOW_MS)
    here = NewDevice(id="trk-here", cls=DeviceClass.TRACKER, secret_hash="h", area="34")  # noqa: S106 - of nobody
    registry.add_devices([here])
    hold(engine, a_refusal(1, device_id="trk-here"), a_refusal(2, device_id="stranger"))
    district = Scope(areas=("34",))

    counts = QuarantineQueries(engine).reasons(district)
    done = ask(engine, district)

    assert [(one.reason, one.rows, one.held, one.devices) for one in counts] == [("utf8", 1, 1, 1)]
    assert (done.queued, [held.row for held in requeues(engine)[0].messages]) == (1, [1])


def test_asked_in_vain_is_held_again(engine: sa.Engine) -> None:
    """The processor passed the asking long ago and ran nothing: it did not understand it."""
    hold(engine, a_refusal(1), a_refusal(2))
    ask(engine)
    ledger = ledger_on(engine)
    ledger.commit(a_commit(8, recv_ms=ASKED_MS + REFUSED_MS, requeued=[2]))
    too_soon = ask(engine)

    ledger.commit(a_commit(9, recv_ms=ASKED_MS + REFUSED_MS + 1))
    counts = QuarantineQueries(engine).reasons(CITY)
    rows = QuarantineQueries(engine).page(CITY, limit=9)
    again = ask(engine)

    assert (too_soon.queued, again.queued) == (0, 1)
    assert {row.seq: row.held for row in rows} == {1: True, 2: False}
    assert [one.held for one in counts] == [1]
    assert [held.row for held in requeues(engine)[-1].messages] == [1]


def test_what_is_left_is_told_from_a_count_that_was_made(engine: sa.Engine) -> None:
    """Whoever asks a thousand times in a row counts once."""
    hold(engine, *(a_refusal(k) for k in range(1, 8)))

    done = [ask(engine, limit=3, known=known) for known in (7, 4, 1)]

    assert [(one.queued, one.left) for one in done] == [(3, 4), (3, 1), (1, 0)]


def test_what_is_too_old_is_forgotten(engine: sa.Engine) -> None:
    """Before the moment and not at it, in steps, whatever became of it; ids are not used again."""
    old = [a_refusal(k, recv_ms=NOW_MS - 1) for k in range(FORGET_MAX + 1)]
    hold(engine, *old, a_refusal(90_000, recv_ms=NOW_MS))
    ask(engine, ids=[1])

    more = [forget_quarantine(engine, NOW_MS) for _ in range(3)]

    assert more == [True, False, False]
    assert [row["seq"] for row in rows_of(engine, quarantine)] == [90_000]
    assert len(requeues(engine)) == 1


def test_copies_of_held_messages_are_forgotten_too(engine: sa.Engine) -> None:
    """Raw payloads do not stay in control rows; other rows do, and the newest whatever it is."""
    hold(engine, a_refusal(1), a_refusal(2), a_refusal(3))
    with writing(engine) as connection:
        put_control(connection, b"registered", ASKED_MS)
    for row_id in (1, 2, 3):
        ask(engine, ids=[row_id])
    newest = Registry(engine, lambda: NOW_MS).revision()

    forget_quarantine(engine, ASKED_MS)
    before = len(rows_of(engine, control))
    forget_quarantine(engine, ASKED_MS + 1)

    left = rows_of(engine, control)
    assert before == 4
    assert [row["id"] for row in left] == [1, newest]
    assert left[0]["body"] == b"registered"
    assert Registry(engine, lambda: NOW_MS).revision() == newest


def test_filters_pick_by_time_and_by_what_became_of_it(engine: sa.Engine) -> None:
    """From a moment on, before a moment; run again or not."""
    hold(engine, *(a_refusal(k, recv_ms=NOW_MS + k) for k in range(1, 5)))
    ask(engine, ids=[1, 2])
    ledger_on(engine).commit(a_commit(9, requeued=[1]))
    book = QuarantineQueries(engine)

    def ids(**filters: object) -> list[int]:
        return [row.id for row in book.page(CITY, limit=9, **filters)]  # type: ignore[arg-type]

    assert ids(since_ms=NOW_MS + 2, until_ms=NOW_MS + 4) == [3, 2]
    assert ids(replayed=True) == [1]
    assert ids(replayed=False) == [4, 3, 2]
    assert ids(before_id=3) == [2, 1]
    [count] = book.reasons(CITY)
    assert (count.rows, count.held, count.bytes) == (4, 2, 8)
    assert (count.oldest_ms, count.newest_ms) == (NOW_MS + 1, NOW_MS + 4)
