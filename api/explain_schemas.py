"""The answer that explains an alert: what the detector saw of its vehicle, for words and picture.

Times are epoch milliseconds UTC, distances metres, evidence nats.
"""

from pydantic import Field

from api.schemas import Answer


class WordsOut(Answer):
    """The same in both languages."""

    en: str
    zh: str


class PlaceOut(Answer):
    """A place, WGS 84."""

    lat_deg: float
    lon_deg: float


class WhyOut(Answer):
    """One reason of an alert, or one witness at a moment; ``+`` speaks for a theft."""

    code: str = Field(examples=["movement"])
    group: str = Field(
        examples=["position"], description="position inertial power radio human: its kind"
    )
    nats: float = Field(description="What it counts", examples=[7.1])
    en: str
    zh: str


class RaisedOut(Answer):
    """An alert that this run raised in the period, as it was at its highest level."""

    alert_id: str
    kind: str
    level: int
    onset_ms: int
    raised_ms: int
    police_ready_ms: int | None
    moved_m: float
    reasons: list[WhyOut]


class FixesOut(Answer):
    """Fixes by time, column by column: all lists are equally long.

    A number of the statistic is null at a fix that was not judged.
    """

    t_ms: list[int]
    kind: list[str] = Field(
        description="unscored held scored owner police: what was made of the fix, and which level "
        "it reaches by itself"
    )
    east_m: list[float | None] = Field(description="From ``centre``")
    north_m: list[float | None] = Field(description="From ``centre``")
    acc_m: list[float | None]
    speed_mps: list[float | None]
    run: list[int | None] = Field(
        description="Stretch of watching; a line leads from fix to fix of one stretch only"
    )
    moved_m: list[float | None] = Field(description="From where it was parked")
    sigma_m: list[float | None] = Field(description="Its parked noise, 1 sigma")
    owner_radius_m: list[float | None]
    police_radius_m: list[float | None]
    score: list[float | None] = Field(description="Statistic S of the position")
    total: list[float | None] = Field(description="S and the witnesses: compared with both levels")
    owner_threshold: list[float | None]
    police_threshold: list[float | None]


class WitnessOut(Answer):
    """A stretch of time in which a witness counted, or was heard and discounted."""

    code: str
    en: str
    zh: str
    from_ms: int
    to_ms: int
    nats: float = Field(description="Its weight")
    counted: float = Field(description="What of it counted")
    why: WordsOut | None = Field(description="Why it was discounted; null = it was not")


class HindranceOut(Answer):
    """How many fixes something kept from telling (more)."""

    code: str
    en: str
    zh: str
    fixes: int


class HappeningOut(Answer):
    """Something beside the fixes: a step of an alert, a tracker's event, what people did."""

    at_ms: int
    kind: str = Field(description="alert event act")
    code: str
    en: str
    zh: str
    by: str = Field(description='Who did it; "" = nobody is named')
    level: int = Field(description="Of the alert after this step; -1 of others")


class SpanOut(Answer):
    """A stretch of time."""

    from_ms: int
    to_ms: int


class ExplanationOut(Answer):
    """Why an alert came: the messages of that time, run through the detector once more.

    ``raised_again``: whether this run raised that very alert. If not, it began cold, settings have
    changed since, or witnesses were left out: then believe the alert's own reasons.
    """

    alert_id: str
    vehicle_id: str
    timezone: str = Field(examples=["Asia/Shanghai"])
    from_ms: int
    to_ms: int
    began_ms: int = Field(description="The run begins here, to learn the anchor and the noise")
    neighbours: int = Field(description="Devices of its area or group run with it, as witnesses")
    whole_area: bool = Field(description="Whether those are all of its area")
    raised_again: bool
    verdict: WordsOut
    because: list[WordsOut] = Field(description="Why, strongest first, as lines")
    alerts: list[RaisedOut]
    centre: PlaceOut | None = Field(description="Where it was parked; null = no place is known")
    decisive: int | None = Field(description="The fix that explains most, a number of ``fixes``")
    decisive_signs: list[WhyOut] = Field(description="Witnesses at that fix")
    fixes_total: int = Field(description="Before the thinning; extremes stay")
    fixes: FixesOut
    witnesses: list[WitnessOut]
    hindrances: list[HindranceOut]
    happenings: list[HappeningOut]
    unwatched: list[SpanOut] = Field(description="It was not armed")
    silences: list[SpanOut] = Field(description="No report came for much longer than usual")
