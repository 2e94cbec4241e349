"""What an owner sees behind a signed link: their vehicle, what happened, what comes next.

Nothing of police work, no names of people, the plate masked: a link may be passed on.
"""

from typing import Literal

from pydantic import Field

from api.card_schemas import TrailPointOut
from api.schemas import Answer, PositionOut

AnswerWord = Literal["me", "not_me"]


class LinkVehicleOut(Answer):
    """Which vehicle it is about."""

    label: str = Field(examples=["red Yadea"])
    plate_masked: str = Field(examples=["皖A***67"])
    kind: str = Field(examples=["e-bike"])


class LinkReasonOut(Answer):
    """One sign, in words."""

    code: str = Field(examples=["movement"])
    en: str = Field(examples=["moved 84 m from where it was parked (its noise is 7 m)"])
    zh: str = Field(examples=["离开停放点84米(定位噪声7米)"])


class LinkSaidOut(Answer):
    """What was answered and when; not by whom."""

    answer: AnswerWord
    at_ms: int = Field(examples=[1764059400000])


class LinkEndOut(Answer):
    """How the alert ended: a step of its timeline."""

    what: str = Field(examples=["owner_me"])
    at_ms: int = Field(examples=[1764059400000])


class LinkNextOut(Answer):
    """What comes next without an answer, or what is being done."""

    code: Literal["second_contact", "desk", "police", "patrol", "quiet_end"]
    at_ms: int | None = Field(None, description="At the earliest, ms UTC; null: no time is set")
    after_s: float | None = Field(None, description="After so long without movement, seconds")


class LinkOut(Answer):
    """One alert as its owner sees it. ``now_ms``: the server's clock, for ages."""

    now_ms: int
    expires_ms: int = Field(description="The link opens nothing from then on")
    kind: str = Field(examples=["movement"])
    vehicle: LinkVehicleOut
    onset_ms: int = Field(description="When it began")
    raised_ms: int = Field(description="When we noticed")
    late_s: float = Field(description="How old the news was then, seconds")
    moved_m: float = Field(description="From where it was parked, metres")
    reasons: list[LinkReasonOut]
    position: PositionOut | None
    position_hidden: bool = Field(description="The alert has ended: no position is shown")
    track: list[TrailPointOut] | None = Field(
        description="Since it began, at most the last hour, oldest first; null: cannot be read now"
    )
    shares_with_police: bool = Field(description="The owner consented to police sharing")
    said: LinkSaidOut | None
    police_told_ms: int | None = Field(description="When a case was opened for the police")
    ended: LinkEndOut | None
    next: list[LinkNextOut]
    may_say: list[AnswerWord] = Field(description="Answers that change something now")


class LinkAnswerOut(Answer):
    """The answer was taken; the same one again is answered alike and does nothing."""

    answer: AnswerWord
    control_id: int
