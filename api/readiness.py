"""Whether every part can do its work now, from the status files (reliability.md P38)."""

from collections.abc import Mapping

from api.deps import ApiPolicy
from api.system_rows import PartStatus
from api.system_schemas import PartOut, ReadyOut

AHEAD_MS = 1_000
"""A word may be so far from the future: the clock was set a little, parts speak once a second."""
BEHIND = frozenset(
    {
        "broker_queued_messages",
        "ingest_queue",
        "process_lag_entries",
        "project_lag_entries",
        "dispatch_pending_feed",
        "dispatch_pending_webhook",
        "dispatch_pending_mqtt",
    }
)
"""Metrics of what waits for a part; told when anything does, ready or not."""


def assess_parts(statuses: Mapping[str, PartStatus], policy: ApiPolicy, now_ms: int) -> ReadyOut:
    """Judge every expected part: ready by its own word, and the word is young."""
    parts = [_assess(name, statuses.get(name), policy, now_ms) for name in policy.parts]
    return ReadyOut(ready=all(part.ready for part in parts), parts=parts)


def _assess(name: str, status: PartStatus | None, policy: ApiPolicy, now_ms: int) -> PartOut:
    if status is None:
        return PartOut(part=name, ready=False, reason="never reported", age_s=None)
    age_ms = now_ms - status.at_ms
    age_s = round(age_ms / 1000, 1)
    if age_ms < -AHEAD_MS:  # the clock was put back since, and the part has said nothing
        return PartOut(part=name, ready=False, reason="silent since the clock leapt", age_s=age_s)
    if age_ms >= policy.status_max_ms:
        return PartOut(part=name, ready=False, reason=f"silent for {age_s:g} s", age_s=age_s)
    behind = {key: status.metrics[key] for key in BEHIND & status.metrics.keys()}
    return PartOut(
        part=name,
        ready=status.ready,
        reason=status.reason,
        age_s=age_s,
        behind={key: value for key, value in sorted(behind.items()) if value},
    )
