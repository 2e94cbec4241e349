"""The verification and duty desk: who is called when nobody takes a case, and how busy it is."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from devices.fire import FirePolicy

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPolicy:
    """What a desk goes by.

    Attributes:
        call: Who is to be called, one after the other, while nobody acknowledges a theft.
        call_s: How long after its opening each is due, seconds.
            Source: incidents.md, Escalation (60, 120, 300 s).
        workload_s: Alerts of this long go into the workload, seconds. Our choice: a shift.
    """

    call: tuple[str, ...] = ("second_officer", "station_desk", "command_centre")
    call_s: tuple[float, ...] = (60.0, 120.0, 300.0)
    workload_s: float = 28_800.0


class Call(NamedTuple):
    """One step of an escalation.

    Attributes:
        to: A word of ``DeskPolicy.call``, or the name of a webhook.
        after_s: Seconds after the opening.
        is_told: Whether the machine tells them; else a person has to call.
    """

    to: str
    after_s: float
    is_told: bool


def theft_calls(policy: DeskPolicy) -> list[Call]:
    """Steps for a theft: the desk calls, nothing is told by the machine."""
    return [
        Call(to, after_s, is_told=False)
        for to, after_s in zip(policy.call, policy.call_s, strict=True)
    ]


def fire_calls(policy: FirePolicy) -> list[Call]:
    """Steps for a fire: the processor tells each webhook (``alerts.fires``)."""
    return [
        Call(to, policy.escalate_s * number, is_told=True)
        for number, to in enumerate(policy.escalate_to, start=1)
    ]


class Judged(Protocol):
    """One alert that the desk confirmed or dismissed."""

    @property
    def by(self) -> str:
        """Who."""
        ...

    @property
    def raised_ms(self) -> int:
        """When it was raised, ms UTC."""
        ...

    @property
    def at_ms(self) -> int:
        """When it was judged, ms UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How busy the desk was.

    Attributes:
        judged: Alerts confirmed or dismissed.
        operator_hours: Clock hours in which a person judged at least one, added up over people.
            Hours of waiting are known to nobody and do not count.
        per_hour: Alerts per operator-hour; None without any.
        median_s: From raised to judged, seconds.
    """

    judged: int
    operator_hours: int
    per_hour: float | None
    median_s: float | None


def workload_of(judged: Sequence[Judged]) -> Workload:
    """Count what was judged; any order."""
    hours = {(one.by, one.at_ms // HOUR_MS) for one in judged}
    waits_s = [max(one.at_ms - one.raised_ms, 0) / 1000 for one in judged]
    return Workload(
        judged=len(judged),
        operator_hours=len(hours),
        per_hour=round(len(judged) / len(hours), 1) if hours else None,
        median_s=round(statistics.median(waits_s), 1) if waits_s else None,
    )
