"""What a fix means: no position, unlikely side values, other coordinates, other units, keys."""

import json

import pytest

from devices.crs import Crs, to_wgs84
from devices.model import DeviceClass, Profile, SpeedUnit
from devices.readings import Event, Fix, Flag
from devices.topics import Topic
from devices.wire import decode
from support.golden import RECV_MS

TRACKER = Topic(DeviceClass.TRACKER, "trk-000123", "fix")
EVENT = TRACKER._replace(channel="event")


def _fix(payload: bytes, profile: Profile | None = None, *, recv_ms: int = RECV_MS) -> Fix:
    decoded = decode(TRACKER, payload, recv_ms=recv_ms, profile=profile or Profile())
    (fix,) = decoded.readings
    assert isinstance(fix, Fix)
    return fix


@pytest.mark.parametrize(
    ("pos", "flag"),
    [
        (b'{"lat":0,"lon":0}', Flag.NULL_ISLAND),
        (b'{"lat":0.0,"lon":-0.0,"valid":true}', Flag.NULL_ISLAND),
        (b'{"lat":1e-400,"lon":-1e-400}', Flag.NULL_ISLAND),
        (b'{"lat":"0.000000","lon":"0"}', Flag.NULL_ISLAND | Flag.COERCED),
        (b'{"lat":31.8,"lon":117.2,"valid":false}', Flag.NO_FIX),
        (b'{"lat":0,"lon":0,"valid":false}', Flag.NO_FIX),
        (b'{"lat":31.8}', Flag.NO_FIX),
        (b'{"lat":null,"lon":null}', Flag.NO_FIX),
        (b"{}", Flag.NO_FIX),
        (b"null", Flag.NO_FIX),
    ],
)
def test_message_without_position_is_still_a_sign_of_life(pos: bytes, flag: int) -> None:
    """0/0 and ``valid:false`` give no position, but battery and time count (A-01)."""
    fix = _fix(b'{"t":1764032462000,"pos":%b,"bat":{"pct":50}}' % pos)

    assert (fix.lat_deg, fix.lon_deg, fix.battery_pct) == (None, None, 50)
    assert fix.flags == flag


@pytest.mark.parametrize("pos", [(0.0, 117.2), (31.8, 0.0), (-31.8, -117.2), (90, 180)])
def test_one_zero_is_a_place(pos: tuple[float, float]) -> None:
    """Equator and Greenwich are places, and so is every corner of the world."""
    fix = _fix(json.dumps({"t": RECV_MS, "pos": {"lat": pos[0], "lon": pos[1]}}).encode())

    assert (fix.lat_deg, fix.lon_deg, fix.flags) == (*pos, 0)


@pytest.mark.parametrize(
    "side", [b'"acc_m":-1', b'"spd_kmh":401', b'"cog":361', b'"spd_kmh":-0.1', b'"acc_m":2e6']
)
def test_side_value_out_of_range_is_unknown_and_flagged(side: bytes) -> None:
    """The position is good although its course is not."""
    fix = _fix(b'{"pos":{"lat":31,"lon":117,%b}}' % side)

    assert (fix.lat_deg, fix.acc_m, fix.speed_mps, fix.course_deg) == (31, None, None, None)
    assert fix.flags & Flag.IMPLAUSIBLE


@pytest.mark.parametrize(
    "said",
    [
        b'"net":{"rssi_dbm":99}',
        b'"net":{"rssi_dbm":-201}',
        b'"bat":{"pct":101}',
        b'"bat":{"pct":-1}',
    ],
)
def test_impossible_signal_or_charge_is_unknown_and_flagged(said: bytes) -> None:
    """99 and -1 are how modems say that they do not know."""
    fix = _fix(b'{"pos":{"lat":31,"lon":117},%b}' % said)

    assert (fix.rssi_dbm, fix.battery_pct) == (None, None)
    assert fix.flags & Flag.IMPLAUSIBLE


# -- other coordinates, other units ---------------------------------------------------------


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09])
@pytest.mark.parametrize("named", [True, False])
def test_chinese_coordinates_become_wgs84_and_keep_their_original(crs: Crs, named: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """Named by the message or by the device's profile: the same place, the same original."""
    pos: dict[str, object] = {"lat": 31.8186, "lon": 117.2328}
    body = json.dumps({"t": RECV_MS, "pos": pos | ({"crs": crs.value} if named else {})}).encode()

    fix = _fix(body, None if named else Profile(crs=crs))

    assert (fix.lat_deg, fix.lon_deg) == to_wgs84(31.8186, 117.2328, crs)
    assert fix.lat_deg != 31.8186
    assert fix.flags == Flag.CONVERTED
    assert json.loads(fix.ext) == {"pos": {"crs": crs.value} | pos}


def test_chinese_coordinates_of_an_event_are_converted_too() -> None:
    """The shaken vehicle stands where it stands."""
    body = b'{"ev_id":"a","type":"tilt","t":%d,"pos":{"lat":31.8,"lon":117.2,"crs":"bd09"}}'

    (event,) = decode(EVENT, body % RECV_MS, recv_ms=RECV_MS).readings

    assert isinstance(event, Event)
    assert (event.lat_deg, event.lon_deg) == to_wgs84(31.8, 117.2, Crs.BD09)
    assert event.flags == Flag.CONVERTED
    assert json.loads(event.ext)["pos"]["lat"] == 31.8


def test_no_position_is_not_converted() -> None:
    """There is nothing to keep."""
    fix = _fix(b'{"t":%d,"pos":{"lat":0,"lon":0,"crs":"gcj02"}}' % RECV_MS)

    assert (fix.flags, fix.ext) == (Flag.NULL_ISLAND, "")


@pytest.mark.parametrize(
    ("unit", "mps"), [(SpeedUnit.KMH, 10.0), (SpeedUnit.KNOTS, 18.52), (SpeedUnit.MPS, 36.0)]
)
def test_speed_unit_is_the_profiles(unit: SpeedUnit, mps: float) -> None:
    """36 of whatever the model means, in m/s."""
    fix = _fix(b'{"pos":{"lat":31,"lon":117,"spd_kmh":36}}', Profile(speed_unit=unit))

    assert fix.speed_mps == pytest.approx(mps)


def test_speed_is_judged_after_its_unit() -> None:
    """300 knots are 556 km/h: no road vehicle."""
    body = b'{"pos":{"lat":31,"lon":117,"spd_kmh":300}}'

    assert _fix(body).speed_mps == pytest.approx(300 / 3.6)
    assert _fix(body, Profile(speed_unit=SpeedUnit.KNOTS)).speed_mps is None


# -- identity of a record -------------------------------------------------------------------


def test_same_words_without_number_and_time_are_a_new_record() -> None:
    """A tracker that says the same every minute is alive, not a repetition of itself."""
    body = b'{"pos":{"lat":31,"lon":117}}'
    first, again, later = (
        _fix(body, recv_ms=recv_ms).key for recv_ms in (RECV_MS, RECV_MS, RECV_MS + 60_000)
    )

    assert first == again
    assert first != later


@pytest.mark.parametrize(
    ("said", "numbered"),
    [
        (b'"boot":"a","seq":1', True),
        (b'"boot":"","seq":1', False),
        (b'"seq":1', False),
        (b'"boot":"a"', False),
        (b'"boot":"a","seq":null', False),
    ],
)
def test_number_counts_only_within_a_boot(said: bytes, numbered: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """(boot, seq) is the key; without either it is a hash, never 0 (wire.md)."""
    fix = _fix(b'{"t":1764032462000,%b}' % said)

    assert (fix.key == 0) == numbered


def test_event_with_half_a_place_has_none() -> None:
    """Latitude without longitude is no place."""
    body = b'{"ev_id":"x","type":"sos","pos":{"lat":31.0}}'

    (event,) = decode(EVENT, body, recv_ms=RECV_MS).readings

    assert isinstance(event, Event)
    assert (event.lat_deg, event.lon_deg) == (None, None)


def test_event_is_known_by_its_id_alone() -> None:
    """Sent again with another time or place it is the same event."""
    keys = {
        decode(EVENT, body, recv_ms=RECV_MS).readings[0].key
        for body in (
            b'{"ev_id":"x","type":"sos","t":1764032461000}',
            b'{"ev_id":"x","type":"sos","t":1764032462000,"lvl":3}',
        )
    }

    assert len(keys) == 1
