"""Three devices against each other and against us, on both brokers: only own topics pass.

What waits for the receiver meanwhile neither grows by a forged message nor loses one.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from support.broker import Embedded, Mosquitto, wait_until
from support.mqtt_client import login
from support.mqtt_packets import DISCONNECT, connect, ends, publish, raw_link

pytestmark = pytest.mark.broker

DEVICES = ("trk-000001", "trk-000002", "cam-000003")
BYSTANDER = "chg-000004"
SECRETS = {device: f"a-long-word-of-{device}" for device in (*DEVICES, BYSTANDER)}
OURS = ("pg-ingest", "pg-dispatch", "pg-broker", "pg-doctor")
UP = "pg/v1/up/#"


def foreign_topics(victim: str) -> list[str]:
    """What a device might publish to in the name of ``victim``, or of nobody."""
    return [
        f"pg/v1/up/trk/{victim}/fix",
        f"pg/v1/up/trk/{victim}/state",
        f"pg/v1/up/{victim}/trk/fix",
        f"pg/v1/up//{victim}/fix",
        f"pg/v1/dn/trk/{victim}/cmd",
        f"$share/group/pg/v1/up/trk/{victim}/fix",
        "pg/v1/out/incident/city",
        "pg/v1/up/sys/pg-ingest/echo",
        "pg/v1/sys/doctor",
        "$SYS/broker/version",
        "$CONTROL/dynamic-security/v1",
    ]


def greedy_filters(victim: str) -> list[str]:
    """What a device might subscribe to for somebody else's messages."""
    return [
        "#",
        "+/#",
        "pg/+/+/+/+/+",
        UP,
        "pg/v1/#",
        "pg/v1/dn/#",
        "pg/v1/out/#",
        "pg/v1/dn/+/+/#",
        f"pg/v1/dn/trk/{victim}/#",
        f"pg/v1/dn/+/{victim}/cmd",
        f"pg/v1/up/trk/{victim}/#",
        f"$share/group/pg/v1/dn/trk/{victim}/#",
        "$share/group/#",
        "$SYS/#",
        "$CONTROL/#",
    ]


@pytest.fixture(params=[Mosquitto, Embedded], ids=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto]:
    with request.param(tmp_path, SECRETS) as running:
        yield running


def own(device: str) -> str:
    return f"pg/v1/up/trk/{device}/fix"


def waiting(broker: Mosquitto, last: bytes) -> list[bytes]:
    """What waited for the receiver, up to a payload."""
    with login(broker, "pg-ingest", clean=False) as ingest:
        wait_until(lambda: any(payload == last for _, payload, _ in ingest.got), what=str(last))
        return [payload for _, payload, _ in ingest.got]


def say(broker: Mosquitto, device: str, *packets: bytes, **words: Any) -> None:  # noqa: ANN401
    """Log in, say it, go (or be cut off); a retained will needs no more than that."""
    login_packet = connect(device, broker.passwords[device], **words)
    end = () if words else (DISCONNECT,)
    with raw_link(broker.host, broker.port, login_packet, *packets, *end) as link:
        if words:
            link.recv(4)
        else:
            assert ends(link)


@pytest.mark.promise(24, 25)
def test_only_own_topics_pass(broker: Mosquitto) -> None:
    """Publish and retained publish of each device in each other's name: nothing of it arrives."""
    with login(broker, "pg-ingest", clean=False) as ingest:
        ingest.subscribe(UP)
    with login(broker, BYSTANDER) as bystander, login(broker, "pg-dispatch") as dispatch:
        for device in DEVICES:
            say(broker, device, publish(own(device), b"first of " + device.encode()))
        for device, victim in product(DEVICES, (*DEVICES, BYSTANDER, *OURS)):
            for topic in foreign_topics(victim):
                if victim != device or device not in topic:
                    for retain in (0, 1):
                        say(broker, device, publish(topic, b"forged", retain=retain))
        for device in DEVICES:
            say(broker, device, publish(own(device), b"last of " + device.encode()))
        assert bystander.losses == dispatch.losses == 0

    said = [f"{when} of {device}".encode() for when in ("first", "last") for device in DEVICES]
    assert waiting(broker, said[-1]) == said


@pytest.mark.promise(24)
def test_no_will_speaks_for_another(broker: Mosquitto) -> None:
    """Plain or retained, in each other's name or ours: only the own one is said."""
    with login(broker, "pg-ingest") as ingest:
        ingest.subscribe(UP)
        for device, victim, keep in product(DEVICES, (*DEVICES, "pg-ingest"), (0, 0x20)):
            will = (f"pg/v1/up/trk/{victim}/state", f"{device} as {victim}".encode())
            say(broker, device, will=will, flags=0xC2 | keep)
        honest = sorted(f"{device} as {device}".encode() for device in DEVICES for _ in range(2))
        wait_until(lambda: len(ingest.got) >= len(honest), what="the own wills")
        say(broker, DEVICES[0], publish(own(DEVICES[0]), b"end"))
        wait_until(lambda: (own(DEVICES[0]), b"end", False) in ingest.got)

    assert sorted(payload for _, payload, _ in ingest.got) == sorted([*honest, b"end"])


@pytest.mark.promise(24)
def test_every_greedy_subscription_brings_nothing(broker: Mosquitto) -> None:
    """Commands, states (retained too), incidents and the broker's own words stay unseen."""
    with login(broker, "pg-dispatch") as dispatch, login(broker, DEVICES[1]) as other:
        other.publish(f"pg/v1/up/trk/{DEVICES[1]}/state", b"kept", retain=True)
        with login(broker, DEVICES[0]) as thief:
            for topic_filter in greedy_filters(DEVICES[1]):
                thief.subscribe(topic_filter)
            assert thief.subscribe(f"pg/v1/dn/+/{DEVICES[0]}/#")

            other.publish(own(DEVICES[1]), b"where it is")
            dispatch.publish(f"pg/v1/dn/trk/{DEVICES[1]}/cmd", b"for the other")
            dispatch.publish("pg/v1/out/incident/city", b"for police")
            dispatch.publish(f"pg/v1/dn/trk/{DEVICES[0]}/cmd", b"own")
            wait_until(lambda: thief.got)

            assert {payload for _, payload, _ in thief.got} == {b"own"}
            assert not thief.losses


@pytest.mark.promise(25)
def test_no_device_takes_anothers_session(broker: Mosquitto) -> None:
    """Under each other's or our client id, clean or not: no cut, no queue lost, none read (F4)."""
    for device in DEVICES[:2]:
        with login(broker, device, clean=False) as client:
            assert client.subscribe(f"pg/v1/dn/+/{device}/#")
    with login(broker, "pg-ingest", clean=False) as ingest:
        ingest.subscribe(UP)
    with login(broker, "pg-dispatch") as dispatch:
        for device in DEVICES[:2]:
            dispatch.publish(f"pg/v1/dn/trk/{device}/cmd", b"for " + device.encode())
        thief = DEVICES[2]
        tried = []
        for victim, clean in product((*DEVICES[:2], *OURS), (True, False)):
            with login(broker, thief, client_id=victim, clean=clean) as taking:
                tried.append(f"{victim} {clean}".encode())
                taking.publish(own(thief), tried[-1])
                assert taking.got == []
        assert not dispatch.losses

    for device in DEVICES[:2]:
        with login(broker, device, clean=False) as client:
            wait_until(lambda client=client: client.got, what=f"the command for {device}")  # type: ignore[misc]
            assert [payload for _, payload, _ in client.got] == [b"for " + device.encode()]
    assert waiting(broker, tried[-1]) == tried
