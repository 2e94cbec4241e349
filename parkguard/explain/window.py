"""A window of the journal: from a time on, and only of the devices that matter.

The journal has no index but its numbers: the first entry of a time is found by halving, and what
nobody asks for is passed over inside SQLite.
"""

from collections.abc import Iterable

from devices.entry import Entry
from devices.model import Device
from devices.topics import CHANNELS
from parkguard.explain.deadline import Deadline
from stores.journal_picking import Controls, JournalPicker, Said, Wanted

FEW = 200_000
"""So many entries before the window are looked at, too, for what was registered, armed and fenced
in them; with more the registry is that of the records. Ours: a second's work (docs/explain.md)."""


class Window:
    """A journal that begins at ``since_ms``, and whose messages are of some devices only.

    Before that time only what people did is read.
    """

    def __init__(
        self,
        reader: JournalPicker,
        since_ms: int,
        *,
        wanted: Wanted | None,
        deadline: Deadline,
        few: int = FEW,
    ) -> None:
        """Find the beginning.

        Args:
            reader: The whole journal; it holds entries.
            since_ms: No message before it is asked for, ms UTC.
            wanted: What is asked for; None = everything.
            deadline: Looked at after every stretch that is read.
            few: So many entries before its beginning are taken along.

        Raises:
            JournalError: A segment cannot be read.
        """
        self._reader = reader
        self._wanted = wanted
        self._deadline = deadline
        self._controls = Controls()
        self._last, self._ends_ms = reader.newest()
        first = reader.first_seq()
        self._begin = reader.first_since(since_ms)
        self._begins_ms = reader.received_ms(self._begin)
        self._first = first if self._begin - first <= few else self._begin
        self._is_whole = self._begin > first

    def first_seq(self) -> int:
        """Number of the first entry of the window."""
        return self._first

    def last_seq(self) -> int:
        """Number of the newest entry when it was opened."""
        return self._last

    def begin_seq(self) -> int:
        """Number of the first entry of its time: before it only what people did is read."""
        return self._begin

    def began_ms(self, since_ms: int) -> int:
        """From when on it is held, ms UTC: ``since_ms``, unless the journal begins later."""
        return since_ms if self._is_whole else max(since_ms, self._begins_ms)

    def holds(self, from_ms: int, to_ms: int) -> bool:
        """Whether the journal holds something of a time, ms UTC, that begins in the window."""
        return from_ms <= self._ends_ms and (self._is_whole or to_ms >= self._begins_ms)

    def held_ms(self) -> tuple[int, int]:
        """When the journal's first and its newest entry were received, ms UTC; unpacks an archive.

        Raises:
            JournalError: A segment cannot be read.
        """
        return self._reader.received_ms(self._reader.first_seq()), self._ends_ms

    def read(self, after_seq: int, limit: int) -> list[Entry]:
        """Entries above ``after_seq``, ascending; none only at the end of the journal.

        Raises:
            JournalError: A segment cannot be read.
            OutOfTime: The deadline has passed.
        """
        while after_seq < self._last:
            self._deadline.check()
            teaches = after_seq + 1 < self._begin
            wanted = self._controls if teaches else self._wanted
            if wanted is None:
                return self._reader.read(after_seq, limit)
            upto_seq = self._begin - 1 if teaches else self._last
            entries, looked_at = self._reader.pick(
                after_seq, wanted, limit=limit, upto_seq=upto_seq
            )
            if entries:
                return entries
            if looked_at <= after_seq:
                break
            after_seq = looked_at
        return []


def wanted_of(devices: Iterable[Device], root: str) -> Wanted:
    """What these devices say; of foreign senders everything when one of them speaks so."""
    known = list(devices)
    return Said(
        [
            f"{root}/up/{device.cls.value}/{device.id}/{channel}"
            for device in known
            for channel in CHANNELS[device.cls]
        ],
        up=f"{root}/up/",
        foreign=any(device.profile.foreign for device in known),
    )
