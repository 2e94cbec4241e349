"""A story as the API's answer: as many fixes as a picture can show, both languages. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from alerts.detection.evidence import WEIGHTS, Sign
from alerts.detection.witnessed import EXPIRED, WHY
from alerts.model import Reason
from alerts.sight import Sight, SignSeen
from api.explain_schemas import (
    ExplanationOut,
    FixesOut,
    HappeningOut,
    HindranceOut,
    PlaceOut,
    RaisedOut,
    SpanOut,
    WhyOut,
    WitnessOut,
    WordsOut,
)
from devices.geo import to_local_m
from parkguard.explain.picture_series import Series, silences, unwatched
from parkguard.explain.step_words import Words, words_for
from parkguard.explain.story import Alert, SignSpan, Story
from parkguard.explain.thinning import Curve, thinned
from parkguard.explain.words import SHORT, Narrator

HAPPENINGS_MAX = 100
"""Of more the trackers' events go first; a page shows a list of them. Ours."""
_SAME_ALERT_MS = 1_000
"""An alert of this run is that of then when their onsets differ by less. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer says beside its story: which alert is asked for, and how it was run."""

    alert_id: str
    onset_ms: int
    began_ms: int
    neighbours: int
    whole_area: bool


def answer_of(story: Story, told: Told, *, points_max: int) -> ExplanationOut:
    """Build the answer; at most about ``points_max`` fixes."""
    fixes = sorted(story.drawn, key=lambda fix: fix.t_ms)
    best = None if story.decisive is None else story.fixes[story.decisive]
    centre = _centre(fixes)
    kept = _kept(fixes, best, points_max)
    en, zh = Narrator(story, "en"), Narrator(story, "zh")
    period = story.period
    return ExplanationOut(
        alert_id=told.alert_id,
        vehicle_id=period.vehicle_id,
        timezone=period.timezone,
        from_ms=period.from_ms,
        to_ms=period.to_ms,
        began_ms=told.began_ms,
        neighbours=told.neighbours,
        whole_area=told.whole_area,
        raised_again=any(_is_it(alert, told) for alert in story.alerts),
        verdict=WordsOut(en=_nameless(en.verdict()), zh=_nameless(zh.verdict())),
        because=[WordsOut(en=a, zh=b) for a, b in zip(en.because(), zh.because(), strict=True)],
        alerts=[_raised(alert) for alert in story.alerts],
        centre=None if centre is None else PlaceOut(lat_deg=centre[0], lon_deg=centre[1]),
        decisive=None if best is None else kept.index(fixes.index(best)),
        decisive_signs=[] if best is None else [_seen(sign) for sign in best.signs],
        fixes_total=len(fixes),
        fixes=_columns(fixes, kept, Series(story), centre),
        witnesses=[_witness(span) for span in story.signs],
        hindrances=[
            HindranceOut(code=code, fixes=count, **_words(words_for(SHORT, code)))
            for code, count in sorted(story.hindrances.items(), key=lambda one: -one[1])
        ],
        happenings=_happenings(story),
        unwatched=_spans(unwatched(story)),
        silences=_spans(silences(story)),
    )


def _is_it(alert: Alert, told: Told) -> bool:
    same = abs(alert.onset_ms - told.onset_ms) <= _SAME_ALERT_MS
    return alert.alert_id == told.alert_id or same


def _centre(fixes: Sequence[Sight]) -> tuple[float, float] | None:
    """The anchor before it moved: that of the first armed fix, else the first known place."""
    anchors = [fix.anchor for fix in fixes if fix.anchor is not None]
    places = [
        (fix.lat_deg, fix.lon_deg)
        for fix in fixes
        if fix.lat_deg is not None and fix.lon_deg is not None
    ]
    return next(iter(anchors or places), None)


def _kept(fixes: Sequence[Sight], best: Sight | None, most: int) -> list[int]:
    """Fixes that are drawn: extremes of distance, sum and speed, the decisive one, new levels."""
    curves: list[Curve] = [
        [fix.moved_m if fix.scored else None for fix in fixes],
        [fix.total if fix.scored else None for fix in fixes],
        [fix.speed_mps for fix in fixes],
    ]
    reached = ["", *(fix.reached for fix in fixes)]
    rises = {k for k, fix in enumerate(fixes) if fix.reached != reached[k]}
    decisive = [] if best is None else [fixes.index(best)]
    return thinned(curves, len(fixes), most, keep=[*decisive, *sorted(rises)[:most]])


def _columns(
    fixes: Sequence[Sight],
    kept: Sequence[int],
    series: Series,
    centre: tuple[float, float] | None,
) -> FixesOut:
    shown = [fixes[k] for k in kept]
    runs = _runs(fixes, series)
    east, north = _metres(shown, centre)

    def judged(name: str, digits: int) -> list[float | None]:
        return [round(getattr(fix, name), digits) if fix.scored else None for fix in shown]

    return FixesOut(
        t_ms=[fix.t_ms for fix in shown],
        kind=[_kind(fix) for fix in shown],
        east_m=east,
        north_m=north,
        acc_m=[_rounded(fix.acc_m) for fix in shown],
        speed_mps=[_rounded(fix.speed_mps) for fix in shown],
        run=[runs[k] for k in kept],
        moved_m=judged("moved_m", 1),
        sigma_m=judged("sigma_m", 1),
        owner_radius_m=judged("owner_radius_m", 1),
        police_radius_m=judged("police_radius_m", 1),
        score=judged("score", 2),
        total=judged("total", 2),
        owner_threshold=judged("owner_threshold", 2),
        police_threshold=judged("police_threshold", 2),
    )


def _runs(fixes: Sequence[Sight], series: Series) -> list[int | None]:
    """The stretch of watching of each judged fix: it begins anew behind every hole."""
    numbers = iter(range(len(series.fixes)))
    return [bisect_right(series.holes, next(numbers)) if fix.scored else None for fix in fixes]


def _metres(
    fixes: Sequence[Sight], centre: tuple[float, float] | None
) -> tuple[list[float | None], list[float | None]]:
    """East and north of the centre; nothing of a fix without a place."""
    unknown = float("nan")
    lat = np.array([unknown if fix.lat_deg is None else fix.lat_deg for fix in fixes], np.float64)
    lon = np.array([unknown if fix.lon_deg is None else fix.lon_deg for fix in fixes], np.float64)
    at = centre or (unknown, unknown)
    east, north = to_local_m(lat, lon, np.full(len(lat), at[0]), np.full(len(lat), at[1]))
    return _known(east.tolist()), _known(north.tolist())


def _known(values: list[float]) -> list[float | None]:
    return [None if value != value else round(value, 1) for value in values]  # noqa: PLR0124 - NaN


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _kind(fix: Sight) -> str:
    """What was made of a fix."""
    if fix.reached:
        return fix.reached
    if fix.scored:
        return "scored"
    return "held" if fix.lane == "live" and not fix.accepted else "unscored"


def _raised(alert: Alert) -> RaisedOut:
    return RaisedOut(
        alert_id=alert.alert_id,
        kind=str(alert.kind),
        level=alert.level,
        onset_ms=alert.onset_ms,
        raised_ms=alert.raised_ms,
        police_ready_ms=alert.police_ready_ms,
        moved_m=round(alert.moved_m, 1),
        reasons=[_why(reason) for reason in alert.reasons],
    )


def _why(reason: Reason) -> WhyOut:
    return WhyOut(
        code=reason.code,
        group=str(reason.group),
        nats=round(reason.nats, 2),
        en=reason.text_en,
        zh=reason.text_zh,
    )


def _seen(sign: SignSeen) -> WhyOut:
    return WhyOut(
        code=sign.code,
        group=str(sign.group),
        nats=round(sign.counted, 2),
        en=sign.text_en,
        zh=sign.text_zh,
    )


def _witness(span: SignSpan) -> WitnessOut:
    sign = Sign.__members__.get(span.code.upper())
    weight = None if sign is None else WEIGHTS[sign]
    name = Words(span.code, span.code) if weight is None else Words(weight.en, weight.zh)
    why = None
    if span.why and span.why != EXPIRED:
        why = WordsOut(**_words(Words(*WHY.get(span.why, (span.why, span.why)))))
    return WitnessOut(
        code=span.code,
        from_ms=span.from_ms,
        to_ms=span.to_ms,
        nats=span.nats,
        counted=round(span.counted, 2),
        why=why,
        **_words(name),
    )


def _happenings(story: Story) -> list[HappeningOut]:
    """In order of time; of too many the steps of alerts and people's acts stay."""
    ranked = sorted(story.happenings, key=lambda one: one.kind == "event")[:HAPPENINGS_MAX]
    return [
        HappeningOut(
            at_ms=one.at_ms,
            kind=one.kind,
            code=one.code,
            en=one.text_en,
            zh=one.text_zh,
            by="" if one.by == "system" else one.by,
            level=one.level,
        )
        for one in sorted(ranked, key=lambda one: one.at_ms)
    ]


def _spans(spans: Iterable[tuple[int, int]]) -> list[SpanOut]:
    return [SpanOut(from_ms=begin_ms, to_ms=end_ms) for begin_ms, end_ms in spans]


def _nameless(line: str) -> str:
    """Without the alert's id, which whoever asked has."""
    return re.sub(r" \[[0-9a-f]{8}\]$", "", line)


def _words(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}
