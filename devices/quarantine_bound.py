"""How much of what is refused is kept: so much per device and day, and so much a day in all.

A device that sends nothing but nonsense, or somebody who invents ids, must not fill the disk.
What the bound refuses is counted as quarantined all the same; only its bytes are not kept.
"""

from collections import OrderedDict
from dataclasses import dataclass

import msgspec

DAY_MS = 86_400_000
ROW_BYTES = 256
"""What a row costs beside payload, topic and detail: columns and five index entries. Source: 20,000
rows without a payload took 139 bytes each beyond topic and detail on SQLite; PostgreSQL's rows
are longer."""
MAX_IDS = 20_000
"""Ids counted apart, those refused last; about 200 bytes each. An id that was forgotten begins
anew: the bound of the whole city holds all the same."""
ID_CHARS = 64
"""Longest id that is counted apart (decisions.md 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinePolicy:
    """How much is kept, and how long. Source: issue 3 ("bounded per device and day").

    Attributes:
        bytes_per_device_day: Kept at most of one device and UTC day, bytes
        rows_per_device_day: ... and so many messages or items of messages
        bytes_per_day: Kept at most of all devices in a UTC day, bytes: ids can be invented
        retention_days: A row is removed so long after its message came, days (decisions.md: <= 30)
    """

    bytes_per_device_day: int = 1_048_576
    rows_per_device_day: int = 2_000
    bytes_per_day: int = 268_435_456
    retention_days: int = 30


class BoundState(msgspec.Struct):
    """For checkpoints. ``ids`` holds (id, bytes, rows), the one refused last at the end."""

    day: int = -1
    used_bytes: int = 0
    ids: list[tuple[str, int, int]] = []


class QuarantineBound:
    """What was kept of each id and of all on the present UTC day."""

    def __init__(self, policy: QuarantinePolicy | None = None, *, max_ids: int = MAX_IDS) -> None:
        """Start with an empty day; ``max_ids`` ids are counted apart."""
        self._policy = policy or QuarantinePolicy()
        self._max_ids = max_ids
        self._day = -1
        self._used_bytes = 0
        self._ids: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def take(self, device_id: str, recv_ms: int, size: int) -> bool:
        """Whether a refusal is kept; if so it counts from now on.

        Args:
            device_id: Whose it is (``bound_id``).
            recv_ms: When it was received, ms UTC: says the day. A wall clock that steps back over
                midnight does not empty the day; one that was days ahead does when it is mended.
            size: Its size (``bound_size``), bytes.
        """
        day = recv_ms // DAY_MS
        if not self._day - 1 <= day <= self._day:
            self._day, self._used_bytes = day, 0
            self._ids.clear()
        policy = self._policy
        used, rows = self._ids.get(device_id, (0, 0))
        if (
            used + size > policy.bytes_per_device_day
            or rows >= policy.rows_per_device_day
            or self._used_bytes + size > policy.bytes_per_day
        ):
            return False
        self._used_bytes += size
        self._ids[device_id] = (used + size, rows + 1)
        self._ids.move_to_end(device_id)
        if len(self._ids) > self._max_ids:
            self._ids.popitem(last=False)
        return True

    def dump(self) -> BoundState:
        """State for a checkpoint."""
        ids = [(name, used, rows) for name, (used, rows) in self._ids.items()]
        return BoundState(day=self._day, used_bytes=self._used_bytes, ids=ids)

    def load(self, state: BoundState) -> None:
        """Take the state of a checkpoint."""
        self._day, self._used_bytes = state.day, state.used_bytes
        self._ids = OrderedDict((name, (used, rows)) for name, used, rows in state.ids)


def bound_id(device_id: str, topic: str) -> str:
    """Whom a refusal counts for: its device, else the id level of its topic, else ""."""
    if device_id:
        return device_id[:ID_CHARS]
    *before, _channel = topic.split("/")
    return before[-1][:ID_CHARS] if before else ""


def bound_size(topic: str, detail: str, payload: bytes) -> int:
    """What a refusal takes on the disk, about, bytes; a topic may have 64 KiB of its own."""
    return ROW_BYTES + len(topic.encode(errors="replace")) + len(detail) + len(payload)
