"""All cameras of a partition: what is remembered of each, and which channels changed."""

import msgspec

from devices.camera_conditions import (
    CameraMemory,
    ChannelChange,
    camera_event,
    camera_heard,
    camera_seen_to,
)
from devices.entry import Entry
from devices.readings import CameraHeartbeat, Event

_KEPT = dict[int, CameraMemory]
_decode = msgspec.msgpack.Decoder(_KEPT)


class Cameras:
    """Takes words of cameras in journal order."""

    def __init__(self, kept: bytes = b"") -> None:
        """Start with nothing heard, or from what ``dump`` gave."""
        self._of: _KEPT = _decode.decode(kept) if kept else {}
        self._changes: list[ChannelChange] = []

    def heard(self, slot: int, heartbeat: CameraHeartbeat, entry: Entry) -> int:
        """``Cause`` bits of a camera after a heartbeat."""
        memory = self._of.setdefault(slot, CameraMemory())
        bits, changes = camera_heard(
            memory, heartbeat, slot=slot, recv_ms=entry.recv_ms, now_ms=entry.elapsed_ms
        )
        self._changes += changes
        return bits

    def event(self, slot: int, event: Event, entry: Entry) -> int | None:
        """The same after an event; None when no heartbeat of this device was ever heard."""
        memory = self._of.get(slot)
        if memory is None:
            return None
        bits, changes = camera_event(
            memory, event, slot=slot, recv_ms=entry.recv_ms, now_ms=entry.elapsed_ms
        )
        self._changes += changes
        return bits

    def seen_to(self, slot: int) -> None:
        """Staff have it in hand."""
        memory = self._of.get(slot)
        if memory is not None:
            self._changes += camera_seen_to(memory, slot=slot)

    def forget(self, slot: int) -> None:
        """A device is gone for good."""
        self._of.pop(slot, None)

    def take_changes(self) -> list[ChannelChange]:
        """Channels that changed since the last call, in order."""
        changes, self._changes = self._changes, []
        return changes

    def dump(self) -> bytes:
        """For a checkpoint."""
        return msgspec.msgpack.encode(self._of)
