"""Receipts: which numbers of a device are stored for good, told to devices that asked for it.

A broker's acknowledgement means "in memory"; a receipt means that the journal has it on disk. A
device keeps each record until then. Told at once after a batch, a birth or a farewell, else at most
once per ``receipt_s``; a receipt that is lost comes again with the next record.
"""

from heapq import heapify, heappop, heappush

import msgspec

from devices.admitted import Record
from devices.downlink import Downlink, ReceiptMessage
from devices.model import Device
from devices.readings import DeviceInfo, DeviceState, StateReport
from devices.seen import Numbers, Seen

AT_ONCE = 0
"""Elapsed time that has come for every clock."""


class ReceiptsState(msgspec.Struct):
    """For checkpoints: who wants receipts, when each got the last one, and who is to get one."""

    told_ms: dict[str, int]
    waiting: dict[str, tuple[int, list[str]]]


class Receipts:
    """The receipts of all devices, by device id."""

    def __init__(self, receipt_ms: int) -> None:
        """At most one receipt per device and ``receipt_ms``, but for batches and births."""
        self._receipt_ms = receipt_ms
        self._told_ms: dict[str, int] = {}
        self._waiting: dict[str, tuple[int, set[str]]] = {}
        self._due: list[tuple[int, str]] = []

    def wants(self, device_id: str) -> bool:
        """Whether a device asked for receipts."""
        return device_id in self._told_ms

    def record(self, record: Record) -> None:
        """Take one accepted record of a device that wants receipts, or an ``info`` of any."""
        device_id, reading = record.device.id, record.reading
        if isinstance(reading, DeviceInfo):
            if reading.receipts:
                self._told_ms.setdefault(device_id, AT_ONCE)
                self._owe(device_id, "", AT_ONCE)
            else:
                self.forget(device_id)
        elif isinstance(reading, StateReport):
            if reading.state is not DeviceState.LOST:  # it is here, or about to leave
                self._owe(device_id, "", AT_ONCE)
        elif reading.seq is not None:
            batch = record.entry.topic.endswith("/batch")
            due_ms = AT_ONCE if batch else self._told_ms[device_id] + self._receipt_ms
            self._owe(device_id, reading.boot, due_ms)

    def again(self, device_id: str) -> None:
        """A record came that we had: its receipt was lost, or is on its way."""
        self._owe(device_id, "", self._told_ms[device_id] + self._receipt_ms)

    def forget(self, device_id: str) -> None:
        """A device wants none, or is retired."""
        self._told_ms.pop(device_id, None)
        self._waiting.pop(device_id, None)

    def _owe(self, device_id: str, boot: str, due_ms: int) -> None:
        """Note that numbers of ``boot`` came; "" = of any boot."""
        waiting = self._waiting.get(device_id)
        boots = {boot} if waiting is None else waiting[1] | {boot}
        if waiting is None or due_ms < waiting[0]:
            self._waiting[device_id] = due_ms, boots
            heappush(self._due, (due_ms, device_id))
        else:
            waiting[1].add(boot)

    def due(self, elapsed_ms: int) -> list[tuple[str, set[str]]]:
        """Whose receipts are due: device and boots that were touched; "" among them = all."""
        found = []
        while self._due and self._due[0][0] <= elapsed_ms:
            due_ms, device_id = heappop(self._due)
            waiting = self._waiting.get(device_id)
            if waiting is None or waiting[0] != due_ms:
                continue  # told earlier, or no longer wanted
            del self._waiting[device_id]
            self._told_ms[device_id] = elapsed_ms
            found.append((device_id, waiting[1]))
        return found

    def dump(self) -> ReceiptsState:
        """State for a checkpoint."""
        waiting = {
            device_id: (due, sorted(boots)) for device_id, (due, boots) in self._waiting.items()
        }
        return ReceiptsState(dict(self._told_ms), waiting)

    def load(self, state: ReceiptsState) -> None:
        """Take the state of a checkpoint."""
        self._told_ms = dict(state.told_ms)
        self._waiting = {
            device_id: (due, set(boots)) for device_id, (due, boots) in state.waiting.items()
        }
        self._due = [(due, device_id) for device_id, (due, _) in self._waiting.items()]
        heapify(self._due)


def receipts_of(device: Device, seen: Seen, boots: set[str]) -> list[Downlink]:
    """The present marks of these boots of a device; "" among them = of all that are known."""
    marks: list[Numbers] = seen.marks()
    return [
        Downlink(device, ReceiptMessage(boot=boot, first=first, upto=upto))
        for boot, first, upto in marks
        if boot in boots or "" in boots
    ]
