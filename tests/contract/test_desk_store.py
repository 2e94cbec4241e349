"""What waits for the desk and what it judged: the same on SQLite and PostgreSQL."""

import pytest
import sqlalchemy as sa

from api.roles import CITY, Scope
from stores.queries_alerts import AlertQueries
from stores.queries_desk import DeskQueries, Waits
from stores.queries_incidents import IncidentQueries
from stores.schema import alert_log
from support.api_city import an_incident, fill
from support.api_world import HERE, NOW_MS, World, a_world_on

DISTRICT = Scope(areas=(HERE,))


@pytest.fixture
def world(engine: sa.Engine) -> World:
    """One of everything here and one there."""
    made = a_world_on(engine)
    fill(made)
    return made


def test_the_desk_counts_its_own_area(world: World) -> None:
    """The city has both districts' alerts and incidents, nobody has none."""
    book = DeskQueries(world.engine)
    here = Waits(
        alerts=1,
        alerts_oldest_ms=NOW_MS - 30_000,
        untaken=1,
        untaken_oldest_ms=NOW_MS - 20_000,
        open=1,
        undelivered=0,
    )

    assert book.waits(DISTRICT) == here
    assert (book.waits(CITY).alerts, book.waits(CITY).open) == (2, 2)
    assert book.waits(Scope(areas=())).alerts_oldest_ms is None


def test_filters_of_the_queue_are_those_of_the_database(world: World) -> None:
    """Waiting alerts; incidents by kind and by being open."""
    an_incident(world, "shut", state="closed", kind="fire", vehicle_id=":3")
    cases = IncidentQueries(world.engine)

    def ids(**filters: object) -> list[str]:
        wanted = {"state": None, "area": None, "before": None, "limit": 9} | filters
        return sorted(row.id for row in cases.page(DISTRICT, **wanted))  # type: ignore[arg-type]

    assert ids(is_open=True) == ["inc-here"]
    assert ids(is_open=False) == ids(kind="fire") == ["inc-shut"]
    waiting = AlertQueries(world.engine).page(
        DISTRICT, state=None, level=2, waiting=True, before=None, limit=9
    )
    assert [row.id for row in waiting] == ["alert-here"]


def test_what_was_judged_is_found_with_who_and_when(world: World) -> None:
    """Steps of the machine are not among it; names of vehicles come by id."""
    world.put(
        alert_log,
        alert_id="alert-here",
        version=2,
        what="desk_dismissed",
        level=2,
        at_ms=NOW_MS,
        t_ms=NOW_MS,
        moved_m=0.0,
        by="desk-1",
    )
    book = DeskQueries(world.engine)

    assert [(row.by, row.at_ms) for row in book.judged(DISTRICT, since_ms=0)] == [
        ("desk-1", NOW_MS)
    ]
    assert book.judged(DISTRICT, since_ms=NOW_MS) == []
    assert book.labels({"veh-here", "", "veh-nowhere"}) == {"veh-here": "red Yadea"}
