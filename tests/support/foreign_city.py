"""Foreign senders for tests on a real platform: golden payloads of now, terminals, their clients.

with ForeignCity(tmp_path, "mosquitto", traccar={"enabled": True}) as city:
    city.run("broker", "ingest")
    city.say("traccar", "traccar/positions", b"{}")
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from typing_extensions import override

from devices.model import DeviceClass, Profile, Vehicle
from parkguard.adapters import user_of
from parkguard.clock import wall_ms
from parkguard.registration import DeviceEntry, Wanted, register
from stores.journal_reading import SqliteJournalReader
from stores.queries_quarantine import QuarantineQueries
from stores.registry import Registry
from stores.telemetry_sqlite import SqliteTelemetry
from support.bad_input_run import FOREVER_MS, KEEP_ALL, MANY, SETTLE_S
from support.broker import wait_until
from support.factories import place
from support.machine import Machine
from support.mqtt_client import MqttClient

FOLDER = Path(__file__).resolve().parents[1] / "data" / "foreign"
ADAPTERS = ("frigate", "jt808", "owntracks", "thingsboard", "traccar")
CLASSES = {"frigate": DeviceClass.CAMERA}
"""What an adapter brings, where it is no trackers."""
DEVICE = "trk-load-000001"
"""A tracker of our own wire."""
GOLDEN_MS = 1_764_032_460_000
"""The time that most golden payloads name."""
APART_MS = 660_000
"""Between two golden payloads of one sender: a condition is one event per 10 minutes."""
CHINA = timezone(timedelta(hours=8))


class Golden(NamedTuple):
    """One payload as it comes, and what becomes of it: ``expected`` of its file."""

    adapter: str
    topic: str
    payload: bytes
    said: list[dict[str, Any]]


def jt808_time(t_ms: int) -> str:
    """BCD in GMT+8."""
    return datetime.fromtimestamp(t_ms / 1000, CHINA).strftime("%y%m%d%H%M%S")


def moved(value: Any, by_ms: int) -> Any:  # noqa: ANN401 - any JSON value
    """The same with every time moved."""
    if isinstance(value, dict):
        return {key: moved(inner, by_ms) for key, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner, by_ms) for inner in value]
    return _moved_text(value, by_ms) if isinstance(value, str) else _moved_number(value, by_ms)


def _moved_number(value: Any, by_ms: int) -> Any:  # noqa: ANN401 - any JSON value
    if re.fullmatch(r"176[34]\d{6}", str(value)):
        return value + by_ms // 1000
    return value + by_ms if re.fullmatch(r"176[34]\d{9}", str(value)) else value


def _moved_text(text: str, by_ms: int) -> str:
    """Numbers, BCD in GMT+8, ISO."""
    if re.fullmatch(r"2511\d\d(?:[01]\d|2[0-3])\d{4}", text):
        then = datetime.strptime(text, "%y%m%d%H%M%S").replace(tzinfo=CHINA)
        return jt808_time(round(then.timestamp() * 1000) + by_ms)
    if re.fullmatch(r"2025-11-\d\dT.*(?:Z|[+-]\d\d:?\d\d)", text):
        return (datetime.fromisoformat(text) + timedelta(milliseconds=by_ms)).isoformat()
    return str(_moved_number(int(text), by_ms)) if text.isdecimal() and text[0] == "1" else text


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


def located(
    phone: str, t_ms: int, *, east_m: float = 0.0, speed_mps: float = 0.0, alarm: int = 0
) -> bytes:
    """A location report of a JT/T 808 terminal whose ignition is off."""
    lat, lon = place(east_m)
    body = {
        "alarm": alarm,
        "status": 2,
        "latitude": round(lat * 1e6),
        "longitude": round(lon * 1e6),
        "altitude": 30,
        "speed": round(speed_mps * 36),
        "direction": 90,
        "time": jt808_time(t_ms),
        "extra": {"gnss_sat_num": 14},
    }
    return json.dumps({"header": {"msg_id": 0x0200, "phone": phone}, "body": body}).encode()


class ForeignCity(Machine):
    """Our parts and a client for every sender.

    Args:
        folder: A fresh temporary one.
        kind: The broker: ``mosquitto`` or ``embedded``.
        adapters: The section ``adapters`` of the settings.

    Attributes:
        received: Records that ``settle`` waits for.
    """

    def __init__(self, folder: Path, kind: str, **adapters: object) -> None:
        settings = KEEP_ALL | {"broker": {"kind": kind}, "adapters": adapters}
        super().__init__(folder, registry=("load", "--devices", "1"), settings=settings)
        self._own: dict[str, str] = json.loads(self.credentials.read_text())
        self._clients: list[MqttClient] = []
        self._senders: dict[str, MqttClient] = {}
        self.received = 0

    def secret(self, adapter: str) -> Path:
        """Where the password of an adapter's sender is."""
        return self.settings.data_dir / "secrets" / f"{adapter}_mqtt_password"

    def login(self, user: str, password: str) -> MqttClient:
        """A new connection; it may be refused."""
        broker = self.settings.broker
        client = MqttClient(broker.host, broker.port, user=user, password=password)
        self._clients.append(client.connect())
        return client

    def say(self, user: str, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """As an adapter's sender, or as a device."""
        if user not in self._senders:
            secret = self.secret(user).read_text().strip() if user in ADAPTERS else self._own[user]
            self._senders[user] = self.login(user_of(user) if user in ADAPTERS else user, secret)
            assert not self._senders[user].refused
        self._senders[user].publish(topic, payload, retain=retain)

    def enrol(
        self, foreign: Iterable[tuple[str, str]], *, models: dict[str, str]
    ) -> dict[tuple[str, str], str]:
        """A tracker on a vehicle of its own for every (adapter, foreign id), or a camera: its id.

        ``models`` gives the model of foreign ids that have one.
        """
        keys = sorted(foreign)
        classes = {key: CLASSES.get(key[0], DeviceClass.TRACKER) for key in keys}
        names = {key: f"{classes[key]}-foreign-{n:02d}" for n, key in enumerate(keys, start=1)}
        entries = [
            DeviceEntry(
                id=device_id,
                cls=classes[adapter, foreign_id],
                profile=Profile(foreign={adapter: foreign_id}),
                model=models.get(foreign_id, ""),
                vehicle_id=device_id.replace("trk", "veh") if device_id[:3] == "trk" else None,
            )
            for (adapter, foreign_id), device_id in names.items()
        ]
        vehicles = [Vehicle(id=entry.vehicle_id) for entry in entries if entry.vehicle_id]
        register(Registry(self.engine, wall_ms), Wanted(vehicles=vehicles, devices=entries))
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
        """How many records were refused, by reason, as the books say."""
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
        for client in self._clients:
            client.close()
        super().__exit__(kind, error, trace)
