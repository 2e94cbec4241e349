"""The platform and its trackers in one loop on a simulated clock: what is asked comes back.

The pipeline is the live one (``parkguard.replay.timeline``), the trackers are those of the
simulator; commands take the radio's time, and whoever sleeps or is deaf does not answer.
"""

from collections.abc import Iterable, Iterator

import msgspec

from alerts.model import AlertChange
from devices.command import CommandChange
from devices.control import AnyControl, RegisterDevices, RegisterVehicles
from devices.model import Device, DeviceClass, Vehicle
from parkguard.replay.timeline import Timeline
from parkguard.settings import Settings
from simulators.keeping import Command, Info
from simulators.obeying import CAPS
from simulators.outgoing import Outgoing
from simulators.playing import Stage
from simulators.vehicles import Tracker

START_MS = 1_764_032_400_000
"""2025-11-25 01:00 UTC."""
TICK_MS = 1_000


class Loop:
    """One run; seconds since ``START_MS``.

    Attributes:
        said: When and on which topic trackers spoke.
    """

    def __init__(self, settings: Settings, trackers: Iterable[Tracker], *, asks: bool) -> None:
        """Register every tracker on a vehicle of its own; they say that they can be asked."""
        self._stage_actors = list(trackers)
        self._stage = Stage(self._stage_actors)
        self._root = settings.broker.root
        self._heard, self._now_ms = 0, START_MS
        self.said: list[tuple[float, str]] = []
        self.timeline = Timeline(settings)
        self.timeline.begin(START_MS)
        self.timeline.act(_registry(self._stage_actors))
        for tracker in self._stage_actors if asks else []:
            self._say(0.0, _info(tracker))
        self.timeline.step()

    def run(self, until_s: float) -> None:
        """Let everybody live until then."""
        timeline, stage, now_ms = self.timeline, self._stage, self._now_ms
        while stage.due_s < until_s:
            due_ms = max(to_wall(stage.due_s), now_ms)
            while now_ms < due_ms and timeline.pipeline.waits:
                now_ms = min(due_ms, (now_ms // TICK_MS + 1) * TICK_MS)
                timeline.arrive(now_ms)
                if self._hear(now_ms):
                    due_ms = max(to_wall(stage.due_s), now_ms)
            now_ms = due_ms
            at_s = stage.due_s
            for record in stage.act():
                self._say(at_s, record)
            timeline.step()
        timeline.arrive(to_wall(until_s))
        self._hear(to_wall(until_s))
        self._now_ms = to_wall(until_s)

    def alerts(self) -> Iterator[tuple[float, AlertChange]]:
        """Every change of an alert, and when it came about."""
        for change in self.timeline.observed.changes:
            yield (change.alert.caused_recv_ms - START_MS) / 1000, change.alert

    @property
    def commands(self) -> list[CommandChange]:
        """What became of each command, every change."""
        return self.timeline.observed.commands

    def _say(self, at_s: float, record: Outgoing) -> None:
        self.said.append((at_s, record.topic(self._root)))
        self.timeline.receive(
            to_wall(at_s), record.topic(self._root), record.payload, retain=False, dup=False
        )

    def _hear(self, now_ms: int) -> bool:
        """Hand new commands to the trackers' radios."""
        orders = self.timeline.observed.orders
        fresh, self._heard = orders[self._heard :], len(orders)
        for order in fresh:
            command = msgspec.json.decode(msgspec.json.encode(order.message), type=Command)
            self._stage.hear(order.device.id, command, (now_ms - START_MS) / 1000)
        return bool(fresh)


def to_wall(at_s: float) -> int:
    """Seconds of the run as wall clock, ms UTC."""
    return START_MS + round(at_s * 1000)


def vehicle_of(device_id: str) -> str:
    """The vehicle that a tracker is on."""
    return f"veh-{device_id}"


def _registry(trackers: Iterable[Tracker]) -> list[AnyControl]:
    ids = [tracker.identity.device_id for tracker in trackers]
    vehicles = [Vehicle(id=vehicle_of(name)) for name in ids]
    devices = [
        Device(id=name, slot=slot, cls=DeviceClass.TRACKER, vehicle_id=vehicle_of(name))
        for slot, name in enumerate(ids, start=1)
    ]
    return [
        RegisterVehicles(at_ms=START_MS, vehicles=vehicles),
        RegisterDevices(at_ms=START_MS, devices=devices),
    ]


def _info(tracker: Tracker) -> Outgoing:
    device_id, parked_s = tracker.identity.device_id, tracker.identity.next_s
    info = Info(id=device_id, t=START_MS, caps=CAPS, receipts=False, interval_s=parked_s)
    payload = msgspec.json.encode(info)
    return Outgoing(device_id=device_id, cls="trk", channel="info", payload=payload)
