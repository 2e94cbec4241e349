"""Late records of one vehicle, judged as a whole in the order of their own times.

The question is not "did a fix look like a theft" but "what do all of them together leave": is the
vehicle away from where it was armed when the data ends, without a word of its owner? Whoever
rides his own vehicle disarms it, brings it back or parks it at home; multipath ends at the anchor.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from alerts.detection.anchor import ARMED, DISARMED, SETTLING
from alerts.detection.settling import SETTLE_FIXES
from alerts.past import Spot, Word
from alerts.policy import DetectionPolicy
from devices.readings import EventType

MOVES = {EventType.TOW, EventType.DISPLACEMENT, EventType.ILLEGAL_IGNITION}
"""Alarms about motion: positions can contradict them."""
OPENS = {EventType.REMOVED, EventType.TAMPER}
"""Alarms about the tracker itself: where it lies contradicts nothing, only its owner does."""
KEYS = {EventType.DISARM, EventType.UNLOCK}
"""Words of an authenticated owner at the vehicle."""
OUT_FIXES = 3
"""Consecutive fixes outside, as for the police level (detection.md) ..."""
OUT_MS = 30_000
"""... over at least this time: excursions beyond 100 m lasted at most 11 s, but for one bad
receiver (detection.md)."""
AT_ANCHOR = 2.5
"""So many standard deviations from the anchor are at it (detection.md)."""
ACC_FACTOR = 2.0
"""A fix must be farther out than twice its own accuracy (95 % error circle)."""


class LateFix(NamedTuple):
    """One late fix in metres from the slot's origin; ``ignition`` is -1, 0 or 1."""

    t_ms: int
    x: float
    y: float
    acc_m: float
    ignition: int


class Finding(NamedTuple):
    """What late data leaves to say.

    Attributes:
        event: The tracker's own alarm, None when positions alone say it.
        moved_m: Distance from the anchor at the end; 0 when only an event says it.
        displaced: The vehicle is away from its anchor at the end.
        onset_ms: When it began, by fix time.
        alarm_ms: When it was clear.
        contradicted: What came with it says that it was nothing.
    """

    event: EventType | None
    moved_m: float
    displaced: bool
    onset_ms: int
    alarm_ms: int
    contradicted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that is known about one vehicle's late data.

    Attributes:
        fixes: In order of time, at most one at a time.
        events: The tracker's events as (time, type).
        words: What people and keys said after the first of them.
        mode: How it was watched at the first record.
        anchor: Where the live lane watches it, None when it is not armed now.
        armed_t: Since when it does, by fix time; perhaps only after the first record.
        sigma_m: Its parked noise, metres.
        by_rule: It arms by rule.
        heard: It was heard live before.
        now: Where it is by the live lane, when that is newer than the last fix; else None.
        home: The last fix lies inside a fence it is kept in.
    """

    fixes: list[LateFix]
    events: list[tuple[int, EventType]]
    words: list[Word]
    mode: int
    anchor: Spot | None
    armed_t: int
    sigma_m: float
    by_rule: bool
    heard: bool
    now: Spot | None
    home: bool


class Judge:
    """Goes through a case once; ``finding`` afterwards is the answer."""

    def __init__(self, case: Case, policy: DetectionPolicy) -> None:
        """Take the case as it stood at its first record."""
        self._case, self._policy = case, policy
        self.mode = case.mode
        self._anchor = case.anchor if case.mode == ARMED else None
        self._event: tuple[int, EventType] | None = None
        self._sos_t = 0
        self._ignition = -1
        self._seen = False
        self.keyed_ms = 0
        self._begin()
        items: list[tuple[int, int, Word | EventType | LateFix]] = [
            *((word.t_ms, 0, word) for word in case.words),
            *((t_ms, 1, event) for t_ms, event in case.events),
            *((fix.t_ms, 2, fix) for fix in case.fixes),
        ]
        if case.anchor is not None and case.mode != ARMED:
            items.append((case.armed_t, 0, Word(case.armed_t, "armed")))
        for t_ms, _, item in sorted(items, key=lambda each: each[:2]):
            if isinstance(item, LateFix):
                self._fix(item)
            elif isinstance(item, Word):
                self._word(item.what)
            else:
                self._take_event(t_ms, item)

    def _begin(self) -> None:
        """Nothing has moved yet."""
        self._out, self._after = 0, 0
        self._left_t, self._quiet_t, self._clear_t, self._out_t = 0, 0, 0, 0
        self._near, self._near_t, self._near_x, self._near_y = 0, 0, 0.0, 0.0
        self._moved_m = 0.0
        self._wish = False

    def _word(self, what: str) -> None:
        if what == "arm":
            if self.mode != ARMED:
                self.mode, self._wish, self._near = SETTLING, True, 0
            return
        if what == "armed":  # by the live lane, while these records were on their way
            if self.mode != ARMED:
                self.mode, self._anchor = ARMED, self._case.anchor
                self._out, self._quiet_t = 0, self._case.armed_t
            return
        self._event, self._anchor = None, None  # the owner knows, or people dealt with it
        self._begin()
        rides = what == "anew" or (what == "ride" and self._case.by_rule)
        self.mode = SETTLING if rides else DISARMED

    def _take_event(self, t_ms: int, event: EventType) -> None:
        if event in KEYS:
            self.keyed_ms = t_ms
            self._word("disarm")
        elif event is EventType.ARM:
            self._word("arm")
        elif event is EventType.SOS:
            self._sos_t = self._sos_t or t_ms
        elif event in MOVES | OPENS and self._event is None:
            unknown = not self._case.heard and not self._seen and self._case.by_rule
            if self.mode == ARMED or (unknown and event in MOVES):
                self._event, self._after = (t_ms, event), 0

    def _fix(self, fix: LateFix) -> None:
        if fix.ignition == 1 and self._ignition != 1 and self.mode == DISARMED:
            self.mode = SETTLING if self._case.by_rule else DISARMED
            self._near = 0
        if fix.ignition >= 0:
            self._ignition = fix.ignition
        self._seen = True
        self._after += 1
        if self.mode == ARMED and self._anchor is not None:
            self._watch(fix, self._anchor)
        else:
            self._settle(fix)

    def _watch(self, fix: LateFix, anchor: Spot) -> None:
        moved_m = math.hypot(fix.x - anchor.x, fix.y - anchor.y)
        if moved_m <= AT_ANCHOR * self._case.sigma_m:
            self._quiet_t = fix.t_ms
        if moved_m <= max(self._radius_m, ACC_FACTOR * fix.acc_m):
            self._out = 0
            return
        self._out += 1
        if self._out == 1:
            self._left_t = fix.t_ms
        self._moved_m = moved_m
        if self._out == OUT_FIXES:
            self._clear_t = fix.t_ms
        self._out_t = fix.t_ms

    def _settle(self, fix: LateFix) -> None:
        """Three agreeing fixes arm it: at someone's wish, or by rule when it stood long enough."""
        away_m = math.hypot(fix.x - self._near_x, fix.y - self._near_y)
        if not self._near or away_m > self._policy.agree_m:
            self._near, self._near_t = 1, fix.t_ms
            self._near_x, self._near_y = fix.x, fix.y
            return
        self._near += 1
        self._near_x += (fix.x - self._near_x) / self._near
        self._near_y += (fix.y - self._near_y) / self._near
        stood_ms = fix.t_ms - self._near_t
        still = stood_ms >= self._policy.late_still_s * 1000 and self._ignition != 1
        if self._near >= SETTLE_FIXES and self.mode == SETTLING and (self._wish or still):
            self.mode, self._anchor = ARMED, Spot(self._near_x, self._near_y)
            self._out, self._quiet_t = 0, fix.t_ms

    @property
    def _radius_m(self) -> float:
        return max(self._policy.late_min_m, self._policy.slow_sigmas * self._case.sigma_m)

    @property
    def sos_ms(self) -> int:
        """Time of the first SOS, 0 = none."""
        return self._sos_t

    @property
    def finding(self) -> Finding | None:
        """What is left at the end."""
        away = (
            self._out >= OUT_FIXES
            and self._out_t - self._left_t >= OUT_MS
            and not self._case.home
            and not self._back
        )
        if away:
            return Finding(
                event=self._event[1] if self._event else None,
                moved_m=self._moved_m,
                displaced=True,
                onset_ms=self._quiet_t or self._left_t,
                alarm_ms=self._clear_t,
            )
        if self._event is None:
            return None
        t_ms, event = self._event
        return Finding(
            event=event,
            moved_m=0.0,
            displaced=False,
            onset_ms=t_ms,
            alarm_ms=t_ms,
            contradicted=event in MOVES and self._at_rest,
        )

    @property
    def _back(self) -> bool:
        """The live lane has it where it was parked."""
        now, anchor = self._case.now, self._anchor
        if now is None or anchor is None:
            return False
        return math.hypot(now.x - anchor.x, now.y - anchor.y) <= self._radius_m

    @property
    def _at_rest(self) -> bool:
        """What came after the event shows it parked.

        At its anchor, at home, or anywhere at all when nobody knew of an anchor.
        """
        if self._back or (self._case.home and self._after > 0):
            return True
        if self._after == 0:
            return False
        if self.mode == ARMED:
            return self._out == 0
        return self._near >= SETTLE_FIXES
