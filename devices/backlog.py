"""What a device kept for hours waits its turn, so that what happens now is judged at once.

When an outage ends, thousands of devices send hours of records in long messages on their topic
``batch``. ``order`` puts them aside and takes them up again device by device, as many a second as
its allowance admits, never two in a row while others speak. It depends on nothing but the journal:
every reader that asks takes the same messages in the same order, at every start and in every
replay.
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
        keep_bytes: So much may wait (in memory soon packed, to a seventh of it); what comes beyond
            that is taken at once.
        spread: Entries between two of them: one is 7-10 ms of CPU, and what happens now waits for
            one at most, not for a second's worth. Ours: 32 entries are 20-60 ms of a rush hour.
        pack: So many are packed where one may be taken: 0.35 ms each (2026-11-29), so that a burst
            costs what happens now nothing.
    """

    small_bytes: int = 8_192
    second_bytes: int = 262_144
    drain_s: float = 300.0
    keep_bytes: int = 134_217_728
    spread: int = 32
    pack: int = 4


class Waiting(msgspec.Struct, array_like=True):
    """One message that waits; ``size`` as if it were JSON, bytes; ``packed``: by zlib."""

    seq: int
    recv_ms: int
    elapsed_ms: int
    flags: int
    topic: str
    size: int
    payload: bytes
    packed: bool = False

    def pack(self) -> None:
        """Make it small; once is enough."""
        if not self.packed:
            self.payload, self.packed = zlib.compress(self.payload, 1), True


class BacklogState(msgspec.Struct):
    """For checkpoints: what waits, topic by topic.

    Attributes:
        left_bytes: What the present second still admits.
        since: So many entries ago a long message was taken, ``spread`` at most.
    """

    waiting: list[Waiting] = []
    left_bytes: int = 0
    since: int = 0


class Backlog:
    """Messages that wait, in order of their topic's first one."""

    def __init__(self, policy: BacklogPolicy) -> None:
        """Nothing waits."""
        self._policy = policy
        self._by_topic: dict[str, deque[Waiting]] = {}
        self._raw: deque[Waiting] = deque()
        self._left, self._since = policy.second_bytes, policy.spread
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

        What is due comes before a tick or after another entry, with its ``elapsed_ms``: it is heard
        now. All else of it is as it was received.
        """
        light, spread = self._light, self._policy.spread
        if not self._count and all(
            entry.kind == _MQTT and len(entry.payload) <= light for entry in entries
        ):
            self._since = min(spread, self._since + len(entries))
            return entries
        now: list[Entry] = []
        for entry in entries:
            if entry.kind == _TICK:
                now += self._second(entry)
                now.append(entry)
                continue
            self._since = min(spread, self._since + 1)
            if len(entry.payload) <= light or self._passes(entry):
                now.append(entry)
            else:
                self._put(entry)
            if self._count and self._since == spread:
                now += self._due(entry, most=1)
                self._pack()
        return now

    def rest(self, elapsed_ms: int | None = None) -> list[Entry]:
        """Everything that waits, heard at ``elapsed_ms`` or when it was received."""
        rest = [_entry(each, elapsed_ms) for waiting in self._by_topic.values() for each in waiting]
        self._by_topic.clear()
        self._raw.clear()
        self._bytes = self._count = 0
        return rest

    def _passes(self, entry: Entry) -> bool:
        """Whether it is taken at once: no long batch, or one that this second still admits."""
        if entry.kind != _MQTT or not entry.topic.endswith(_BATCH):
            return True
        size = _size(entry.payload)
        if size <= self._policy.small_bytes or self._bytes >= self._policy.keep_bytes:
            return True
        if self._count or size > self._left or self._since < self._policy.spread:
            return False
        self._left -= size
        self._since = 0
        return True

    def _put(self, entry: Entry) -> None:
        payload = entry.payload
        waiting = Waiting(
            entry.seq,
            entry.recv_ms,
            entry.elapsed_ms,
            entry.flags,
            entry.topic,
            _size(payload),
            payload,
        )
        self._raw.append(waiting)
        self._keep(waiting)

    def _keep(self, waiting: Waiting) -> None:
        self._by_topic.setdefault(waiting.topic, deque()).append(waiting)
        self._bytes += waiting.size
        self._count += 1

    def _pack(self) -> None:
        for _ in range(min(self._policy.pack, len(self._raw))):
            self._raw.popleft().pack()

    def _second(self, tick: Entry) -> list[Entry]:
        """What is left of the second before, and the first message of the new one."""
        policy = self._policy
        due = self._due(tick, most=self._count)
        self._left = max(policy.second_bytes, int(self._bytes / policy.drain_s))
        due += self._due(tick, most=1, least=1)
        self._pack()
        return due

    def _due(self, now: Entry, *, most: int, least: int = 0) -> list[Entry]:
        """Take up what the second still admits; all of a device in a row."""
        due: list[Entry] = []
        while self._by_topic and len(due) < most:
            topic, waiting = next(iter(self._by_topic.items()))
            if len(due) >= least and waiting[0].size > self._left:
                break
            each = waiting.popleft()
            if not waiting:
                del self._by_topic[topic]
            self._left -= each.size
            self._bytes -= each.size
            self._count -= 1
            self._since = 0
            due.append(_entry(each, now.elapsed_ms))
        return due

    def dump(self) -> BacklogState:
        """State for a checkpoint."""
        waiting = [each for queue in self._by_topic.values() for each in queue]
        for each in waiting:
            each.pack()
        self._raw.clear()
        return BacklogState(waiting, self._left, self._since)

    def load(self, state: BacklogState) -> None:
        """Take the state of a checkpoint."""
        self.rest()
        for each in state.waiting:
            self._keep(each)
        self._left, self._since = state.left_bytes, state.since


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
        zlib.decompress(waiting.payload) if waiting.packed else waiting.payload,
    )
