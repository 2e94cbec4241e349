"""What the API asks of the records database: the same answers on SQLite and PostgreSQL."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from alerts.lifecycle import IncidentState
from alerts.model import Notice
from api.roles import CITY, Scope
from devices.control import IncidentMoved, decode
from devices.device_filter import DeviceFilter
from stores.queries_alerts import AlertQueries
from stores.queries_devices import DeviceQueries, VehicleQueries
from stores.queries_feed import FeedQueries
from stores.queries_incidents import IncidentQueries, IncidentRow
from stores.queries_quarantine import QuarantineQueries
from stores.queries_tokens import TokenQueries
from stores.schema import audit, control, incident_log
from support.api_city import a_device, a_feed_row, a_vehicle, an_alert, fill
from support.api_world import HERE, NOW_MS, World, a_world_on
from support.stores_records import a_notice, rows_of

AUDIT = (NOW_MS, "chen", "officer", "incident_moved", "incident:inc-here", "")
DISTRICT = Scope(areas=(HERE,))
OWNER = Scope(areas=(), owner_id="wang")
NOBODY = Scope(areas=())
HOSTILE = ("%", "_", "'; DROP TABLE alerts; --", "\\", "皖", "x" * 5_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Officer chen takes an incident and the owner is told."""

    version: int

    @property
    def moved(self) -> IncidentMoved:
        return IncidentMoved(
            at_ms=NOW_MS,
            by="chen",
            incident_id="inc-here",
            alert_id="alert-here",
            state=IncidentState.ACKNOWLEDGED,
            outcome=None,
        )

    assignee = "chen"
    reason = "on my way, 马上到"
    logged = "acknowledged"
    tapped_ms = None
    level = 3
    posts = True
    audit = AUDIT

    @property
    def notices(self) -> list[Notice]:
        return [a_notice(f"inc-here:{self.version + 1}", incident_id="inc-here")]


@pytest.fixture
def world(engine: sa.Engine) -> World:
    """One of everything here and one there."""
    made = a_world_on(engine)
    fill(made)
    return made


def test_scope_decides_what_is_seen(world: World) -> None:
    """A district its own, an owner the own vehicles, no area nothing."""
    engine = world.engine
    seen = {
        name: (
            [row.id for row in AlertQueries(engine).page(scope, **ALL)],  # type: ignore[arg-type]
            [device.id for device in DeviceQueries(engine).of_slots(scope, (1, 2, 3))],
            sorted(row.id for row in IncidentQueries(engine).open_all(scope)),
            VehicleQueries(engine).one(scope, "veh-there") is not None,
        )
        for name, scope in {"city": CITY, "here": DISTRICT, "wang": OWNER, "none": NOBODY}.items()
    }

    here = (["alert-here"], ["trk-here"], ["inc-here"], False)
    both = ["trk-here", "trk-there"]
    assert seen["city"] == (["alert-there", "alert-here"], both, ["inc-here", "inc-there"], True)
    assert seen["here"] == seen["wang"] == here
    assert seen["none"] == ([], [], [], False)


ALL = {"state": None, "level": None, "before": None, "limit": 9}


def test_pages_are_whole_and_in_order_whatever_the_ids_hold(world: World) -> None:
    """Same time, ids with hyphens, capitals and digits: no row twice, none left out."""
    names = ("a", "A", "a-b", "ab", "a.b", "a_b", "10", "9", "Z", "z")
    for name in names:
        an_alert(world, name, raised_ms=NOW_MS)
    book = AlertQueries(world.engine)

    seen: list[str] = []
    before = None
    while rows := book.page(CITY, state="verifying", level=2, before=before, limit=3):
        seen += [row.id for row in rows]
        before = (rows[-1].raised_ms, rows[-1].id)

    assert len(seen) == len(set(seen)) == len(names) + 2
    assert set(seen) == {f"alert-{name}" for name in (*names, "here", "there")}


def test_incident_is_moved_in_one_transaction(world: World) -> None:
    """Row, log, audit, outbox and control; whoever comes second sees the new version."""
    book = IncidentQueries(world.engine)

    def take(row: IncidentRow) -> Taken | None:
        return Taken(version=row.version) if row.version == 1 else None

    first = book.change(DISTRICT, "inc-here", take)
    second = book.change(DISTRICT, "inc-here", take)
    foreign = book.change(DISTRICT, "inc-there", take)

    assert first is not None
    assert (first.state, first.assignee, first.version) == ("acknowledged", "chen", 2)
    assert (second, foreign) == (first, None)
    assert [step.reason for step in book.log("inc-here")] == ["alert", "on my way, 马上到"]
    assert [each.receiver for each in book.deliveries("inc-here")] == ["police"]
    [told] = rows_of(world.engine, control)
    assert isinstance(decode(told["body"]), IncidentMoved)
    assert len(rows_of(world.engine, audit)) == 1
    assert len(rows_of(world.engine, incident_log)) == 3


def test_many_ids_are_asked_for_in_bulk(world: World) -> None:
    """More than one IN list holds."""
    for k in range(1_001):
        a_vehicle(world, f"x{k}")
        if k % 100 == 0:
            a_device(world, f"x{k}")
    wanted = [f"veh-x{k}" for k in range(1_001)]

    seen = VehicleQueries(world.engine).seen(DISTRICT, wanted)
    trackers = DeviceQueries(world.engine).trackers(wanted)

    assert seen == frozenset(wanted)
    assert [device.vehicle_id for device in trackers] == [f"veh-x{k}" for k in range(0, 1_001, 100)]
    assert VehicleQueries(world.engine).taken([*wanted, "veh-none"]) == frozenset(wanted)


def test_tokens_live_until_they_are_taken_back(world: World) -> None:
    """Once, with one row of the audit."""
    book = TokenQueries(world.engine)
    book.add(
        token_id="tok_1",  # noqa: S106 - its name
        token_hash="h" * 64,
        name="陈 officer",
        role="officer",
        areas=(HERE,),
        owner_id=None,
        expires_ms=NOW_MS + 5,
        audit=AUDIT,
    )
    alive = [book.alive(["tok_1", "tok_2"], NOW_MS + late) for late in (0, 5)]

    book.revoke("tok_1", audit=AUDIT)
    book.revoke("tok_1", audit=AUDIT)

    found = book.by_hash("h" * 64)
    assert found is not None
    assert (found.name, found.areas, found.revoked_ms) == ("陈 officer", [HERE], NOW_MS)
    assert alive == [frozenset({"tok_1"}), frozenset()]
    assert book.alive(["tok_1"], NOW_MS) == frozenset()
    assert len(rows_of(world.engine, audit)) == 2


def test_feed_is_read_above_a_number(world: World) -> None:
    """Ascending, with its head."""
    for number in (3, 1, 2):
        a_feed_row(world, number)
    book = FeedQueries(world.engine)

    assert [row.id for row in book.after(1, 9)] == [2, 3]
    assert book.head() == 3


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_only_words(world: World, words: str) -> None:
    """Signs of LIKE and SQL find nothing and break nothing; numbers past every column too."""
    engine = world.engine
    scope = Scope(areas=(words,))

    found = [
        *AlertQueries(engine).page(scope, **ALL),  # type: ignore[arg-type]
        *IncidentQueries(engine).page(
            CITY, state=words, area=words, before=(2**62, words), limit=9
        ),
        *DeviceQueries(engine).find(scope, DeviceFilter(site=(words,), areas=(words,))).slots,
        *DeviceQueries(engine).of_slots(CITY, (2**62,)),
        *QuarantineQueries(engine).page(
            CITY, reason=words, device=words, since_ms=2**62, before_id=2**62, limit=9
        ),
    ]

    assert found == []
    assert VehicleQueries(engine).one(CITY, words) is None
    assert [row.rows for row in QuarantineQueries(engine).reasons(CITY)] == [2]
