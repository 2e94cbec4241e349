"""What a device kept for hours waits its turn, so that what happens now is judged at once.

When an outage ends, thousands of devices send hours of records in long messages on their topic
``batch``. ``order`` lets through what the allowance of a second admits and puts the rest aside;
every tick takes it up again, device by device. It depends on nothing but the journal: every reader
that asks takes the same messages in the same order, at every start and in every replay.
"""

import zlib
from collections import deque
from dataclasses import dataclass

import msgspec

from devices.entry import Entry, EntryKind

_MQTT, _TICK = int(EntryKind.MQTT), int(EntryKind.TICK)
_BATCH = "/batch"


_DENSE = 6
"""A byte of a packed message (gzip, zlib, MessagePack) holds about as much as 6 of JSON: measured
2026-11-28 on batches of 100 fixes by zlib."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogPolicy:
    """How much of what was kept is taken at once, in bytes of JSON.

    No settings: both readers, and a start after a crash, must divide the journal alike.

    Attributes:
        small_bytes: A message of at most this many never waits: about 20 fixes, what a tracker
            sends that reports in batches, or was in a tunnel. Ours.
        second_bytes: Longer messages of a second that are taken at once. Measured 2026-11-28: a
            kept fix has 365 bytes and takes 33-50 µs, so these are some 30 ms of CPU.
        drain_s: A backlog is taken up in about so long, seconds: 200,000 fixes fit into it.
        keep_bytes: So much may wait (in memory packed, a seventh of it); what comes beyond that is
            taken at once.
    """

    small_bytes: int = 8_192
    second_bytes: int = 262_144
    drain_s: float = 300.0
    keep_bytes: int = 134_217_728


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """One message that waits; ``size`` as if it were JSON, bytes; ``packed`` its bytes by zlib."""

    seq: int
    recv_ms: int
    elapsed_ms: int
    flags: int
    topic: str
    size: int
    packed: bytes


class BacklogState(msgspec.Struct):
    """For checkpoints: what waits, topic by topic, and what the present second still admits."""

    waiting: list[Waiting] = []
    left_bytes: int = 0


class Backlog:
    """Messages that wait, in order of their topic's first one."""

    def __init__(self, policy: BacklogPolicy) -> None:
        """Nothing waits."""
        self._policy = policy
        self._by_topic: dict[str, deque[Waiting]] = {}
        self._left = policy.second_bytes
        self._light = policy.small_bytes // _DENSE
        self._bytes = self._count = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return self._count

    def __contains__(self, topic: str) -> bool:
        """Whether a message of this topic waits."""
        return topic in self._by_topic

    def order(self, entries: list[Entry]) -> list[Entry]:
        """The entries as they are to be taken now: without what waits, with what is due.

        What is due comes before its tick, with the tick's ``elapsed_ms``: it is heard now. All else
        of it is as it was received.
        """
        light = self._light
        if not self._count and all(
            entry.kind == _MQTT and len(entry.payload) <= light for entry in entries
        ):
            return entries
        now: list[Entry] = []
        for entry in entries:
            if entry.kind == _TICK:
                now += self._due(entry)
                now.append(entry)
            elif len(entry.payload) <= light or self._passes(entry):
                now.append(entry)
            else:
                self._put(entry)
        return now

    def rest(self, elapsed_ms: int | None = None) -> list[Entry]:
        """Everything that waits, heard at ``elapsed_ms`` or when it was received."""
        rest = [_entry(each, elapsed_ms) for waiting in self._by_topic.values() for each in waiting]
        self._by_topic.clear()
        self._bytes = self._count = 0
        return rest

    def _passes(self, entry: Entry) -> bool:
        """Whether it is taken at once: no long batch, or one that this second still admits."""
        if entry.kind != _MQTT or not entry.topic.endswith(_BATCH):
            return True
        size = _size(entry.payload)
        if size <= self._policy.small_bytes or self._bytes >= self._policy.keep_bytes:
            return True
        if entry.topic in self._by_topic or size > self._left:
            return False
        self._left -= size
        return True

    def _put(self, entry: Entry) -> None:
        self._keep(
            Waiting(
                entry.seq,
                entry.recv_ms,
                entry.elapsed_ms,
                entry.flags,
                entry.topic,
                _size(entry.payload),
                zlib.compress(entry.payload, 1),
            )
        )

    def _keep(self, waiting: Waiting) -> None:
        self._by_topic.setdefault(waiting.topic, deque()).append(waiting)
        self._bytes += waiting.size
        self._count += 1

    def _due(self, tick: Entry) -> list[Entry]:
        """What this tick takes up: one message at least, and all of a device in a row."""
        policy = self._policy
        self._left = max(policy.second_bytes, int(self._bytes / policy.drain_s))
        due: list[Entry] = []
        while self._by_topic:
            topic, waiting = next(iter(self._by_topic.items()))
            if due and waiting[0].size > self._left:
                break
            each = waiting.popleft()
            if not waiting:
                del self._by_topic[topic]
            self._left -= each.size
            self._bytes -= each.size
            self._count -= 1
            due.append(_entry(each, tick.elapsed_ms))
        return due

    def dump(self) -> BacklogState:
        """State for a checkpoint."""
        waiting = [each for queue in self._by_topic.values() for each in queue]
        return BacklogState(waiting, self._left)

    def load(self, state: BacklogState) -> None:
        """Take the state of a checkpoint."""
        self.rest()
        for each in state.waiting:
            self._keep(each)
        self._left = state.left_bytes


def _size(payload: bytes) -> int:
    return len(payload) if payload[:1] == b"{" else len(payload) * _DENSE


def _entry(waiting: Waiting, elapsed_ms: int | None) -> Entry:
    return Entry(
        waiting.seq,
        _MQTT,
        waiting.recv_ms,
        waiting.elapsed_ms if elapsed_ms is None else elapsed_ms,
        waiting.flags,
        waiting.topic,
        zlib.decompress(waiting.packed),
    )
