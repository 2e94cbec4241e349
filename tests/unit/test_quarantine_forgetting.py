"""The processor's tidying: a step a call, an hour of rest, never the end of the processor."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from devices.errors import StoreError
from parkguard.wiring.forgetting import DAY_MS, forgetting
from parkguard.wiring.shared import HOUR_MS
from stores import records
from stores.quarantine import put_refusals
from stores.records import FORGET_MAX, open_records, writing
from stores.schema import quarantine
from support.stores_records import NOW_MS, a_refusal, records_in, rows_of, url_of


class Pace:
    """A clock that is set by hand, ms."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.at_ms = 5_000

    def __call__(self) -> int:
        """The present moment."""
        return self.at_ms


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A migrated, empty records database."""
    with records_in(tmp_path) as opened:
        yield opened


def hold_old(engine: sa.Engine, count: int, first: int = 0) -> None:
    """Put refusals in that came two days ago."""
    rows = [a_refusal(first + k, recv_ms=NOW_MS - 2 * DAY_MS) for k in range(count)]
    with writing(engine) as connection:
        put_refusals(connection, rows, code_version="0.1.0", now_ms=NOW_MS)


def left(engine: sa.Engine) -> int:
    """Rows that are there."""
    return len(rows_of(engine, quarantine))


def test_each_call_takes_one_step_until_all_is_gone(engine: sa.Engine) -> None:
    """The processor goes on between them; afterwards it is asked once an hour."""
    hold_old(engine, 2 * FORGET_MAX + 1)
    pace = Pace()
    tidy = forgetting(engine, 1, now_ms=lambda: NOW_MS, pace_ms=pace)
    counts = []
    for _ in range(3):
        tidy()
        counts.append(left(engine))
    hold_old(engine, 1, first=10_000)
    tidy()
    resting = left(engine)
    pace.at_ms += HOUR_MS

    tidy()

    assert counts == [FORGET_MAX + 1, 1, 0]
    assert (resting, left(engine)) == (1, 0)


def test_what_is_young_stays(engine: sa.Engine) -> None:
    """To the millisecond."""
    hold_old(engine, 1)
    pace = Pace()
    forgetting(engine, 2, now_ms=lambda: NOW_MS, pace_ms=pace)()
    kept = left(engine)
    forgetting(engine, 2, now_ms=lambda: NOW_MS + 1, pace_ms=pace)()

    assert (kept, left(engine)) == (1, 0)


def test_locked_database_does_not_end_the_processor(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is done an hour later."""
    hold_old(engine, 1)
    monkeypatch.setattr(records, "BUSY_MS", 1)
    impatient = open_records(url_of(tmp_path / "records.db"))
    pace = Pace()
    tidy = forgetting(impatient, 1, now_ms=lambda: NOW_MS, pace_ms=pace)
    with writing(engine):
        tidy()
    locked = left(engine)
    tidy()
    resting = left(engine)
    pace.at_ms += HOUR_MS

    tidy()

    assert (locked, resting, left(engine)) == (1, 1, 0)
    impatient.dispose()


def test_broken_database_is_no_matter_of_waiting(tmp_path: Path) -> None:
    """The processor ends, as it does at its next commit."""
    (tmp_path / "records.db").write_bytes(b"not a database" * 1000)
    broken = open_records(url_of(tmp_path / "records.db"))

    with pytest.raises(StoreError):
        forgetting(broken, 1)()

    broken.dispose()
