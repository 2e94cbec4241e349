"""The bytes of MQTT 3.1.1, against those a general client writes, in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest import mqtt_packets as packets
from ingest.ports import Envelope

USER, SECRET = "pg-ingest", "sécret"
publications = st.builds(
    Envelope,
    topic=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    payload=st.one_of(st.binary(max_size=200), st.just(b"x" * 20_000)),
    retain=st.booleans(),
    dup=st.booleans(),
    qos=st.sampled_from([0, 1]),
    mid=st.integers(1, 65_535),
    session=st.just(7),
).map(lambda each: each if each.qos else each._replace(mid=0, dup=False))


def written(envelope: Envelope) -> bytes:
    """As MQTT 3.1.1, 3.3 says, byte by byte."""
    first = 0x30 | envelope.retain | envelope.qos << 1 | envelope.dup << 3
    topic = envelope.topic.encode()
    body = len(topic).to_bytes(2, "big") + topic
    body += envelope.mid.to_bytes(2, "big") if envelope.qos else b""
    body += envelope.payload
    head, length = bytes([first]), len(body)
    while length >= 128:
        head, length = head + bytes([length % 128 | 128]), length // 128
    return head + bytes([length]) + body


@given(sent=st.lists(publications, max_size=8), cuts=st.sets(st.integers(0, 90_000), max_size=6))
def test_what_was_written_is_read_whatever_the_pieces(sent: list[Envelope], cuts: set[int]) -> None:
    answers = [packets.Answer(packets.SUBACK, b"\x00\x01\x01"), packets.Answer(0xD0, b"")]
    data = b"\x90\x03\x00\x01\x01" + b"".join(map(written, sent)) + b"\xd0\x00"
    got, told, rest, begin = list[Envelope](), list[packets.Answer](), b"", 0
    for end in [*sorted(cut for cut in cuts if cut < len(data)), len(data)]:
        rest += data[begin:end]
        cut = packets.read_packets(rest, session=7, most=1_000)
        got, told, rest, begin = got + cut.publications, told + cut.answers, rest[cut.end :], end
    assert got == sent
    assert told == answers
    assert rest == b""


@given(sent=st.lists(publications, min_size=3, max_size=6), most=st.integers(0, 2))
def test_no_more_is_read_than_wanted(sent: list[Envelope], most: int) -> None:
    data = b"".join(map(written, sent))
    cut = packets.read_packets(data, session=7, most=most)
    assert cut.publications == sent[:most]
    assert cut.more
    assert packets.read_packets(data[cut.end :], session=7, most=10).publications == sent[most:]


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\xff\xff\xff\xff\x01",
        b"\x34\x05\x00\x01a\x00\x01",
        b"\x36\x05\x00\x01a\x00\x01",
        b"\x30\x03\x00\x09a",
        b"\x32\x03\x00\x01a",
    ],
    ids=["length", "qos 2", "qos 3", "topic", "no number"],
)
def test_what_mqtt_does_not_allow_is_refused(data: bytes) -> None:
    with pytest.raises(packets.MalformedPacket):
        packets.read_packets(data, session=1, most=10)


@given(data=st.binary(max_size=300))
def test_noise_is_read_or_refused(data: bytes) -> None:
    try:
        cut = packets.read_packets(data, session=1, most=10)
    except packets.MalformedPacket:
        return
    assert 0 <= cut.end <= len(data)


class Recorder:
    """Takes what a general client would send."""

    def __init__(self) -> None:
        self.sent = b""

    def send(self, data: bytes) -> int:
        self.sent += data
        return len(data)

    def close(self) -> None:
        """Nothing is open."""


def test_a_general_client_connects_and_subscribes_with_the_same_bytes() -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, USER, clean_session=False)
    client.username_pw_set(USER, SECRET)
    recorder = Recorder()
    client._sock = recorder  # type: ignore[assignment]
    client._send_connect(30)
    client.loop_write()
    ours = packets.connect_packet(user=USER, password=SECRET, keepalive_s=30)
    assert recorder.sent == ours

    recorder.sent = b""
    client._send_subscribe(dup=False, topics=[(b"pg/v1/up/#", 1), (b"owntracks/#", 1)])
    client.loop_write()
    client._sock = None
    subscribe = packets.subscribe_packet(1, ["pg/v1/up/#", "owntracks/#"])
    assert recorder.sent[:2] + recorder.sent[4:] == subscribe[:2] + subscribe[4:]  # but its number


@given(envelope=publications.filter(lambda each: each.qos == 0 and not each.retain))
def test_our_own_publications_are_read_back(envelope: Envelope) -> None:
    assert packets.publish_packet(envelope.topic, envelope.payload) == written(envelope)


def test_acknowledgements_and_refusals() -> None:
    assert packets.puback_packets([1, 0x1234]) == b"\x40\x02\x00\x01\x40\x02\x12\x34"
    assert packets.refusal_of(b"\x01\x00") == ""
    assert packets.refusal_of(b"\x00\x05") == "not authorised"
    assert packets.refusal_of(b"\x00\x63") == "code 99"
