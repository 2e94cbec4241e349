"""Gaps: which numbers of a device are missing, and when it is asked to send them again.

Only devices whose ``info`` names the capability ``resend`` are asked. They answer with the
records, or with an ``ack`` that they no longer have them: those are forgone.
"""

from heapq import heapify, heappop, heappush

import msgspec

from devices.admitted import Record
from devices.downlink import Downlink, ResendMessage, command_id
from devices.downlink_policy import DownlinkPolicy
from devices.model import Device
from devices.readings import CommandAck, DeviceInfo, DeviceState, StateReport
from devices.seen import Numbers, Seen
from devices.words import AckResult

RESEND = "resend"
"""The capability in a device's ``info`` (docs/wire.md)."""
AGAIN_FACTOR = 5
"""Each wait for an answer is so many times the one before."""
_GONE = frozenset({AckResult.REFUSED, AckResult.FAILED})


class Asking(msgspec.Struct):
    """A device with a gap: when it is asked next (elapsed ms), and how often it was."""

    due_ms: int
    asks: int = 0


class ResendsState(msgspec.Struct):
    """For checkpoints."""

    able: list[str]
    asking: dict[str, Asking]


class Resends:
    """Who has gaps and is asked for them."""

    def __init__(self, policy: DownlinkPolicy) -> None:
        """Start with nobody."""
        self._policy = policy
        self._able: set[str] = set()
        self._asking: dict[str, Asking] = {}
        self._due: list[tuple[int, str]] = []

    def record(self, record: Record, seen: Seen) -> None:
        """Learn who can resend, who connected anew, and what is gone for good."""
        device_id, reading, now_ms = record.device.id, record.reading, record.entry.elapsed_ms
        if isinstance(reading, DeviceInfo):
            if RESEND not in reading.caps:
                self.forget(device_id)
            elif device_id not in self._able:
                self._able.add(device_id)
                self._begin(device_id, seen, now_ms)
        elif isinstance(reading, StateReport):
            if reading.state is DeviceState.ONLINE and device_id in self._able:
                self._begin(device_id, seen, now_ms)
        elif isinstance(reading, CommandAck) and reading.result in _GONE:
            for numbers in seen.wanted():
                if command_id(numbers) == reading.cmd_id:
                    seen.forgo(numbers)

    def gap(self, device_id: str, seen: Seen, elapsed_ms: int) -> None:
        """The gaps of a device changed: a new one is asked for, progress is no silence."""
        if device_id not in self._able:
            return
        asking = self._asking.get(device_id)
        if asking is None:
            self._begin(device_id, seen, elapsed_ms)
        else:
            asking.asks = min(asking.asks, 1)

    def forget(self, device_id: str) -> None:
        """A device cannot resend, or is retired."""
        self._able.discard(device_id)
        self._asking.pop(device_id, None)

    def _begin(self, device_id: str, seen: Seen, elapsed_ms: int) -> None:
        self._asking.pop(device_id, None)
        if seen.wanted():
            self._ask_at(device_id, Asking(elapsed_ms + int(self._policy.resend_after_s * 1000)))

    def _ask_at(self, device_id: str, asking: Asking) -> None:
        self._asking[device_id] = asking
        heappush(self._due, (asking.due_ms, device_id))

    def due(self, elapsed_ms: int) -> list[str]:
        """Devices whose time has come, at most ``resend_devices`` of them."""
        found = dict[str, None]()  # in order; who began twice in one moment stands there twice
        while self._due and self._due[0][0] <= elapsed_ms:
            if len(found) == self._policy.resend_devices:
                break
            due_ms, device_id = heappop(self._due)
            asking = self._asking.get(device_id)
            if asking is not None and asking.due_ms == due_ms:
                found[device_id] = None
        return list(found)

    def later(self, device_id: str, elapsed_ms: int) -> None:
        """Put off what is due of a device, without counting it as asked."""
        asks = self._asking.pop(device_id).asks
        wait_ms = int(self._policy.resend_after_s * 1000)
        self._ask_at(device_id, Asking(elapsed_ms + wait_ms, asks))

    def ask(self, device: Device, seen: Seen, *, elapsed_ms: int, wall_ms: int) -> list[Downlink]:
        """Ask a device that is due for what is missing, or be done with it."""
        policy, device_id = self._policy, device.id
        asking, wanted = self._asking.pop(device_id), seen.wanted()
        if not wanted or asking.asks >= policy.resend_asks:
            return []
        wait_ms = int(policy.resend_again_s * 1000) * AGAIN_FACTOR**asking.asks
        self._ask_at(device_id, Asking(elapsed_ms + wait_ms, asking.asks + 1))
        return [
            Downlink(device, _request(numbers, until=wall_ms + wait_ms))
            for numbers in wanted[: policy.resend_ranges]
        ]

    def dump(self) -> ResendsState:
        """State for a checkpoint."""
        asking = {
            device_id: Asking(each.due_ms, each.asks) for device_id, each in self._asking.items()
        }
        return ResendsState(sorted(self._able), asking)

    def load(self, state: ResendsState) -> None:
        """Take the state of a checkpoint."""
        self._able = set(state.able)
        self._asking = {
            device_id: Asking(each.due_ms, each.asks) for device_id, each in state.asking.items()
        }
        self._due = [(each.due_ms, device_id) for device_id, each in self._asking.items()]
        heapify(self._due)


def _request(numbers: Numbers, *, until: int) -> ResendMessage:
    boot, first, last = numbers
    return ResendMessage(cmd_id=command_id(numbers), boot=boot, first=first, last=last, until=until)
