"""What cannot be taken is refused with one stable reason; the next message is none the worse."""

import msgpack
import pytest

from devices.encoding import MAX_PAYLOAD_BYTES
from devices.errors import WireError, WireReason
from devices.model import DeviceClass
from devices.topics import Topic, parse_topic
from devices.wire import MAX_BATCH, decode
from support.golden import RECV_MS

TRACKER = Topic(DeviceClass.TRACKER, "trk-000123", "fix")
NUMBER, RANGE, TIME, TYPE = (
    WireReason.NUMBER,
    WireReason.RANGE,
    WireReason.TIME,
    WireReason.TYPE,
)

FIXES = {
    "no byte": (b"", WireReason.EMPTY),
    "only space": (b" \r\n\t", WireReason.EMPTY),
    "only a byte order mark": (b"\xef\xbb\xbf", WireReason.EMPTY),
    "not UTF-8": (b'{"v":1,"boot":"\xff"}', WireReason.UTF8),
    "UTF-16": ('{"v":1}'.encode("utf-16"), WireReason.UTF8),
    "overlong UTF-8": (b'{"v":1,"boot":"\xc0\x80"}', WireReason.UTF8),
    "encoded surrogate": (b'{"v":1,"boot":"\xed\xa0\x80"}', WireReason.UTF8),
    "escaped lone surrogate": (b'{"v":1,"boot":"\\udc00"}', WireReason.UTF8),
    "truncated": (b'{"v":1,"pos":{"lat":31', WireReason.JSON),
    "trailing": (b'{"v":1}x', WireReason.JSON),
    "two messages": (b'{"v":1}{"v":1}', WireReason.JSON),
    "single quotes": (b"{'v':1}", WireReason.JSON),
    "trailing comma": (b'{"v":1,}', WireReason.JSON),
    "null": (b"null", WireReason.SHAPE),
    "a list": (b"[]", WireReason.SHAPE),
    "a number": (b"1", WireReason.SHAPE),
    "a text": (b'"fix"', WireReason.SHAPE),
    "position as a list": (b'{"pos":[31,117]}', TYPE),
    "NaN": (b'{"pos":{"lat":NaN,"lon":117}}', NUMBER),
    "Infinity": (b'{"seq":Infinity}', NUMBER),
    "-Infinity": (b'{"pos":{"lat":-Infinity}}', NUMBER),
    "1e999": (b'{"pos":{"lat":1e999,"lon":117}}', NUMBER),
    "latitude as words": (b'{"pos":{"lat":"31,8","lon":117}}', NUMBER),
    "sequence number as words": (b'{"boot":"a","seq":"x"}', NUMBER),
    "half a sequence number as text": (b'{"boot":"a","seq":"1.5"}', NUMBER),
    "sequence number 1.0": (b'{"boot":"a","seq":1.0}', TYPE),
    "half a sequence number": (b'{"boot":"a","seq":1.5}', TYPE),
    "negative sequence number": (b'{"boot":"a","seq":-1}', RANGE),
    "huge sequence number": (b'{"boot":"a","seq":9007199254740992}', RANGE),
    "bool for a sequence number": (b'{"boot":"a","seq":true}', TYPE),
    "bool for a latitude": (b'{"pos":{"lat":true,"lon":117}}', TYPE),
    "number for valid": (b'{"pos":{"lat":31,"lon":117,"valid":2}}', TYPE),
    "bool for a measure": (b'{"bat":{"pct":true}}', TYPE),
    "list for a measure": (b'{"bat":{"pct":[82]}}', TYPE),
    "latitude 91": (b'{"pos":{"lat":91,"lon":117}}', RANGE),
    "latitude with a lost point": (b'{"pos":{"lat":31820613,"lon":117}}', RANGE),
    "longitude -181": (b'{"pos":{"lat":31,"lon":-181}}', RANGE),
    "more satellites than integers": (b'{"pos":{"sat":%d}}' % 10**30, RANGE),
    "huge altitude": (b'{"pos":{"alt_m":1e300}}', RANGE),
    "huge voltage": (b'{"bat":{"ext_mv":9223372036854775808}}', RANGE),
    "promise of nothing": (b'{"next_s":0}', RANGE),
    "promise of a month": (b'{"next_s":2592000}', RANGE),
    "boot with a space": (b'{"boot":"a b"}', RANGE),
    "another id": (b'{"v":1,"id":"trk-000124"}', WireReason.ID),
    "id as a number": (b'{"v":1,"id":123}', TYPE),
    "version 2": (b'{"v":2}', WireReason.VERSION),
    "version 2 of another shape": (b'{"v":2,"pos":[]}', WireReason.VERSION),
    "time 1": (b'{"t":1}', TIME),
    "time 0": (b'{"t":0}', TIME),
    "negative time": (b'{"t":-1764032462000}', TIME),
    "year 2200": (b'{"t":7258118400}', TIME),
    "time as text": (b'{"t":"2025-11-25T01:00:00Z"}', TIME),
    "half a time": (b'{"t":1764032462.5}', TIME),
    "infinite time": (b'{"t":1e999}', NUMBER),
    "unknown coordinates": (b'{"pos":{"lat":31,"lon":117,"crs":"utm"}}', TYPE),
    "NaN under a key of its own": (b'{"x":{"y":[NaN]}}', NUMBER),
    "key twice": (b'{"pos":{"lat":1,"lat":50,"lon":117}}', WireReason.DUPKEY),
    "key twice, once escaped": (b'{"t":1,"\\u0074":2}', WireReason.DUPKEY),
    "key of its own twice": (b'{"x":{"y":1,"y":2}}', WireReason.DUPKEY),
    "NUL in a text": (b'{"boot":"a\\u0000"}', WireReason.TEXT),
    "NUL in a key": (b'{"a\\u0000":1}', WireReason.TEXT),
    "unknown source": (b'{"pos":{"lat":31,"lon":117,"src":"guess"}}', TYPE),
    "too long": (b'{"ext":"%b"}' % (b"x" * MAX_PAYLOAD_BYTES), WireReason.SIZE),
    "nested too deep": (b'{"x":%b%b}' % (b"[" * 30_000, b"]" * 30_000), WireReason.DEPTH),
    "33 deep under a key of its own": (b'{"x":%b%b}' % (b"[" * 32, b"]" * 32), WireReason.DEPTH),
    "33 deep, number as text": (
        b'{"t":"1764032462000","x":%b%b}' % (b"[" * 32, b"]" * 32),
        WireReason.DEPTH,
    ),
    "33 deep below ours": (b'{"pos":{"x":%b%b}}' % (b"[" * 31, b"]" * 31), WireReason.DEPTH),
    "deep objects": (b'{"x":' * 10_000 + b"1" + b"}" * 10_000, WireReason.DEPTH),
}


@pytest.mark.parametrize(("payload", "reason"), FIXES.values(), ids=FIXES.keys())
def test_fix_is_refused_for_its_reason(payload: bytes, reason: WireReason) -> None:
    """One table of everything that was seen to go wrong."""
    with pytest.raises(WireError) as refused:
        decode(TRACKER, payload, recv_ms=RECV_MS)

    assert refused.value.reason is reason
    assert len(refused.value.detail) <= 200


@pytest.mark.parametrize(
    ("channel", "cls", "payload", "reason"),
    [
        ("event", "trk", b'{"type":"vibration"}', WireReason.TYPE),
        ("event", "trk", b'{"ev_id":"","type":"vibration"}', WireReason.RANGE),
        ("event", "trk", b'{"ev_id":"a b","type":"vibration"}', WireReason.RANGE),
        ("event", "trk", b'{"ev_id":"a","type":"earthquake"}', WireReason.TYPE),
        ("event", "trk", b'{"ev_id":"a","type":"sos","lvl":1e30}', WireReason.RANGE),
        ("event", "trk", b'{"ev_id":"a\\n","type":"sos"}', WireReason.RANGE),
        ("event", "trk", b'{"ev_id":"a","type":"sos","raw":[]}', WireReason.TYPE),
        (
            "event",
            "trk",
            b'{"ev_id":"a","type":"sos","raw":{"x":%b%b}}' % (b"[" * 40, b"]" * 40),
            WireReason.DEPTH,
        ),
        ("event", "trk", b'{"ev_id":"a","type":"sos","on":"yes"}', WireReason.TYPE),
        ("status", "chg", b'{"ctr":{"coins_total":-1}}', WireReason.RANGE),
        ("status", "chg", b'{"ctr":{"amount_total_fen":12.5}}', WireReason.TYPE),
        ("status", "chg", b'{"ctr":{"energy_total_wh":"12 Wh"}}', WireReason.NUMBER),
        ("status", "chg", b'{"box":{"amount_fen":"1,00"}}', WireReason.NUMBER),
        ("status", "chg", b'{"ports":[{"n":1}]}', WireReason.TYPE),
        ("status", "chg", b'{"ports":[{"n":1,"state":"broken"}]}', WireReason.TYPE),
        ("status", "chg", b'{"ports":{"n":1}}', WireReason.TYPE),
        ("status", "chg", b'{"rssi_dbm":1e300}', WireReason.RANGE),
        ("hb", "cam", b'{"ch":[{"n":1,"frames":18446744073709551616}]}', WireReason.RANGE),
        ("hb", "cam", b'{"ch":[%b]}' % b",".join([b'{"n":1}'] * 257), WireReason.RANGE),
        ("hb", "cam", b'{"clock_off_ms":1e300}', WireReason.RANGE),
        ("state", "cam", b'{"t":1764032400000}', WireReason.TYPE),
        ("state", "cam", b'{"state":"gone"}', WireReason.TYPE),
        ("batch", "trk", b'{"v":1}', WireReason.TYPE),
        ("batch", "trk", b'{"fixes":[]}', WireReason.SIZE),
        ("batch", "trk", b'{"fixes":[%b]}' % b",".join([b"{}"] * (MAX_BATCH + 1)), WireReason.SIZE),
        ("batch", "trk", b'{"fixes":{}}', WireReason.TYPE),
        ("batch", "trk", b'{"v":3,"fixes":[]}', WireReason.VERSION),
        ("batch", "trk", b'{"id":"trk-9","fixes":[{}]}', WireReason.ID),
        ("batch", "trk", b'{"fixes":[{}', WireReason.JSON),
        ("info", "trk", b'{"interval_s":0}', WireReason.RANGE),
        ("info", "gw", b'{"caps":"resend"}', WireReason.TYPE),
        ("session", "chg", b'{"v":1}', WireReason.TYPE),
        ("session", "chg", b'{"kind":"pause"}', WireReason.TYPE),
        ("session", "chg", b'{"kind":"stop","paid_fen":"1 yuan"}', WireReason.NUMBER),
        ("session", "chg", b'{"kind":"stop","paid_fen":1.5}', WireReason.TYPE),
        ("session", "chg", b'{"kind":"stop","start_t":12}', WireReason.TIME),
        ("session", "chg", b'{"kind":"stop","start_t":"yesterday"}', WireReason.TIME),
        ("session", "chg", b'{"kind":"stop","energy_wh":-1}', WireReason.RANGE),
        ("session", "chg", b'{"kind":"stop","session":{}}', WireReason.TYPE),
        ("coin", "chg", b'{"kind":"insert","amount_fen":"NaN"}', WireReason.NUMBER),
        ("coin", "chg", b'{"kind":"steal"}', WireReason.TYPE),
        ("ack", "cam", b'{"result":"done"}', WireReason.TYPE),
        ("ack", "cam", b'{"cmd_id":"","result":"done"}', WireReason.RANGE),
        ("ack", "cam", b'{"cmd_id":"a\\n","result":"done"}', WireReason.RANGE),
        ("multi", "gw", b'{"items":[]}', WireReason.CHANNEL),
    ],
)
def test_other_message_is_refused_for_its_reason(
    channel: str, cls: str, payload: bytes, reason: WireReason
) -> None:
    """The rules of a fix hold for every channel; what is read item by item says so."""
    topic = Topic(DeviceClass(cls), f"{cls}-000123", channel)

    with pytest.raises(WireError) as refused:
        decode(topic, payload, recv_ms=RECV_MS)

    assert refused.value.reason is reason


PACKED = {
    "NaN": ({"pos": {"lat": float("nan"), "lon": 1.0}}, NUMBER),
    "infinite": ({"pos": {"alt_m": float("inf")}}, NUMBER),
    "NaN under a key of its own": ({"x": float("nan")}, NUMBER),
    "NUL": ({"boot": "a\0"}, WireReason.TEXT),
    "NUL in a mode": ({"st": {"mode": "a\0"}}, WireReason.TEXT),
    "NUL under a key of its own": ({"x": "a\0"}, WireReason.TEXT),
    "bytes": ({"boot": b"a"}, TYPE),
    "bytes under a key of its own": ({"x": b"a"}, TYPE),
    "a number as key": ({1: 2}, TYPE),
    "an extension": ({"x": msgpack.ExtType(5, b"a")}, TYPE),
    "a timestamp": ({"t": msgpack.Timestamp(1_764_032_462)}, TYPE),
    "a bool": ({"seq": True, "boot": "a"}, TYPE),
    "a float for a whole number": ({"seq": 1.0, "boot": "a"}, TYPE),
    "an unsigned that is too long": ({"seq": 2**64 - 1, "boot": "a"}, RANGE),
    "another id": ({"id": "trk-9"}, WireReason.ID),
    "version 2": ({"v": 2}, WireReason.VERSION),
    "a list": ([], WireReason.SHAPE),
}


@pytest.mark.parametrize(("message", "reason"), PACKED.values(), ids=PACKED.keys())
@pytest.mark.parametrize("more", [{}, {"own": 1}], ids=["", "with a key of its own"])
def test_packed_fix_is_refused_for_its_reason(
    message: object, more: dict[str, int], reason: WireReason
) -> None:
    """MessagePack can say more than JSON; none of it gets in."""
    payload = msgpack.packb(message | more if isinstance(message, dict) else message)

    with pytest.raises(WireError) as refused:
        decode(TRACKER, payload, recv_ms=RECV_MS)

    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\x82\xa1t\x01\xa1t\x02", WireReason.DUPKEY),
        (b"\x82\xa1x\x01\xa1x\x02", WireReason.DUPKEY),
        (b"\x81\xa1t", WireReason.ENCODING),
        (b"\x81\xa1v\x01x", WireReason.ENCODING),
        (b"\x81\xa4boot\xa1\xff", WireReason.UTF8),
        (b"\x81\xa1\xff\x01", WireReason.UTF8),
        (b"\x81\x91\x01\x02", WireReason.ENCODING),
        (b"\x81\xa1x" + b"\x91" * 40 + b"\x01", WireReason.DEPTH),
        (b"\x81\xa1x" + b"\x91" * 30_000 + b"\x01", WireReason.ENCODING),
        (b"\xc1", WireReason.UTF8),
        (b"\xdf\xff\xff\xff\xff", WireReason.ENCODING),
    ],
)
def test_broken_messagepack_is_refused_for_its_reason(payload: bytes, reason: WireReason) -> None:
    """Cut short, keys twice, texts that are none, a promise of four thousand million keys."""
    with pytest.raises(WireError) as refused:
        decode(TRACKER, payload, recv_ms=RECV_MS)

    assert refused.value.reason is reason


@pytest.mark.parametrize("channel", ["fix", "batch", "event", "hb", "session", "coin", "ack"])
def test_retained_message_is_refused_where_none_may_be(channel: str) -> None:
    """A fix or an event of unknown age raises nothing (A-15)."""
    topic = TRACKER._replace(channel=channel)

    with pytest.raises(WireError) as refused:
        decode(topic, b'{"v":1,"ev_id":"a","type":"sos","fixes":[{}]}', recv_ms=1, retained=True)

    assert refused.value.reason is WireReason.RETAINED


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("", WireReason.TOPIC),
        ("pg/v1/up/trk/trk-1", WireReason.TOPIC),
        ("pg/v1/up/trk/trk-1/fix/x", WireReason.TOPIC),
        ("pg/v2/up/trk/trk-1/fix", WireReason.TOPIC),
        ("pg/v1/dn/trk/trk-1/fix", WireReason.TOPIC),
        ("xx/pg/v1/up/trk/trk-1/fix", WireReason.TOPIC),
        ("pg/v1/up/bus/bus-1/fix", WireReason.TOPIC),
        ("pg/v1/up/trk//fix", WireReason.TOPIC),
        ("pg/v1/up/trk/TRK-1/fix", WireReason.TOPIC),
        ("pg/v1/up/trk/trk_1/fix", WireReason.TOPIC),
        ("pg/v1/up/trk/trk-1\n/fix", WireReason.TOPIC),
        ("pg/v1/up/trk/" + "a" * 65 + "/fix", WireReason.TOPIC),
        ("pg/v1/up/trk/trk-٣/fix", WireReason.TOPIC),
        ("pg/v1/up/trk/trk-1/hb", WireReason.CHANNEL),
        ("pg/v1/up/chg/chg-1/fix", WireReason.CHANNEL),
        ("pg/v1/up/trk/trk-1/telemetry", WireReason.CHANNEL),
    ],
)
def test_topic_is_refused(topic: str, reason: WireReason) -> None:
    """The topic is the identity: nothing is guessed from a wrong one."""
    with pytest.raises(WireError) as refused:
        parse_topic(topic, "pg/v1")

    assert refused.value.reason is reason


def test_root_may_have_any_depth() -> None:
    """The root is a setting."""
    topic = parse_topic("city/hefei/pg/v1/up/gw/gw-1/state", "city/hefei/pg/v1")

    assert topic == Topic(DeviceClass.GATEWAY, "gw-1", "state")


def test_refusal_quotes_nothing_personal() -> None:
    """The detail goes to logs and screens: the refused value stays in quarantine."""
    with pytest.raises(WireError) as refused:
        decode(TRACKER, b'{"v":1,"id":"13800138000"}', recv_ms=RECV_MS)

    assert "13800138000" not in str(refused.value)
