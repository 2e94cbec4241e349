"""Answers about what a device measured over a period, by intervals."""

from pydantic import Field

from api.schemas import Answer, Page


class IntervalOut(Answer):
    """One measure over one interval, in the unit that ends its name."""

    t_ms: int = Field(description="Begin of the interval", examples=[1764057600000])
    mean: float = Field(examples=[81.4])
    least: float = Field(examples=[80.0])
    most: float = Field(examples=[83.0])


class HistoryOut(Page):
    """Intervals in which the measure was known, oldest first.

    ``from_ms`` and ``to_ms`` are what this page really looked at.
    """

    device: str
    measure: str = Field(examples=["battery_pct"])
    from_ms: int
    to_ms: int
    every_s: int = Field(description="Length of an interval, seconds", examples=[3600])
    intervals: list[IntervalOut]


class HeardOut(Answer):
    """Whether anything was measured in one interval."""

    t_ms: int = Field(description="Begin of the interval", examples=[1764057600000])
    heard: bool


class HeardHistoryOut(Page):
    """Every interval of the page, oldest first; ``share`` of them were heard, 0 to 1."""

    device: str
    from_ms: int
    to_ms: int
    every_s: int = Field(description="Length of an interval, seconds", examples=[3600])
    share: float = Field(examples=[0.98])
    intervals: list[HeardOut]
