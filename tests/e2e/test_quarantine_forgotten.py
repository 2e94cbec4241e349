"""The real processor forgets what is older than the retention, step after step."""

from pathlib import Path

import sqlalchemy as sa

from parkguard.clock import wall_ms
from parkguard.wiring.forgetting import DAY_MS
from stores.quarantine import put_refusals
from stores.records import FORGET_MAX, writing
from stores.schema import quarantine
from support.broker import wait_until
from support.machine import START_S, Machine
from support.stores_records import a_refusal


def test_processor_goes_on_forgetting_until_nothing_old_is_left(tmp_path: Path) -> None:
    """More than one step of old rows is gone within seconds, not in hours; the young row stays."""
    settings = {"process": {"checkpoint_s": 0.2}, "quarantine": {"retention_days": 1}}
    with Machine(tmp_path, registry=("load", "--devices", "1"), settings=settings) as machine:
        now_ms = wall_ms()
        old = [a_refusal(k, recv_ms=now_ms - 2 * DAY_MS) for k in range(2 * FORGET_MAX + 1)]
        with writing(machine.engine) as connection:
            rows = [*old, a_refusal(len(old), recv_ms=now_ms)]
            put_refusals(connection, rows, code_version="0.1.0", now_ms=now_ms)
        count = sa.select(sa.func.count()).select_from(quarantine)

        def left() -> int:
            with machine.engine.connect() as connection:
                return int(connection.scalar(count) or 0)

        before = left()

        machine.start("process")

        wait_until(lambda: left() == 1, within_s=START_S, what="all old rows are forgotten")
    assert before == len(old) + 1
