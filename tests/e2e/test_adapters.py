"""Foreign senders on a real broker: each with its own credential, from its bytes to the books.

The golden payloads of tests/data/foreign are said by the adapter they are for, each moved to a
time of its own, and what must come of them is what stands in the same files.
"""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import pytest
from typing_extensions import override

from devices.model import DeviceClass, Profile, Vehicle
from parkguard.adapters import user_of
from parkguard.clock import wall_ms
from parkguard.registration import DeviceEntry, Wanted, register
from stores.journal_sqlite import SqliteJournalReader
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry
from stores.telemetry_sqlite import SqliteTelemetry
from support.bad_input_run import BEHIND, FOREVER_MS, KEEP_ALL, MANY, SETTLE_S
from support.broker import wait_until
from support.factories import place
from support.machine import Machine, missing_mosquitto
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker
FOLDER = Path(__file__).resolve().parents[1] / "data" / "foreign"
ADAPTERS = ("jt808", "owntracks", "thingsboard", "traccar")
GOLDEN_MS = 1_764_032_460_000
"""The time that most golden payloads name."""
APART_MS = 660_000
"""Between two golden payloads of one sender: a condition is one event per 10 minutes."""
CHINA = timezone(timedelta(hours=8))
STOLEN, STRANGER = "013900000007", "013900000008"
DEVICE = "trk-load-000001"
_TOPICS = (
    f"jt808/c/{STOLEN}/up",
    "owntracks/wang/bike-7",
    "v1/gateway/telemetry",
    "traccar/positions",
)
OURS = (
    f"pg/v1/up/trk/{DEVICE}/fix",
    f"pg/v1/dn/trk/{DEVICE}/cmd",
    "pg/v1/sys/echo/pg-ingest",
    "pg/v1/out/incident/1",
)
EB_10 = {"16": "vibration", "28": "displacement"}
"""Alarm bits of the stolen tracker's model; by default bit 16 says nothing."""
PARKED_S, GONE_S, STEP_S, SPEED_MPS = 360, 180, 10, 5.0
"""Told in one go: parked so long, then moving so long; younger than the 10 min of history."""


class Golden(NamedTuple):
    """One payload as it comes, and what becomes of it."""

    adapter: str
    topic: str
    payload: bytes
    said: list[dict[str, Any]]


def jt808_time(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / 1000, CHINA).strftime("%y%m%d%H%M%S")


def moved(value: Any, by_ms: int) -> Any:  # noqa: ANN401 - any JSON value
    """The same with every time moved: epochs in s and ms, BCD in GMT+8, ISO."""
    if isinstance(value, dict):
        return {key: moved(inner, by_ms) for key, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner, by_ms) for inner in value]
    text = str(value)
    if re.fullmatch(r"176[34]\d{6}", text):
        return type(value)(int(text) + by_ms // 1000)
    if re.fullmatch(r"176[34]\d{9}", text):
        return type(value)(int(text) + by_ms)
    if re.fullmatch(r"2511(?:[01]\d|2[0-3]){2}\d{4}", text):
        then = datetime.strptime(text, "%y%m%d%H%M%S").replace(tzinfo=CHINA)
        return jt808_time(round(then.timestamp() * 1000) + by_ms)
    if re.match(r"2025-11-\d\dT.*(?:Z|[+-]\d\d:?\d\d)$", text):
        then = datetime.fromisoformat(text) + timedelta(milliseconds=by_ms)
        return then.isoformat()
    return value


def golden() -> list[Golden]:
    """Every payload that means the same whatever the model is, at a time of its own."""
    now_ms, given = wall_ms() // 1000 * 1000, []
    for adapter in ADAPTERS:
        for number, path in enumerate(sorted((FOLDER / adapter).glob("*.json")), start=1):
            case = json.loads(path.read_text())
            if "model" in case:
                continue
            by_ms = now_ms - GOLDEN_MS - number * APART_MS
            if "payload" in case:
                payload = json.dumps(moved(case["payload"], by_ms)).encode()
                said = moved(case["expected"], by_ms)
            else:  # text that is no JSON, and packed bytes, stay as they are
                text = case.get("payload_text", "").encode()
                payload, said = text or base64.b64decode(case["payload_b64"]), case["expected"]
            said = [{"refused": said["error"]}] if isinstance(said, dict) else said
            given.append(Golden(adapter, case["topic"], payload, said))
    return given


def located(t_ms: int, east_m: float, *, phone: str = STOLEN, alarm: int = 0) -> bytes:
    """A location report of a JT/T 808 terminal whose ignition is off."""
    lat, lon = place(east_m)
    body = {
        "alarm": alarm,
        "status": 2,
        "latitude": round(lat * 1e6),
        "longitude": round(lon * 1e6),
        "altitude": 30,
        "speed": 0 if east_m == 0 else round(SPEED_MPS * 36),
        "direction": 90,
        "time": jt808_time(t_ms),
        "extra": {"gnss_sat_num": 14},
    }
    return json.dumps({"header": {"msg_id": 0x0200, "phone": phone}, "body": body}).encode()


class City(Machine):
    """All parts, all adapters on, and a client for every sender."""

    def __init__(self, folder: Path, kind: str, **adapters: object) -> None:
        settings = KEEP_ALL | {"broker": {"kind": kind}, "adapters": adapters}
        super().__init__(folder, registry=("load", "--devices", "1"), settings=settings)
        self._own: dict[str, str] = json.loads(self.credentials.read_text())
        self._clients: dict[str, MqttClient] = {}
        self.received = 0

    def secret(self, adapter: str) -> Path:
        return self.settings.data_dir / "secrets" / f"{adapter}_mqtt_password"

    def login(self, user: str, password: str) -> MqttClient:
        broker = self.settings.broker
        return MqttClient(broker.host, broker.port, user=user, password=password).connect()

    def say(self, user: str, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """As an adapter's sender, or as a device."""
        if user not in self._clients:
            secret = self.secret(user).read_text().strip() if user in ADAPTERS else self._own[user]
            self._clients[user] = self.login(user_of(user) if user in ADAPTERS else user, secret)
            assert not self._clients[user].refused
        self._clients[user].publish(topic, payload, retain=retain)

    def enrol(self, foreign: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """A device for every foreign id, by the id."""
        names = {key: f"trk-foreign-{n:02d}" for n, key in enumerate(sorted(foreign), start=1)}
        entries = [
            DeviceEntry(
                id=device_id,
                cls=DeviceClass.TRACKER,
                profile=Profile(foreign={adapter: foreign_id}),
                model="EB-10" if foreign_id == STOLEN else "",
                vehicle_id="veh-stolen" if foreign_id == STOLEN else None,
            )
            for (adapter, foreign_id), device_id in names.items()
        ]
        wanted = Wanted(vehicles=[Vehicle(id="veh-stolen")], devices=entries)
        register(Registry(self.engine, wall_ms), wanted)
        return names

    def settle(self) -> None:
        """Wait until everything was received and both readers are past it."""

        def is_settled() -> bool:
            books = self.books()
            stored = books["projected"] + books["thinned"]
            return books["received"] >= self.received and books["accepted"] == stored

        wait_until(is_settled, within_s=SETTLE_S, what=f"{self.received} records; {self.folder}")

    def rows(self, device_id: str, measurement: str = "fix") -> list[Any]:
        """A device's rows in the telemetry store, by time."""
        telemetry = SqliteTelemetry(self.settings.data_dir / "telemetry.db")
        rows = telemetry.rows(measurement, device_id, 0, FOREVER_MS, None, MANY)
        telemetry.close()
        return list(rows)

    def quarantined(self) -> Counter[str]:
        lines = QuarantineQueries(self.engine).counts()
        return Counter({x.reason: x.count for x in lines if x.name == "quarantined" and x.count})

    def topics(self) -> Counter[str]:
        """Topics in the journal, but for our own ticks and words."""
        reader = SqliteJournalReader(self.settings.data_dir / "journal")
        entries = reader.read(0, MANY)
        reader.close()
        return Counter(entry.topic for entry in entries if entry.topic)

    def run(self, *parts: str) -> None:
        """Start parts, each a process of its own, and wait until they are ready."""
        for part in parts:
            self.start(part)
        self.wait_ready(*parts)

    @override
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the clients and every part."""
        for client in self._clients.values():
            client.close()
        super().__exit__(kind, error, trace)


@pytest.fixture(scope="module", params=["mosquitto", "embedded"])
def kind(request: pytest.FixtureRequest) -> str:
    """The broker."""
    if request.param == "mosquitto" and (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    return str(request.param)


class Told(NamedTuple):
    """What was said in the city, and its books afterwards."""

    city: City
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
    with City(tmp_path_factory.mktemp(kind), kind, **on) as city:
        cases = golden()
        ids = {(case.adapter, one["id"]) for case in cases for one in case.said if one.get("id")}
        names = city.enrol(ids | {("jt808", STOLEN)})
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


def _forge(city: City) -> None:
    """Everybody tries what is not theirs; MQTT 3.1.1 acknowledges and drops it."""
    fix = b'{"v":1,"seq":1,"t":1764032460000,"pos":{"lat":31.8,"lon":117.2}}'
    foreign = {adapter: topic for adapter, topic in zip(ADAPTERS, _TOPICS, strict=True)}
    for adapter in ADAPTERS:
        for topic in (*OURS, *(topic for name, topic in foreign.items() if name != adapter)):
            city.say(adapter, topic, fix)
    for topic in foreign.values():
        city.say(DEVICE, topic, fix)
        city.say(DEVICE, topic, fix, retain=True)


def _theft(end_ms: int) -> Iterator[bytes]:
    """Reports of a tracker that stands, is shaken, and is taken away."""
    for at_s in range(0, PARKED_S + GONE_S + 1, STEP_S):
        alarm = 1 << 16 if at_s == PARKED_S else 0
        t_ms = end_ms - (PARKED_S + GONE_S - at_s) * 1000
        yield located(t_ms, max(0, at_s - PARKED_S) * SPEED_MPS, alarm=alarm)


def test_each_golden_payload_gives_its_rows(told: Told) -> None:
    """A fix at its time, or at the receive time where it names none; an event for each alarm."""
    times: defaultdict[str, list[int]] = defaultdict(list)
    events: Counter[str] = Counter()
    for case in told.golden:
        for one in case.said:
            device_id = told.names.get((case.adapter, one.get("id", "")), "")
            if one.get("channel") == "fix":
                times[device_id].append(one["message"].get("t", 0))
            events[device_id] += one.get("channel") == "event"

    for device_id in set(told.names.values()) - {told.names["jt808", STOLEN]}:
        stored = [row.t_ms for row in told.city.rows(device_id)]
        dated = sorted(t_ms for t_ms in times[device_id] if t_ms)
        assert [t_ms for t_ms in stored if t_ms in dated] == dated
        assert len(stored) == len(times[device_id])
        assert len(told.city.rows(device_id, "event")) == events[device_id]


def test_only_what_was_permitted_reached_us(told: Told) -> None:
    """No adapter's user writes our topics or another's; no device writes an adapter's."""
    assert told.city.topics() == told.topics


def test_the_books_are_right(told: Told) -> None:
    """Each good element of a batch and of a gateway's array counts, each bad one has its reason."""
    refused = Counter(one["refused"] for c in told.golden for one in c.said if "refused" in one)
    books = told.books

    assert told.quarantined == refused + Counter({"retained": 1})
    assert books["received"] == told.city.received
    assert books["accepted"] == books["received"] - told.quarantined.total()
    assert books["accepted"] == books["projected"] + books["thinned"]
    assert books["duplicate"] == 0


def test_a_retained_place_is_quarantined(told: Told) -> None:
    """OwnTracks retains what it says: an old place is none of today (decisions.md 10)."""
    with told.city.client() as client:
        [row] = client.get("/v1/quarantine", params={"reason": "retained"}).json()["rows"]

    assert row["topic"] == "owntracks/wang/bike-7"
    assert row["device_id"] == "wang/bike-7"


def test_a_theft_told_by_a_foreign_sender_raises_an_alert(told: Told) -> None:
    """Fixes in millionths of a degree, a bit that is an alarm for this model alone."""
    device_id = told.names["jt808", STOLEN]
    events = [row.type for row in told.city.rows(device_id, "event")]
    with told.city.client() as client:
        found = client.get("/v1/alerts").json()["alerts"]
        device = client.get(f"/v1/devices/{device_id}", headers={"x-purpose": "ADMIN_CHECK"})
    stolen = [alert for alert in found if alert["vehicle_id"] == "veh-stolen"]
    lat, lon = place(GONE_S * SPEED_MPS)

    assert events == ["vibration"]
    assert [alert["kind"] for alert in stolen] == ["movement"]
    assert stolen[0]["level"] >= 1
    position = device.json()["position"]
    assert (position["lat"], position["lon"]) == pytest.approx((lat, lon), abs=1e-5)
    assert position["t_ms"] == told.end_ms


def test_a_stranger_is_held_and_adopted(told: Told) -> None:
    """What its sender said before is run again, at the times it was said for."""
    city, times = told.city, [told.end_ms - 20_000, told.end_ms - 10_000]
    for t_ms in times:
        city.say("jt808", f"jt808/c/{STRANGER}/up", located(t_ms, 0, phone=STRANGER))
    city.received += len(times)
    city.settle()
    with city.client() as client:
        held = client.get("/v1/quarantine", params={"device": STRANGER}).json()["rows"]
        device = {"id": "trk-adopted", "cls": "trk", "profile": {"foreign": {"jt808": STRANGER}}}
        adopted = client.post("/v1/quarantine/adopt", json={"device": device})

    assert [row["reason"] for row in held] == ["unknown_device"] * len(times)
    assert adopted.status_code == 201
    wait_until(lambda: len(city.rows("trk-adopted")) == len(times), within_s=SETTLE_S)
    assert [row.t_ms for row in city.rows("trk-adopted")] == times
    assert city.quarantined() == told.quarantined
    assert city.books()["received"] == told.books["received"] + len(times)


def test_an_adapter_that_is_off_has_no_user_and_no_topics(kind: str, tmp_path: Path) -> None:
    """One is on: of the others there is no secret, no login, and nothing that arrives."""
    with City(tmp_path, kind, traccar={"enabled": True}) as city:
        city.run("broker", "ingest")
        refused = {name: city.login(user_of(name), "w" * 43).refused for name in ADAPTERS}
        for user in ("traccar", DEVICE):
            for topic in _TOPICS[:3]:
                city.say(user, topic, b"{}")
        city.say("traccar", "traccar/positions", b"last")
        wait_until(lambda: city.topics()["traccar/positions"], what="it is in the journal")

        assert all(refused.values())
        assert [name for name in ADAPTERS if city.secret(name).exists()] == ["traccar"]
        assert city.topics() == {"traccar/positions": 1}
