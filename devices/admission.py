"""From journal entries to accepted records: decode, identity, duplicates.

One code for both readers: the processor and the projector run it apart and agree, because the
journal is all it looks at.
"""

from collections import Counter
from typing import NamedTuple

import msgspec

from devices import control, wire
from devices.control import AnyControl
from devices.entry import RETAIN, Entry, EntryKind
from devices.errors import WireError, WireReason
from devices.model import AdminState, Device
from devices.readings import AnyReading, DeviceState, StateReport
from devices.registry import Registry, RegistrySnapshot
from devices.seen import Seen, SeenState
from devices.topics import Topic, parse_topic


class Record(NamedTuple):
    """One accepted record of a registered device."""

    entry: Entry
    device: Device
    reading: AnyReading


class Refusal(NamedTuple):
    """One refused message (item -1) or item of one."""

    entry: Entry
    item: int
    device_id: str
    reason: WireReason
    detail: str
    payload: bytes


class Admitted(NamedTuple):
    """What a run of entries gave, in order."""

    records: list[Record]
    refusals: list[Refusal]


class AdmissionState(msgspec.Struct):
    """For checkpoints: ``seen`` holds one element per device slot that was heard."""

    registry: RegistrySnapshot
    seen: list[tuple[int, SeenState]]
    gaps: int


class Admission:
    """Admits entries in journal order. Holds the registry and what was seen of each device."""

    def __init__(self, root: str, *, registry: Registry | None = None) -> None:
        """Start with nothing seen; ``root`` is the first levels of every topic."""
        self._root = root
        self.registry = registry or Registry()
        self._seen: dict[int, Seen] = {}
        self.gaps = 0

    def admit(self, entries: list[Entry], books: Counter[tuple[str, str]]) -> Admitted:
        """Admit a run of MQTT entries and count every record into ``books``.

        A batch counts one record an item; a message that cannot be opened counts one.
        """
        admitted = Admitted([], [])
        for entry in entries:
            self._admit_one(entry, admitted, books)
        return admitted

    def control(self, entry: Entry, books: Counter[tuple[str, str]]) -> AnyControl | Refusal:
        """Decode a control entry and apply it to the registry."""
        try:
            decoded = control.decode(entry.payload)
        except msgspec.DecodeError as exc:
            books["control_refused", ""] += 1
            detail = str(exc)[:200]
            return Refusal(entry, -1, "", WireReason.CONTROL, detail, entry.payload)
        self.registry.apply(decoded)
        return decoded

    def _admit_one(self, entry: Entry, admitted: Admitted, books: Counter[tuple[str, str]]) -> None:
        device_id = ""
        try:
            topic = parse_topic(entry.topic, self._root)
            device_id = topic.device_id
            device = self._device(topic)
            decoded = wire.decode(
                topic,
                entry.payload,
                recv_ms=entry.recv_ms,
                retained=bool(entry.flags & RETAIN),
            )
        except WireError as exc:
            books["received", ""] += 1
            books["quarantined", exc.reason] += 1
            admitted.refusals.append(
                Refusal(entry, -1, device_id, exc.reason, exc.detail, entry.payload)
            )
            return
        books["received", ""] += len(decoded.readings) + len(decoded.refused)
        for item in decoded.refused:
            books["quarantined", item.reason] += 1
            admitted.refusals.append(
                Refusal(entry, item.item, device_id, item.reason, item.detail, item.payload)
            )
        seen = self._seen.get(device.slot)
        if seen is None:
            seen = self._seen[device.slot] = Seen()
        for reading in decoded.readings:
            if self._is_new(seen, reading):
                books["accepted", ""] += 1
                if isinstance(reading, StateReport) and reading.state is DeviceState.LOST:
                    books["wills", ""] += 1  # the broker made it, not the device
                admitted.records.append(Record(entry, device, reading))
            else:
                books["duplicate", ""] += 1

    def _is_new(self, seen: Seen, reading: AnyReading) -> bool:
        if reading.key or reading.seq is None:
            return seen.take_key(reading.key)
        new, change = seen.take_number(reading.boot, reading.seq)
        self.gaps += change
        return new

    def _device(self, topic: Topic) -> Device:
        device = self.registry.devices.get(topic.device_id)
        if device is None:
            raise WireError(WireReason.UNKNOWN_DEVICE, "not registered; adopt it to take these")
        if device.admin is AdminState.RETIRED:
            raise WireError(WireReason.REVOKED, "the device is retired")
        if device.cls is not topic.cls:
            raise WireError(WireReason.CLASS, f"registered as {device.cls}")
        return device

    def missing(self, slot: int) -> list[tuple[str, int, int]]:
        """Open gaps of one device as (boot, first missing, last missing)."""
        seen = self._seen.get(slot)
        return seen.missing() if seen else []

    def dump(self) -> AdmissionState:
        """State for a checkpoint."""
        return AdmissionState(
            registry=self.registry.snapshot(),
            seen=[(slot, seen.dump()) for slot, seen in self._seen.items()],
            gaps=self.gaps,
        )

    def load(self, state: AdmissionState) -> None:
        """Take the state of a checkpoint."""
        self.registry = Registry(state.registry)
        self._seen = {slot: Seen.load(dumped) for slot, dumped in state.seen}
        self.gaps = state.gaps


def split_runs(entries: list[Entry]) -> list[list[Entry]]:
    """Cut entries into runs: MQTT entries together, every control and tick alone."""
    runs: list[list[Entry]] = []
    for entry in entries:
        mqtt = entry.kind == EntryKind.MQTT
        if mqtt and runs and runs[-1][-1].kind == EntryKind.MQTT:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs
