"""Changes, lines and trends in the words of the answers."""

from collections.abc import Sequence

from api.health_schemas import SpellOut, SpentOut, TrendOut
from api.schemas import CauseOut
from api.times import format_time
from devices.availability import Line, State
from devices.causes import PRESENCE_CAUSES, causes_of
from devices.health_events import HealthChange
from devices.presence import Presence
from devices.trends import Trend


def condition_word(causes: int) -> str:
    """``ok`` or ``degraded`` (health.md)."""
    return "degraded" if causes & ~int(PRESENCE_CAUSES) else "ok"


def causes_out(causes: int) -> list[CauseOut]:
    """Causes by code and in words."""
    return [CauseOut(code=cause.code, en=cause.en, zh=cause.zh) for cause in causes_of(causes)]


def spent_out(line: Line) -> SpentOut:
    """Answer how a period was spent."""
    return SpentOut(
        available=_share(line.available),
        degraded=_share(line.degraded),
        counted_s=line.counted_ms // 1000,
        online_s=(line.ms[State.ONLINE] + line.ms[State.SLEEPING]) // 1000,
        late_s=line.ms[State.LATE] // 1000,
        offline_s=line.ms[State.OFFLINE] // 1000,
        never_heard_s=line.ms[State.UNKNOWN] // 1000,
        maintenance_s=line.ms[State.MAINTENANCE] // 1000,
    )


def spells_out(
    newest_first: Sequence[HealthChange], now_ms: int, *, until_ms: int | None
) -> list[SpellOut]:
    """Answer what a device was, newest first.

    Args:
        newest_first: Its changes.
        now_ms: Wall clock: a spell that goes on has lasted until now.
        until_ms: End of the newest of them; None = it is what the device is now.
    """
    found: list[SpellOut] = []
    for change in newest_first:
        end_ms = now_ms if until_ms is None else until_ms
        found.append(
            SpellOut(
                since=format_time(change.at_ms),
                until=None if until_ms is None else format_time(until_ms),
                for_s=round(max(0, end_ms - change.at_ms) / 1000, 1),
                presence=Presence(change.presence).word,
                condition=condition_word(change.causes),
                admin=change.admin,
                causes=causes_out(change.causes),
            )
        )
        until_ms = change.at_ms
    return found


def trend_out(measure: str, trend: Trend) -> TrendOut:
    """Answer where a measure is going."""
    return TrendOut(
        measure=measure,
        outlook=trend.outlook.value,
        en=trend.outlook.en,
        zh=trend.outlook.zh,
        level=_rounded(trend.level),
        per_day=_rounded(trend.per_day),
        per_day_low=_rounded(trend.low),
        per_day_high=_rounded(trend.high),
        empty=_instant(trend.empty_ms),
        empty_earliest=_instant(trend.empty_from_ms),
        empty_latest=_instant(trend.empty_to_ms),
    )


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _instant(t_ms: int | None) -> str | None:
    return None if t_ms is None else format_time(t_ms)
