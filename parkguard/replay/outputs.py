"""The lines of a replay's outputs: sorted, rounded, the same bytes for the same file."""

from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from alerts.model import vehicle_named
from parkguard.replay.observed import Observed
from parkguard.replay.state import DEGREES, METRES, SeenWorld, rounded

_SECONDS = 1
"""Digits of ``late_s``."""


def alert_lines(observed: Observed) -> Iterator[dict[str, object]]:
    """One line per change of an alert, in order."""
    for _, change in observed.changes:
        yield {
            "recv_t": change.caused_recv_ms,
            "t": change.caused_t_ms,
            "vehicle": vehicle_named(change.vehicle_id),
            "alert_id": change.alert_id,
            "level": int(change.level),
            "kind": change.kind,
            "state": change.state,
            "late_s": rounded(change.late_s, _SECONDS),
            "reasons": [
                {"code": r.code, "group": r.group, "nats": r.nats, "text": r.text_en}
                for r in change.reasons
            ],
            "lat": rounded(change.lat_deg, DEGREES),
            "lon": rounded(change.lon_deg, DEGREES),
            "acc_m": rounded(change.acc_m, METRES),
        }


def notice_lines(observed: Observed) -> Iterator[dict[str, object]]:
    """One line per notice of devices' health or of a fire, in order; its body as it is told."""
    for notice in observed.notices:
        yield {
            "recv_t": notice.caused_recv_ms,
            "kind": notice.kind,
            "action": notice.action,
            "audience": notice.audience,
            "area": notice.area,
            "body": notice.body,
        }


def state_lines(world: SeenWorld) -> Iterator[dict[str, object]]:
    """Devices, vehicles, what is in quarantine, and the totals."""
    yield from world.lines()
    for refusal in world.observed.quarantine.values():
        yield {
            "kind": "quarantine",
            "recv_t": refusal.entry.recv_ms,
            "topic": refusal.entry.topic,
            "reason": refusal.reason,
            "detail": refusal.detail,
            "index": None if refusal.item < 0 else refusal.item,
        }
    yield {"kind": "totals", **world.observed.totals()}


def write_lines(lines: Iterable[dict[str, object]], out: IO[bytes]) -> None:
    """Write JSON lines."""
    out.writelines(msgspec.json.encode(line) + b"\n" for line in lines)
