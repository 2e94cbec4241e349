"""What the processor forgets in time: held messages, and their copies in the control table."""

from collections.abc import Callable

import sqlalchemy as sa
import structlog

from devices.errors import StoreError
from parkguard.clock import wall_ms
from parkguard.wiring.shared import HOUR_MS, steady_ms
from stores.processing import store_errors
from stores.quarantine import forget_quarantine

log = structlog.get_logger()

DAY_MS = 24 * HOUR_MS


def forgetting(
    engine: sa.Engine,
    retention_days: float,
    *,
    now_ms: Callable[[], int] = wall_ms,
    pace_ms: Callable[[], int] = steady_ms,
) -> Callable[[], None]:
    """Give what takes one short step a call while there is anything old, then rests for an hour.

    A database that is away or full is a warning, and is asked again in an hour: nothing is lost by
    forgetting later, and the processor's own commits say what is wrong.

    Args:
        engine: The records database.
        retention_days: What was received longer ago goes (``quarantine.retention_days``).
        now_ms: Wall clock, ms UTC: how old something is.
        pace_ms: A clock that never steps, ms: when it is time again.
    """
    due_ms = 0

    def step() -> None:
        nonlocal due_ms
        if pace_ms() < due_ms:
            return
        more = False
        try:
            with store_errors():
                more = forget_quarantine(engine, now_ms() - round(retention_days * DAY_MS))
        except StoreError as exc:
            if not exc.may_pass:
                raise
            log.warning("forgetting_put_off", reason=str(exc))
        if not more:
            due_ms = pace_ms() + HOUR_MS

    return step
