"""Frigate's statistics through admission and health: what a frame rate proves, and what not."""

import json
from typing import Any

import pytest

from devices.admission import Admission
from devices.admitted import Books
from devices.causes import Cause
from devices.entry import Entry, EntryKind
from devices.foreign.frigate import Frigate
from devices.foreign.policy import FrigatePolicy
from devices.health import Health
from devices.model import Device, DeviceClass, Profile
from devices.presence import Presence, PresencePolicy
from devices.registry import Registry, RegistrySnapshot
from support.factories import ELAPSED0_MS, T0_MS, a_tick
from support.fakes import LatestColumns

HOUR_S = 3_600
"""Between two statistics, so that a day is short."""
STATS, AVAILABLE = "frigate/stats", "frigate/available"
DOOR = Device(
    id="cam-door",
    slot=1,
    cls=DeviceClass.CAMERA,
    profile=Profile(foreign={"frigate": "frigate/front-door"}, gateway="cam-server"),
)
SERVER = Device(
    id="cam-server", slot=2, cls=DeviceClass.CAMERA, profile=Profile(foreign={"frigate": "frigate"})
)


class Site:
    """Admission and health of a server and its cameras, on a clock of seconds."""

    def __init__(self) -> None:
        registry = Registry(RegistrySnapshot(devices=[DOOR, SERVER]))
        adapter = Frigate(FrigatePolicy(enabled=True, interval_s=HOUR_S))
        self.admission = Admission("pg/v1", registry=registry, adapters=[adapter])
        self.columns = LatestColumns()
        self.health = Health(self.columns, PresencePolicy())
        for device in (DOOR, SERVER):
            self.health.register(device)
        self.now_s, self.books = 0, Books()
        self.pass_s(1)

    def hear(self, topic: str, payload: bytes, *, flags: int = 0) -> list[str]:
        """One message, received now; why what was refused of it."""
        entry = Entry(
            seq=self.now_s,
            kind=int(EntryKind.MQTT),
            recv_ms=T0_MS + self.now_s * 1000,
            elapsed_ms=ELAPSED0_MS + self.now_s * 1000,
            flags=flags,
            topic=topic,
            payload=payload,
        )
        admitted = self.admission.admit([entry], self.books)
        self.health.records(admitted.records)
        return [refusal.reason.value for refusal in admitted.refusals]

    def hour(self, **camera: object) -> list[str]:
        """Statistics with one camera, and an hour that passes."""
        one = {"camera_fps": 5.0, "detection_fps": 0.0, "detection_enabled": True} | camera
        body = {
            "cameras": {"front_door": one},
            "service": {
                "uptime": 60,
                "version": "0.14.1",
                "last_updated": T0_MS // 1000 + self.now_s,
            },
        }
        refused = self.hear(STATS, json.dumps(body).encode())
        self.pass_s(HOUR_S)
        return refused

    def pass_s(self, seconds: int) -> None:
        """One tick after so long."""
        self.now_s += seconds
        self.health.tick(a_tick(self.now_s), connected=True, longest_ms=seconds * 1000)

    def state(self, device: Device) -> tuple[Presence, Cause]:
        """As the API sees it."""
        row = self.columns.rows[device.slot]
        return Presence(int(row["presence"])), Cause(int(row["causes"]))


def test_a_frame_rate_of_five_with_a_picture_that_stands_is_frozen() -> None:
    """Nothing moved for a day where things used to; a thing that moves ends it."""
    site = Site()
    site.hour(detection_fps=1.2)
    for _ in range(23):
        site.hour()
    before = site.state(DOOR)
    site.hour()
    still = site.state(DOOR)
    site.hour(detection_fps=0.4)

    assert before == (Presence.ONLINE, Cause(0))
    assert still == (Presence.ONLINE, Cause.FROZEN)
    assert site.state(DOOR) == (Presence.ONLINE, Cause(0))


@pytest.mark.parametrize(
    ("before", "quiet"),
    [
        (1.2, {"detection_enabled": False}),
        (1.2, {"detection_fps": None}),
        (0.0, {"detection_fps": 0.0}),
    ],
)
def test_where_movement_is_not_looked_for_its_absence_proves_nothing(
    before: float, quiet: dict[str, Any]
) -> None:
    """Detection was switched off, or the place was empty from the beginning."""
    site = Site()
    site.hour(detection_fps=before)
    for _ in range(25):
        site.hour(**quiet)

    assert site.state(DOOR) == (Presence.ONLINE, Cause(0))


def test_no_frames_are_no_picture_and_silence_is_silence() -> None:
    """The server is registered as a recorder: its statistics are its sign of life."""
    site = Site()
    site.hour(camera_fps=0.0)
    dead = [site.state(device) for device in (DOOR, SERVER)]
    site.pass_s(3 * HOUR_S)

    assert dead == [(Presence.ONLINE, Cause.NO_VIDEO), (Presence.ONLINE, Cause(0))]
    assert site.state(SERVER)[0] is Presence.OFFLINE


def test_available_is_the_will_of_the_server() -> None:
    """Live it makes it late at once; retained it raises nothing; life overrules it."""
    site = Site()
    site.hour()
    site.hear(AVAILABLE, b"offline")
    site.pass_s(1)
    lost = site.state(SERVER)[0]
    site.hour()
    back = site.state(SERVER)[0]
    site.hear(AVAILABLE, b"stopped")
    site.pass_s(1)

    assert (lost, back, site.state(SERVER)[0]) == (Presence.LATE, Presence.ONLINE, Presence.LATE)
    assert site.hear(AVAILABLE, b"maybe") == ["type"]


def test_strangers_are_held_alone_and_give_one_record_when_run_again() -> None:
    """A camera nobody registered costs itself, and comes back without its neighbours."""
    body = {
        "cameras": {"front_door": {"camera_fps": 5.0}, "yard": {"camera_fps": 5.1}},
        "service": {"last_updated": T0_MS // 1000, "uptime": 1},
    }
    adapter, payload = Frigate(FrigatePolicy()), json.dumps(body).encode()
    site = Site()

    refused = site.hear(STATS, payload)
    parts = adapter.parts(STATS, payload)
    again = [adapter.read(STATS, part, T0_MS) for part in parts]

    assert refused == ["unknown_device"]
    assert site.books["received", ""] == 3
    assert [[said.foreign_id for said in one] for one in again] == [
        ["frigate/front-door"],
        ["frigate/yard"],
        ["frigate"],
    ]
    whole = adapter.read(STATS, payload, T0_MS)
    assert [one[0] for one in again] == [
        whole[0]._replace(item=0),
        whole[1]._replace(item=0),
        whole[2]._replace(item=0),
    ]
