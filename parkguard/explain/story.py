"""The story of one vehicle over a period, as the engine saw it: for words, JSON and picture."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from alerts.hindrances import hindrances_of
from alerts.model import AlertChange, Level, Reason
from alerts.sight import Sight, Sights
from devices.readings import Event
from parkguard.explain.step_words import ACTS, EVENTS, STEPS, words_for
from parkguard.replay.observed import Observed

MERGE_MS = 1_000
"""Two stretches of a sign so close are one: receive times and fix times differ by less, mostly."""


OFTEN = frozenset({"moved", "phone_at"})
"""Happenings of every minute or so: a line each would hide the others."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something beside the fixes.

    Attributes:
        at_ms: Received then, ms UTC.
        kind: ``alert`` (a step of one), ``event`` (of a tracker), ``act`` (of people).
        level: Of the alert after this step; -1 for others.
    """

    at_ms: int
    kind: str
    code: str
    text_en: str
    text_zh: str
    by: str = ""
    level: int = -1
    alert_id: str = ""


class SignSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which a sign lived, receive times ms UTC.

    Attributes:
        nats: Its weight.
        counted: What of it counted at a fix; 0 also when no fix came while it lived.
        why: Why it was discounted; "" = it was not.
    """

    code: str
    from_ms: int
    to_ms: int
    nats: float
    counted: float
    why: str


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one alert in the period, as it was when its level was highest."""

    alert_id: str
    kind: str
    level: int
    onset_ms: int
    raised_ms: int
    police_ready_ms: int | None
    moved_m: float
    reasons: tuple[Reason, ...]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked. ``source`` is the journal or a file's name."""

    vehicle_id: str
    at_ms: int
    from_ms: int
    to_ms: int
    source: str
    timezone: str

    def holds(self, t_ms: int) -> bool:
        """Whether a time lies in it, ends included."""
        return self.from_ms <= t_ms <= self.to_ms


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle over one period.

    Attributes:
        fixes: Of all its trackers, in the order they were judged.
        signs: Of the tracker of the decisive fix.
        decisive: Number of the fix that explains most: the one that made it police-ready, or
            raised it highest, else the one nearest to an alert; None when no fix was scored.
        hindrances: How many fixes each kept from telling anything (more), before police-ready.
        happenings: In order of time.
    """

    period: Period
    alerts: tuple[Alert, ...]
    fixes: tuple[Sight, ...]
    decisive: int | None
    hindrances: dict[str, int]
    happenings: tuple[Happening, ...]
    signs: tuple[SignSpan, ...]

    @property
    def trackers(self) -> list[str]:
        """Its trackers, that of the decisive fix first."""
        ids = [fix.device_id for fix in self.fixes]
        first = ids[:1] if self.decisive is None else [ids[self.decisive]]
        return list(dict.fromkeys(first + ids))

    @property
    def drawn(self) -> tuple[Sight, ...]:
        """Fixes of the first tracker: each has an anchor and a statistic of its own."""
        first = self.trackers[:1]
        return tuple(fix for fix in self.fixes if fix.device_id in first)

    @property
    def level(self) -> int:
        """The highest level of its alerts, -1 without one."""
        return max((alert.level for alert in self.alerts), default=-1)


def story_of(period: Period, sights: Sights, observed: Observed) -> Story:
    """Gather what a run saw of a vehicle in a period."""
    fixes = tuple(sight for sight in sights.fixes if period.holds(sight.t_ms))
    its = [change for _, change in observed.changes if change.vehicle_id == period.vehicle_id]
    changes = [change for change in its if period.holds(change.caused_recv_ms)]
    shown = {change.alert_id for change in changes}
    known = [c for c in its if c.alert_id in shown and c.caused_recv_ms <= period.to_ms]
    happenings = [*_of_events(sights), *_of_people(sights), *_of_alerts(changes)]
    inside = [one for one in happenings if period.holds(one.at_ms)]
    story = Story(
        period=period,
        alerts=tuple(_alerts(known)),
        fixes=fixes,
        decisive=_decisive(fixes, changes),
        hindrances=_hindrances(fixes, known),
        happenings=tuple(_in_order(inside)),
        signs=(),
    )
    return msgspec.structs.replace(story, signs=tuple(_spans(story.drawn)))


def _of_alerts(changes: Iterable[AlertChange]) -> Iterator[Happening]:
    for change in changes:
        words = words_for(STEPS, change.what)
        yield Happening(
            at_ms=change.caused_recv_ms,
            kind="alert",
            code=change.what,
            text_en=words.en,
            text_zh=words.zh,
            by=change.by,
            level=int(change.level),
            alert_id=change.alert_id,
        )


def _of_events(sights: Sights) -> Iterator[Happening]:
    for record in sights.events:
        event = record.reading
        if isinstance(event, Event):
            words, off = words_for(EVENTS, event.type), not event.on
            yield Happening(
                at_ms=record.entry.recv_ms,
                kind="event",
                code=event.type,
                text_en=words.en + " (over)" * off,
                text_zh=words.zh + "(结束)" * off,
                by=record.device.id,
            )


def _of_people(sights: Sights) -> Iterator[Happening]:
    for control, entry in sights.acts:
        code = str(control.__struct_config__.tag)
        words = words_for(ACTS, code)
        yield Happening(
            at_ms=entry.recv_ms,
            kind="act",
            code=code,
            text_en=words.en,
            text_zh=words.zh,
            by=control.by,
        )


def _alerts(changes: Iterable[AlertChange]) -> Iterator[Alert]:
    by_id: dict[str, list[AlertChange]] = {}
    for change in changes:
        by_id.setdefault(change.alert_id, []).append(change)
    for alert_id, its in by_id.items():
        top = max(its, key=lambda change: change.level)  # the first of the highest ones
        ready = (c.caused_recv_ms for c in its if c.what == "police_ready")
        yield Alert(
            alert_id=alert_id,
            kind=top.kind,
            level=int(top.level),
            onset_ms=top.onset_ms,
            raised_ms=its[0].caused_recv_ms,
            police_ready_ms=next(ready, None),
            moved_m=top.moved_m,
            reasons=top.reasons,
        )


def _in_order(happenings: list[Happening]) -> Iterator[Happening]:
    """By time; what is said again and again is told once, with how often it was."""
    times = Counter(one.code for one in happenings)
    told: set[str] = set()
    for one in sorted(happenings, key=lambda one: one.at_ms):
        if one.code not in OFTEN or times[one.code] == 1:
            yield one
        elif one.code not in told:
            told.add(one.code)
            number = times[one.code]
            yield msgspec.structs.replace(
                one,
                text_en=f"{one.text_en}, {number} times",
                text_zh=f"{one.text_zh},共{number}次",
            )


def _hindrances(fixes: tuple[Sight, ...], changes: list[AlertChange]) -> dict[str, int]:
    """After police-ready there is nothing that a fix could tell more."""
    ready = (change.caused_t_ms for change in changes if change.what == "police_ready")
    end_ms = min(ready, default=None)
    early = [fix for fix in fixes if end_ms is None or fix.t_ms < end_ms]
    return dict(Counter(one.value for fix in early for one in hindrances_of(fix)))


def _decisive(fixes: tuple[Sight, ...], changes: list[AlertChange]) -> int | None:
    """The fix that made it police-ready, or raised it highest, else the one nearest to an alert."""
    ready = [change for change in changes if change.what == "police_ready"]
    machine = [c for c in changes if c.by == "system" and c.level <= Level.PROBABLE]
    for change in [*ready, *sorted(machine, key=lambda change: -change.level)]:
        for k, fix in enumerate(fixes):
            if fix.scored and fix.t_ms == change.caused_t_ms and fix.device_id == change.device_id:
                return k
    scored = [k for k, fix in enumerate(fixes) if fix.scored]
    return max(scored, key=lambda k: _nearness(fixes[k]), default=None)


def _nearness(fix: Sight) -> tuple[float, float]:
    """How near a fix came to the owner's level: by distance and sum, the worse of both counts."""
    share_m = min(fix.moved_m / max(fix.owner_radius_m, 1.0), 1.0)
    share_nats = min(fix.total / max(fix.owner_threshold, 1e-6), 1.0)
    return share_m + share_nats, fix.moved_m


def _spans(fixes: tuple[Sight, ...]) -> Iterator[SignSpan]:
    """Stretches of life of every sign, from what was alive, or over lately, at the fixes."""
    open_: dict[str, SignSpan] = {}
    for fix in fixes:
        for sign in fix.signs:
            end_ms = fix.recv_ms + round(sign.ends_s * 1000)
            begin_ms = end_ms - round(sign.lives_s * 1000)
            span = SignSpan(
                code=sign.code,
                from_ms=begin_ms,
                to_ms=end_ms,
                nats=sign.nats,
                counted=sign.counted,
                why=sign.why if sign.ends_s > 0 else "",
            )
            before = open_.get(sign.code)
            if before is not None and begin_ms <= before.to_ms + MERGE_MS:
                span = msgspec.structs.replace(
                    before,
                    to_ms=max(before.to_ms, end_ms),
                    counted=span.counted or before.counted,
                    why=span.why or before.why,
                )
            elif before is not None:
                yield before
            open_[sign.code] = span
    yield from open_.values()
