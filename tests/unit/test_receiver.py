"""Durable first, acknowledged then; people's words in order, once; a tick every second."""

import pytest
import structlog

from devices import control
from devices.control import Arm
from devices.entry import DUP, RETAIN, EntryKind
from devices.errors import JournalError, StoreError
from ingest.ports import Envelope
from ingest.receiver import Receiver, ReceiverLimits
from support.factories import T0_MS, at_ms
from support.fakes import (
    AWAY,
    BROKEN,
    REFUSED,
    Clock,
    ControlRows,
    FailingJournal,
    FullDisk,
    ListJournal,
    Rounds,
    ScriptedSource,
    Told,
)

LIMITS = ReceiverLimits(batch_max=100, linger_s=0.01, control_poll_ms=100)


def _envelope(mid: int, *, retain: bool = False, dup: bool = False) -> Envelope:
    return Envelope("pg/v1/up/trk/trk-1/fix", b"%d" % mid, retain, dup, 1, mid, 1)


def _arm(number: int) -> bytes:
    return control.encode(Arm(at_ms=0, vehicle_id=f"v-{number}"))


class Post:
    """A receiver with everything around it; ``restart`` makes a new one over the same journal."""

    def __init__(
        self,
        *batches: list[Envelope],
        journal: ListJournal | None = None,
        rows: ControlRows | None = None,
        rounds: int = 1,
    ) -> None:
        self.source = ScriptedSource(*batches)
        self.journal = ListJournal() if journal is None else journal
        self.rows = rows or ControlRows()
        self.told = Told()
        self.clock = Clock()
        self.rounds = Rounds(rounds, self.clock)
        self.receiver = self._receiver()

    def _receiver(self) -> Receiver:
        return Receiver(
            source=self.source,
            journal=self.journal,
            control=self.rows,
            status=self.told,
            limits=LIMITS,
            wall_ms=lambda: T0_MS,
            elapsed_ms=self.clock,
            steady_ms=self.clock,
            wait=self.rounds,
        )

    def restart(self) -> None:
        """The process is killed and started again."""
        self.receiver = self._receiver()

    @property
    def payloads(self) -> list[bytes]:
        """What the broker's messages in the journal say, in order."""
        return [entry.payload for entry in self.journal.of_kind(EntryKind.MQTT)]

    @property
    def said(self) -> list[bytes]:
        """What people's entries in the journal say, in order."""
        return [entry.payload for entry in self.journal.of_kind(EntryKind.CONTROL)]


def test_message_is_acknowledged_after_it_is_durable() -> None:
    """In the journal in order of arrival, then acknowledged in that order."""
    batch = [_envelope(1), _envelope(2)]
    post = Post(batch, [_envelope(3)], rounds=2)

    post.receiver.run()

    assert post.payloads == [b"1", b"2", b"3"]
    assert post.source.acked == [*batch, _envelope(3)]


def test_source_is_watched_before_it_has_new_acknowledgements_to_write() -> None:
    """Just queued ones looked as if its thread wrote nothing: it was ended under load."""
    post = Post([_envelope(1)], [_envelope(2)], rounds=200)

    post.receiver.run()

    assert post.source.acked == [_envelope(1), _envelope(2)]
    assert post.source.acked_when_watched[0] == 0


def test_message_is_not_acknowledged_when_the_append_fails() -> None:
    """The broker must send it again; the process ends."""
    post = Post([_envelope(1)], journal=FailingJournal(BROKEN))

    with pytest.raises(JournalError, match="input/output"):
        post.receiver.run()

    assert post.source.acked == []
    assert post.payloads == []


def test_full_disk_holds_the_batch_and_resumes_by_itself() -> None:
    """Nothing is acknowledged meanwhile; it says so, once when it begins and once when it ends."""
    post = Post([_envelope(1)], [_envelope(2)], journal=FullDisk(3), rounds=20)

    with structlog.testing.capture_logs() as logs:
        post.receiver.run()

    assert post.payloads == [b"1", b"2"]
    assert [envelope.mid for envelope in post.source.acked] == [1, 2]
    assert post.told.reasons == ["no space left on device", "", "stopped"]
    assert [line["event"] for line in logs] == ["intake_held", "intake_resumed"]
    assert post.rounds.waited_s[:3] == [1.0, 1.0, 1.0]


def test_stop_during_a_full_disk_acknowledges_nothing() -> None:
    """Better sent again than lost."""
    post = Post([_envelope(1)], journal=FullDisk(10**6), rounds=5)

    with pytest.raises(JournalError, match="no space"):
        post.receiver.run()

    assert post.source.acked == []
    assert post.told.lines[-1][0] is False


def test_flags_of_the_broker_are_kept() -> None:
    """Retained and repeated deliveries are told apart later."""
    post = Post([_envelope(1), _envelope(2, retain=True), _envelope(3, retain=True, dup=True)])

    post.receiver.run()

    flags = [entry.flags for entry in post.journal.of_kind(EntryKind.MQTT)]
    assert flags == [0, RETAIN, RETAIN | DUP]


def test_peoples_words_stand_in_order_before_what_is_taken_with_them() -> None:
    """One order for every replay; who was registered while we were away is not unknown."""
    post = Post([_envelope(1)], [_envelope(2)], rows=ControlRows(_arm(1), _arm(2)), rounds=2)

    post.receiver.run()

    assert [entry.payload for entry in post.journal.entries if entry.payload] == [
        _arm(1),
        _arm(2),
        b"1",
        b"2",
    ]
    assert [entry.seq for entry in post.journal.entries] == list(
        range(1, len(post.journal.entries) + 1)
    )


def test_restart_copies_no_word_twice_and_loses_none() -> None:
    """The journal itself knows how far they are copied, in the same transaction."""
    post = Post(rows=ControlRows(_arm(1), _arm(2)))
    post.receiver.run()
    post.rows.rows.append((7, _arm(7)))

    for _ in range(2):
        post.restart()
        post.receiver.run()

    assert post.said == [_arm(1), _arm(2), _arm(7)]


def test_word_whose_append_failed_is_copied_by_the_next_process() -> None:
    """Killed between reading the table and writing the journal."""
    post = Post(rows=ControlRows(_arm(1)), journal=FailingJournal(BROKEN))
    with pytest.raises(JournalError):
        post.receiver.run()

    post.restart()
    post.receiver.run()

    assert post.said == [_arm(1)]


@pytest.mark.promise(19)
def test_tick_comes_once_a_second_and_says_whether_the_broker_is_there() -> None:
    """Silence while it is away is nobody's."""
    post = Post(rounds=10**6)

    for second in range(6):
        post.source.connected = second < 3
        for _ in range(10):
            post.receiver.receive([])
            post.clock.now_ms += 100

    ticks = post.journal.of_kind(EntryKind.TICK)
    assert [tick.flags for tick in ticks] == [1, 1, 1, 0, 0, 0]
    assert [tick.elapsed_ms - ticks[0].elapsed_ms for tick in ticks] == [1000 * k for k in range(6)]
    assert {tick.recv_ms for tick in ticks} == {at_ms(0)}
    assert post.source.watched == 6


@pytest.mark.promise(19)
def test_tick_says_that_the_broker_was_away_between_two_ticks() -> None:
    """Back within a second: its wills are nobody's all the same."""
    post = Post(rounds=10**6)

    for reconnects in (0, 1, 1, 3, 3):
        post.source.reconnects = reconnects
        post.receiver.receive([])
        post.clock.now_ms += 1_000

    assert [tick.flags for tick in post.journal.of_kind(EntryKind.TICK)] == [1, 0, 1, 0, 1]


def test_status_follows_the_broker() -> None:
    """Ready only while messages flow."""
    post = Post(rounds=1)
    post.source.reason = "connection lost: timeout"
    post.receiver.receive([])
    post.source.reason = ""
    post.clock.now_ms += 1_000

    post.receiver.receive([])

    assert [(ready, reason) for ready, reason, _ in post.told.lines] == [
        (False, "connection lost: timeout"),
        (True, ""),
    ]


def test_missing_control_table_is_said_once_and_holds_no_message() -> None:
    """The records database is away for ten seconds: messages flow on, words come later."""
    post = Post(*[[_envelope(k)] for k in range(100)], rows=ControlRows(_arm(1)), rounds=150)

    with structlog.testing.capture_logs() as logs:
        for k in range(150):
            post.rows.trouble = AWAY if k < 100 else None
            post.receiver.receive(post.source.take(100, 0.0))
            post.clock.now_ms += 100

    assert len(post.source.acked) == 100
    assert post.said == [_arm(1)]
    assert post.told.reasons == ["control table: connection refused", ""]
    assert len(logs) == 2


def test_control_table_of_another_schema_ends_the_process() -> None:
    """Waiting would not help."""
    post = Post()
    post.rows.trouble = REFUSED

    with pytest.raises(StoreError, match="schema"):
        post.receiver.run()


def test_stop_disconnects_in_good_order() -> None:
    """The session stays at the broker; the status says stopped."""
    post = Post([_envelope(1)])

    post.receiver.run()

    assert post.source.stopped
    assert post.told.lines[-1][:2] == (False, "stopped")
