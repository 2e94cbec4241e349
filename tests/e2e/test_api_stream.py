"""The stream over a real server: resume at every point, two writers, everybody's own events."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from api.roles import Role
from stores.schema import feed
from support.api_city import PLATE, a_feed_row, an_incident
from support.api_server import Listener, Relay, ServedCity, served_city
from support.api_world import HERE, NOW_MS, THERE
from support.broker import wait_until


@pytest.fixture
def city(tmp_path: Path) -> Iterator[ServedCity]:
    """One of everything, served; the clock stands still."""
    with served_city(tmp_path) as city:
        yield city


def test_a_stream_opens_with_retry_and_pings(city: ServedCity) -> None:
    """A browser comes back after a second; proxies see a comment."""
    listener = city.listen(city.world.headers(Role.DESK))

    wait_until(lambda: listener.comments.count("ping") >= 2, what="two pings")

    assert listener.retry == "1000"


def test_a_numbered_event_says_what_the_contract_names(city: ServedCity) -> None:
    """Name, number, action, times, body."""
    listener = city.listen(city.world.headers(Role.OFFICER, areas=[HERE]))

    a_feed_row(city.world, 1)
    wait_until(lambda: listener.ids() == [1], what="the event")

    [event] = [event for event in listener.events if event.name == "incident"]
    assert event.last_id == "1"
    assert event.data == {
        "id": 1,
        "kind": "incident",
        "action": "opened",
        "at_ms": NOW_MS,
        "caused_recv_ms": NOW_MS,
        "body": {"incident_id": "inc-here", "vehicle": "veh-here", "plate": PLATE},
    }


def test_a_stream_resumes_at_every_point(city: ServedCity) -> None:
    """From any number on: the rest of the feed, each once, in order, then what comes."""
    for number in range(1, 31):
        a_feed_row(city.world, number)
    headers = city.world.headers(Role.DESK)
    listeners = [city.listen(headers, str(number)) for number in range(31)]
    by_query = city.listen(headers, query="?last_event_id=29")
    by_both = city.listen(headers, "30", query="?last_event_id=0")

    a_feed_row(city.world, 31)
    wait_until(
        lambda: all(one.ids()[-1:] == [31] for one in (*listeners, by_query, by_both)),
        what="the last event",
    )

    for number, listener in enumerate(listeners):
        assert listener.ids() == list(range(number + 1, 32))
    assert by_query.ids() == [30, 31]
    assert by_both.ids() == [31], "a browser that comes back knows better than its address"


def test_without_a_last_id_it_begins_now_and_a_lists_number_is_a_good_one(city: ServedCity) -> None:
    """No hole between a list and the stream that follows it."""
    a_feed_row(city.world, 1)
    headers = city.world.headers(Role.DESK)
    wait_until(lambda: _head(city, headers) == 1, what="the list knows the feed")
    fresh = city.listen(headers)
    feed_id = _head(city, headers)
    a_feed_row(city.world, 2)
    follower = city.listen(headers, str(feed_id))

    wait_until(lambda: fresh.ids() == [2] and follower.ids() == [2], what="only what is new")


def test_two_writers_at_once_are_heard_in_feed_order(city: ServedCity) -> None:
    """Two officers work on 40 incidents; a listener that hangs up again and again misses none."""
    for number in range(40):
        name = f"w{number}"
        an_incident(city.world, name, vehicle_id=f"veh-{name}", area=f"{HERE}00101")
    headers = city.world.headers(Role.DESK)

    def work(first: int, token: dict[str, str]) -> None:
        with httpx.Client(base_url=city.api.url, headers=token, timeout=30) as client:
            for number in range(first, 40, 2):
                address = f"/v1/incidents/inc-w{number}"
                client.post(f"{address}/acknowledge").raise_for_status()
                client.post(f"{address}/close", json={"outcome": "test"}).raise_for_status()

    seen: list[int] = []
    with Relay(city.world.engine):
        writers = [
            threading.Thread(
                target=work, args=(first, city.world.headers(Role.OFFICER, areas=[HERE]))
            )
            for first in (0, 1)
        ]
        whole = city.listen(headers, "0")
        for writer in writers:
            writer.start()
        last_id = "0"
        while len(seen) < 80:
            seen += _a_piece(city, headers, last_id, whole)
            last_id = str(seen[-1]) if seen else last_id
        for writer in writers:
            writer.join()
    wait_until(lambda: len(whole.ids()) == 80, what="the whole feed")

    numbered = [row["id"] for row in city.world.rows(feed)]
    assert numbered == list(range(1, 81))
    assert whole.ids() == numbered
    assert seen == numbered


def test_each_hears_their_own(city: ServedCity) -> None:
    """By area, by audience, by owner."""
    body = msgspec.json.encode({"vehicle": "veh-here", "by": "desk-1"}).decode()
    here = city.listen(city.world.headers(Role.OFFICER, areas=[HERE]))
    there = city.listen(city.world.headers(Role.OFFICER, areas=[THERE]))
    desk = city.listen(city.world.headers(Role.DESK, areas=[HERE]))
    wang = city.listen(city.world.headers(Role.OWNER, owner_id="wang"))
    li = city.listen(city.world.headers(Role.OWNER, owner_id="li"))

    a_feed_row(city.world, 1)
    a_feed_row(city.world, 2, kind="alert", audience="desk", body=body)
    a_feed_row(city.world, 3, area=f"{THERE}00101")
    wait_until(
        lambda: (
            here.ids() == [1] and there.ids() == [3] and desk.ids() == [1, 2] and wang.ids() == [2]
        ),
        what="everybody's own",
    )

    assert li.ids() == []
    assert wang.events[0].data["body"] == {"vehicle": "veh-here"}


def test_a_ping_moves_the_last_id_over_foreign_events(city: ServedCity) -> None:
    """A listener of a quiet district does not resume from long ago."""
    listener = city.listen(city.world.headers(Role.OFFICER, areas=[THERE]))

    for number in range(1, 6):
        a_feed_row(city.world, number)
    wait_until(lambda: listener.last_id == "5", what="a ping with the head's number")

    assert listener.ids() == []


def test_an_unknown_last_id_is_told_to_start_again(city: ServedCity) -> None:
    """The feed of a restored database is younger than the client."""
    a_feed_row(city.world, 1)
    listener = city.listen(city.world.headers(Role.DESK), "4711")

    a_feed_row(city.world, 2)
    wait_until(lambda: listener.ids() == [2], what="what comes")

    assert "reset" in [event.name for event in listener.events]


def _head(city: ServedCity, headers: dict[str, str]) -> object:
    return httpx.get(f"{city.api.url}/v1/incidents", headers=headers).json()["feed_id"]


def _a_piece(city: ServedCity, headers: dict[str, str], last_id: str, whole: Listener) -> list[int]:
    """Listen for a few events from a number on, and hang up."""
    part = city.listen(headers, last_id)
    wait_until(lambda: len(part.ids()) >= 5 or len(whole.ids()) == 80, what="some events")
    part.stop()
    return part.ids()
