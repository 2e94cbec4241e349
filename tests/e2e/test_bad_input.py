"""The bad-input list through a real broker: every good message among it is taken.

Each bad message is followed by a good one, of its own sender or of another device, in the same
processes as in production.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

import httpx
import pytest

from devices.encoding import open_payload
from devices.errors import WireReason
from devices.model import DeviceClass
from parkguard.clock import wall_ms
from parkguard.registration import DeviceEntry
from support.bad_input import CHARGER, SENDER, BadInput, bad_input, same_again
from support.bad_input_run import BEHIND, KEEP_ALL, Outside, fix_now
from support.broker import wait_until
from support.machine import missing_mosquitto
from support.mqtt_client import MqttClient

pytestmark = pytest.mark.broker
CLONED, TWIN, CAMERA = "trk-000002", "trk-000003", "cam-000001"
DEVICES = {SENDER: "trk", CLONED: "trk", TWIN: "trk", CHARGER: "chg", CAMERA: "cam"}
GOOD = ((SENDER, "fix"), (TWIN, "fix"), (CHARGER, "charger"), (CAMERA, "camera"))
"""Who sends the good messages in turn, and the measurement they become."""
FIRST_GOOD = 1_000
"""Number of the first good message: the list's own numbers are below."""
HOSTILE_TOPICS = (
    (f"pg/v1/up/<img src=x onerror=alert(1)>/{SENDER}/fix", WireReason.TOPIC),
    (f"pg/v1/up/\u202egnp.\u200bexe/{SENDER}/fix", WireReason.TOPIC),
    (f"pg/v1/up/trk/{SENDER}/=cmd()|' \"\\", WireReason.CHANNEL),
    (f"pg/v1/up/trk/{SENDER}/fix/{'x/' * 100}", WireReason.TOPIC),
    (f"pg/v1/up/trk/{SENDER}/{'x' * 60_000}", WireReason.CHANNEL),
)
CLONES = 3
"""Row 50: messages that each of two senders with one boot id says."""
TOO_LARGE = 10_000_000
"""Rows 17 and 30: the broker's packet limit refuses it and hangs up (decisions.md 13)."""
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Sent:
    """What was said, and what must become of it."""

    def __init__(self, city: Outside) -> None:
        self._city = city
        self.quarantined: Counter[str] = Counter()
        self.accepted = self.duplicate = 0
        self.good: Counter[str] = Counter()
        self._bodies: set[tuple[str, bytes]] = set()

    @property
    def received(self) -> int:
        return self.accepted + self.duplicate + self.quarantined.total()

    def bad(self, row: BadInput) -> None:
        """One row of the list, after what must come before it."""
        user = row.device_id
        if row.reason is None:
            user = self._apart(row)
        topic = f"pg/v1/up/{row.cls}/{user}/{row.channel}"
        for payload in row.before:
            self._city.say(user, topic, payload)
        self._city.say(user, topic, row.payload, retain=row.retained)
        self.accepted += len(row.before) + (row.reason is None)
        if row.reason is not None:
            self.quarantined[row.reason] += 1

    def _apart(self, row: BadInput) -> str:
        """The same words in another form are a duplicate: another device says them."""
        body = open_payload(row.payload).body
        user = next(
            user for user in (row.device_id, TWIN, CLONED) if (user, body) not in self._bodies
        )
        self._bodies.add((user, body))
        return user

    def topic(self, topic: str, reason: WireReason) -> None:
        """A good payload on a topic that is none."""
        self._city.say(SENDER, topic, fix_now(1))
        self.quarantined[reason] += 1

    def next_good(self) -> None:
        """A good message of the next device."""
        user, measurement = GOOD[self.accepted_good % len(GOOD)]
        number = FIRST_GOOD + self.good[user]
        self.good[user] += 1
        self.accepted += 1
        channel, more = _WORDS[measurement]
        self._city.say(
            user, f"pg/v1/up/{DEVICES[user]}/{user}/{channel}", _good(measurement, number, more)
        )

    @property
    def accepted_good(self) -> int:
        return self.good.total()


_WORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "fix": ("fix", {}),
    "charger": ("status", {"ports": [{"n": 1, "state": "available"}]}),
    "camera": ("hb", {"ch": [{"n": 1, "online": True, "fps": 25}]}),
}


def _good(measurement: str, number: int, more: dict[str, Any]) -> bytes:
    if measurement == "fix":
        return fix_now(number, boot="good")
    body = {"v": 1, "boot": "good", "seq": number, "t": wall_ms(), "next_s": 60}
    return json.dumps(body | more).encode()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outside, Sent]]:
    """Everything was said and processed; the processes were not one moment away."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    rows = bad_input(wall_ms())
    unknown = {row.device_id for row in rows} - DEVICES.keys()
    with Outside(
        tmp_path_factory.mktemp("bad"),
        devices=[DeviceEntry(id=id_, cls=DeviceClass(cls)) for id_, cls in DEVICES.items()],
        strangers=sorted(unknown),
        settings=KEEP_ALL | {"log": {"level": "debug", "json_lines": True}},
    ) as city:
        sent = Sent(city)
        for row in rows:  # retained is what was there before somebody subscribes
            if row.retained:
                sent.bad(row)
        city.run(*BEHIND, "api")
        before = city.pids()
        for row in rows:
            if not row.retained:
                sent.bad(row)
                sent.next_good()
        for topic, reason in HOSTILE_TOPICS:
            sent.topic(topic, reason)
            sent.next_good()
        _say_twice(city, sent)
        _say_as_clones(city, sent)
        _say_too_much(city)
        sent.next_good()
        city.settle(sent.received)
        assert city.pids() == before
        yield city, sent
        assert city.pids() == before


def _say_twice(city: Outside, sent: Sent) -> None:
    """Row 47."""
    payload = same_again(wall_ms())
    for _ in range(2):
        city.say(SENDER, f"pg/v1/up/trk/{SENDER}/fix", payload)
        sent.next_good()
    sent.accepted += 1
    sent.duplicate += 1


def _say_as_clones(city: Outside, sent: Sent) -> None:
    """Row 50: two senders with one identity; a subscriber sees only what they say."""
    for seq in range(CLONES):
        for lat in (31.8, 31.9):
            city.connect(CLONED)
            payload = fix_now(seq, boot="clone", pos={"lat": lat, "lon": 117.2})
            city.say(CLONED, f"pg/v1/up/trk/{CLONED}/fix", payload)
        sent.next_good()
    sent.accepted += CLONES
    sent.quarantined[WireReason.CONFLICT] += CLONES


def _say_too_much(city: Outside) -> None:
    """Rows 17 and 30: it never reaches us, and the sender can come again."""
    client = city.connect(TWIN)
    client.send(f"pg/v1/up/trk/{TWIN}/fix", b'{"own":"%b"}' % (b"x" * TOO_LARGE))
    _wait_lost(client)
    city.connect(TWIN)


def _wait_lost(client: MqttClient) -> None:
    wait_until(lambda: client.losses == 1, what="the broker hangs up")


@pytest.mark.promise(7)
def test_every_good_message_is_stored_and_nothing_stopped(ended: tuple[Outside, Sent]) -> None:
    """By number, each once; the processes are the same (asserted where they are started)."""
    city, sent = ended

    stored = {
        user: sorted(n for n in city.numbers(user, kind) if FIRST_GOOD <= n < 2 * FIRST_GOOD)
        for user, kind in GOOD
    }

    assert stored == {
        user: list(range(FIRST_GOOD, FIRST_GOOD + sent.good[user])) for user, _ in GOOD
    }


def test_every_refusal_is_counted_under_its_reason(ended: tuple[Outside, Sent]) -> None:
    """In the books and in the table of quarantine, exactly."""
    city, sent = ended
    with city.client() as client:
        reasons = client.get("/v1/quarantine/reasons").json()

    assert dict(city.quarantined()) == dict(sent.quarantined)
    assert {row["reason"]: row["rows"] for row in reasons["reasons"]} == dict(sent.quarantined)
    assert reasons["not_kept"] == []


@pytest.mark.promise(6)
def test_the_books_balance(ended: tuple[Outside, Sent]) -> None:
    """received = accepted + duplicate + quarantined; accepted = projected + thinned."""
    city, sent = ended
    books = city.books()
    with city.client() as client:
        balances = client.get("/v1/books").json()["balances"]

    assert books["received"] == sent.received
    assert books["accepted"] == sent.accepted
    assert books["duplicate"] == sent.duplicate
    assert books["quarantined"] == sent.quarantined.total()
    assert books["accepted"] == books["projected"] + books["thinned"]
    assert [balance["balanced"] for balance in balances] == [True, True]


def test_what_was_refused_is_shown_as_valid_harmless_json(ended: tuple[Outside, Sent]) -> None:
    """NUL, control and turning characters, HTML: in lists and one by one, bytes as they came."""
    city, sent = ended
    with city.client() as client:
        rows = list(_pages(client))
        details = [_strict(client.get(f"/v1/quarantine/{row['id']}")) for row in rows]

    assert len(rows) == sent.quarantined.total()
    assert [row["detail"] for row in rows if CONTROL.search(row["detail"])] == []
    assert {row["topic"] for row in rows} >= {topic for topic, _ in HOSTILE_TOPICS}
    assert {detail["payload_base64"] for detail in details} >= {"", "//4="}  # rows 1 and 3
    assert all("payload_text" in detail and detail["hint"] for detail in details)


def test_logs_hold_one_json_object_a_line_and_no_raw_control_character(
    ended: tuple[Outside, Sent],
) -> None:
    """Whatever devices write into texts and topics, nobody's terminal or log is steered by it."""
    city, _ = ended
    lines = [
        line
        for part in city.parts
        for line in (city.folder / f"{part}.log").read_text().split("\n")
    ]

    assert [line for line in lines if CONTROL.search(line)] == []
    assert all(isinstance(json.loads(line), dict) for line in lines if line)


def test_devices_are_as_they_were_and_no_alert_came_of_it(ended: tuple[Outside, Sent]) -> None:
    """Live JSON of every device; what was wrong or old or ahead raised nothing."""
    city, _ = ended
    with city.client() as client:
        devices = {d["id"]: d for d in _strict(client.get("/v1/devices"))["devices"]}
        alerts = _strict(client.get("/v1/alerts"))["alerts"]

    assert {devices[user]["presence"] for user, _ in GOOD} == {"online"}
    assert alerts == []


def _pages(client: httpx.Client) -> Iterator[dict[str, Any]]:
    query = "limit=20"
    while query:
        page = _strict(client.get(f"/v1/quarantine?{query}"))
        yield from page["quarantine"]
        query = f"limit=20&cursor={page['next']}" if page["next"] else ""


def _strict(answer: httpx.Response) -> dict[str, Any]:
    """The body as JSON by the letter, as a browser may have it."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search("[\x00-\x1f]", answer.text)
    body: dict[str, Any] = json.loads(answer.text, parse_constant=_no_constant)
    return body


def _no_constant(word: str) -> NoReturn:
    raise AssertionError(f"{word} is no JSON")
