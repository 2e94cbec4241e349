"""Live positions, tokens that end, readers that never read: over a real server."""

import itertools
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from api.roles import Role
from stores.schema import audit, feed
from support.api_city import a_feed_row
from support.api_server import Listener, Relay, ServedCity, SilentReader, served_city
from support.api_world import HERE, NOW_MS, World, bearer
from support.broker import wait_until


@pytest.fixture
def city(tmp_path: Path) -> Iterator[ServedCity]:
    """One of everything, served; the clock stands still."""
    with served_city(tmp_path) as city:
        yield city


def test_positions_come_for_open_incidents_in_the_area(city: ServedCity) -> None:
    """Unnumbered, when the position has changed; the look is written to the audit once."""
    officer = city.listen(city.world.headers(Role.OFFICER, areas=[HERE], name="chen"))
    operator = city.listen(city.world.headers(Role.OPERATOR, areas=[HERE]))

    def at(listener: Listener) -> list[object]:
        return [one.data["t_ms"] for one in listener.events if one.name == "position"]

    wait_until(lambda: at(officer), what="the last known position")
    city.world.latest.put(
        1, fix_t_ms=NOW_MS, recv_ms=NOW_MS, lat_deg=31.83, lon_deg=117.23, source=1
    )
    city.world.latest.put(2, fix_t_ms=NOW_MS, recv_ms=NOW_MS, lat_deg=31.93, lon_deg=117.33)
    wait_until(lambda: at(officer)[-1] == NOW_MS, what="the new position")

    last = [one for one in officer.events if one.name == "position"][-1]
    assert last.id is None
    assert last.data == {
        "incident_id": "inc-here",
        "vehicle": "veh-here",
        "lat_deg": 31.83,
        "lon_deg": 117.23,
        "acc_m": None,
        "speed_mps": None,
        "course_deg": None,
        "source": "gnss",
        "t_ms": NOW_MS,
        "recv_ms": NOW_MS,
        "next_expected_ms": None,
        "level": 3,
    }
    assert {one.data["incident_id"] for one in officer.events} == {"inc-here"}
    assert at(operator) == []
    wait_until(lambda: len(city.world.rows(audit)) == 1, what="one look")
    assert city.world.rows(audit)[0]["purpose"] == "PATROL_INCIDENT"


def test_positions_end_with_the_incident(city: ServedCity) -> None:
    """Closing it takes the live dot away."""
    officer = city.listen(city.world.headers(Role.OFFICER, areas=[HERE]))
    wait_until(lambda: officer.events, what="the last known position")
    with Relay(city.world.engine):
        httpx.post(
            f"{city.api.url}/v1/incidents/inc-here/close",
            json={"outcome": "test"},
            headers=city.world.headers(Role.DESK),
        ).raise_for_status()
        wait_until(lambda: officer.ids() == [1], what="the closing")
    count = len(officer.events)

    city.world.latest.put(1, fix_t_ms=NOW_MS + 1, lat_deg=31.9, lon_deg=117.3)
    pings = officer.comments.count("ping")
    wait_until(lambda: officer.comments.count("ping") > pings + 2, what="some more time")

    assert len(officer.events) == count


def test_a_revoked_token_ends_its_stream(city: ServedCity) -> None:
    """Within the recheck time; coming back is refused."""
    token = city.world.token(Role.OFFICER, areas=[HERE])
    listener = city.listen(bearer(token))
    other = city.listen(city.world.headers(Role.OFFICER, areas=[HERE]))

    httpx.delete(
        f"{city.api.url}/v1/tokens/{city.world.tokens[token]}",
        headers=city.world.headers(Role.ADMIN),
    ).raise_for_status()
    wait_until(lambda: not listener.is_open, what="the stream ends")

    assert other.is_open
    assert city.listen(bearer(token)).status == 401


def test_an_owner_hears_of_a_vehicle_bought_while_listening(city: ServedCity) -> None:
    """Ownership is looked at again, both ways: from some alert on, and up to some alert."""
    body = msgspec.json.encode({"vehicle": "veh-there"}).decode()
    wang = city.listen(city.world.headers(Role.OWNER, owner_id="wang"))
    numbers = itertools.count(1)

    def hears_the_next_alert() -> bool:
        """Whether it came, once the stream is past it: its own events and pings say how far."""
        number = next(numbers)
        a_feed_row(city.world, number, kind="alert", audience="desk", body=body)
        wait_until(lambda: int(wang.last_id or 0) >= number, what=f"alert {number} is behind")
        return number in wang.ids()

    def give_to(owner_id: str) -> None:
        with city.world.engine.begin() as connection:
            change = "UPDATE vehicles SET owner_id = ? WHERE id = 'veh-there'"
            connection.exec_driver_sql(change, (owner_id,))

    before = hears_the_next_alert()
    give_to("wang")
    wait_until(hears_the_next_alert, what="an alert of the bought vehicle")
    give_to("li")
    wait_until(lambda: not hears_the_next_alert(), what="silence about the sold vehicle")

    assert not before


def test_readers_that_never_read_are_cut_and_cost_bounded_memory(city: ServedCity) -> None:
    """100 of them, 2,000 events of 2 kB each: all are cut; a healthy reader gets every event."""
    token = city.world.token(Role.DESK)
    silent = [SilentReader(city.api.port, token) for _ in range(100)]
    healthy = city.listen(city.world.headers(Role.DESK), "0")
    wait_until(lambda: _metric(city.world, "api_streams") == 101, what="all are listening")
    before_mb = _resident_mb()

    for first in range(1, 2_001, 50):
        _put_alerts(city.world, range(first, first + 50))
        wait_until(_has(healthy, first + 49), within_s=20, what="the healthy reader keeps up")
    wait_until(lambda: _metric(city.world, "api_streams") == 1, within_s=30, what="all are cut")

    grown_mb = _resident_mb() - before_mb
    assert _metric(city.world, "api_streams_cut_total") == 100
    assert healthy.ids() == list(range(1, 2_001))
    assert grown_mb < 150, "readers, listener and server share this process"
    assert httpx.get(f"{city.api.url}/livez").status_code == 200
    for reader in silent:
        reader.close()


def _put_alerts(world: World, numbers: range) -> None:
    """Number alerts of 2 kB each."""
    body = msgspec.json.encode({"vehicle": "veh-here", "text": "x" * 2_000}).decode()
    rows = [
        {
            "id": number,
            "outbox_id": number,
            "kind": "alert",
            "action": "moved",
            "audience": "desk",
            "area": HERE,
            "body": body,
            "caused_recv_ms": NOW_MS,
            "at_ms": NOW_MS,
        }
        for number in numbers
    ]
    with world.engine.begin() as connection:
        connection.execute(feed.insert(), rows)


def _has(listener: Listener, number: int) -> Callable[[], bool]:
    return lambda: listener.ids()[-1:] == [number]


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _metric(world: World, name: str) -> float:
    return world.status.written[-1][2][name] if world.status.written else -1.0
