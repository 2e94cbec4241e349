"""A back-test: what these settings would have sent, against what was sent and what people said.

What was sent is in the records, what would have been is the run's; alerts are paired as in shadow
mode (``alerts.comparing``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from alerts.comparing import Difference, Sent, Step, differences, pairs
from alerts.model import Level
from alerts.outcomes import Verdict
from alerts.precision import week_of
from devices.model import SYNTHETIC_ID
from parkguard.replay.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """How often a step was reached in one week, ISO, in the city's zone."""

    week: str
    step: Step
    sent: int
    candidate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """The whole result; times are receive times, ms UTC.

    Attributes:
        labelled: Alerts that were sent and that people called a theft or no theft.
        weeks: By week, then step; a week without any is left out.
    """

    from_ms: int
    to_ms: int
    labelled: int
    steps: list[Difference]
    weeks: list[Week]


def back_test(
    live: Sequence[Sent],
    candidate: Sequence[Sent],
    verdicts: Mapping[str, Verdict],
    *,
    inside: tuple[int, int],
    zone: tzinfo,
) -> BackTest:
    """Compare what was raised within a period.

    Args:
        live: What was sent.
        candidate: What would have been sent.
        verdicts: What people said, by the id of the alert that was sent.
        inside: First and last moment, ms UTC.
        zone: Of the city: where its weeks begin.
    """
    began_ms, ended_ms = inside
    mine, theirs = (
        [one for one in some if began_ms <= one.raised_ms <= ended_ms] for some in (live, candidate)
    )
    said = [verdicts.get(one.alert_id, Verdict.NOT_COUNTED) for one in mine]
    return BackTest(
        from_ms=began_ms,
        to_ms=ended_ms,
        labelled=sum(verdict is not Verdict.NOT_COUNTED for verdict in said),
        steps=differences(pairs(mine, theirs), verdicts),
        weeks=_weeks(mine, theirs, zone),
    )


def sent_of(observed: Observed) -> list[Sent]:
    """What a run would have sent: its alerts of level 1 and more with their steps.

    Thefts that were only played (``synthetic.on``) are nobody's alarm.
    """
    found: dict[str, Sent] = {}
    for _, change in observed.changes:
        if change.level == Level.NOTED or change.vehicle_id == SYNTHETIC_ID:
            continue
        sent = found.get(change.alert_id) or Sent(
            alert_id=change.alert_id,
            vehicle_id=change.vehicle_id,
            raised_ms=change.caused_recv_ms,
        )
        if change.what == "police_ready" and sent.ready_ms is None:
            sent = replace(sent, ready_ms=change.caused_recv_ms)
        found[change.alert_id] = sent
    for opened in observed.incidents:
        if (known := found.get(opened.alert.alert_id)) is not None:
            found[known.alert_id] = replace(known, incident_ms=opened.opened_ms)
    return list(found.values())


def _weeks(live: Sequence[Sent], candidate: Sequence[Sent], zone: tzinfo) -> list[Week]:
    counts = [
        Counter(
            (week_of(at_ms, zone), step)
            for one in some
            for step in Step
            if (at_ms := one.at(step)) is not None
        )
        for some in (live, candidate)
    ]
    weeks = sorted({week for counted in counts for week, _ in counted})
    return [
        Week(week=week, step=step, sent=counts[0][week, step], candidate=counts[1][week, step])
        for week in weeks
        for step in Step
    ]
