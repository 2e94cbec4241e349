"""Which records of a device were taken already, and which of its numbers are missing.

Per device and boot the seen sequence numbers are kept as spans; in the ordinary case that is
one span, extended by one. Records without a number are known by a hash, the last ``RING`` of
each device. Duplicates are told exactly; gaps are the holes between spans. A number that stands in
quarantine is held, one that the device says it no longer has is forgone: nobody waits for either.
"""

from array import array
from bisect import bisect_left
from collections import deque
from enum import Enum

RING = 64
"""Hashes kept per device for records without a sequence number. A broker redelivers what was
unacknowledged (at most ``max_inflight`` over all devices), so the newest suffice."""
MAX_SPANS = 256
"""Spans kept per boot; past it the oldest one is forgotten: a record from before it is taken
again rather than lost (the telemetry store still knows it by its key)."""
MAX_BOOTS = 8
"""Earlier boots kept per device, for back-fill that spans a restart of the device."""
MAX_FORGONE = 64
"""Ranges kept per device that it no longer has; past it the oldest one is asked for again."""

RECENT = 16
"""Numbers whose content is remembered, to tell a repetition from a clone (reliability.md 48). A
broker redelivers what was unacknowledged: of one device seldom more than a few."""

Numbers = tuple[str, int, int]
"""Numbers of one boot: its id, the first and the last of them."""

SeenState = tuple[
    str,
    list[int],
    list[tuple[str, list[int]]],
    list[int],
    list[int],
    int,
    list[tuple[str, int, bool]],
    list[Numbers],
]


class Taken(Enum):
    """What became of a numbered record."""

    NEW = 0
    DUPLICATE = 1
    CONFLICT = 2
    BACK = 3


_LOW_31, _LOW_32 = 0x7FFFFFFF, 0xFFFFFFFF
_NEXT = (Taken.NEW, 0)


class Seen:
    """The records of one device that were taken. Spans are flat: start, end, start, end ..."""

    __slots__ = ("_boot", "_forgone", "_held", "_newest_t", "_older", "_recent", "_ring", "_spans")

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._boot = ""
        self._spans: list[int] = []
        self._older: dict[str, list[int]] = {}
        self._ring: deque[int] | None = None
        self._recent = array("q", bytes(8 * RECENT))
        self._newest_t = 0
        self._held: dict[tuple[str, int], bool] = {}
        self._forgone: list[Numbers] = []

    def hold(self, boot: str, seq: int) -> int:
        """A record of this number is in quarantine: no gap. The change of open gaps."""
        place = _place(self._spans_of(boot), seq)
        if not boot or place is _Place.TAKEN or (boot, seq) in self._held:
            return 0
        if len(self._held) >= RING:
            return 0
        self._held[boot, seq] = place is _Place.HOLE
        return -int(place is _Place.HOLE)

    def _spans_of(self, boot: str) -> list[int]:
        return self._spans if boot == self._boot else self._older.get(boot, [])

    def _settle(self, boot: str, seq: int) -> int:
        """After a number was taken: what is held of its boot, where there are holes now."""
        change = int(self._held.pop((boot, seq), False))
        spans = self._spans_of(boot)
        for (of_boot, number), counted in self._held.items():
            if of_boot == boot and not counted and _place(spans, number) is _Place.HOLE:
                self._held[of_boot, number] = True
                change -= 1
        return change

    def take(self, boot: str, seq: int, t_ms: int, content: int) -> tuple[Taken, int]:
        """Take a numbered record and look whether its number tells the truth.

        Args:
            boot: Boot id.
            seq: Number within the boot.
            t_ms: Time of the measurement; 0 when it gave none.
            content: A fingerprint of what it says, any integer.

        Returns:
            NEW; DUPLICATE; CONFLICT: the number was taken by a record that said something else;
            BACK: new, but the number fell while time went on. And the change of open gaps.
        """
        known_boot = boot == self._boot
        spans = self._spans
        top = spans[-1] if known_boot and spans else -1
        if top == seq - 1 and top >= 0 and not self._held:  # the next number, as nearly always
            spans[-1] = seq
            self._recent[seq % RECENT] = (seq & _LOW_31) << 32 | content & _LOW_32
            self._newest_t = max(self._newest_t, t_ms)
            return _NEXT
        new, change = self.take_number(boot, seq)
        if new and self._held:
            change += self._settle(boot, seq)
        if not new:
            conflict = known_boot and self._contradicts(seq, t_ms, content)
            return (Taken.CONFLICT if conflict else Taken.DUPLICATE), 0
        if boot != self._boot:
            return Taken.NEW, change  # back-fill from before the device started anew
        if not known_boot:
            self._recent = array("q", bytes(8 * RECENT))
            self._newest_t = 0
        self._recent[seq % RECENT] = (seq & _LOW_31) << 32 | content & _LOW_32
        if t_ms > self._newest_t:
            fell = seq < top and self._newest_t > 0
            self._newest_t = t_ms
            if fell:
                return Taken.BACK, change
        return Taken.NEW, change

    def _contradicts(self, seq: int, t_ms: int, content: int) -> bool:
        """Whether the record that took this number said something else."""
        mark = self._recent[seq % RECENT]
        if mark and mark >> 32 == seq & _LOW_31:
            return mark & _LOW_32 != content & _LOW_32
        return bool(t_ms) and t_ms > self._newest_t  # long forgotten, and this one is of now

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

    def missing(self) -> list[Numbers]:
        """Holes between spans, oldest first; held numbers may lie in them."""
        gaps = []
        for boot, spans in [*self._older.items(), (self._boot, self._spans)]:
            gaps += [(boot, spans[i] + 1, spans[i + 1] - 1) for i in range(1, len(spans) - 1, 2)]
        return gaps

    def gaps(self) -> list[Numbers]:
        """What is missing, without what is held; its numbers are the open gaps of the books."""
        return self._holes(asked=False)

    def wanted(self) -> list[Numbers]:
        """What is missing and might still come: neither held nor forgone."""
        return self._holes(asked=True)

    def _holes(self, *, asked: bool) -> list[Numbers]:
        holes = []
        for boot, first, last in self.missing():
            number = first
            for begin, end in self._waived(boot, first, last, forgone=asked):
                if begin > number:
                    holes.append((boot, number, begin - 1))
                number = max(number, end + 1)
            if number <= last:
                holes.append((boot, number, last))
        return holes

    def forgo(self, numbers: Numbers) -> None:
        """The device no longer has these. They stay missing; nobody waits for them."""
        self._forgone.append(numbers)
        del self._forgone[:-MAX_FORGONE]

    def marks(self) -> list[Numbers]:
        """Of each boot the numbers we have without a hole, from the oldest known on."""
        boots = [*self._older.items(), (self._boot, self._spans)]
        return [(boot, spans[0], self._mark(boot, spans)) for boot, spans in boots if spans]

    def _mark(self, boot: str, spans: list[int]) -> int:
        """The last number before the first one that might still come."""
        upto = spans[1]
        for i in range(2, len(spans), 2):
            for begin, end in self._waived(boot, upto + 1, spans[i] - 1, forgone=True):
                if begin > upto + 1:
                    break
                upto = max(upto, end)
            if upto + 1 < spans[i]:
                return upto
            upto = spans[i + 1]
        while (boot, upto + 1) in self._held:
            upto += 1
        return upto

    def _waived(self, boot: str, first: int, last: int, *, forgone: bool) -> list[tuple[int, int]]:
        """Held numbers of a hole, and the forgone ones if asked, ascending; they may overlap."""
        held = [(seq, seq) for of, seq in self._held if of == boot and first <= seq <= last]
        gone = [
            (max(begin, first), min(end, last))
            for of, begin, end in self._forgone
            if forgone and of == boot and begin <= last and first <= end
        ]
        return sorted(held + gone)

    def dump(self) -> SeenState:
        """Plain state for a checkpoint."""
        older = list(self._older.items())
        recent = self._recent.tolist()
        ring = list(self._ring or ())
        held = [(held_boot, seq, counted) for (held_boot, seq), counted in self._held.items()]
        numbers = self._boot, self._spans, older, ring, recent, self._newest_t
        return *numbers, held, list(self._forgone)

    @classmethod
    def load(cls, state: SeenState) -> "Seen":
        """The object a checkpoint was taken of."""
        seen = cls()
        seen._boot, seen._spans = state[0], list(state[1])
        seen._older = {boot: list(spans) for boot, spans in state[2]}
        seen._ring = deque(state[3], maxlen=RING) if state[3] else None
        seen._recent, seen._newest_t = array("q", state[4]), state[5]
        seen._held = {(boot, seq): counted for boot, seq, counted in state[6]}
        seen._forgone = list(state[7])
        return seen


class _Place(Enum):
    """Where a number lies among spans."""

    TAKEN = 0
    HOLE = 1
    OUTSIDE = 2


def _place(spans: list[int], seq: int) -> _Place:
    at = bisect_left(spans, seq)
    if at < len(spans) and (spans[at] == seq or at % 2):
        return _Place.TAKEN
    return _Place.HOLE if 0 < at < len(spans) else _Place.OUTSIDE


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
