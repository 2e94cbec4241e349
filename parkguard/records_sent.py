"""What was really sent and what people said of it, from the records, for a back-test."""

from typing import NamedTuple

from alerts.comparing import Sent
from alerts.outcomes import Verdict
from parkguard.records import open_migrated, records_path
from parkguard.settings import Settings
from stores.queries_outcomes import OutcomeQueries
from stores.queries_shadow import live_sent

_EVER_MS = 1 << 62


class SentThen(NamedTuple):
    """Alerts that were raised since a moment, and people's word on each, by alert id."""

    alerts: list[Sent]
    verdicts: dict[str, Verdict]


def sent_since(settings: Settings, since_ms: int) -> SentThen | None:
    """What the records say; None when there are none."""
    if not settings.records.is_server and not records_path(settings).exists():
        return None
    engine = open_migrated(settings)
    try:
        return SentThen(
            live_sent(engine, since_ms=since_ms, upto_ms=_EVER_MS),
            OutcomeQueries(engine).verdicts(since_ms=since_ms),
        )
    finally:
        engine.dispose()
