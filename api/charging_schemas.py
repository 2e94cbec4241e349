"""Answers about charging stations. Money in fen, energy in Wh, power in W; times as ``schemas``."""

from datetime import date
from typing import Annotated, Self

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, Field

from api.bodies import Body
from api.schemas import Answer, CauseOut, Instant
from api.times import parse_time_ms
from devices.reconciliation import Comparison, Difference
from devices.revenue import RevenueLine


def _a_day(text: str) -> str:
    """Check an ISO date of the calendar."""
    date.fromisoformat(text)
    return text


Day = Annotated[
    str,
    Query(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", examples=["2025-11-25"]),
    AfterValidator(_a_day),
]
"""A day of the city."""


class PortOut(Answer):
    """One charging port."""

    n: int
    state: str = Field(examples=["charging"])
    w: float | None
    wh: float | None = Field(description="Energy of the running session")
    session: str = Field(description='"" = none')
    err: str
    since: Instant = Field(description="When its state took this value")
    in_use: bool = Field(description="It prepares or charges, and is not blocked")
    causes: list[CauseOut]


class SessionOut(Answer):
    """One session. ``review`` says why a person should look, "" = nothing."""

    id: str
    state: str = Field(examples=["closed"], description="open closed abandoned")
    port: int | None
    pay: str = Field(description="coin card qr free admin; empty: nobody said")
    start_ms: int | None
    stop_ms: int | None
    stop: str
    energy_wh: int
    paid_fen: int | None
    refund_fen: int | None
    review: str


class BoxOut(Answer):
    """The coin box. ``counted_fen``: coins since it was emptied, by the counters."""

    coins: int | None
    cap_coins: int | None
    amount_fen: int | None
    open: bool
    counted_fen: int | None
    emptied_ms: int | None
    emptied_by: str
    emptied_fen: int | None
    collector: str = Field(description='Who was sent to empty it last; "" = nobody was')
    collector_until_ms: int = Field(description="Until when he is, or was, there; 0 = nobody was")


class DifferenceOut(Answer):
    """One part of a difference, in words; ``is_open``: a person has to look."""

    code: str = Field(examples=["report_lost"])
    fen: int
    certain: bool
    is_open: bool
    en: str
    zh: str

    @classmethod
    def of(cls, line: Difference) -> Self:
        """Say one part."""
        code = line.code
        return cls(
            code=code.value,
            fen=line.fen,
            certain=line.certain,
            is_open=code.is_open,
            en=code.en,
            zh=code.zh,
        )


class ComparisonOut(Answer):
    """Two sums; the lines add up to ``difference_fen`` = second minus first."""

    compared: str = Field(examples=["reports"], description="reports sessions box")
    first_fen: int
    second_fen: int
    difference_fen: int
    open_fen: int
    lines: list[DifferenceOut]

    @classmethod
    def of(cls, comparison: Comparison) -> Self:
        """Say one comparison."""
        return cls(
            compared=comparison.compared.value,
            first_fen=comparison.first_fen,
            second_fen=comparison.second_fen,
            difference_fen=comparison.difference_fen,
            open_fen=comparison.open_fen,
            lines=[DifferenceOut.of(line) for line in comparison.lines],
        )


class RevenueLineOut(Answer):
    """What a station, site, district or day took, and every difference."""

    key: str = Field(examples=["chg-001007"])
    name: str = Field(description='What people call the station; "" = no station, or no name')
    stations: int
    days: int
    coins_fen: int = Field(description="Coins that the counters prove")
    unproven_fen: int = Field(description="Counted at or between boots: not part of the total")
    card_fen: int
    qr_fen: int
    other_fen: int
    refund_fen: int
    total_fen: int
    comparisons: list[ComparisonOut]

    @classmethod
    def of(cls, line: RevenueLine, name: str = "") -> Self:
        """Say one line; ``name`` of its station."""
        return cls(
            key=line.key,
            name=name,
            stations=line.stations,
            days=line.days,
            **line.takings._asdict(),
            comparisons=[ComparisonOut.of(one) for one in line.comparisons],
        )


class RevenueOut(Answer):
    """Revenue of a period, days of the city; ``all`` is the sum of the lines."""

    by: str
    from_day: str
    to_day: str
    lines: list[RevenueLineOut]
    all: RevenueLineOut | None = Field(description="null when there is nothing")


class ChargerOut(Answer):
    """A charging station: ports, sessions, box; money for those who may read the books."""

    id: str = Field(examples=["chg-001007"])
    name: str
    site_id: str
    area: str
    at: Instant | None = Field(description="Receive time of what is shown; null: never heard")
    causes: list[CauseOut]
    ports: list[PortOut]
    sessions: list[SessionOut] = Field(description="Open ones and the newest that ended")
    box: BoxOut | None
    money: list[RevenueLineOut] | None = Field(
        description="By day, the last 8 days; null for those who may not read the books"
    )


class FullOut(Answer):
    """When the box is full: 95 % of it. 90 % interval; null = perhaps never."""

    coins_per_day: float
    of_days: int = Field(description="Whole days it is from")
    days: float | None
    low_days: float
    high_days: float | None


class CollectionOut(Answer):
    """One box of the collection list."""

    id: str
    name: str
    site_id: str
    area: str
    coins: int | None
    cap_coins: int | None
    share: float | None = Field(description="How full, 0 to 1", examples=[0.87])
    counted_fen: int | None
    emptied_ms: int | None
    open: bool
    collector: str = Field(description='Who was sent to empty it last; "" = nobody was')
    collector_until_ms: int = Field(description="Until when he is, or was, there; 0 = nobody was")
    urgency: str = Field(description="full nearly_full soon later unknown", examples=["soon"])
    full: FullOut | None


class CollectionList(Answer):
    """Boxes, the most urgent first."""

    boxes: list[CollectionOut]


class CollectorIn(Body):
    """Somebody is sent to empty a box."""

    until: Annotated[int, BeforeValidator(parse_time_ms)] = Field(
        description="Until when he is there, a day at most; past: he is done"
    )
