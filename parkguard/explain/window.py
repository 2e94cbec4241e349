"""A window of the journal: from a time on, and only of the devices that matter.

The journal has no index but its numbers: the first entry of a time is found by halving.
"""

from collections.abc import Collection

from devices.entry import Entry, EntryKind
from parkguard.replay.from_journal import Reader

FEW = 200_000
"""So many entries before the window are read, too, for what was registered, armed and fenced in
them; with more the registry is that of the records. Ours: a second's work (docs/explain.md)."""
_MQTT = int(EntryKind.MQTT)


class Window:
    """A journal that begins at ``since_ms``, and whose messages are of some devices only."""

    def __init__(
        self,
        reader: Reader,
        since_ms: int,
        *,
        root: str,
        devices: Collection[str] | None,
        few: int = FEW,
    ) -> None:
        """Find the beginning.

        Args:
            reader: The whole journal.
            since_ms: Nothing before it is asked for, ms UTC.
            root: First levels of our topics; other topics are all kept.
            devices: Ids; None = all.
            few: So many entries before its beginning are taken along.
        """
        self._reader = reader
        self._prefix = f"{root}/up/"
        self._devices = None if devices is None else frozenset(devices)
        self._last = reader.last_seq()
        first = reader.first_seq()
        begin = _first_since(reader, since_ms, first, self._last)
        self._first = first if begin - first <= few else begin

    def first_seq(self) -> int:
        """Number of the first entry of the window."""
        return self._first

    def last_seq(self) -> int:
        """Number of the newest entry when it was opened."""
        return self._last

    def begins_ms(self) -> int:
        """When its first entry was received, ms UTC.

        Raises:
            JournalError: A segment cannot be read.
        """
        found = self._reader.read(self._first - 1, 1)
        return found[0].recv_ms if found else 0

    def read(self, after_seq: int, limit: int) -> list[Entry]:
        """Entries above ``after_seq``, ascending; none only at the end of the journal.

        Raises:
            JournalError: A segment cannot be read.
        """
        while entries := self._reader.read(after_seq, limit):
            if self._devices is None:
                return entries
            after_seq = entries[-1].seq
            kept = [entry for entry in entries if self._matters(entry)]
            if kept:
                return kept
        return []

    def _matters(self, entry: Entry) -> bool:
        if entry.kind != _MQTT or not entry.topic.startswith(self._prefix):
            return True
        return self._devices is None or entry.topic.split("/")[-2] in self._devices


def _first_since(reader: Reader, since_ms: int, first: int, last: int) -> int:
    """Number of the first entry received at ``since_ms`` or later, by halving.

    A wall clock that was set back makes it one of several; what is read too much is harmless.
    """
    low, high = first, last + 1
    while low < high:
        middle = (low + high) // 2
        found = reader.read(middle - 1, 1)
        if not found or found[0].recv_ms >= since_ms:
            high = middle
        else:
            low = found[0].seq + 1
    return low
