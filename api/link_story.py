"""What an owner is told of an alert, out of its timeline. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from alerts.model import ALERT_ENDS, Level
from alerts.policy import DispatchPolicy
from api.link_schemas import (
    AnswerWord,
    LinkEndOut,
    LinkNextOut,
    LinkReasonOut,
    LinkSaidOut,
)
from devices.model import SiteClass, Vehicle

SAID: dict[str, AnswerWord] = {"owner_me": "me", "owner_not_me": "not_me"}
"""Step of the timeline -> the owner's word."""

NOT_FOR_OWNERS = frozenset({"cameras"})
"""Reasons left out: where cameras stand is no business of who holds a link."""


class Step(Protocol):
    """One line of an alert's timeline."""

    @property
    def what(self) -> str:
        """Which step."""
        ...

    @property
    def level(self) -> int:
        """The level after it."""
        ...

    @property
    def at_ms(self) -> int:
        """When its cause was received, ms UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How far an alert has come.

    Attributes:
        told_ms: When the owner's notice was delivered, ms UTC; None = it is not known to be.
        ready_ms: When it became police-ready (level 2), ms UTC.
        police_ms: When a case was opened for the police, ms UTC.
    """

    said: LinkSaidOut | None
    told_ms: int | None
    ready_ms: int | None
    police_ms: int | None
    ended: LinkEndOut | None
    second_asked: bool


def story_of(state: str, timeline: Sequence[Step]) -> Story:
    """Read a timeline, oldest step first."""
    words = [(SAID[step.what], step.at_ms) for step in timeline if step.what in SAID]
    told = [step.at_ms for step in timeline if step.what == "owner_told"]
    ready = [step.at_ms for step in timeline if step.what == "police_ready"]
    police = [
        step.at_ms
        for step in timeline
        if step.level >= Level.CONFIRMED or step.what == "owner_silent"
    ]
    closed = [step for step in timeline if step.what == "incident_closed"]
    last = timeline[-1:] if state in ALERT_ENDS else closed[-1:]
    return Story(
        said=LinkSaidOut(answer=words[-1][0], at_ms=words[-1][1]) if words else None,
        told_ms=told[0] if told else None,
        ready_ms=ready[0] if ready else None,
        police_ms=police[0] if police else None,
        ended=LinkEndOut(what=last[0].what, at_ms=last[0].at_ms) if last else None,
        second_asked=any(step.what == "second_contact" for step in timeline),
    )


def next_of(
    story: Story, level: int, vehicle: Vehicle | None, policy: DispatchPolicy
) -> list[LinkNextOut]:
    """Say what comes next if nobody answers, soonest first (alerts.casebook does it)."""
    if story.ended is not None:
        return []
    if story.police_ms is not None:
        return [LinkNextOut(code="patrol")]
    steps = []
    told_ms, contacts = story.told_ms, vehicle.contacts if vehicle is not None else ()
    if told_ms is not None and len(contacts) > 1 and not story.second_asked:
        at_ms = told_ms + round(policy.second_contact_s * 1000)
        steps.append(LinkNextOut(code="second_contact", at_ms=at_ms))
    if level == Level.PROBABLE:
        steps.append(LinkNextOut(code="desk"))
        if told_ms is not None and _dispatches(vehicle, policy):
            silent_ms = max(told_ms, story.ready_ms or 0)
            at_ms = silent_ms + round(policy.silent_owner_s * 1000)
            steps.append(LinkNextOut(code="police", at_ms=at_ms))
    steps.append(LinkNextOut(code="quiet_end", after_s=policy.expire_s))
    return steps


def may_say(story: Story, level: int) -> list[AnswerWord]:
    """Give the answers that change something: a wrong "not me" is mended by "me"."""
    if story.ended is not None:
        return []
    return ["me"] if level >= Level.CONFIRMED else ["me", "not_me"]


def reasons_of(reasons: Sequence[Mapping[str, object]]) -> list[LinkReasonOut]:
    """Give an alert's reasons in words."""
    return [
        LinkReasonOut(code=str(one["code"]), en=str(one["en"]), zh=str(one["zh"]))
        for one in reasons
        if one["code"] not in NOT_FOR_OWNERS
    ]


def _dispatches(vehicle: Vehicle | None, policy: DispatchPolicy) -> bool:
    """Whether a silent owner's vehicle may become a case without a person's word."""
    return (
        policy.dispatch_without_human
        and vehicle is not None
        and "police_sharing" in vehicle.consent
        and vehicle.site_class not in {SiteClass.CANYON, SiteClass.GARAGE}
    )
