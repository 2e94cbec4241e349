"""What was kept for hours waits its turn; every cut of the journal gives the same order."""

import gzip
import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.backlog import Backlog, BacklogPolicy, BacklogState
from devices.entry import Entry, EntryKind

SMALL = BacklogPolicy(small_bytes=60, second_bytes=200, drain_s=10.0, keep_bytes=2_000)
MQTT, TICK = int(EntryKind.MQTT), int(EntryKind.TICK)


def batch(seq: int, device: str, size: int) -> Entry:
    payload = json.dumps({"fixes": "x" * size}).encode()
    return Entry(seq, MQTT, 5_000 + seq, seq, 0, f"pg/v1/up/trk/{device}/batch", payload)


def fix(seq: int) -> Entry:
    return Entry(seq, MQTT, 5_000 + seq, seq, 0, "pg/v1/up/trk/a/fix", b"{}" * 100)


def tick(seq: int) -> Entry:
    return Entry(seq, TICK, 9_000 + seq, 1_000 * seq, 1, "", b"")


def numbers(entries: list[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


def test_a_second_admits_so_much_and_the_rest_follows_tick_by_tick_device_by_device() -> None:
    backlog = Backlog(SMALL)
    kept = [batch(1, "a", 150), batch(2, "b", 150), batch(3, "c", 150), batch(4, "b", 150), fix(5)]
    assert numbers(backlog.order(kept)) == [1, 5]
    assert len(backlog) == 3
    assert "pg/v1/up/trk/b/batch" in backlog
    assert "pg/v1/up/trk/a/batch" not in backlog
    assert [numbers(backlog.order([tick(k)])) for k in (6, 7, 8, 9)] == [
        [2, 6], [4, 7], [3, 8], [9],
    ]  # fmt: skip


def test_no_two_are_taken_in_a_row_while_others_speak() -> None:
    policy = BacklogPolicy(small_bytes=60, second_bytes=1_000, spread=3)
    backlog = Backlog(policy)
    kept = [batch(seq, f"d{seq}", 150) for seq in range(1, 5)]
    assert numbers(backlog.order(kept)) == [1, 2]  # after three more entries the next one
    assert numbers(backlog.order([fix(seq) for seq in range(5, 9)])) == [5, 6, 7, 3, 8]
    assert numbers(backlog.order([tick(9)])) == [4, 9]


def test_what_is_taken_up_is_as_it_was_but_heard_now() -> None:
    backlog = Backlog(SMALL)
    kept = [batch(1, "a", 150), batch(2, "b", 150)]
    backlog.order(kept)
    (due, _) = backlog.order([tick(3)])
    assert due == kept[1]._replace(elapsed_ms=3_000)


def test_short_batches_and_other_long_messages_never_wait() -> None:
    backlog = Backlog(SMALL)
    short = [batch(seq, "a", 40) for seq in range(1, 30)]
    others = [fix(seq) for seq in range(30, 60)]
    assert backlog.order(short + others) == short + others


def test_packed_messages_count_for_what_they_hold() -> None:
    packed = batch(1, "a", 0)._replace(payload=gzip.compress(b"x" * 5_000)[:40])
    assert len(packed.payload) < SMALL.small_bytes
    assert Backlog(SMALL).order([packed]) == []


def test_a_message_longer_than_a_second_admits_is_taken_all_the_same() -> None:
    backlog = Backlog(SMALL)
    assert backlog.order([batch(1, "a", 1_000)]) == []
    assert numbers(backlog.order([tick(2)])) == [1, 2]


def test_more_than_may_wait_is_taken_at_once() -> None:
    backlog = Backlog(SMALL)
    entries = [batch(seq, f"d{seq}", 900) for seq in range(1, 6)]
    assert numbers(backlog.order(entries)) == [4, 5]  # 3 x 914 bytes are above keep_bytes


def test_a_large_backlog_is_taken_up_in_drain_s() -> None:
    policy = BacklogPolicy(small_bytes=60, second_bytes=10, drain_s=10.0, keep_bytes=1_000_000)
    backlog = Backlog(policy)
    backlog.order([batch(seq, f"d{seq}", 100) for seq in range(1, 1_001)])
    ticks = 0
    while len(backlog):
        ticks += 1
        backlog.order([tick(2_000 + ticks)])
    assert 10 < ticks < 100


def test_the_rest_comes_out_whole() -> None:
    backlog = Backlog(SMALL)
    kept = [batch(1, "a", 150), batch(2, "b", 150), batch(3, "c", 150)]
    backlog.order(kept)
    assert backlog.rest() == kept[1:]
    assert len(backlog) == 0
    assert backlog.rest(7) == []


entries_drawn = st.lists(
    st.one_of(
        st.tuples(st.just("batch"), st.sampled_from("abc"), st.integers(0, 250)),
        st.tuples(st.just("fix"), st.just(""), st.just(0)),
        st.tuples(st.just("tick"), st.just(""), st.just(0)),
    ),
    max_size=40,
)


@given(drawn=entries_drawn, cuts=st.sets(st.integers(0, 40)), saves=st.sets(st.integers(0, 40)))
@settings(max_examples=200, deadline=None)
def test_cuts_and_restarts_change_nothing_and_nothing_is_lost_or_doubled(
    drawn: list[tuple[str, str, int]], cuts: set[int], saves: set[int]
) -> None:
    journal = [
        batch(seq, who, size) if kind == "batch" else fix(seq) if kind == "fix" else tick(seq)
        for seq, (kind, who, size) in enumerate(drawn, start=1)
    ]
    whole = Backlog(SMALL)
    expected = whole.order(journal)
    pieces, backlog, begin = list[Entry](), Backlog(SMALL), 0
    for end in sorted(cuts | saves | {len(journal)}):
        pieces += backlog.order(journal[begin:end])
        begin = max(begin, end)
        if end in saves:
            blob = msgspec.msgpack.encode(backlog.dump())
            backlog = Backlog(SMALL)
            backlog.load(msgspec.msgpack.decode(blob, type=BacklogState))
    rest = whole.rest()
    assert pieces == expected
    assert backlog.rest() == rest
    assert sorted(numbers(expected + rest)) == [entry.seq for entry in journal]
