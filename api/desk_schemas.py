"""Answers of the desk's own routes. Units and times as in ``schemas``."""

from pydantic import Field

from api.case_schemas import DeliveryOut
from api.schemas import Answer


class WaitingOut(Answer):
    """What waits for people. Oldest: null when nothing waits."""

    alerts: int = Field(examples=[3], description="Level 2 and up, without a verdict")
    alerts_oldest_ms: int | None = Field(examples=[1764059400000])
    untaken: int = Field(examples=[1], description="Open incidents that nobody acknowledged")
    untaken_oldest_ms: int | None = Field(examples=[1764059400000])
    open: int = Field(examples=[4], description="Incidents that are not closed")
    undelivered: int = Field(examples=[0], description="Tellings of all these given up or refused")


class CallOut(Answer):
    """One step while nobody acknowledges. ``is_told``: by the machine; else a person calls."""

    to: str = Field(examples=["second_officer"])
    after_s: float = Field(examples=[60.0])
    is_told: bool


class WorkloadOut(Answer):
    """How busy the desk was with alerts raised in the last ``period_s``."""

    period_s: float = Field(examples=[28800.0])
    judged: int = Field(examples=[31])
    operator_hours: int = Field(
        examples=[6], description="Clock hours in which a person judged, added up over people"
    )
    per_hour: float | None = Field(examples=[5.2], description="Alerts per operator-hour")
    median_s: float | None = Field(examples=[48.0], description="From raised to judged")


class DeskOut(Answer):
    """The desk at a glance."""

    at_ms: int = Field(examples=[1764059400000], description="Our clock: count ages from it")
    waiting: WaitingOut
    theft_calls: list[CallOut]
    fire_calls: list[CallOut]
    workload: WorkloadOut


class DeliveriesOut(Answer):
    """Who was told of an alert and of its incident, oldest first."""

    deliveries: list[DeliveryOut]
