"""Two engines over the same records: what only one of them would have sent, and what comes earlier.

Alerts are paired by id, then by vehicle: the nearest one within ten minutes. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from alerts.outcomes import Verdict

PAIR_MS = 600_000
"""Alerts of one vehicle closer together than this are one matter: the owner is asked once in it
(``policy.renotify_s``)."""


class Step(StrEnum):
    """What is sent, from the least to the most (decisions.md, Levels)."""

    OWNER_NOTICE = "owner_notice"
    POLICE_READY = "police_ready"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One alert of level 1 or more and when it reached its steps, receive times in ms UTC."""

    alert_id: str
    vehicle_id: str
    raised_ms: int
    ready_ms: int | None = None
    incident_ms: int | None = None

    def at(self, step: Step) -> int | None:
        """When a step was reached."""
        if step is Step.OWNER_NOTICE:
            return self.raised_ms
        return self.ready_ms if step is Step.POLICE_READY else self.incident_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One step: in how many matters it was reached by whom.

    Attributes:
        earlier, later: Of ``both``, where the candidate was earlier or later.
        shift_s: Median of the candidate's time less the live one's, seconds; None without both.
        true_kept, true_missed: Of what was sent and was a theft: both, only live.
        false_kept, false_avoided: Of what was sent and was no theft: both, only live.
    """

    step: Step
    both: int
    only_live: int
    only_candidate: int
    earlier: int
    later: int
    shift_s: float | None
    true_kept: int
    true_missed: int
    false_kept: int
    false_avoided: int


Pair = tuple[Sent | None, Sent | None]
"""Live and candidate's alert of one matter."""


def pairs(live: Iterable[Sent], candidate: Iterable[Sent]) -> list[Pair]:
    """Live and candidate's alerts of the same matter; None where one has none."""
    mine = {alert.alert_id: alert for alert in live}
    theirs = {alert.alert_id: alert for alert in candidate}
    found: list[Pair] = [(mine[name], theirs[name]) for name in mine.keys() & theirs.keys()]
    left: defaultdict[str, list[Sent]] = defaultdict(list)
    for name in theirs.keys() - mine.keys():
        left[theirs[name].vehicle_id].append(theirs[name])
    alone = [mine[name] for name in mine.keys() - theirs.keys()]
    for alert in sorted(alone, key=lambda one: (one.raised_ms, one.alert_id)):
        nearest = _nearest(alert, left[alert.vehicle_id])
        if nearest is not None:
            left[alert.vehicle_id].remove(nearest)
        found.append((alert, nearest))
    found += [(None, alert) for alerts in left.values() for alert in alerts]
    return sorted(found, key=_order)


def differences(found: Sequence[Pair], verdicts: Mapping[str, Verdict]) -> list[Difference]:
    """One line for every step; ``verdicts`` is what people said, by the live alert's id."""
    return [_difference(step, found, verdicts) for step in Step]


def _difference(step: Step, found: Sequence[Pair], verdicts: Mapping[str, Verdict]) -> Difference:
    times = [
        (
            None if live is None else live.at(step),
            None if candidate is None else candidate.at(step),
        )
        for live, candidate in found
    ]
    said: Counter[tuple[Verdict | None, bool]] = Counter(
        (verdicts.get(pair[0].alert_id), other is not None)
        for pair, (live, other) in zip(found, times, strict=True)
        if pair[0] is not None and live is not None
    )
    shifts = [
        candidate - live for live, candidate in times if live is not None and candidate is not None
    ]
    return Difference(
        step=step,
        both=len(shifts),
        only_live=sum(live is not None and other is None for live, other in times),
        only_candidate=sum(live is None and other is not None for live, other in times),
        earlier=sum(shift < 0 for shift in shifts),
        later=sum(shift > 0 for shift in shifts),
        shift_s=round(median(shifts) / 1000, 1) if shifts else None,
        true_kept=said[Verdict.TRUE, True],
        true_missed=said[Verdict.TRUE, False],
        false_kept=said[Verdict.FALSE, True],
        false_avoided=said[Verdict.FALSE, False],
    )


def _nearest(alert: Sent, others: list[Sent]) -> Sent | None:
    near = [one for one in others if abs(one.raised_ms - alert.raised_ms) <= PAIR_MS]
    return min(
        near, key=lambda one: (abs(one.raised_ms - alert.raised_ms), one.alert_id), default=None
    )


def _order(pair: Pair) -> tuple[int, str]:
    first = pair[0] or pair[1]
    return (0, "") if first is None else (first.raised_ms, first.alert_id)
