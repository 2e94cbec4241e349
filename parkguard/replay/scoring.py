"""``--score``: what was said against what was true (detection.md, Protocol).

Alarms of one vehicle within 300 s count once. A vehicle that was falsely alarmed before the onset
counts as a false alarm and as a miss. Vehicles without ``truth`` lines are not scored.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from alerts.intervals import poisson_95, wilson_95
from alerts.model import AlertKind, Level
from parkguard.replay.lines import Truth
from parkguard.replay.observed import Observed

ONCE_MS = 300_000
"""Alarms of one vehicle within this count once. Source: detection.md, Protocol 3."""
DAY_MS = 86_400_000
_DIGITS = 6


class Rung(StrEnum):
    """The three things that are measured apart (decisions.md, Levels)."""

    OWNER_NOTICE = "owner_notice"
    POLICE_READY = "police_ready"
    DISPATCHED = "dispatched"


class RungScore(msgspec.Struct, kw_only=True):
    """One rung; rates per vehicle-day with exact Poisson bounds, shares with Wilson's."""

    false: int
    false_per_vehicle_day: float | None
    false_per_vehicle_day_95: tuple[float, float] | None
    detected: int
    missed: int
    share: float | None
    share_95: tuple[float, float]
    delay_s_p50: float | None
    delay_s_p90: float | None
    delay_s_max: float | None


class Score(msgspec.Struct, kw_only=True):
    """The whole table."""

    vehicle_days: float
    thefts: int
    owner_notice: RungScore
    police_ready: RungScore
    dispatched: RungScore


class Tally:
    """Adds up runs; every file is a city of its own."""

    def __init__(self) -> None:
        """Nothing was scored."""
        self._exposed_ms = 0
        self._thefts = 0
        self._false: dict[Rung, int] = dict.fromkeys(Rung, 0)
        self._delays_ms: dict[Rung, list[int]] = {rung: [] for rung in Rung}

    def add(self, observed: Observed, truths: Iterable[Truth]) -> None:
        """Score one run."""
        by_vehicle: defaultdict[str, list[Truth]] = defaultdict(list)
        for truth in truths:
            by_vehicle[truth.vehicle].append(truth)
        alarms = _alarms(observed)
        for vehicle, intervals in by_vehicle.items():
            intervals.sort(key=lambda truth: truth.since)
            self._exposed_ms += sum(_innocent_ms(truth) for truth in intervals)
            self._thefts += sum(truth.state == "theft" for truth in intervals)
            for rung in Rung:
                self._vehicle(rung, intervals, _once(alarms[rung][vehicle]))

    def _vehicle(self, rung: Rung, intervals: list[Truth], alarms: list[int]) -> None:
        false = [at_ms for at_ms in alarms if _is_false(at_ms, intervals)]
        self._false[rung] += len(false)
        for truth in intervals:
            if truth.state != "theft" or truth.onset is None:
                continue
            onset = truth.onset
            hits = [at_ms for at_ms in alarms if onset <= at_ms <= truth.upto]
            if hits and not any(at_ms < onset for at_ms in false):
                self._delays_ms[rung].append(hits[0] - onset)

    def score(self) -> Score:
        """The table so far."""
        return Score(
            vehicle_days=round(self._exposed_ms / DAY_MS, _DIGITS),
            thefts=self._thefts,
            **{rung.value: self._rung(rung) for rung in Rung},
        )

    def _rung(self, rung: Rung) -> RungScore:
        days = self._exposed_ms / DAY_MS
        false, delays = self._false[rung], sorted(self._delays_ms[rung])
        low, high = poisson_95(false)
        share_low, share_high = wilson_95(len(delays), self._thefts)
        return RungScore(
            false=false,
            false_per_vehicle_day=_significant(false / days) if days else None,
            false_per_vehicle_day_95=(_significant(low / days), _significant(high / days))
            if days
            else None,
            detected=len(delays),
            missed=self._thefts - len(delays),
            share=round(len(delays) / self._thefts, _DIGITS) if self._thefts else None,
            share_95=(round(share_low, _DIGITS), round(share_high, _DIGITS)),
            delay_s_p50=_percentile_s(delays, 0.5),
            delay_s_p90=_percentile_s(delays, 0.9),
            delay_s_max=_percentile_s(delays, 1.0),
        )


def _alarms(observed: Observed) -> dict[Rung, defaultdict[str, list[int]]]:
    """When each rung was reached, once per alert, wall clock ms."""
    found: dict[Rung, defaultdict[str, list[int]]] = {rung: defaultdict(list) for rung in Rung}
    reached: set[tuple[str, Rung]] = set()
    for _, change in observed.changes:
        if change.kind is AlertKind.FIRE:
            continue  # no theft's alarm, and none that is false
        for rung, is_there in (
            (Rung.OWNER_NOTICE, change.level >= Level.SUSPECTED),
            (Rung.POLICE_READY, change.what == "police_ready"),
        ):
            if is_there and (change.alert_id, rung) not in reached:
                reached.add((change.alert_id, rung))
                found[rung][change.vehicle_id].append(change.caused_recv_ms)
    for incident in (one for one in observed.incidents if one.alert.kind is not AlertKind.FIRE):
        found[Rung.DISPATCHED][incident.alert.vehicle_id].append(incident.opened_ms)
    return found


def _once(alarms: list[int]) -> list[int]:
    """Alarms that are more than ``ONCE_MS`` after the last one that counted."""
    counted: list[int] = []
    for at_ms in alarms:
        if not counted or at_ms - counted[-1] > ONCE_MS:
            counted.append(at_ms)
    return counted


def _innocent_ms(truth: Truth) -> int:
    if truth.state == "theft" and truth.onset is not None:
        return max(0, truth.onset - truth.since)
    return truth.upto - truth.since


def _is_false(at_ms: int, intervals: list[Truth]) -> bool:
    """Whether something is known of that moment, and it is no theft."""
    known = [truth for truth in intervals if truth.since <= at_ms <= truth.upto]
    stolen = any(
        truth.state == "theft" and truth.onset is not None and at_ms >= truth.onset
        for truth in known
    )
    return bool(known) and not stolen


def _percentile_s(ordered_ms: Sequence[int], share: float) -> float | None:
    """Nearest rank, seconds."""
    if not ordered_ms:
        return None
    return round(ordered_ms[max(0, math.ceil(share * len(ordered_ms)) - 1)] / 1000, 1)


def _significant(value: float) -> float:
    """Four digits: rates span many powers of ten."""
    return float(f"{value:.4g}")
