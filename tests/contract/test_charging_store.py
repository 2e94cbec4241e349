"""Charging stations in the records database, on SQLite and PostgreSQL."""

import msgspec
import sqlalchemy as sa

from alerts.ports import ProcessCommit
from api.roles import CITY, Scope
from devices.charger_now import BoxNow, StationChange, StationNow
from devices.day_facts import DayFacts
from stores.processing import RecordsProcessLedger
from stores.queries_charging import ChargingQueries
from stores.schema import charger_days, devices

EMPTY = BoxNow(None, None, None, False, None, None, "", None)  # noqa: FBT003 - a row's value
NOW = StationNow(ports=[], sessions=[], box=EMPTY)


def change(slot: int, at_ms: int, coins: int, day: str = "2025-11-25") -> StationChange:
    """One station with some coins."""
    facts = DayFacts(day, counter_fen=100 * coins, coins=coins)
    now = msgspec.structs.replace(NOW, box=msgspec.structs.replace(EMPTY, coins=coins))
    encode = msgspec.json.encode
    return StationChange(slot=slot, at_ms=at_ms, now=encode(now), days=[(day, encode(facts))])


def register(engine: sa.Engine, slot: int, area: str) -> None:
    """A station in an area."""
    with engine.begin() as connection:
        connection.execute(
            sa.insert(devices).values(
                slot=slot,
                id=f"chg-{slot}",
                cls="chg",
                site_id="site-1",
                area=area,
                secret_hash="x",  # noqa: S106 - nobody's
                registered_ms=0,
            )
        )


def commit(engine: sa.Engine, upto_seq: int, *changes: StationChange) -> None:
    """As the processor does."""
    ledger = RecordsProcessLedger(engine, "1", now_ms=lambda: 1)
    ledger.commit(ProcessCommit(upto_seq=upto_seq, recv_ms=0, books={}, stations=changes))


def test_newest_word_of_a_station_and_of_its_day_stays(engine: sa.Engine) -> None:
    """Committed again, it changes nothing; a change without a row leaves the row."""
    register(engine, 1, "340104001")
    commit(engine, 1, change(1, 1_000, 3), change(1, 2_000, 5))
    commit(engine, 1, change(1, 1_000, 3), change(1, 2_000, 5))
    day = change(1, 9_000, 6).days
    commit(engine, 2, StationChange(slot=1, at_ms=9_000, now=b"", days=day))

    book = ChargingQueries(engine)
    shown = book.now(1)

    assert shown is not None
    assert (shown.at_ms, shown.now.box.coins) == (2_000, 5)
    assert [f.coins for f in book.days_of(1, first="2025-11-25", last="2025-11-25")] == [6]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(charger_days)) == 1
    assert book.now(2) is None


def test_stations_and_days_are_scoped(engine: sa.Engine) -> None:
    """By district; an owner sees none."""
    for slot, area in ((1, "340104001"), (2, "340103002")):
        register(engine, slot, area)
    commit(engine, 1, change(1, 1_000, 3), change(2, 1_000, 4), change(2, 1_000, 9, "2025-11-26"))
    book, here = ChargingQueries(engine), Scope(areas=("340104",))

    def coins(scope: Scope) -> list[tuple[int, int]]:
        days = book.days(scope, first="2025-11-25", last="2025-11-26", area=None)
        return [(slot, facts.coins) for slot, facts in days]

    assert [place.id for place in book.stations(CITY, area=None)] == ["chg-1", "chg-2"]
    assert [place.id for place in book.stations(CITY, area="340103")] == ["chg-2"]
    assert list(book.all_now(here, area=None)) == [1]
    assert (coins(CITY), coins(here)) == ([(1, 3), (2, 4), (2, 9)], [(1, 3)])
    assert book.stations(Scope(areas=("",), owner_id="wang"), area=None) == []
