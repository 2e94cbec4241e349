"""The tracker is asked: at the first suspicion it reports every few seconds and says where it is.

Pure. What the sequential test cannot know from one fix an hour it knows from the answer: dense
fixes let it decide by itself, a fix at the anchor takes the suspicion away. Only trackers are asked
whose ``info`` names the capability; nobody is asked more than ``asks_per_hour`` times, because each
question costs battery. Figures: docs/asking.md.
"""

from collections.abc import Container
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.detection.anchor import ARMED
from alerts.detection.signs import SHAKING, SIGN_OF, Sign
from alerts.detection.statistic import Moved
from alerts.open_alert import Cause
from alerts.policy import DetectionPolicy
from alerts.scope import Scope
from alerts.watch import Watch
from devices.admitted import Record
from devices.command import CommandKind, Order
from devices.commands import Wish
from devices.model import Device
from devices.readings import DeviceInfo, Event

HOUR_MS = 3_600_000
RENEW_SHARE = 0.25
"""An interval is renewed when so much of it is left: a lost word leaves time for another one."""
SETTLED_MS = 20_000
"""A fix at the anchor so long after the question ends it: four reports of 5 s. Ours."""
KEPT_MAX = 1_024
"""Questions of the last hour are swept when so many are kept beside the running ones."""
_ASKED = (CommandKind.INTERVAL, CommandKind.LOCATE)


class Why(StrEnum):
    """What made us speak to a tracker; it stands with the command."""

    SHAKEN = "shaken"
    SUSPICION = "suspicion"
    WITNESS = "witness"
    ALERT = "alert"
    STAND_DOWN = "stand_down"


class Decision(StrEnum):
    """What became of a reason to ask."""

    ASKED = "asked"
    UNABLE = "unable"
    ASKED_ALREADY = "asked_already"
    DENSE = "dense"
    TOO_OFTEN = "too_often"


class Asked(msgspec.Struct):
    """What one tracker was asked.

    Attributes:
        asks_ms: When, in the last hour, steady clock.
        every_s: So often it reports,
        until_ms: ... until then, steady clock; 0 = no longer.
        t_ms: Time of the measurement that made us ask, ms UTC.
        begun_ms: When the present question began, steady clock.
        alerted: Whether its vehicle had an open alert since.
    """

    device: Device
    asks_ms: list[int]
    every_s: float
    until_ms: int
    t_ms: int
    begun_ms: int
    alerted: bool = False


class AskingState(msgspec.Struct):
    """For checkpoints."""

    able: dict[int, list[CommandKind]] = {}
    rare: list[int] = []
    asked: dict[int, Asked] = {}
    wishes: list[Wish] = []


class Asking:
    """Who can be asked, and who was."""

    def __init__(self, policy: DetectionPolicy) -> None:
        """Nobody can."""
        self._policy = policy
        self._able: dict[int, list[CommandKind]] = {}
        self._rare: set[int] = set()
        self._asked: dict[int, Asked] = {}
        self._live: set[int] = set()
        self._wishes: list[Wish] = []

    @property
    def waits(self) -> bool:
        """Whether a tick has something to decide."""
        return bool(self._live or self._wishes)

    def learn(self, device: Device, info: DeviceInfo) -> None:
        """Take what a tracker says that it can, and how often it reports by itself."""
        kinds = [kind for kind in _ASKED if kind in info.caps]
        self._rare.discard(device.slot)
        if (info.interval_s or 0) > self._policy.ask_shaken_every_s:
            self._rare.add(device.slot)
        if kinds:
            self._able[device.slot] = kinds
        else:
            self._able.pop(device.slot, None)

    def suspicious(
        self, moved: Moved, total: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which fixes are a first suspicion: by the statistic, or by witnesses and some movement.

        ``total`` is the statistic with its evidence, nats. Empty of hits while nobody can be asked.
        """
        policy, scored = self._policy, moved.scored & ~moved.at_anchor
        if not self._able or not scored.any():
            nobody = np.zeros(len(total), np.bool_)
            return nobody, nobody
        loud = scored & (total >= policy.ask_nats) & (moved.moved_m >= policy.ask_min_m)
        told = scored & (total - moved.score >= policy.ask_witness_nats)
        told &= moved.moved_m >= policy.ask_witness_m
        return loud, told

    def ask(self, record: Record, cause: Cause, why: Why, *, sure: bool = False) -> Decision:
        """Ask the tracker of a fix; ``sure`` = a human confirmed the theft: battery is no matter.

        One that promises its next report soon enough by itself is not asked.
        """
        device, next_s = record.device, record.reading.next_s
        kinds = self._able.get(device.slot)
        policy, now_ms, shaken = self._policy, cause.elapsed_ms, why is Why.SHAKEN
        if kinds is None or (shaken and device.slot not in self._rare):
            return Decision.UNABLE
        if shaken:
            kinds = [kind for kind in kinds if kind is CommandKind.INTERVAL]
        every_s = policy.ask_shaken_every_s if shaken else policy.ask_every_s
        for_ms = int(1_000 * (policy.ask_shaken_for_s if shaken else policy.ask_for_s))
        most = policy.asks_per_hour // 2 if shaken else policy.asks_per_hour
        known = self._asked.get(device.slot)
        asks_ms = [] if known is None else [at for at in known.asks_ms if now_ms - at < HOUR_MS]
        runs = known is not None and known.until_ms - now_ms > RENEW_SHARE * for_ms
        if known is not None and runs and known.every_s <= every_s:
            return Decision.ASKED_ALREADY
        if (known is None or known.until_ms <= now_ms) and 0 < (next_s or 0) <= policy.ask_every_s:
            return Decision.DENSE
        if not for_ms or (len(asks_ms) >= most and not sure):
            return Decision.TOO_OFTEN
        alerted = known is not None and known.alerted and known.until_ms > now_ms
        self._asked[device.slot] = Asked(
            device=device,
            asks_ms=[*asks_ms, now_ms],
            every_s=every_s,
            until_ms=now_ms + for_ms,
            t_ms=cause.t_ms,
            begun_ms=now_ms,
            alerted=alerted,
        )
        self._live.add(device.slot)
        deadline_s = policy.ask_deadline_s
        for kind in kinds:
            order = Order(kind=kind, deadline_s=deadline_s)
            if kind is CommandKind.INTERVAL:
                for_s = for_ms / 1_000
                order = Order(kind=kind, every_s=every_s, for_s=for_s, deadline_s=deadline_s)
            self._wishes.append(
                Wish(device_id=device.id, order=order, at_ms=cause.recv_ms, why=why)
            )
        return Decision.ASKED

    def answered(self, slot: int, cause: Cause, *, has_alert: bool) -> bool:
        """A fix at the anchor: whether it answers a suspicion, measured after we asked.

        Without an alert such an answer ends the question: the tracker may sleep again. After a
        shake it answers nothing: where it stands in a moment is what was asked.
        """
        asked = self._asked.get(slot)
        if asked is None or slot not in self._live or cause.t_ms <= asked.t_ms:
            return False
        if asked.every_s > self._policy.ask_every_s:
            return False
        if not has_alert and cause.elapsed_ms - asked.begun_ms >= SETTLED_MS:
            self._stand_down(slot, cause.recv_ms)
        return True

    def tick(self, elapsed_ms: int, recv_ms: int, alerted: Container[str]) -> None:
        """Let time pass; ``alerted`` are the vehicles with an open alert.

        When the alert that it was about has ended, the tracker goes back to its own interval.
        """
        for slot in sorted(self._live):
            asked = self._asked[slot]
            if asked.until_ms <= elapsed_ms:
                asked.until_ms = 0
                self._live.discard(slot)  # its own ``for_s`` is over, too
            elif asked.device.vehicle_id in alerted:
                asked.alerted = True
            elif asked.alerted:
                self._stand_down(slot, recv_ms)
        if len(self._asked) > 2 * len(self._live) + KEPT_MAX:
            self._asked = {
                slot: asked
                for slot, asked in self._asked.items()
                if slot in self._live or elapsed_ms - asked.asks_ms[-1] < HOUR_MS
            }

    def take(self) -> list[Wish]:
        """What is to be said to trackers since the last call."""
        wishes, self._wishes = self._wishes, []
        return wishes

    def _stand_down(self, slot: int, recv_ms: int) -> None:
        asked = self._asked[slot]
        asked.until_ms = 0
        self._live.discard(slot)
        if CommandKind.INTERVAL in self._able.get(slot, []):
            order = Order(kind=CommandKind.INTERVAL, deadline_s=self._policy.ask_deadline_s)
            self._wishes.append(
                Wish(device_id=asked.device.id, order=order, at_ms=recv_ms, why=Why.STAND_DOWN)
            )

    # -- checkpoints ------------------------------------------------------------------------

    def dump(self) -> AskingState:
        """State for a checkpoint."""
        return AskingState(
            able=self._able, rare=sorted(self._rare), asked=self._asked, wishes=self._wishes
        )

    def load(self, state: AskingState) -> None:
        """Take the state of a checkpoint."""
        self._able, self._asked = dict(state.able), dict(state.asked)
        self._rare = set(state.rare)
        self._live = {slot for slot, asked in self._asked.items() if asked.until_ms}
        self._wishes = list(state.wishes)


def ask_about(
    records: list[Record],
    moved: Moved,
    total: NDArray[np.float64],
    *,
    asking: Asking,
    scope: Scope,
) -> None:
    """Ask the trackers of these fixes at a first suspicion; a fix at the anchor is an answer."""
    loud, told = asking.suspicious(moved, total)
    for k in np.flatnonzero(loud | told).tolist():
        why = Why.SUSPICION if loud[k] else Why.WITNESS
        if records[k].device.vehicle_id in scope.cases.open:
            why = Why.ALERT
        asking.ask(records[k], scope.cause_of(records[k], 0.0), why)
    if not asking.waits:
        return
    for k in np.flatnonzero(moved.at_anchor).tolist():
        device, cause = records[k].device, scope.cause_of(records[k], 0.0)
        has_alert = device.vehicle_id in scope.cases.open
        if asking.answered(device.slot, cause, has_alert=has_alert):
            scope.watch.evidence.witness(device.slot, Sign.LOCATED, cause.elapsed_ms)


def ask_event(record: Record, *, asking: Asking, scope: Scope) -> None:
    """An event of a tracker: it is asked while its vehicle has an alert, or was shaken."""
    slot, reading = record.device.slot, record.reading
    if record.device.vehicle_id in scope.cases.open:
        asking.ask(record, scope.cause_of(record, 0.0), Why.ALERT)
        return
    shakes = isinstance(reading, Event) and reading.on and SIGN_OF.get(reading.type) in SHAKING
    if shakes and scope.watch.anchors.mode[slot] == ARMED:
        asking.ask(record, scope.cause_of(record, 0.0), Why.SHAKEN)


def unanswered(slot: int, elapsed_ms: int, watch: Watch) -> None:
    """A tracker let a question pass: a weak sign while it is watched."""
    if watch.anchors.mode[slot] == ARMED:
        watch.evidence.witness(slot, Sign.UNANSWERED, elapsed_ms)
