"""What the platform has to say to devices, from what they said: receipts and requests to resend.

Part of the processor's core: no clock, no network. What it gives is sent by the shell and may be
lost on the way; the next record, birth or tick makes it again.
"""

from collections.abc import Callable

import msgspec

from devices.admission import Admission
from devices.admitted import Admitted
from devices.downlink import Downlink
from devices.downlink_policy import DownlinkPolicy
from devices.model import AdminState, Device
from devices.readings import DeviceInfo, Fix
from devices.receipts import Receipts, ReceiptsState, receipts_of
from devices.resends import Resends, ResendsState


class DownlinksState(msgspec.Struct):
    """For checkpoints."""

    receipts: ReceiptsState
    resends: ResendsState


class Downlinks:
    """Receipts and requests to resend, of all devices of one admission."""

    def __init__(self, admission: Admission, policy: DownlinkPolicy) -> None:
        """Start with nothing to say."""
        self._admission = admission
        self._receipts = Receipts(int(policy.receipt_s * 1000))
        self._resends = Resends(policy)

    def take(self, admitted: Admitted, elapsed_ms: int) -> None:
        """Take what a run of entries gave, the first of them at ``elapsed_ms``."""
        receipts = self._receipts
        for record in admitted.records:
            kind = type(record.reading)
            if kind is not Fix:
                self._resends.record(record, self._admission.seen(record.device.slot))
            if receipts.wants(record.device.id) or kind is DeviceInfo:
                receipts.record(record)
        for device_id in admitted.duplicates:
            if receipts.wants(device_id):
                receipts.again(device_id)
        for device_id in admitted.gapped:
            slot = self._admission.registry.devices[device_id].slot
            self._resends.gap(device_id, self._admission.seen(slot), elapsed_ms)

    def forget(self, device: Device) -> None:
        """A device was retired: nothing is said to it any more."""
        self._receipts.forget(device.id)
        self._resends.forget(device.id)

    def tick(
        self, *, elapsed_ms: int, wall_ms: int, waits: Callable[[str], bool]
    ) -> list[Downlink]:
        """What is due now; who has records that wait here (``waits``) is asked for none."""
        seen, due = self._admission.seen, list[Downlink]()
        for device_id, boots in self._receipts.due(elapsed_ms):
            if (device := self._present(device_id)) is not None:
                due += receipts_of(device, seen(device.slot), boots)
        for device_id in self._resends.due(elapsed_ms):
            if (device := self._present(device_id)) is None:
                continue
            if waits(device_id):
                self._resends.later(device_id, elapsed_ms)
            else:
                due += self._resends.ask(
                    device, seen(device.slot), elapsed_ms=elapsed_ms, wall_ms=wall_ms
                )
        return due

    def _present(self, device_id: str) -> Device | None:
        """A device that is not retired."""
        device = self._admission.registry.devices.get(device_id)
        return None if device is None or device.admin is AdminState.RETIRED else device

    def dump(self) -> DownlinksState:
        """State for a checkpoint."""
        return DownlinksState(self._receipts.dump(), self._resends.dump())

    def load(self, state: DownlinksState) -> None:
        """Take the state of a checkpoint."""
        self._receipts.load(state.receipts)
        self._resends.load(state.resends)
