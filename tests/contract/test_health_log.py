"""The health log in the records database, on SQLite and PostgreSQL."""

import pytest
import sqlalchemy as sa

from alerts.model import Effects
from alerts.ports import ProcessCommit
from api.roles import Scope
from devices.availability import State, lines
from devices.causes import Cause
from devices.health_events import HealthChange
from devices.presence import Presence
from parkguard.wiring.forgetting import forgetting
from stores import health_log as log
from stores.processing import RecordsProcessLedger
from stores.queries_health import HealthQueries
from stores.records import writing
from stores.records_policy import RecordsPolicy
from stores.schema import devices, health_log
from support.stores_records import rows_of

DAY_MS = 86_400_000


def a_change(
    seq: int, at_ms: int, presence: Presence = Presence.ONLINE, *, slot: int = 1, **more: object
) -> HealthChange:
    """A device is something from an entry on."""
    values: dict[str, object] = {"causes": 0, "admin": "active"} | more
    return HealthChange(slot=slot, seq=seq, at_ms=at_ms, presence=presence, **values)  # type: ignore[arg-type]


def put(engine: sa.Engine, *changes: HealthChange) -> None:
    """Write them in one transaction."""
    with writing(engine) as connection:
        log.put_changes(connection, changes)


def register(engine: sa.Engine, *slots: int, area: str = "340104001") -> None:
    """Cameras of one district."""
    with writing(engine) as connection:
        connection.execute(
            sa.insert(devices),
            [
                {
                    "slot": slot,
                    "id": f"cam-{slot}",
                    "cls": "cam",
                    "area": area,
                    "secret_hash": "x",
                    "registered_ms": 0,
                }
                for slot in slots
            ],
        )


def test_entries_that_run_again_change_nothing(engine: sa.Engine) -> None:
    """Of one entry the last word counts; every bit of the causes comes back."""
    every = sum(Cause)
    changes = [
        a_change(4, 400, Presence.LATE),
        a_change(5, 500, Presence.LATE),
        a_change(5, 500, Presence.OFFLINE, causes=int(every)),
    ]
    put(engine, *changes)
    put(engine, *changes)
    put(engine)

    found = HealthQueries(engine).changes(1, 0, 999, limit=9)

    assert found == [changes[2], changes[0]]
    assert HealthQueries(engine).held(1, 500) == changes[0]
    assert HealthQueries(engine).held(1, 400) is None


def test_the_newest_before_the_bound_stays(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In steps: without it availability would lose where it begins."""
    monkeypatch.setattr(log, "FORGET_MAX", 2)
    put(engine, *(a_change(seq, 100 * seq) for seq in range(1, 8)))
    put(engine, a_change(2, 200, slot=2), a_change(9, 900, slot=2), a_change(1, 100, slot=3))

    steps = [log.forget_health(engine, 500) for _ in range(3)]

    assert steps == [2, 1, 0]
    assert [(row["slot"], row["seq"]) for row in rows_of(engine, health_log)] == [
        (1, 4),
        (1, 5),
        (1, 6),
        (1, 7),
        (2, 2),
        (2, 9),
        (3, 1),
    ]


def test_a_long_period_is_added_up_over_its_days(engine: sa.Engine) -> None:
    """From what held before it; devices that nobody asked for are passed over."""
    register(engine, 1, 2, 3)
    put(
        engine,
        a_change(1, 0, Presence.OFFLINE),
        a_change(2, 0, Presence.ONLINE, slot=2),
        a_change(5, 3 * DAY_MS, Presence.ONLINE),
        a_change(6, 4 * DAY_MS + 5, Presence.OFFLINE, slot=2),
        a_change(7, 5 * DAY_MS + 7, Presence.LATE, slot=3),
    )

    spent = HealthQueries(engine).spent([1, 3], 2 * DAY_MS, 6 * DAY_MS)

    assert spent.slots.tolist() == [1, 3]
    first, third = spent.ms.tolist()
    assert (first[State.OFFLINE], first[State.ONLINE]) == (DAY_MS, 3 * DAY_MS)
    assert (sum(third), third[State.LATE]) == (DAY_MS - 7, DAY_MS - 7)
    assert [line.available for line in lines(spent, ["a", "b"])] == [0.75, 1.0]
    assert HealthQueries(engine).spent([], 0, DAY_MS).slots.tolist() == []


def test_fleet_is_of_the_scope(engine: sa.Engine) -> None:
    """Ascending by slot."""
    register(engine, 2, 5)
    register(engine, 3, area="340103002")
    book = HealthQueries(engine)

    assert [one.slot for one in book.fleet(Scope(areas=("340104",)))] == [2, 5]
    assert [one.slot for one in book.fleet(Scope(areas=("",)))] == [2, 3, 5]
    assert book.fleet(Scope(areas=())) == []


def test_news_come_once_in_the_order_of_entries(engine: sa.Engine) -> None:
    """Two entries of one millisecond, a clock put back, an entry that is larger than a page."""
    register(engine, *range(1, 9))
    book = HealthQueries(engine)
    assert book.head() == (0, 0)
    put(engine, a_change(3, 100_000, Presence.LATE), a_change(4, 100_500, slot=2))
    mark, told = book.head(), []
    put(engine, a_change(5, 100_500, Presence.OFFLINE))
    put(engine, a_change(6, 100_500 - 3_600_000, slot=3))
    put(engine, *(a_change(7, 101_000, slot=slot) for slot in range(4, 9)))
    put(engine, a_change(8, 102_000))

    for _ in range(4):
        now_ms = 100_500 - 3_600_000
        rows = book.news(mark, now_ms, limit=3)
        told.append([(row.seq, row.slot) for row in rows])
        mark = (max(row.at_ms for row in rows), rows[-1].seq) if rows else mark

    assert told == [[(5, 1), (6, 3)], [(7, slot) for slot in range(4, 9)], [(8, 1)], []]
    assert book.head() == (102_000, 8)
    [row] = book.news((100_500, 4), 102_000, limit=1)
    assert (row.id, row.before_presence, row.before_admin) == ("cam-1", Presence.LATE, "active")
    assert book.news((100_500, 5), 0, limit=9)[0].before_presence == -1


def test_the_processor_stores_changes_with_its_offset(engine: sa.Engine) -> None:
    """One transaction: what the log says was read from the journal."""
    ledger = RecordsProcessLedger(engine, "test", now_ms=lambda: 5_000)
    change = a_change(7, 1_000, Presence.OFFLINE, causes=int(Cause.SILENT))

    ledger.commit(
        ProcessCommit(upto_seq=7, recv_ms=1_000, books={}, effects=Effects(health=[change]))
    )

    assert ledger.offset() == 7
    assert HealthQueries(engine).changes(1, 0, 9_999, limit=9) == [change]


def test_what_is_older_than_the_retention_goes_by_the_hour(engine: sa.Engine) -> None:
    """With everything else the processor tidies; 0 keeps it for ever."""
    put(engine, *(a_change(day, day * DAY_MS) for day in range(1, 50)))
    ever = forgetting(engine, 1, RecordsPolicy(health_days=0), now_ms=lambda: 50 * DAY_MS)
    month = forgetting(engine, 1, RecordsPolicy(health_days=31), now_ms=lambda: 50 * DAY_MS)

    ever()
    kept = len(rows_of(engine, health_log))
    month()

    assert kept == 49
    assert [row["seq"] for row in rows_of(engine, health_log)] == list(range(18, 50))
    with pytest.raises(ValueError, match="health_days is 0"):
        RecordsPolicy(health_days=30)
