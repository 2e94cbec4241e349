"""A file is taken whole or refused with the number of the line that is wrong."""

import json

import pytest

from parkguard.replay.lines import Expect, Mqtt
from parkguard.replay.reading import LineError, payload_of, read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from support.factories import at_ms
from support.replay_files import DEVICE, Line, encoded, expect, fix, run_of, side

GOOD = {"kind": "mqtt", "recv_t": 5, "topic": "a/b"}


def _refused(*lines: bytes) -> LineError:
    with pytest.raises(LineError) as refused:
        list(read_lines(lines, "ride.jsonl"))
    return refused.value


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff",
        b'{"kind":"mqtt","recv_t":1,"topic":"a","payload":{"lat":NaN}}',
        b'{"recv_t":1}',
        b'{"kind":"nothing"}',
        b'{"kind":"mqtt","recv_t":"1","topic":"a","payload":1}',
        b'{"kind":"mqtt","recv_t":-1,"topic":"a","payload":1}',
        b'{"kind":"mqtt","recv_t":9e99,"topic":"a","payload":1}',
        b'{"kind":"mqtt","recv_t":1,"payload":1}',
        b'{"kind":"device","class":"trk"}',
        b'{"kind":"device","class":"car","id":"a"}',
        b'{"kind":"device","class":"trk","id":"UPPER"}',
        b'{"kind":"device","class":"trk","id":"a","speed_unit":"furlongs"}',
        b'{"kind":"vehicle"}',
        b'{"kind":"fence","id":"f"}',
        b'{"kind":"fence","id":"f","lat":91,"lon":0,"radius_m":50}',
        b'{"kind":"fence","id":"f","lat":31.8,"lon":117.2}',
        b'{"kind":"grid","id":"34010401001001","lat":31.8,"lon":117.2}',
        b'{"kind":"side","recv_t":1,"type":"fence","fence":{"id":"f","lat":31.8,"lon":117.2}}',
        b'{"kind":"side","type":"tick"}',
        b'{"kind":"side","recv_t":1,"type":"dance"}',
        b'{"kind":"side","recv_t":1,"type":"arm"}',
        b'{"kind":"side","recv_t":1,"type":"owner_answer","vehicle":"v","answer":"perhaps"}',
        b'{"kind":"side","recv_t":1,"type":"ticket","vehicle":"v","ticket":"tow"}',
        b'{"kind":"side","recv_t":1,"type":"register"}',
        b'{"kind":"side","recv_t":1,"type":"fence","fence":{"id":"f"}}',
        b'{"kind":"side","recv_t":1,"type":"fence_delete"}',
        b'{"kind":"side","recv_t":1,"type":"clock_step"}',
        b'{"kind":"side","recv_t":1,"type":"restart"}',
        b'{"kind":"truth","vehicle":"v","from":2,"to":1,"state":"parked"}',
        b'{"kind":"truth","vehicle":"v","from":1,"to":2,"state":"theft"}',
        b'{"kind":"expect","what":"wonders"}',
        b'{"kind":"expect","what":"presence","device":"a"}',
        b'{"kind":"expect","what":"presence","value":"online"}',
        b'{"kind":"expect","what":"state","device":"a","value":1}',
        b'{"kind":"expect","what":"count","device":"a","reason":"refused"}',
        b'{"kind":"expect","what":"count","vehicle":"v","reason":"accepted","value":3}',
        b'{"kind":"expect","what":"position","device":"a","value":{"lat":1}}',
        b'{"kind":"expect","what":"quarantine","value":"one"}',
        b'{"kind":"expect","what":"event","value":[1,"two"]}',
        b'{"kind":"meta","scenari":"misspelt"}',
        b'{"kind":"device","class":"trk","id":"a","vehicel":"v"}',
        b'{"kind":"vehicle","id":"v","colour":"red"}',
        b'{"kind":"site","id":"s","lat":1,"lon":1,"radius_m":50,"capacity":9}',
        b'{"kind":"grid","id":"g","lat":1,"lon":1,"radius_m":50,"dwell_s":9}',
        b'{"kind":"fence","id":"f","lat":1,"lon":1,"radius_m":50,"dwell":9}',
        b'{"kind":"mqtt","recv_t":1,"topic":"a","payload":1,"retained":true}',
        b'{"kind":"side","recv_t":1,"type":"arm","vehicle":"v","who":"me"}',
        b'{"kind":"side","recv_t":1,"type":"register","device":{"class":"trk","id":"a","veh":"v"}}',
        b'{"kind":"side","recv_t":1,"type":"fence","fence":{"id":"f","lat":1,"lon":1,"radius":50}}',
        b'{"kind":"truth","vehicle":"v","from":1,"to":2,"state":"parked","note":""}',
        b'{"kind":"expect","what":"quarantine","valu":1}',
    ],
)
def test_malformed_line_is_refused_by_its_number(raw: bytes) -> None:
    """The lines before it were good; nothing is passed over silently."""
    error = _refused(*encoded([DEVICE, fix(0)]), raw)

    assert error.number == 3
    assert str(error).startswith("ride.jsonl:3: ")


@pytest.mark.parametrize(
    ("polygon", "words"),
    [
        ({}, "Polygon or MultiPolygon"),
        ({"type": "Point", "coordinates": [117.2, 31.8]}, "Polygon or MultiPolygon"),
        ({"type": "Foo", "coordinates": []}, "Polygon or MultiPolygon"),
        ({"type": "Polygon"}, "list"),
        ({"type": "Polygon", "coordinates": []}, "list"),
        ({"type": "Polygon", "coordinates": [["a"]]}, "position"),
        ({"type": "Polygon", "coordinates": [[[117, 31]]]}, "closed"),
        ({"type": "Polygon", "coordinates": [[[31.8, 117.2]] * 4]}, "longitude, latitude"),
        ({"type": "Polygon", "coordinates": [[[10**400, 31.8]] * 4]}, "out of range"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, "simple"),
    ],
)
def test_polygon_that_is_none_is_refused_with_words(polygon: Line, words: str) -> None:
    """Of a fence, a site, a grid, at the head of a file and in the middle."""
    place: Line = {"id": "f", "polygon": polygon}
    heads: list[Line] = [{"kind": kind, **place} for kind in ("fence", "site", "grid")]
    for line in (*heads, side(1, "fence", fence=place)):
        error = _refused(*encoded([DEVICE, line]))

        assert str(error).startswith("ride.jsonl:2: ")
        assert words in str(error)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"foreign": {"pigeon": "1"}}, "'pigeon': there is no such adapter"),
        ({"foreign": {"jt808": "phone"}}, "foreign id 'phone' of adapter 'jt808'"),
        ({"foreign": {"jt808": "13912345678"}}, "jt808 id '013912345678' is trk-f's already"),
        ({"gateway": "GW"}, "gateway 'GW' is no device id"),
        ({"gateway": "trk-2"}, "its own gateway"),
        ({"coins_fen": [100, 100]}, "twice in coins_fen"),
        ({"meter_wrap_wh": 2**53}, "meter_wrap_wh"),
    ],
)
def test_device_that_the_registry_would_refuse_is_refused(fields: Line, words: str) -> None:
    """At the head of a file and in the middle, in the registry's own words."""
    holder = DEVICE | {"id": "trk-f", "foreign": {"jt808": "013912345678"}}
    device: Line = {"class": "trk", "id": "trk-2", **fields}
    for line in ({"kind": "device", **device}, side(1, "register", device=device)):
        with pytest.raises(LineError) as refused:
            run_of([holder, fix(0), line])

        assert str(refused.value).startswith("-:3: trk-2: ")
        assert words in str(refused.value)


def test_foreign_id_is_free_when_its_device_lets_it_go() -> None:
    """Retired, or registered without it."""
    claim: Line = {"foreign": {"jt808": "013912345678"}}
    lets_go: tuple[Line, ...] = ({"admin": "retired"}, {"foreign": {}})
    for goes in lets_go:
        lines = [DEVICE | claim, DEVICE | goes, DEVICE | {"id": "trk-2"} | claim]
        run = run_of([*lines, side(1, "tick")])

        device = run.timeline.pipeline.admission.registry.by_foreign_id("jt808", "013912345678")
        assert device is not None
        assert device.id == "trk-2"


def test_time_does_not_go_back() -> None:
    """Neither for messages nor for what people do or expect."""
    later = fix(10)
    for earlier in (fix(9), side(9, "tick"), expect("alert", recv_t=at_ms(9))):
        error = _refused(*encoded([DEVICE, later, earlier]))

        assert error.number == 3
        assert "1000 ms before" in str(error)


def test_equal_times_keep_their_order() -> None:
    """A file may hold many lines of one moment."""
    lines = encoded([fix(1, seq=2), fix(1, seq=1)])

    assert [number for number, _ in read_lines(lines, "-")] == [1, 2]


def test_after_a_step_of_the_clock_time_goes_on_from_there() -> None:
    """Back by an hour: an earlier time is right, one from before the step is not."""
    good = [fix(0), side(1, "clock_step", seconds=-3600), fix(-3590)]

    assert len(list(read_lines(encoded(good), "-"))) == 3
    assert _refused(*encoded([*good[:2], fix(-3700)])).number == 3


def test_blank_lines_are_passed_over_and_counted() -> None:
    """An editor's last empty line is no fault; numbers stay those of the file."""
    lines = [b"\n", *encoded([DEVICE]), b"  \n", *encoded([fix(0)])]

    assert [number for number, _ in read_lines(lines, "-")] == [2, 4]


@pytest.mark.parametrize(
    ("fields", "payload"),
    [
        ({"payload": {"b": 1, "a": [1.50, "ü"]}}, b'{"b": 1, "a": [1.5, "\\u00fc"]}'),
        ({"payload": None}, b"null"),
        ({"payload": "word"}, b'"word"'),
        ({"payload_b64": "//4="}, b"\xff\xfe"),
        ({"payload_b64": ""}, b""),
    ],
)
def test_payload_is_the_text_that_stands_there(fields: dict[str, object], payload: bytes) -> None:
    """JSON as written, to the byte; anything else in base64."""
    ((_, line),) = read_lines(encoded([GOOD | fields]), "-")

    assert isinstance(line, Mqtt)
    assert payload_of(line) == payload


def test_payload_keeps_what_json_would_lose() -> None:
    """Two keys of one name, and digits a float would drop, reach the decoder."""
    raw = b'{"kind":"mqtt","recv_t":1,"topic":"a","payload":{"a":1,"a":1.10000000000000000001}}'

    ((_, line),) = read_lines([raw], "-")

    assert isinstance(line, Mqtt)
    assert payload_of(line) == b'{"a":1,"a":1.10000000000000000001}'


@pytest.mark.parametrize(
    "fields", [{}, {"payload": 1, "payload_b64": "AA=="}, {"payload_b64": "*"}]
)
def test_message_without_one_payload_stops_the_run(fields: dict[str, object]) -> None:
    """Neither, both, or no base64: by the number of its line."""
    run = Replay(Settings(), name="ride.jsonl")

    with pytest.raises(LineError, match=r"ride\.jsonl:1: .*payload"):
        run.feed(read_lines(encoded([GOOD | fields]), "ride.jsonl"))


def test_unsaid_value_is_not_null() -> None:
    """``null`` is a value (unknown); no value means at least one."""
    raw = [expect("event"), expect("event", value=None) | {"what": "state", "device": "a"}]
    raw[1]["field"] = "ign"

    told, null = (line for _, line in read_lines([json.dumps(one).encode() for one in raw], "-"))

    assert isinstance(told, Expect)
    assert isinstance(null, Expect)
    assert (told.value is None, null.value is None) == (False, True)
