"""Foreign senders whose device nobody registered: held part by part, and taken when adopted."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from devices.admission import Admission
from devices.admitted import Books, Refusal
from devices.control import Held, RegisterDevices, Requeue, RevokeDevice
from devices.foreign.enabled import adapters_of
from devices.foreign.policy import AdapterPolicy, Jt808Policy, ThingsBoardPolicy
from devices.foreign.thingsboard import ThingsBoard
from devices.model import Profile
from devices.readings import AnyReading, Event
from devices.registry import Registry
from devices.words import EventType
from support.factories import ROOT, T0_MS, a_device, an_entry

FOLDER = Path(__file__).resolve().parents[1] / "data" / "foreign"
PHONE = "013912345678"
GATEWAY = "v1/gateway/telemetry"
EB_10 = {16: EventType.VIBRATION}


class Desk:
    """Admission with both adapters of many, its books, and what is held."""

    def __init__(self) -> None:
        policy = AdapterPolicy(
            jt808=Jt808Policy(enabled=True, alarm_maps={"EB-10": EB_10}),
            thingsboard=ThingsBoardPolicy(enabled=True),
        )
        self.admission = Admission(ROOT, adapters=adapters_of(policy))
        self.books: Books = Counter()
        self.held: list[Refusal] = []
        self.taken: list[AnyReading] = []

    def hear(self, topic: str, payload: bytes) -> None:
        entry = an_entry(b"")._replace(topic=topic, payload=payload, recv_ms=T0_MS)
        admitted = self.admission.admit([entry], self.books)
        self.held += admitted.refusals
        self.taken += [record.reading for record in admitted.records]

    def adopt(self, number: int, adapter: str, foreign_id: str, *, model: str = "") -> None:
        """Register, and run what is held of it."""
        profile = Profile(foreign={adapter: foreign_id})
        device = a_device(number, profile=profile, model=model)
        self.admission.registry.apply(RegisterDevices(at_ms=0, devices=[device]))
        mine = [one for one in self.held if one.device_id in device.names]
        messages = [
            Held(
                row=row,
                recv_ms=one.entry.recv_ms,
                topic=one.entry.topic,
                payload=one.payload,
                reason=one.reason,
                retained=False,
            )
            for row, one in enumerate(mine)
        ]
        again = self.admission.requeue(
            Requeue(at_ms=0, by="x", messages=messages), an_entry(b""), self.books
        )
        self.held = [one for one in self.held if one not in mine] + again.refusals
        self.taken += [record.reading for record in again.records]

    def counts(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for (name, _), count in self.books.items():
            found[name] += count
        return dict(+found)


def golden(name: str) -> tuple[str, bytes]:
    case = json.loads((FOLDER / f"{name}.json").read_text())
    return case["topic"], json.dumps(case["payload"]).encode()


def gateway(**bikes: list[Any]) -> bytes:
    return json.dumps(bikes).encode()


def test_a_stranger_has_a_name_that_no_device_of_ours_can_have() -> None:
    """A native device whose id is a stranger's phone number gets nothing of what it said."""
    desk = Desk()
    desk.hear(*golden("jt808/power_cut_and_displacement"))

    assert [one.device_id for one in desk.held] == [f"jt808:{PHONE}"]
    assert f"jt808:{PHONE}" not in a_device(1, id=PHONE).names
    assert f"jt808:{PHONE}" in a_device(1, profile=Profile(foreign={"jt808": PHONE})).names


def test_what_is_refused_of_a_registered_device_stands_under_its_own_id() -> None:
    """Whoever may see the device finds it."""
    desk = Desk()
    desk.adopt(1, "thingsboard", "bike1")
    desk.hear(GATEWAY, gateway(bike1=[{"ts": T0_MS, "values": {"lat": 931, "lon": 117}}]))

    assert [(one.device_id, one.reason) for one in desk.held] == [("trk-000001", "range")]


def test_a_retired_device_has_no_foreign_name_before_or_after_a_restart() -> None:
    """The next one may have it at once (docs/quarantine.md)."""
    desk = Desk()
    desk.adopt(1, "thingsboard", "bike1")
    registry = desk.admission.registry
    registry.apply(RevokeDevice(at_ms=0, device_id="trk-000001"))

    assert registry.by_foreign_id("thingsboard", "bike1") is None
    assert Registry(registry.snapshot()).by_foreign_id("thingsboard", "bike1") is None


def test_strangers_behind_a_gateway_are_adopted_one_by_one() -> None:
    """Each row is run once; nobody else's comes back."""
    desk, ids = Desk(), [f"bike{k}" for k in range(8)]
    desk.hear(GATEWAY, gateway(**{one: [{"ts": T0_MS, "values": {"lat": 31.8}}] for one in ids}))

    left = []
    for number, foreign_id in enumerate(ids, start=1):
        desk.adopt(number, "thingsboard", foreign_id)
        left.append(len(desk.held))

    assert left == [7, 6, 5, 4, 3, 2, 1, 0]
    assert desk.counts() == {"received": 8, "accepted": 8}


def test_a_stranger_in_a_batch_costs_its_neighbours_nothing_and_bad_elements_stay() -> None:
    """A batch of three of which one has no such time."""
    desk = Desk()
    desk.hear(*golden("jt808/blind_zone_batch"))
    assert [(one.item, one.reason) for one in desk.held] == [
        (0, "unknown_device"),
        (1, "time"),
        (2, "unknown_device"),
    ]

    desk.held = [one for one in desk.held if one.reason == "unknown_device"]
    desk.adopt(1, "jt808", PHONE)

    assert desk.held == []
    assert [reading.t_ms for reading in desk.taken] == [1764029400000, 1764029420000]
    assert desk.counts() == {"received": 3, "quarantined": 1, "accepted": 2}


def test_a_report_and_its_alarms_are_held_once() -> None:
    """One message that cannot be opened counts one; run again it is all it says."""
    desk = Desk()
    desk.hear(*golden("jt808/power_cut_and_displacement"))
    assert desk.counts() == {"received": 1, "quarantined": 1}

    desk.adopt(1, "jt808", PHONE)

    assert desk.counts() == {"received": 3, "accepted": 3}


@pytest.mark.parametrize(("model", "types"), [("EB-10", [EventType.VIBRATION]), ("other", [])])
def test_an_alarm_bit_means_what_the_registered_model_means(
    model: str, types: list[EventType]
) -> None:
    """The map of the settings is asked with the model of the registry."""
    desk = Desk()
    desk.adopt(1, "jt808", PHONE, model=model)

    desk.hear(*golden("jt808/vibration_bit_of_one_model"))

    assert [one.type for one in desk.taken if isinstance(one, Event)] == types


def test_what_json_cannot_say_again_is_held_whole() -> None:
    """NaN, a key twice: the bytes of today are the proof of tomorrow."""
    body = b'{"a":[{"lat":NaN},{"lat":1,"lat":2},{"lat":3.0}]}'

    parts = ThingsBoard(ThingsBoardPolicy(enabled=True)).parts(GATEWAY, body)

    assert parts == [body, body, b'{"a":[{"lat":3.0}]}']
