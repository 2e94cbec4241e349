"""The city's own curves: its parked vehicles' false alarms, by running its journal again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from alerts.detection.rate_fit import Made, TooFewAlarmsError, fit
from alerts.detection.rates import AlarmLevel, Curve
from alerts.policy import DetectionPolicy
from alerts.rate_watch import RateWatch
from devices.model import SiteClass
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from parkguard.settings_overrides import overridden

DEAF = ("detection.owner_rate=1e-300", "detection.police_rate=1e-300")
"""While counting nothing is told by a threshold: an alert that ends settles its vehicle anew, and
would hide what the statistic does next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What was found.

    Attributes:
        curves: Of the classes and levels with enough alarms.
        lacking: Why there is none of the others, a line each.
        moved_away: Episodes left out, because the vehicle was moved.
    """

    curves: Sequence[Curve]
    lacking: Sequence[str]
    moved_away: int


def watched_run(settings: Settings, name: str) -> tuple[Replay, RateWatch]:
    """A run that counts; feed it and ``finish`` it."""
    run = Replay(overridden(settings, DEAF), name=name)
    watch = RateWatch()
    run.timeline.show_to(watch)
    return run, watch


def curves_of(
    watch: RateWatch, *, policy: DetectionPolicy, now_ms: int, data: str, command: str
) -> Fitted:
    """Fit every class and level that was seen often enough."""
    made = Made(
        policy=policy,
        fitted_on=datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat(),
        data=data,
        seed=None,
        command=command,
    )
    curves: list[Curve] = []
    lacking: list[str] = []
    for site_class in SiteClass:
        for level in AlarmLevel:
            seen = watch.parked(site_class, level)
            if not seen.vehicle_days:
                continue
            try:
                curves.append(fit([seen], site_class=site_class, level=level, made=made))
            except TooFewAlarmsError as exc:
                lacking.append(str(exc))
    return Fitted(curves=curves, lacking=lacking, moved_away=watch.moved_away)
