"""Which records of a device were taken already, and which of its numbers are missing.

Per device and boot the seen sequence numbers are kept as spans; in the ordinary case that is
one span, extended by one. Records without a number are known by a hash, the last ``RING`` of
each device. Duplicates are told exactly; gaps are the holes between spans.
"""

from collections import deque

RING = 64
"""Hashes kept per device for records without a sequence number. A broker redelivers what was
unacknowledged (at most ``max_inflight`` over all devices), so the newest suffice."""
MAX_SPANS = 256
"""Spans kept per boot; past it the oldest one is forgotten: a record from before it is taken
again rather than lost (the telemetry store still knows it by its key)."""
MAX_BOOTS = 8
"""Earlier boots kept per device, for back-fill that spans a restart of the device."""

SeenState = tuple[str, list[int], list[tuple[str, list[int]]], list[int]]


class Seen:
    """The records of one device that were taken. Spans are flat: start, end, start, end ..."""

    __slots__ = ("_boot", "_older", "_ring", "_spans")

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._boot = ""
        self._spans: list[int] = []
        self._older: dict[str, list[int]] = {}
        self._ring: deque[int] | None = None

    def take_number(self, boot: str, seq: int) -> tuple[bool, int]:
        """Take a numbered record.

        Returns:
            Whether it is new, and by how many the open gaps of the device changed.
        """
        if boot == self._boot:
            spans = self._spans
            if spans and spans[-1] + 1 == seq:
                spans[-1] = seq
                return True, 0
            return _insert(spans, seq)
        if boot in self._older:
            return _insert(self._older[boot], seq)
        if self._spans:
            self._older[self._boot] = self._spans
            if len(self._older) > MAX_BOOTS:
                del self._older[next(iter(self._older))]
        self._boot, self._spans = boot, [seq, seq]
        return True, 0

    def take_key(self, key: int) -> bool:
        """Take a record known by its hash; whether it is new."""
        if self._ring is None:
            self._ring = deque(maxlen=RING)
        if key in self._ring:
            return False
        self._ring.append(key)
        return True

    def missing(self) -> list[tuple[str, int, int]]:
        """Open gaps as (boot, first missing, last missing)."""
        gaps = []
        for boot, spans in [*self._older.items(), (self._boot, self._spans)]:
            gaps += [(boot, spans[i] + 1, spans[i + 1] - 1) for i in range(1, len(spans) - 1, 2)]
        return gaps

    def dump(self) -> SeenState:
        """Plain state for a checkpoint."""
        return self._boot, self._spans, list(self._older.items()), list(self._ring or ())

    @classmethod
    def load(cls, state: SeenState) -> "Seen":
        """The object a checkpoint was taken of."""
        seen = cls()
        seen._boot, seen._spans = state[0], list(state[1])
        seen._older = {boot: list(spans) for boot, spans in state[2]}
        seen._ring = deque(state[3], maxlen=RING) if state[3] else None
        return seen


def _insert(spans: list[int], seq: int) -> tuple[bool, int]:
    """Put a number into ascending spans; (new, change of the number of missing ones)."""
    if seq > spans[-1]:
        gap = seq - spans[-1] - 1
        if gap:
            spans += [seq, seq]
            if len(spans) > 2 * MAX_SPANS:
                del spans[:2]
        else:
            spans[-1] = seq
        return True, gap
    for i in range(0, len(spans), 2):
        start, end = spans[i], spans[i + 1]
        if start <= seq <= end:
            return False, 0
        if seq < start:
            return True, _before(spans, i, seq)
    raise AssertionError("a number is above, in, or below some span")


def _before(spans: list[int], i: int, seq: int) -> int:
    """Insert ``seq`` just before the span at ``i``; the change of missing numbers."""
    if i == 0:
        gap = spans[0] - seq - 1
        if gap:
            spans[:0] = [seq, seq]
        else:
            spans[0] = seq
        return gap
    if spans[i - 1] + 1 == seq:
        spans[i - 1] = seq
        if spans[i] == seq + 1:
            del spans[i - 1 : i + 1]
    elif spans[i] == seq + 1:
        spans[i] = seq
    else:
        spans[i:i] = [seq, seq]
    return -1
