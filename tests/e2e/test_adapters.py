"""Foreign senders on a real broker: each with its own credential, from its bytes to the books.

The golden payloads of tests/data/foreign are said by the adapter they are for, each moved to a
time of its own, and what must come of them is what stands in the same files.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from devices.telemetry import MEASUREMENTS
from parkguard.adapters import user_of
from parkguard.clock import wall_ms
from support.bad_input_run import BEHIND, SETTLE_S
from support.broker import wait_until
from support.factories import place
from support.foreign_city import ADAPTERS, DEVICE, ForeignCity, Golden, golden, located
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
STOLEN, STRANGER = "013900000007", "013900000008"
THEIRS = {
    "frigate": "frigate/stats",
    "jt808": f"jt808/c/{STOLEN}/up",
    "owntracks": "owntracks/wang/bike-7",
    "thingsboard": "v1/gateway/telemetry",
    "traccar": "traccar/positions",
}
"""A topic of each adapter."""
OURS = (
    f"pg/v1/up/trk/{DEVICE}/fix",
    f"pg/v1/dn/trk/{DEVICE}/cmd",
    "pg/v1/sys/echo/pg-ingest",
    "pg/v1/out/incident/1",
)
EB_10 = {"16": "vibration", "28": "displacement"}
"""Alarm bits of the stolen tracker's model; of the others bit 16 says nothing."""
SHAKEN = 1 << 16
PARKED_S, GONE_S, STEP_S, SPEED_MPS = 360, 180, 10, 5.0
"""Told in one go: parked so long, then moving so long; younger than the 10 min of history."""


@pytest.fixture(scope="module", params=["mosquitto", "embedded"])
def kind(request: pytest.FixtureRequest) -> str:
    """The broker."""
    if request.param == "mosquitto" and (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    return str(request.param)


class Told(NamedTuple):
    """What was said in the city, and its books afterwards."""

    city: ForeignCity
    golden: list[Golden]
    topics: Counter[str]
    names: dict[tuple[str, str], str]
    end_ms: int
    books: dict[str, int]
    quarantined: Counter[str]


@pytest.fixture(scope="module")
def told(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Everything was said and processed; the processes were not one moment away."""
    on: dict[str, dict[str, Any]] = {name: {"enabled": True} for name in ADAPTERS}
    on["jt808"]["alarm_maps"] = {"EB-10": EB_10}
    with ForeignCity(tmp_path_factory.mktemp(kind), kind, **on) as city:
        cases = golden()
        ids = {(case.adapter, one["id"]) for case in cases for one in case.said if one.get("id")}
        names = city.enrol(ids | {("jt808", STOLEN)}, models={STOLEN: "EB-10"})
        city.run("broker")
        phone = next(case for case in cases if case.topic == "owntracks/wang/bike-7")
        city.say("owntracks", phone.topic, phone.payload, retain=True)  # before anybody listens
        city.run(*BEHIND, "api")
        before = {part: city.pid(part) for part in city.parts}
        _forge(city)
        end_ms = wall_ms() // 1000 * 1000
        thefts = list(_theft(end_ms))
        for case in cases:
            city.say(case.adapter, case.topic, case.payload)
        for report in thefts:
            city.say("jt808", f"jt808/c/{STOLEN}/up", report)
        city.received = 1 + sum(len(case.said) for case in cases) + len(thefts) + 1  # its alarm
        city.settle()
        topics = Counter(case.topic for case in cases)
        topics += Counter({phone.topic: 1, f"jt808/c/{STOLEN}/up": len(thefts)})
        yield Told(city, cases, topics, names, end_ms, city.books(), city.quarantined())
        assert {part: city.pid(part) for part in before} == before


def _forge(city: ForeignCity) -> None:
    """Everybody tries what is not theirs; MQTT 3.1.1 acknowledges and drops it."""
    for adapter in ADAPTERS:
        for topic in (*OURS, *(topic for name, topic in THEIRS.items() if name != adapter)):
            city.say(adapter, topic, b"forged")
            city.say(adapter, topic, b"forged", retain=True)
    for topic in THEIRS.values():
        city.say(DEVICE, topic, b"forged")
        city.say(DEVICE, topic, b"forged", retain=True)


def _theft(end_ms: int) -> Iterator[bytes]:
    """Reports of a tracker that stands, is shaken, and is taken away."""
    for at_s in range(0, PARKED_S + GONE_S + 1, STEP_S):
        gone_s = max(0, at_s - PARKED_S)
        yield located(
            STOLEN,
            end_ms - (PARKED_S + GONE_S - at_s) * 1000,
            east_m=gone_s * SPEED_MPS,
            speed_mps=SPEED_MPS if gone_s else 0.0,
            alarm=SHAKEN if at_s == PARKED_S else 0,
        )


def _words(told: "Told") -> set[tuple[str, str, str]]:
    """(device, channel, message) of everything that is to be taken; the same twice is once."""
    return {
        (told.names[case.adapter, one["id"]], one["channel"], json.dumps(one["message"]))
        for case in told.golden
        for one in case.said
        if "message" in one
    }


def test_each_golden_payload_gives_its_rows(told: Told) -> None:
    """A fix (a camera's heartbeat) at its time, or at the receive time; an event for each alarm."""
    times: defaultdict[str, list[int]] = defaultdict(list)
    events: Counter[str] = Counter()
    for device_id, channel, message in _words(told):
        if channel in {"fix", "hb"}:
            times[device_id].append(json.loads(message).get("t", 0))
        events[device_id] += channel == "event"

    for device_id in set(told.names.values()) - {told.names["jt808", STOLEN]}:
        kind = "camera" if device_id.startswith("cam") else "fix"
        stored = [row.t_ms for row in told.city.rows(device_id, kind)]
        dated = sorted(t_ms for t_ms in times[device_id] if t_ms)
        assert [t_ms for t_ms in stored if t_ms in dated] == dated
        assert len(stored) == len(times[device_id])
        assert len(told.city.rows(device_id, "event")) == events[device_id]


def test_only_what_was_permitted_reached_us(told: Told) -> None:
    """No adapter's user writes our topics or another's; no device writes an adapter's."""
    assert told.city.topics() == told.topics


def test_an_adapters_user_reads_nothing(told: Told) -> None:
    """Not even the retained place of its own sender: where people are is read by us alone."""
    secret = told.city.secret("owntracks").read_text().strip()
    client = told.city.login(user_of("owntracks"), secret)
    for greedy in ("#", "owntracks/+/+", "jt808/#", "pg/v1/#", "$SYS/#"):
        client.subscribe(greedy)

    client.publish("pg/v1/up/trk/none/fix", b"after all that was retained")

    assert not client.refused
    assert client.got == []


def test_the_books_are_right(told: Told) -> None:
    """Each good element of a batch and of a gateway's array counts, each bad one has its reason."""
    refused = Counter(one["refused"] for c in told.golden for one in c.said if "refused" in one)
    books = told.books

    assert told.quarantined == refused + Counter({"retained": 1})
    assert books["received"] == told.city.received
    taken = sum("message" in one for case in told.golden for one in case.said)
    assert books["duplicate"] == taken - len(_words(told))
    assert books["accepted"] == books["received"] - told.quarantined.total() - books["duplicate"]
    assert books["accepted"] == books["projected"] + books["thinned"]


def test_a_retained_place_is_quarantined(told: Told) -> None:
    """OwnTracks retains what it says: an old place is none of today (decisions.md 10)."""
    with told.city.client() as client:
        [row] = client.get("/v1/quarantine", params={"reason": "retained"}).json()["quarantine"]

    assert row["topic"] == "owntracks/wang/bike-7"
    assert row["device_id"] == told.names["owntracks", "wang/bike-7"]


def test_a_theft_told_by_a_foreign_sender_raises_an_alert(told: Told) -> None:
    """Fixes in millionths of a degree, a bit that is an alarm for this model alone."""
    device_id = told.names["jt808", STOLEN]
    column = list(MEASUREMENTS["event"]).index("type")
    events = [row.fields[column] for row in told.city.rows(device_id, "event")]
    with told.city.client() as client:
        found = client.get("/v1/alerts").json()["alerts"]
        device = client.get(f"/v1/devices/{device_id}", headers={"x-purpose": "ADMIN_CHECK"})
    stolen = [alert for alert in found if alert["vehicle_id"] == device_id.replace("trk", "veh")]
    lat, lon = place(GONE_S * SPEED_MPS)

    assert events == ["vibration"]
    assert [alert["kind"] for alert in stolen] == ["movement"]
    assert stolen[0]["level"] >= 1
    position = device.json()["position"]
    assert (position["lat_deg"], position["lon_deg"]) == pytest.approx((lat, lon), abs=1e-5)
    assert position["t_ms"] == told.end_ms


def test_a_stranger_is_held_and_adopted(told: Told) -> None:
    """What its sender said before is run again, at the times it was said for."""
    city, times = told.city, [told.end_ms - 20_000, told.end_ms - 10_000]
    for t_ms in times:
        city.say("jt808", f"jt808/c/{STRANGER}/up", located(STRANGER, t_ms))
    city.received += len(times)
    city.settle()
    with city.client() as client:
        named = {"device": f"jt808:{STRANGER}"}
        held = client.get("/v1/quarantine", params=named).json()["quarantine"]
        device = {"id": "trk-adopted", "cls": "trk", "profile": {"foreign": {"jt808": STRANGER}}}
        adopted = client.post("/v1/quarantine/adopt", json={"device": device})

    assert [row["reason"] for row in held] == ["unknown_device"] * len(times)
    assert adopted.status_code == 201
    wait_until(lambda: len(city.rows("trk-adopted")) == len(times), within_s=SETTLE_S)
    wait_until(lambda: city.quarantined() == told.quarantined, what="the processor is as far")
    assert [row.t_ms for row in city.rows("trk-adopted")] == times
    assert city.books()["received"] == told.books["received"] + len(times)


def test_an_adapter_that_is_off_has_no_user_and_no_topics(kind: str, tmp_path: Path) -> None:
    """One is on: of the others there is no secret, no login, and nothing that arrives."""
    with ForeignCity(tmp_path, kind, traccar={"enabled": True}) as city:
        city.run("broker", "ingest")
        refused = {name: city.login(user_of(name), "w" * 43).refused for name in ADAPTERS}
        for user in ("traccar", DEVICE):
            for topic in (THEIRS[name] for name in ADAPTERS[:3]):
                city.say(user, topic, b"{}")
        city.say("traccar", "traccar/positions", b"last")
        wait_until(lambda: city.topics()["traccar/positions"], what="it is in the journal")

        assert all(refused.values())
        assert [name for name in ADAPTERS if city.secret(name).exists()] == ["traccar"]
        assert city.topics() == {"traccar/positions": 1}
