"""What a candidate would have sent, and what was sent: for ``parkguard shadow``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from alerts.comparing import Sent
from devices.model import SYNTHETIC_ID
from stores.processing import store_errors
from stores.records import insert_of, writing
from stores.schema import alert_log, alerts, incident_log, shadow_alerts, shadow_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRun:
    """One comparison; columns of ``shadow_runs``."""

    started_ms: int
    candidate: str
    seen_ms: int
    failure: str


class ShadowRecords:
    """Comparisons of one records database (``ingest.shadow.ShadowBook``)."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def begin(self, candidate: str, *, now_ms: int) -> int:
        """Begin a comparison, or go on with the newest one when it is of this candidate.

        Raises:
            StoreError: The database is away.
        """
        with store_errors(), writing(self._engine) as connection:
            newest = _newest(connection)
            if newest is not None and newest.candidate == candidate and not newest.failure:
                return newest.started_ms
            started_ms = max(now_ms, newest.started_ms + 1 if newest is not None else 0)
            connection.execute(
                sa.insert(shadow_runs).values(
                    started_ms=started_ms, candidate=candidate, seen_ms=now_ms, failure=""
                )
            )
            return started_ms

    def keep(
        self, started_ms: int, rows: Sequence[tuple[Sent, int, str, str]], *, seen_ms: int
    ) -> None:
        """Keep alerts and how far the candidate has come; the same rows twice change nothing.

        Raises:
            StoreError: Nothing was kept.
        """
        with store_errors(), writing(self._engine) as connection:
            insert = insert_of(connection, shadow_alerts)
            kept = shadow_alerts.c
            if rows:
                connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=["started_ms", "alert_id"],
                        set_={
                            "level": insert.excluded.level,
                            "ready_ms": sa.func.coalesce(kept.ready_ms, insert.excluded.ready_ms),
                            "incident_ms": sa.func.coalesce(
                                kept.incident_ms, insert.excluded.incident_ms
                            ),
                        },
                    ),
                    [
                        {
                            "started_ms": started_ms,
                            "alert_id": sent.alert_id,
                            "vehicle_id": sent.vehicle_id,
                            "kind": kind,
                            "level": level,
                            "area": area,
                            "raised_ms": sent.raised_ms,
                            "ready_ms": sent.ready_ms,
                            "incident_ms": sent.incident_ms,
                        }
                        for sent, level, kind, area in rows
                    ],
                )
            connection.execute(
                sa.update(shadow_runs)
                .where(shadow_runs.c.started_ms == started_ms)
                .values(seen_ms=seen_ms)
            )

    def fail(self, started_ms: int, failure: str) -> None:
        """Note why a comparison ended."""
        with store_errors(), writing(self._engine) as connection:
            connection.execute(
                sa.update(shadow_runs)
                .where(shadow_runs.c.started_ms == started_ms)
                .values(failure=failure)
            )

    def newest(self) -> ShadowRun | None:
        """The newest comparison."""
        with self._engine.connect() as connection:
            return _newest(connection)

    def candidate_sent(self, run: ShadowRun) -> list[Sent]:
        """What the candidate would have sent."""
        query = sa.select(shadow_alerts).where(
            shadow_alerts.c.started_ms == run.started_ms,
            shadow_alerts.c.raised_ms.between(run.started_ms, run.seen_ms),
            shadow_alerts.c.vehicle_id != SYNTHETIC_ID,
        )
        with self._engine.connect() as connection:
            return [
                Sent(
                    alert_id=row.alert_id,
                    vehicle_id=row.vehicle_id,
                    raised_ms=row.raised_ms,
                    ready_ms=row.ready_ms,
                    incident_ms=row.incident_ms,
                )
                for row in connection.execute(query)
            ]


def live_sent(engine: sa.Engine, *, since_ms: int, upto_ms: int) -> list[Sent]:
    """What was sent: alerts of level 1 and more raised within a period, with their steps."""
    inside = sa.and_(
        alerts.c.level > 0,
        alerts.c.raised_ms.between(since_ms, upto_ms),
        alerts.c.vehicle_id != SYNTHETIC_ID,
    )
    ready = (
        sa.select(alert_log.c.alert_id, sa.func.min(alert_log.c.at_ms).label("at_ms"))
        .join(alerts, alerts.c.id == alert_log.c.alert_id)
        .where(inside, alert_log.c.what == "police_ready")
        .group_by(alert_log.c.alert_id)
    )
    opened = sa.select(incident_log.c.reason, incident_log.c.at_ms).where(
        incident_log.c.reason.like("alert %"), incident_log.c.at_ms >= since_ms
    )
    with engine.connect() as connection:
        ready_ms = {row.alert_id: row.at_ms for row in connection.execute(ready)}
        opened_ms = _opened(connection.execute(opened))
        rows = connection.execute(
            sa.select(alerts.c.id, alerts.c.vehicle_id, alerts.c.raised_ms).where(inside)
        )
        return [
            Sent(
                alert_id=row.id,
                vehicle_id=row.vehicle_id,
                raised_ms=row.raised_ms,
                ready_ms=ready_ms.get(row.id),
                incident_ms=opened_ms.get(row.id),
            )
            for row in rows
        ]


def _opened(rows: Iterable[Any]) -> dict[str, int]:
    """When each alert opened an incident or joined one, by the log's words (processing_effects)."""
    found: dict[str, int] = {}
    for row in rows:
        words = row.reason.split()
        if len(words) in {2, 3}:
            found.setdefault(words[1], row.at_ms)
    return found


def _newest(connection: sa.Connection) -> ShadowRun | None:
    query = sa.select(shadow_runs).order_by(shadow_runs.c.started_ms.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else ShadowRun(**row)
