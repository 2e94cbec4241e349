"""A short journal with a theft in it: registration, parking, a ride, people's words, ticks.

Two vehicles; the first is stolen, the second only shaken. Bad messages stand among the good ones.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from alerts.engine import Engine
from alerts.engine_state import EngineState
from alerts.model import AlertKind, Effects
from alerts.open_alert import alert_id_of
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.admission import Admission, AdmissionState, split_runs
from devices.control import AnyControl, Delivered, OwnerAnswer, RegisterDevices, RegisterVehicles
from devices.entry import Entry, EntryKind
from devices.readings import AnyReading, EventType
from support.factories import (
    ROOT,
    a_control,
    a_device,
    a_fix,
    a_tick,
    a_vehicle,
    an_entry,
    at_ms,
    event_bytes,
    fix_bytes,
)
from support.rates import thresholds

LOST_S = 320
"""Here the tracker of ``late_ride`` lost its network; until 300 it was parked and live."""
LEFT_S = 120
"""The last fix at rest of the stolen vehicle."""
ALERT_ID = alert_id_of(AlertKind.MOVEMENT, "v-1", 1, at_ms(LEFT_S))


def theft_journal(*, until_s: int = 300, every_s: int = 10) -> list[Entry]:
    """Entries 1, 2, 3 ... of the whole story."""
    entries = [
        a_control(RegisterDevices(at_ms=0, devices=[a_device(1), a_device(2)])),
        a_control(RegisterVehicles(at_ms=0, vehicles=[a_vehicle(1), a_vehicle(2)])),
    ]
    for at_s in range(every_s, until_s + 1, every_s):
        entries += [a_tick(at_s - 5), a_tick(at_s)]
        entries += _messages(at_s, every_s)
        entries += [a_control(control, at_s=at_s) for control in _words(at_s)]
    return [entry._replace(seq=seq) for seq, entry in enumerate(entries, start=1)]


def _messages(at_s: int, every_s: int) -> Iterable[Entry]:
    gone_m = max(0, at_s - LEFT_S) * 5.0
    if at_s == LEFT_S:
        yield an_entry(event_bytes(EventType.VIBRATION, at_s), at_s=at_s, channel="event")
    yield an_entry(fix_bytes(at_s, seq=at_s // every_s, east_m=gone_m), at_s=at_s)
    other = a_device(2)
    if at_s % 60 == 0:
        body = event_bytes(EventType.VIBRATION, at_s)
        yield an_entry(body, at_s=at_s, device=other, channel="event")
        yield an_entry(b'{"v":1,"pos":{"lat":NaN}}', at_s=at_s, device=other)
        yield an_entry(fix_bytes(at_s, seq=1), at_s=at_s, device=a_device(9))
    if at_s % 50:  # every fifth report of the second vehicle is lost
        fix = fix_bytes(at_s, seq=at_s // every_s, east_m=900 + at_s % 7)
        yield an_entry(fix, at_s=at_s, device=other)


def _words(at_s: int) -> list[AnyControl]:
    stamp = at_ms(at_s)
    if at_s == LEFT_S + 40:
        return [
            Delivered(at_ms=stamp, alert_id=ALERT_ID, notice="owner_notice", receiver="owner:wang")
        ]
    if at_s == LEFT_S + 90:
        return [
            OwnerAnswer(
                at_ms=stamp, by="wang", vehicle_id="v-1", alert_id=ALERT_ID, answer="not_me"
            )
        ]
    return []


class Brain:
    """Admission and engine, as processor and replay use them; no store, no loop."""

    def __init__(self) -> None:
        self.admission = Admission(ROOT)
        self.engine = Engine(
            self.admission.registry, DetectionPolicy(), DispatchPolicy(), thresholds=thresholds()
        )

    def take(self, entries: list[Entry]) -> Effects:
        """Run entries together; what is to be committed of them."""
        effects = Effects()
        for run in split_runs(entries):
            head = run[0]
            if head.kind == EntryKind.MQTT:
                admitted = self.admission.admit(run, Counter())
                self.engine.records(admitted.records, effects)
            elif head.kind == EntryKind.CONTROL:
                control = self.admission.control(head, Counter())
                assert isinstance(control, AnyControl)
                self.engine.control(control, head, effects)
            else:
                self.engine.tick(head, effects)
        return effects

    def reborn(self) -> "Brain":
        """The same after a kill: from the bytes of a checkpoint."""
        blob = msgspec.msgpack.encode((self.admission.dump(), self.engine.dump()))
        admitted, watched = msgspec.msgpack.decode(blob, type=tuple[AdmissionState, EngineState])
        brain = Brain()
        brain.admission.load(admitted)
        brain.engine.load(watched, brain.admission.registry)
        return brain


def late_ride(*, start_s: float = LOST_S + 600, to_m: float = 3_000) -> list[AnyReading]:
    """Ten minutes of a ride from home at 10 s, after ten minutes at rest: what a buffer holds."""
    parked = [a_fix(at_s) for at_s in range(LOST_S, round(start_s), 30)]
    return [*parked, *(a_fix(start_s + 10 * k, to_m * k / 60) for k in range(1, 61))]


def and_back(readings: list[AnyReading]) -> list[AnyReading]:
    """... and home again, parked."""
    end_s = (readings[-1].t_ms - at_ms(0)) / 1000
    home = [a_fix(end_s + 10 * k, 3_000 - 50 * k) for k in range(1, 61)]
    return [*readings, *home, *(a_fix(end_s + 610 + 30 * k) for k in range(10))]
