"""Answers about how available devices were, what they were through, and where they are going."""

from pydantic import Field

from api.schemas import Answer, CauseOut, HealthOut, Instant, Page

_SHARE = Field(examples=[0.9931], description="Of the time that counts, 0 to 1; null = none counts")


class SpentOut(Answer):
    """How a period was spent, seconds. What counts: docs/health.md, Availability."""

    available: float | None = _SHARE
    degraded: float | None = Field(
        examples=[0.0212], description="Available, and a cause stood; of the time that counts"
    )
    counted_s: int = Field(description="Without maintenance and before registration")
    online_s: int = Field(description="Online, or asleep within its promise")
    late_s: int
    offline_s: int
    never_heard_s: int
    maintenance_s: int


class AvailabilityOut(SpentOut):
    """One device over a period."""

    device: str = Field(examples=["cam-020315"])
    from_ms: int
    to_ms: int


class AvailabilityLineOut(SpentOut):
    """A group of devices over a period; its seconds are those of its devices together."""

    key: str = Field(examples=["340104"], description='"" = nothing was said of it')
    devices: int = Field(description="Devices of which anything counts")
    worst_device: str | None = Field(description="The least available one")
    worst: float | None = _SHARE


class AvailabilityPage(Page):
    """Groups, the least available first."""

    by: str
    from_ms: int
    to_ms: int
    lines: list[AvailabilityLineOut]


class SpellOut(Answer):
    """What a device was for a while."""

    since: Instant
    until: Instant | None = Field(description="null = it is so now")
    for_s: float = Field(examples=[312.0])
    presence: str = Field(examples=["offline"])
    condition: str = Field(examples=["ok"])
    admin: str = Field(examples=["active"])
    causes: list[CauseOut]


class TrendOut(Answer):
    """Where a measure is going: a line through its hourly means (Theil-Sen, 95 % interval)."""

    measure: str = Field(examples=["battery_pct"])
    outlook: str = Field(examples=["falling"], description="Or why nobody can say; docs/health.md")
    en: str = Field(examples=["falling"])
    zh: str = Field(examples=["下降"])
    level: float | None = Field(examples=[31.2])
    per_day: float | None = Field(examples=[-2.4])
    per_day_low: float | None = Field(examples=[-2.9])
    per_day_high: float | None = Field(examples=[-2.0])
    empty: Instant | None = Field(description="When the battery reaches 0 %; null = see outlook")
    empty_earliest: Instant | None
    empty_latest: Instant | None


class FixDayOut(Answer):
    """A tracker's fixes of one day (UTC) as far as they are stored."""

    day: str = Field(examples=["2025-11-25"])
    fixes: int
    usable: float = Field(examples=[0.97], description="Share that says where it is, and how well")
    acc_m: float | None = Field(examples=[6.5], description="Median of the hours' mean accuracy")


class StoryOut(Page):
    """A device's story: how it is, what it was through (newest first), where it is going."""

    health: HealthOut
    from_ms: int
    to_ms: int
    spent: SpentOut
    spells: list[SpellOut]
    spells_hidden: bool = Field(description="There are some, but not for this asker now")
    trends: list[TrendOut]
    fix_days: list[FixDayOut]
