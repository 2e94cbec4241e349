"""A street with vehicles, played through the engine at the speed of the test.

Time passes in whole seconds with a tick each, as the receiver makes them.
"""

import msgspec

from alerts.detection.signs import Sign
from alerts.engine import Engine
from alerts.model import AlertChange, Effects, FenceCrossing, Notice, NoticeKind
from alerts.open_alert import OpenAlert
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.control import AnyControl, Delivered, DeskVerdict, OwnerAnswer
from devices.model import Device, Fence, Grid, Vehicle
from devices.readings import AnyReading, EventType, Flag
from devices.registry import Registry
from support.factories import (
    a_control,
    a_device,
    a_fix,
    a_record,
    a_registry,
    a_tick,
    an_event,
    at_ms,
)
from support.rates import thresholds

RIDE_MPS = 5.0


class Scene:
    """Vehicles ``v-1``, ``v-2`` ... parked at ``HOME`` plus 1 km per number."""

    def __init__(
        self,
        *,
        trackers: int = 1,
        vehicle: Vehicle | None = None,
        fences: tuple[Fence, ...] = (),
        grids: tuple[Grid, ...] = (),
        dispatch: DispatchPolicy | None = None,
    ) -> None:
        self.registry: Registry = a_registry(trackers=trackers, vehicle=vehicle, fences=fences)
        self.registry.grids = {grid.id: grid for grid in grids}
        self._dispatch = dispatch or DispatchPolicy()
        self.engine = Engine(
            self.registry, DetectionPolicy(), self._dispatch, thresholds=thresholds()
        )
        self.effects = Effects()
        self.now_s = 0.0
        self.gone_m = 0.0

    @classmethod
    def parked(cls) -> "Scene":
        """One vehicle, parked and armed at 300 s."""
        scene = cls()
        scene.park()
        return scene

    def nats(self, sign: Sign, number: int = 1) -> float:
        """What a sign of a vehicle counts now."""
        now_ms = 5_000_000 + round(self.now_s * 1000)
        return self.engine._watch.evidence.counted(number, now_ms).get(sign, 0.0)

    # -- what happens -----------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds)):
            self.now_s += 1
            self.engine.tick(a_tick(self.now_s), self.effects)

    def sleep_until(self, at_s: float) -> None:
        """Let hours pass with one tick at their end: for when nothing waits for ticks."""
        self.now_s = at_s
        self.wait(1)

    def hear(self, *readings: AnyReading, number: int = 1, device: Device | None = None) -> None:
        """Records of one device, received now."""
        device = device or a_device(number)
        records = [a_record(reading, device=device, at_s=self.now_s) for reading in readings]
        self.engine.records(records, self.effects)

    def finish(self) -> None:
        """The input ends."""
        self.engine.finish(a_tick(self.now_s), self.effects)

    def upload(self, *readings: AnyReading, number: int = 1) -> None:
        """One message of records older than ten minutes, flagged as decoding flags them."""
        flagged = [
            msgspec.structs.replace(reading, flags=reading.flags | Flag.LATE | Flag.BACKFILL)
            for reading in readings
        ]
        self.hear(*flagged, number=number)

    def fix(self, east_m: float = 0.0, north_m: float = 0.0, *, number: int = 1) -> None:
        """A fix of now."""
        self.hear(a_fix(self.now_s, east_m + 1000 * (number - 1), north_m), number=number)

    def event(self, type_: EventType, *, number: int = 1) -> None:
        """An event of now."""
        self.hear(an_event(type_, self.now_s), number=number)

    def people(self, control: AnyControl) -> None:
        """What people did, now."""
        self.registry.apply(control)
        self.engine.control(control, a_control(control, at_s=self.now_s), self.effects)

    def park(self, seconds: float = 300, *, at_m: float | None = None, every_s: float = 10) -> None:
        """Stand still, reporting."""
        east_m = self.gone_m if at_m is None else at_m
        for _ in range(round(seconds / every_s)):
            self.wait(every_s)
            self.fix(east_m)

    def ride(self, seconds: float, *, speed_mps: float = RIDE_MPS, every_s: float = 10) -> None:
        """Go east, reporting."""
        for _ in range(round(seconds / every_s)):
            self.wait(every_s)
            self.gone_m += speed_mps * every_s
            self.fix(self.gone_m)

    def steal(self, seconds: float = 60) -> OpenAlert:
        """Park, shake, ride away; the alert that comes of it."""
        self.park()
        self.event(EventType.VIBRATION)
        self.ride(seconds)
        return self.alert

    def deliver(self, receiver: str = "owner:wang") -> None:
        """The owner's notice reached a phone."""
        self.people(
            Delivered(
                at_ms=at_ms(self.now_s),
                alert_id=self.alert.alert_id,
                notice="owner_notice",
                receiver=receiver,
            )
        )

    def owner_says(self, answer: str, *, alert_id: str | None = None) -> None:
        """``me`` or ``not_me``."""
        control = {
            "type": "owner_answer",
            "at_ms": at_ms(self.now_s),
            "by": "wang",
            "vehicle_id": "v-1",
            "alert_id": alert_id or self.alert.alert_id,
            "answer": answer,
        }
        self.people(msgspec.convert(control, OwnerAnswer))

    def desk_says(self, verdict: str) -> None:
        """``confirm`` or ``dismiss``."""
        control = {
            "type": "desk_verdict",
            "at_ms": at_ms(self.now_s),
            "by": "desk-1",
            "alert_id": self.alert.alert_id,
            "verdict": verdict,
        }
        self.people(msgspec.convert(control, DeskVerdict))

    def restart(self) -> None:
        """The processor stops and comes back with its checkpoint."""
        blob = msgspec.msgpack.encode(self.engine.dump())
        state = msgspec.msgpack.decode(blob, type=type(self.engine.dump()))
        self.engine = Engine(Registry(), DetectionPolicy(), self._dispatch, thresholds=thresholds())
        self.engine.load(state, self.registry)

    # -- what came of it --------------------------------------------------------------------

    @property
    def alert(self) -> OpenAlert:
        """The one open alert."""
        (alert,) = self.engine.cases.open.values()
        return alert

    @property
    def quiet(self) -> bool:
        """Nothing was raised or told at all."""
        effects = self.effects
        return not (effects.alerts or effects.incidents or effects.notices)

    @property
    def crossings(self) -> list[FenceCrossing]:
        """Fences entered and left, in order."""
        return self.effects.crossings

    @property
    def story(self) -> list[str]:
        """The timeline's words, in order."""
        return [change.what for change in self.effects.alerts]

    @property
    def last(self) -> AlertChange:
        """The newest change."""
        return self.effects.alerts[-1]

    @property
    def armed(self) -> bool:
        """Whether ``v-1`` is watched."""
        return self.engine.armed_state(1) == 2

    def notices(self, kind: NoticeKind, action: str | None = None) -> list[Notice]:
        """Outbox rows of one kind."""
        return [
            notice
            for notice in self.effects.notices
            if notice.kind is kind and action in {None, notice.action}
        ]

    def asked(self) -> list[str]:
        """Who was asked by an owner's notice, in order."""
        return [notice.receiver for notice in self.notices(NoticeKind.OWNER_NOTICE)]
