"""What the processor forgets in time: held messages with their copies, audit, outbox, health.

It also makes the months of these two ahead (PostgreSQL).
"""

from collections.abc import Callable

import sqlalchemy as sa
import structlog

from devices.errors import StoreError
from parkguard.clock import wall_ms
from parkguard.wiring.shared import HOUR_MS, steady_ms
from stores import health_log
from stores.commands import forget_commands
from stores.phone_rows import forget_phones
from stores.processing import store_errors
from stores.quarantine import forget_quarantine
from stores.records import FORGET_MAX
from stores.records_months import forget_old, make_months
from stores.records_policy import RecordsPolicy
from stores.schema import audit, outbox
from stores.taps import forget_taps

log = structlog.get_logger()

DAY_MS = 24 * HOUR_MS
PHONES_MS = HOUR_MS
"""Phones' places are forgotten after an hour: the receiver has read them long before, and they were
stale after a minute. Ours."""
TAPS_MS = 7 * DAY_MS
"""Taps of phones are forgotten after a week: a phone that was away longer is told what has become
of the incident instead. Ours."""


def forgetting(
    engine: sa.Engine,
    retention_days: float,
    records: RecordsPolicy = RecordsPolicy(),  # noqa: B008 - frozen
    *,
    now_ms: Callable[[], int] = wall_ms,
    pace_ms: Callable[[], int] = steady_ms,
) -> Callable[[], None]:
    """Give what takes a few short steps a call while there is anything old, then rests for an hour.

    A wall clock that leaps ahead makes nothing old: it is believed as far as the steady clock has
    gone since the start, and a day more. A database that is away or full is a warning, and is
    asked again in an hour: nothing is lost by forgetting later, and the processor's own commits
    say what is wrong.

    Args:
        engine: The records database.
        retention_days: What was received longer ago goes (``quarantine.retention_days``).
        records: How long the audit, the outbox and the health log are kept.
        now_ms: Wall clock, ms UTC: how old something is.
        pace_ms: A clock that never steps, ms: when it is time again.
    """
    due_ms = 0
    ahead_ms = now_ms() - pace_ms() + DAY_MS

    def step() -> None:
        nonlocal due_ms
        if pace_ms() < due_ms:
            return
        more = False
        at_ms = min(now_ms(), pace_ms() + ahead_ms)
        try:
            with store_errors():
                more = forget_quarantine(engine, at_ms - round(retention_days * DAY_MS))
                more |= forget_phones(engine, at_ms - PHONES_MS)
                more |= forget_taps(engine, at_ms - TAPS_MS)
                make_months(engine, now_ms())
                more |= _forget_written(engine, records, at_ms)
        except StoreError as exc:
            if not exc.may_pass:
                raise
            log.warning("forgetting_put_off", reason=str(exc))
        if not more:
            due_ms = pace_ms() + HOUR_MS

    return step


def _forget_written(engine: sa.Engine, records: RecordsPolicy, now_ms: int) -> bool:
    """Take one step in each table; whether there may be more."""
    more = False
    if days := records.commands_days:
        more = forget_commands(engine, now_ms - days * DAY_MS) == FORGET_MAX
    if days := records.health_days:
        gone_rows = health_log.forget_health(engine, now_ms - days * DAY_MS)
        more |= gone_rows == FORGET_MAX
    for table, days in ((audit, records.audit_days), (outbox, records.outbox_days)):
        if days:
            gone = forget_old(engine, table, now_ms - days * DAY_MS)
            if gone.months or gone.rows:
                log.info("forgotten", table=table.name, months=gone.months, rows=gone.rows)
            more |= gone.more
    return more
