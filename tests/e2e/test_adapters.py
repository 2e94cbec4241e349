"""Foreign senders on a real broker: each with its own credential, from its bytes to the books.

The golden payloads of tests/data/foreign are said by the adapter they are for, each moved to a
time of its own, and what must come of them is what stands in the same files.
"""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from devices.model import DeviceClass, Profile, Vehicle
from parkguard.adapters import user_of
from parkguard.broker import find_mosquitto
from parkguard.clock import wall_ms
from parkguard.registration import DeviceEntry, Wanted, register
from stores.journal_sqlite import SqliteJournalReader
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry
from stores.telemetry_sqlite import SqliteTelemetry
from support.bad_input_run import BEHIND, FOREVER_MS, KEEP_ALL, MANY, SETTLE_S
from support.broker import wait_until
from support.factories import HOME, place
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

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="module", params=["mosquitto", "embedded"])
def kind(request: pytest.FixtureRequest) -> str:
    """The broker."""
    if request.param == "mosquitto" and (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    return str(request.param)


class Told(NamedTuple):
    """What was said in the city."""

    city: City
    golden: list[Golden]
    names: dict[tuple[str, str], str]
    end_ms: int


@pytest.fixture(scope="module")
def told(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Everything was said and processed; the processes were not one moment away."""
    on = {name: {"enabled": True} for name in ADAPTERS}
    on["jt808"] |= {"alarm_maps": {"EB-10": EB_10, "default": {"28": "displacement"}}}
    with City(tmp_path_factory.mktemp(kind), kind, **on) as city:
        cases = golden()
        ids = {(case.adapter, one["id"]) for case in cases for one in case.said if one.get("id")}
        names = city.enrol(ids | {("jt808", STOLEN)})
        city.start("broker")
        city.wait_ready("broker")
        [place] = [case for case in cases if case.topic == "owntracks/wang/bike-7"][:1]
        city.say("owntracks", place.topic, place.payload, retain=True)  # before anybody listens
        for part in (*BEHIND, "api"):
            city.start(part)
        city.wait_ready(*BEHIND, "api")
        before = {part: city.pid(part) for part in city.parts}
        for case in cases:
            city.say(case.adapter, case.topic, case.payload)
        end_ms = wall_ms() // 1000 * 1000
        for at_s in range(0, PARKED_S + GONE_S + 1, STEP_S):
            gone_s = max(0, at_s - PARKED_S)
            t_ms = end_ms - (PARKED_S + GONE_S - at_s) * 1000
            alarm = 1 << 16 if gone_s == 0 and at_s > PARKED_S - 2 * STEP_S else 0
            report = located(t_ms, gone_s * SPEED_MPS, alarm=alarm)
            city.say("jt808", f"jt808/c/{STOLEN}/up", report)
        city.received = 1 + sum(len(case.said) for case in cases)
        city.received += len(range(0, PARKED_S + GONE_S + 1, STEP_S)) + 2  # its alarms
        city.settle()
        yield Told(city, cases, names, end_ms)
        assert {part: city.pid(part) for part in before} == before
        city.close()
