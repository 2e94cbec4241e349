"""What people said of alerts, and who is demoted: written by the processor, read by the API."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from alerts.model import DemotionChange, Labelled
from alerts.outcomes import Verdict, verdict_of
from stores.queries import Scope, in_scope
from stores.records import insert_of
from stores.schema import alert_outcomes, alerts, demotions


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One labelled alert, as far as precision asks (``alerts.precision.Label``)."""

    rule: str
    site: str
    model: str
    raised_ms: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemotionRow:
    """One demotion; columns of ``demotions``."""

    subject: str
    area: str
    false_alarms: int
    since_ms: int
    until_ms: int
    lifted_ms: int
    by: str


def put_labels(connection: sa.Connection, labels: Sequence[Labelled]) -> None:
    """Write labels in the caller's transaction; the first word on an alert stays."""
    if labels:
        connection.execute(
            insert_of(connection, alert_outcomes).on_conflict_do_nothing(),
            [asdict(label) | {"level": int(label.level)} for label in labels],
        )


def put_demotions(connection: sa.Connection, changes: Sequence[DemotionChange]) -> None:
    """Write demotions in the caller's transaction, the newest of a subject last."""
    for change in changes:
        insert = insert_of(connection, demotions)
        names = [column.name for column in demotions.c if not column.primary_key]
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["subject"],
                set_={name: insert.excluded[name] for name in names},
            ),
            [asdict(change)],
        )


class OutcomeQueries:
    """Outcomes and demotions of one records database (``api.ports.OutcomeBook``)."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def labels(self, scope: Scope, *, since_ms: int) -> list[OutcomeRow]:
        """Labelled alerts that were raised since then."""
        columns = [alert_outcomes.c[name] for name in OutcomeRow.__slots__]
        seen = in_scope(scope, area=alert_outcomes.c.area, vehicle_id=alert_outcomes.c.vehicle_id)
        query = sa.select(*columns).where(seen, alert_outcomes.c.raised_ms >= since_ms)
        with self._engine.connect() as connection:
            return [OutcomeRow(**row) for row in connection.execute(query).mappings()]

    def verdicts(self, *, since_ms: int) -> dict[str, Verdict]:
        """What people said of the alerts raised since then, by alert id."""
        query = sa.select(alert_outcomes.c.alert_id, alert_outcomes.c.outcome).where(
            alert_outcomes.c.raised_ms >= since_ms
        )
        with self._engine.connect() as connection:
            return {row.alert_id: verdict_of(row.outcome) for row in connection.execute(query)}

    def raised(self, scope: Scope, *, since_ms: int) -> int:
        """How many alerts that told somebody were raised since then, labelled or not."""
        seen = in_scope(scope, area=alerts.c.area, vehicle_id=alerts.c.vehicle_id)
        query = (
            sa.select(sa.func.count())
            .select_from(alerts)
            .where(seen, alerts.c.raised_ms >= since_ms, alerts.c.level > 0)
        )
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def demoted(self, scope: Scope, *, now_ms: int) -> list[DemotionRow]:
        """Demotions that hold now, the newest first."""
        query = (
            sa.select(demotions)
            .where(
                in_scope(scope, area=demotions.c.area, vehicle_id=None),
                demotions.c.until_ms > now_ms,
                demotions.c.lifted_ms == 0,
            )
            .order_by(demotions.c.since_ms.desc(), demotions.c.subject)
        )
        with self._engine.connect() as connection:
            return [DemotionRow(**row) for row in connection.execute(query).mappings()]
