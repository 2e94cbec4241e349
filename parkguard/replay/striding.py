"""Ticks of a journal taken in strides: a month is replayed in minutes.

A tick a second cuts the messages of a quiet fleet into batches of a few, and most of the time goes
into what every batch costs. Here the messages of up to a stride come first, then one tick for all
of it. Every message is judged with its own times as ever; what is decided by ticks (second contact,
expiry, late uploads) comes up to a stride later than live. What people did, ticks without a broker
and holes in the ticks (our own outages) end a stride, so that their order is kept.
"""

from collections.abc import Iterator
from typing import NamedTuple

from devices.entry import Entry, EntryKind
from devices.listening import MAX_TICK_MS

STEP_MAX = 5_000
"""Most messages of one step: memory is bounded whatever the stride."""
_TICK, _MQTT = int(EntryKind.TICK), int(EntryKind.MQTT)


class Stride(NamedTuple):
    """Entries of one step, and for how long its ticks stand (ms)."""

    entries: list[Entry]
    longest_tick_ms: int


class Strides:
    """Cuts entries, in order; what is begun waits for the next ones."""

    def __init__(self, stride_ms: int) -> None:
        """Take strides of so long; up to ``MAX_TICK_MS`` every tick is taken."""
        self._stride_ms = stride_ms
        self._entries: list[Entry] = []
        self._held: Entry | None = None
        self._began_ms = self._ticked_ms = -1

    def cut(self, entries: list[Entry]) -> Iterator[Stride]:
        """Strides that are over by the end of these entries."""
        if self._stride_ms <= MAX_TICK_MS:
            yield Stride(entries, MAX_TICK_MS)
            return
        for entry in entries:
            if entry.kind == _MQTT:
                self._entries.append(entry)
                if len(self._entries) >= STEP_MAX:
                    yield from self.rest()
            elif entry.kind == _TICK and self._goes_on(entry):
                self._held, self._ticked_ms = entry, entry.elapsed_ms
                if entry.elapsed_ms - self._began_ms >= self._stride_ms:
                    yield from self.rest()
            else:
                yield from self.rest()
                yield Stride([entry], MAX_TICK_MS)
                if entry.kind == _TICK:
                    self._ticked_ms = self._began_ms = entry.elapsed_ms

    def rest(self) -> Iterator[Stride]:
        """What waits, with the tick that ends it."""
        held, entries = self._held, self._entries
        self._held, self._entries = None, []
        if held is not None:
            entries.append(held)
            self._began_ms = held.elapsed_ms
        if entries:
            yield Stride(entries, self._stride_ms + MAX_TICK_MS)

    def _goes_on(self, tick: Entry) -> bool:
        """Whether the broker was there and the tick before was a moment ago."""
        return bool(tick.flags) and 0 <= self._ticked_ms >= tick.elapsed_ms - MAX_TICK_MS
