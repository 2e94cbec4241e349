"""What people said an alert was, and what that says about the detector.

Every alert that a person ended has an outcome: of its incident's closing (``lifecycle.Outcome``),
the owner's "it's me", or the desk's dismissal. An alert that ended by itself has none.
"""

from collections.abc import Sequence
from enum import StrEnum

from alerts.lifecycle import Outcome
from alerts.model import AlertKind, Reason


class Dismissal(StrEnum):
    """Outcomes of alerts that never became an incident."""

    OWNER_ME = "owner_me"
    DESK_DISMISSED = "desk_dismissed"


class Verdict(StrEnum):
    """What an outcome says about the alert."""

    TRUE = "true"
    FALSE = "false"
    NOT_COUNTED = "not_counted"


_TRUE = {
    Outcome.THEFT_RECOVERED_ARREST,
    Outcome.THEFT_RECOVERED,
    Outcome.THEFT_NOT_RECOVERED,
}
_NOT_COUNTED = {Outcome.FIRE, Outcome.TEST, Outcome.UNKNOWN}
VERDICTS: dict[str, Verdict] = {
    **{outcome.value: Verdict.FALSE for outcome in (*Outcome, *Dismissal)},
    **{outcome.value: Verdict.TRUE for outcome in _TRUE},
    **{outcome.value: Verdict.NOT_COUNTED for outcome in _NOT_COUNTED},
}
"""The one table from outcomes to precision (docs/alerts.md, Outcomes)."""

BLAMED = frozenset({Outcome.GPS_DRIFT, Outcome.DEVICE_FAULT, Dismissal.DESK_DISMISSED})
"""Outcomes that speak against the tracker or the rule. Of the other false ones the vehicle did move
(owner, family, tow truck, workshop): a thief's victim must not lose his watch for being forgetful.
"""

_RULES = ("late", "towed", "slow_move")
"""Reasons that are rules of their own: they alarm without the statistic."""


def verdict_of(outcome: str) -> Verdict:
    """What counts as what; a word of another version counts as nothing."""
    return VERDICTS.get(outcome, Verdict.NOT_COUNTED)


def rule_of(kind: AlertKind, reasons: Sequence[Reason]) -> str:
    """``kind:reason``: what raised an alert, by its reasons at that moment.

    The reason is the rule of its own that spoke, else the strongest witness, else the first word.
    """
    codes = {reason.code for reason in reasons}
    own = next((code for code in _RULES if code in codes), None)
    if own is None:
        strongest = max(reasons, key=lambda reason: reason.nats, default=None)
        own = strongest.code if strongest is not None else "unknown"
    return f"{kind}:{own}"
