"""Numbers written as text, unreadable measures, keys nobody knows: read, flagged, kept."""

import json
import math
from collections.abc import Callable

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import payloads
from devices.encoding import Opened
from devices.errors import WireError, WireReason
from devices.fitting import fit
from devices.model import DeviceClass, Profile
from devices.plain_objects import MAX_DEPTH, check, parse
from devices.readings import AnyReading, ChargerSession, ChargerStatus, Fix, Flag
from devices.topics import Topic
from devices.wire import decode
from support.golden import RECV_MS

TRACKER = Topic(DeviceClass.TRACKER, "trk-1", "fix")
COMMA = Profile(decimal=",")
TEXT = int(Flag.COERCED)
UNKNOWN = int(Flag.UNREADABLE)


def _read(topic: Topic, message: object, profile: Profile | None = None) -> AnyReading:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    (reading,) = decode(topic, body, recv_ms=RECV_MS, profile=profile or Profile()).readings
    return reading


def _on(cls: str, channel: str) -> Topic:
    return Topic(DeviceClass(cls), f"{cls}-1", channel)


# -- numbers as text (decisions.md 11) ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pct", "flags"),
    [
        ("82", 82, TEXT),
        ("82.5", 82.5, TEXT),
        ("0", 0, TEXT),
        ("-0", 0, TEXT),
        ("007", 7, TEXT),
        ("12,5", None, UNKNOWN),
        ("1,234.5", None, UNKNOWN),
        ("+5", None, UNKNOWN),
        (" 5", None, UNKNOWN),
        ("5 %", None, UNKNOWN),
        ("5.", None, UNKNOWN),
        (".5", None, UNKNOWN),
        ("1e1", None, UNKNOWN),
        ("1_0", None, UNKNOWN),
        ("0x10", None, UNKNOWN),
        ("٣", None, UNKNOWN),  # ARABIC-INDIC DIGIT THREE: int() would take it
        ("１２", None, UNKNOWN),  # noqa: RUF001 - full-width digits: float() would take them
        ("NaN", None, UNKNOWN),
        ("inf", None, UNKNOWN),
        ("9" * 400, None, UNKNOWN),
        ("", None, UNKNOWN),
        ("high", None, UNKNOWN),
    ],
)
def test_measure_as_text_is_read_if_it_is_plain_decimal(
    text: str, pct: float | None, flags: int
) -> None:
    """Other text makes an optional measure unknown; the rest of the record is good."""
    fix = _read(TRACKER, {"t": RECV_MS, "pos": {"lat": 31.0, "lon": 117.0}, "bat": {"pct": text}})

    assert isinstance(fix, Fix)
    assert (fix.battery_pct, fix.flags, fix.lat_deg) == (pct, flags, 31.0)


@pytest.mark.parametrize(
    ("text", "mains_v"), [("231,4", 231.4), ("231.4", 231.4), ("231", 231), ("2.310,4", None)]
)
def test_decimal_comma_is_read_where_the_profile_says_so(text: str, mains_v: float | None) -> None:
    """Elsewhere ``231,4`` may be two numbers."""
    status = _on("chg", "status")

    with_comma = _read(status, {"mains_v": text}, COMMA)
    without = _read(status, {"mains_v": text})

    assert isinstance(with_comma, ChargerStatus)
    assert isinstance(without, ChargerStatus)
    assert with_comma.mains_v == mains_v
    assert without.mains_v == (None if "," in text else mains_v)


@pytest.mark.parametrize(
    ("message", "name", "value"),
    [
        ({"pos": {"lat": "31.8", "lon": "117.2"}}, "lat_deg", 31.8),
        ({"boot": "a", "seq": "48213"}, "seq", 48_213),
        ({"t": "1764032462000"}, "t_ms", 1_764_032_462_000),
        ({"t": "1764032462"}, "t_ms", 1_764_032_462_000),
        ({"pos": {"lat": 31, "lon": 117, "sat": "9"}}, "sat", 9),
        ({"pos": {"lat": 31, "lon": 117, "sat": "9.4"}}, "sat", 9),
        ({"pos": {"lat": 31, "lon": 117, "sat": 9.0}}, "sat", 9),
        ({"bat": {"ext_mv": 52_100.4}}, "ext_mv", 52_100),
        ({"next_s": "60"}, "next_s", 60),
        ({"st": {"ign": 1}}, "ignition", True),
        ({"st": {"ign": 0}}, "ignition", False),
        ({"st": {"ign": "true"}}, "ignition", True),
        ({"st": {"ign": "False"}}, "ignition", False),
        ({"v": "1"}, "v", 1),
        ({"boot": 12}, "boot", "12"),
    ],
)
def test_plain_text_is_read_anywhere_and_flagged(message: object, name: str, value: object) -> None:
    """In position, time, number, promise and switches as well."""
    fix = _read(TRACKER, message)

    assert getattr(fix, name) == value
    assert fix.flags & Flag.COERCED


@pytest.mark.parametrize(
    ("channel", "message", "reason"),
    [
        ("fix", {"pos": {"lat": "N31.8", "lon": 117}}, WireReason.NUMBER),
        ("fix", {"pos": {"lat": 31.8, "lon": ""}}, WireReason.NUMBER),
        ("fix", {"boot": "a", "seq": "x1"}, WireReason.NUMBER),
        ("fix", {"t": "now"}, WireReason.TIME),
        ("fix", {"pos": {"lat": 1, "lon": 1, "fix_t": "now"}}, WireReason.TIME),
        ("fix", {"pos": {"lat": "91", "lon": 117}}, WireReason.RANGE),
        ("session", {"kind": "stop", "energy_wh": "4.1 kWh"}, WireReason.NUMBER),
        ("session", {"kind": "stop", "energy_wh": "410.5"}, WireReason.NUMBER),
        ("session", {"kind": "stop", "paid_fen": "1.00"}, WireReason.NUMBER),
        ("session", {"kind": "stop", "seconds": "2:30"}, WireReason.NUMBER),
        ("coin", {"kind": "collect", "counted_fen": "~300"}, WireReason.NUMBER),
        ("status", {"ctr": {"coins_total": "-"}}, WireReason.NUMBER),
    ],
)
def test_other_text_in_what_is_vital_refuses_the_record(
    channel: str, message: object, reason: WireReason
) -> None:
    """Position, time, money, energy, counters: unknown would be a lie (decisions.md 11)."""
    topic = TRACKER if channel == "fix" else _on("chg", channel)

    with pytest.raises(WireError) as refused:
        _read(topic, message)

    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "stop", "pay": "bitcoin"},
        {"kind": "stop", "stop": "boredom"},
        {"kind": "stop", "pay": 1},
        {"kind": "stop", "pay": ["coin"]},
        {"kind": "stop", "stop": {"why": "full"}},
        {"kind": "stop", "w_max": "?"},
    ],
)
def test_word_nobody_knows_is_unknown_where_it_is_optional(message: object) -> None:
    """A new way to pay costs neither the session nor its money."""
    session = _read(_on("chg", "session"), {"t": RECV_MS, "paid_fen": 100} | _dict(message))

    assert isinstance(session, ChargerSession)
    assert (session.pay, session.stop, session.w_max, session.paid_fen) == (None, None, None, 100)
    assert session.flags == UNKNOWN


def _dict(message: object) -> dict[str, object]:
    assert isinstance(message, dict)
    return message


# -- keys nobody knows ----------------------------------------------------------------------

EXTRA = [
    (_on("trk", "fix"), {"iccid": "8986"}, {"iccid": "8986"}),
    (_on("trk", "fix"), {"pos": {"lat": 31, "lon": 117, "geoid_m": -3}}, {"pos.geoid_m": -3}),
    (_on("trk", "fix"), {"net": {"cell": {"mcc": 460, "tac": 7}}}, {"net.cell.tac": 7}),
    (_on("trk", "fix"), {"st": {"lock": None}}, {"st.lock": None}),
    (_on("trk", "fix"), {"t_ms": 5, "key": 1, "flags": 2, "ext": {}}, None),
    (_on("trk", "fix"), {"§t_ms": 5, "§flags": 2}, None),
    (_on("trk", "fix"), {"ünknown": {"a": [1, {"b": "ü"}]}}, None),
    (_on("trk", "event"), {"ev_id": "a", "type": "sos", "who": "x"}, {"who": "x"}),
    (
        _on("chg", "status"),
        {"ports": [{"n": 1, "state": "available", "lock": 1}]},
        {"ports.0.lock": 1},
    ),
    (
        _on("chg", "status"),
        {"box": {"lid": "open"}, "ctr": {"x": 1}},
        {"box.lid": "open", "ctr.x": 1},
    ),
    (_on("chg", "session"), {"kind": "start", "tariff": 2}, {"tariff": 2}),
    (_on("chg", "coin"), {"kind": "insert", "box": {"w": 1}}, {"box.w": 1}),
    (_on("cam", "hb"), {"ch": [{"n": 1}, {"n": 2, "codec": "h265"}]}, {"ch.1.codec": "h265"}),
    (_on("cam", "hb"), {"disk": {"smart": {"temp": 41}}}, {"disk.smart": {"temp": 41}}),
    (_on("cam", "state"), {"state": "online", "ip": "x"}, {"ip": "x"}),
    (_on("gw", "info"), {"modules": ["a"]}, {"modules": ["a"]}),
    (_on("cam", "ack"), {"cmd_id": "c", "took_ms": 4}, {"took_ms": 4}),
]


@pytest.mark.parametrize(("topic", "message", "kept"), EXTRA)
@pytest.mark.parametrize("coerced", [False, True], ids=["strict", "with a number as text"])
@pytest.mark.parametrize("pack", [json.dumps, msgpack.packb], ids=["json", "msgpack"])
def test_unknown_keys_are_kept_at_every_level(
    topic: Topic,
    message: dict[str, object],
    kept: dict[str, object] | None,
    coerced: bool,  # noqa: FBT001 - a parameter of pytest
    pack: Callable[[object], str | bytes],
) -> None:
    """Under their path, whichever way the message is read; never mistaken for our own."""
    body = pack(message | ({"next_s": "60"} if coerced else {"next_s": 60}))
    payload = body.encode() if isinstance(body, str) else body

    reading = _read(topic, payload)

    assert json.loads(reading.ext) == (message if kept is None else kept)
    assert bool(reading.flags & Flag.COERCED) == coerced
    assert (reading.t_ms, reading.next_s) == (RECV_MS, 60)


# -- bytes to plain objects -----------------------------------------------------------------


def _nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("text", [b"%b", b'{"a":%b}', b'["]]]]\\"]]",%b]'])
def test_depth_limit_is_exact_and_not_fooled_by_texts(text: bytes) -> None:
    """32 levels are read, 33 are not (decisions.md 13)."""
    outer = text.count(b"{") + text.startswith(b"[")
    deepest = text % _nested(MAX_DEPTH - outer)

    check(parse(Opened(deepest, packed=False)))
    with pytest.raises(WireError) as refused:
        parse(Opened(text % _nested(MAX_DEPTH - outer + 1), packed=False))

    assert refused.value.reason is WireReason.DEPTH


def test_brackets_in_texts_are_no_depth() -> None:
    """A name may consist of brackets."""
    body = b'{"x":"' + b"[{" * 500 + b'"}'

    assert parse(Opened(body, packed=False)) == {"x": "[{" * 500}


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(-(2**63), 2**64 - 1),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=12,
    )
)
def test_json_and_messagepack_give_the_same_objects(value: object) -> None:
    """What is parsed is what was written; what is not finite stays to be found."""
    as_json = parse(Opened(json.dumps(value).encode(), packed=False))
    as_packed = parse(Opened(msgpack.packb(value, unicode_errors="surrogatepass"), packed=True))

    assert repr(as_json) == repr(as_packed) == repr(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, WireReason.NUMBER),
        ({"a": [math.inf]}, WireReason.NUMBER),
        ({"a": {"b": "\0"}}, WireReason.TEXT),
        ({"a\0": 1}, WireReason.TEXT),
        ({"a": "ü\0"}, WireReason.TEXT),
        (["\ud800"], WireReason.UTF8),
        ({"\udfff": 1}, WireReason.UTF8),
        ({1: 2}, WireReason.TYPE),
        ([b"x"], WireReason.TYPE),
        ([object()], WireReason.TYPE),
    ],
)
def test_what_no_message_may_hold_is_found_anywhere(value: object, reason: WireReason) -> None:
    """At any depth, in keys and in values."""
    with pytest.raises(WireError) as refused:
        check(value)

    assert refused.value.reason is reason


def test_every_type_has_a_plan() -> None:
    """An empty message of any type is refused for what it lacks, never by a bug of the plan."""
    models = [
        model
        for model in vars(payloads).values()
        if isinstance(model, type) and issubclass(model, msgspec.Struct)
    ]

    assert len(models) > 20
    assert all(fit({}, model).fields == {} for model in models)
