"""The messages of docs/wire.md, word for word, become these readings."""

import msgspec
import pytest

from devices.model import DeviceClass
from devices.readings import (
    CameraChannel,
    CameraHeartbeat,
    ChargerStatus,
    DeviceState,
    Event,
    EventType,
    Fix,
    Flag,
    Port,
    PortState,
    StateReport,
)
from devices.topics import Topic
from devices.wire import Decoded, decode
from support.factories import fix_of

RECV_MS = 1_764_032_463_000
TRACKER = Topic(DeviceClass.TRACKER, "trk-000123", "fix")
CHARGER = Topic(DeviceClass.CHARGER, "chg-001007", "status")
CAMERA = Topic(DeviceClass.CAMERA, "cam-020315", "hb")

FIX = b"""{"v":1,"id":"trk-000123","boot":"7f3a","seq":48213,"t":1764032462000,
 "pos":{"lat":31.820613,"lon":117.227239,"crs":"wgs84","src":"gnss","valid":true,
        "acc_m":6.5,"hdop":0.9,"sat":14,"alt_m":32,"spd_kmh":4.2,"cog":87},
 "st":{"ign":false,"motion":true,"armed":true,"ext_power":true,"charging":false,"mode":"live"},
 "bat":{"pct":82,"mv":3980,"ext_mv":52100},
 "net":{"rat":"4g","rssi_dbm":-87,"cell":{"mcc":460,"mnc":0,"lac":22222,"cid":123456789}},
 "next_s":10}"""
BATCH = b"""{"v":1,"id":"trk-000123","boot":"7f3a","backfill":true,"order":"asc",
 "fixes":[{"seq":48100,"t":1764030000000,"pos":{"lat":31.8201,"lon":117.2269,"src":"gnss",
           "valid":true,"acc_m":8,"spd_kmh":12.0,"cog":90}},
          {"seq":48101,"t":1764030010000,"pos":{"lat":31.8201,"lon":117.2273,"src":"gnss",
           "valid":true,"acc_m":8,"spd_kmh":12.4,"cog":91}}]}"""
EVENT = b"""{"v":1,"id":"trk-000123","ev_id":"01JDK3Q7V6N8","t":1764032461000,"type":"vibration",
 "on":true,"lvl":2,"dur_s":4,"count":7,
 "pos":{"lat":31.820613,"lon":117.227239,"src":"gnss","valid":true,"acc_m":6.5},
 "st":{"ign":false,"armed":true},"raw":{"proto":"jt808","alarm":65536,"status":262210}}"""
STATUS = b"""{"v":1,"id":"chg-001007","boot":"a1c2","seq":9911,"t":1764032400000,"rssi_dbm":-75,
 "temp_c":34,"mains_v":229.6,"door_open":false,"smoke":false,
 "box":{"coins":312,"amount_fen":31200,"cap_coins":800},
 "ctr":{"coins_total":40112,"amount_total_fen":4011200,"energy_total_wh":9120340,
        "sessions_total":38877},
 "ports":[{"n":1,"state":"charging","session":"S-88213","w":142,"ma":650,"wh":410,"temp_c":39,
           "s":9120},
          {"n":2,"state":"available"},
          {"n":3,"state":"faulted","err":"relay_stuck","vendor_err":"0x09","w":36}],
 "next_s":60}"""
HEARTBEAT = b"""{"v":1,"id":"cam-020315","t":1764032400000,"up_s":864000,"fw":"5.7.3",
 "ch":[{"n":1,"online":true,"fps":24.6,"fps_expected":25,"frames":48211993,
        "last_frame_t":1764032399500,"kbps":3100,"reconn_1h":0,"stalls_1h":1,"recording":true,
        "occluded":false,"tampered":false,"video_loss":false}],
 "disk":{"total_gb":4000,"used_gb":3610,"ok":true,"oldest_t":1760662800000},"clock_off_ms":120,
 "temp_c":48,"next_s":60}"""
STATE = b"""{"v":1,"id":"cam-020315","state":"online","t":1764032400000,"boot":"91ff",
 "reason":"power_on","next_s":60}"""


def _without_key(decoded: Decoded) -> list[object]:
    return [msgspec.structs.replace(reading, key=0) for reading in decoded.readings]


def test_fix() -> None:
    """km/h become m/s, the rest keeps its number; (boot, seq) is its identity."""
    decoded = decode(TRACKER, FIX, recv_ms=RECV_MS)

    assert decoded.refused == []
    assert decoded.readings == [
        fix_of(
            t_ms=1_764_032_462_000,
            boot="7f3a",
            seq=48_213,
            next_s=10,
            lat_deg=31.820613,
            lon_deg=117.227239,
            acc_m=6.5,
            hdop=0.9,
            sat=14,
            alt_m=32,
            speed_mps=4.2 / 3.6,
            course_deg=87,
            ignition=False,
            motion=True,
            armed=True,
            ext_power=True,
            charging=False,
            battery_pct=82,
            ext_mv=52_100,
            rssi_dbm=-87,
        )
    ]


def test_batch() -> None:
    """Elements inherit the boot and are marked as buffered, and as late when they are."""
    decoded = decode(TRACKER._replace(channel="batch"), BATCH, recv_ms=RECV_MS)

    assert decoded.refused == []
    assert decoded.readings == [
        fix_of(
            t_ms=1_764_030_000_000 + 10_000 * k,
            boot="7f3a",
            seq=48_100 + k,
            flags=Flag.BACKFILL | Flag.LATE,
            lat_deg=31.8201,
            lon_deg=[117.2269, 117.2273][k],
            acc_m=8,
            speed_mps=[12.0, 12.4][k] / 3.6,
            course_deg=90 + k,
        )
        for k in (0, 1)
    ]


def test_event() -> None:
    """An event is known by its own id and keeps its place."""
    decoded = decode(TRACKER._replace(channel="event"), EVENT, recv_ms=RECV_MS)

    assert decoded.readings[0].key != 0
    assert _without_key(decoded) == [
        Event(
            t_ms=1_764_032_461_000,
            ev_id="01JDK3Q7V6N8",
            type=EventType.VIBRATION,
            level=2,
            lat_deg=31.820613,
            lon_deg=117.227239,
        )
    ]


def test_charger_status() -> None:
    """A station with its ports and counters; money stays an integer of fen."""
    decoded = decode(CHARGER, STATUS, recv_ms=RECV_MS)

    assert decoded.readings == [
        ChargerStatus(
            t_ms=1_764_032_400_000,
            boot="a1c2",
            seq=9_911,
            next_s=60,
            ports=(
                Port(n=1, state=PortState.CHARGING, session="S-88213", w=142, wh=410, temp_c=39),
                Port(n=2, state=PortState.AVAILABLE),
                Port(n=3, state=PortState.FAULTED, err="relay_stuck", w=36),
            ),
            rssi_dbm=-75,
            temp_c=34,
            mains_v=229.6,
            smoke=False,
            coins_total=40_112,
            amount_total_fen=4_011_200,
            energy_total_wh=9_120_340,
        )
    ]


def test_camera_heartbeat() -> None:
    """A camera with its channel, disk and clock."""
    decoded = decode(CAMERA, HEARTBEAT, recv_ms=RECV_MS)

    assert _without_key(decoded) == [
        CameraHeartbeat(
            t_ms=1_764_032_400_000,
            next_s=60,
            channels=(
                CameraChannel(
                    n=1,
                    online=True,
                    fps=24.6,
                    fps_expected=25,
                    frames=48_211_993,
                    last_frame_t=1_764_032_399_500,
                    kbps=3_100,
                    recording=True,
                    occluded=False,
                    tampered=False,
                    video_loss=False,
                ),
            ),
            disk_total_gb=4_000,
            disk_used_gb=3_610,
            clock_off_ms=120,
            temp_c=48,
        )
    ]


def test_state() -> None:
    """A birth keeps its own time."""
    decoded = decode(CAMERA._replace(channel="state"), STATE, recv_ms=RECV_MS)

    assert _without_key(decoded) == [
        StateReport(
            t_ms=1_764_032_400_000,
            boot="91ff",
            next_s=60,
            state=DeviceState.ONLINE,
            reason="power_on",
        )
    ]


def test_time_of_a_will_is_when_it_came() -> None:
    """A will was written at connect time: its own time says nothing."""
    will = b'{"v":1,"state":"lost","t":1764000000000}'

    decoded = decode(CAMERA._replace(channel="state"), will, recv_ms=RECV_MS, retained=True)

    assert decoded.readings[0].t_ms == RECV_MS
    assert decoded.readings[0].flags == Flag.RETAINED


@pytest.mark.parametrize(
    ("written", "flags"),
    [
        (1_764_032_462, Flag.TIME_SCALED),
        (1_764_032_462_000, 0),
        (1_764_032_462_000_000, Flag.TIME_SCALED),
        (1_764_032_462_000_000_000, Flag.TIME_SCALED),
    ],
)
def test_unit_of_a_time_is_told_by_its_magnitude(written: int, flags: int) -> None:
    """Seconds, ms, µs and ns give the same moment (A-07)."""
    decoded = decode(TRACKER, b'{"t":%d}' % written, recv_ms=RECV_MS)

    assert decoded.readings[0].t_ms == 1_764_032_462_000
    assert decoded.readings[0].flags == flags | Flag.NO_FIX


@pytest.mark.parametrize(
    ("ahead_ms", "flag"),
    [
        (120_000, 0),
        (120_001, Flag.FUTURE),
        (3_600_000, Flag.FUTURE),
        (-600_000, 0),
        (-600_001, Flag.LATE),
        (-12_000_000, Flag.LATE),
    ],
)
def test_time_far_from_the_receive_time_is_flagged(ahead_ms: int, flag: int) -> None:
    """120 s ahead still counts, ten minutes ago is still live (decisions.md 12)."""
    decoded = decode(TRACKER, b'{"t":%d}' % (RECV_MS + ahead_ms), recv_ms=RECV_MS)

    assert decoded.readings[0].flags & (Flag.FUTURE | Flag.LATE) == flag


@pytest.mark.parametrize(
    ("pos", "flag"),
    [
        (b'{"lat":0,"lon":0}', Flag.NULL_ISLAND),
        (b'{"lat":0.0,"lon":-0.0,"valid":true}', Flag.NULL_ISLAND),
        (b'{"lat":31.8,"lon":117.2,"valid":false}', Flag.NO_FIX),
        (b'{"lat":31.8}', Flag.NO_FIX),
        (b'{"lat":null,"lon":null}', Flag.NO_FIX),
        (b"null", Flag.NO_FIX),
    ],
)
def test_message_without_position_is_still_a_sign_of_life(pos: bytes, flag: int) -> None:
    """0/0 and ``valid:false`` give no position, but battery and time count (A-01)."""
    decoded = decode(
        TRACKER, b'{"t":1764032462000,"pos":%b,"bat":{"pct":50}}' % pos, recv_ms=RECV_MS
    )

    (fix,) = decoded.readings
    assert isinstance(fix, Fix)
    assert (fix.lat_deg, fix.lon_deg, fix.battery_pct) == (None, None, 50)
    assert fix.flags == flag


@pytest.mark.parametrize(
    "side", [b'"acc_m":-1', b'"spd_kmh":401', b'"cog":361', b'"spd_kmh":-0.1', b'"acc_m":2e6']
)
def test_side_value_out_of_range_is_unknown_and_flagged(side: bytes) -> None:
    """The position is good although its course is not."""
    decoded = decode(TRACKER, b'{"pos":{"lat":31,"lon":117,%b}}' % side, recv_ms=RECV_MS)

    (fix,) = decoded.readings
    assert isinstance(fix, Fix)
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
    decoded = decode(TRACKER, b'{"pos":{"lat":31,"lon":117},%b}' % said, recv_ms=RECV_MS)

    (fix,) = decoded.readings
    assert isinstance(fix, Fix)
    assert (fix.rssi_dbm, fix.battery_pct) == (None, None)
    assert fix.flags & Flag.IMPLAUSIBLE


def test_byte_order_mark_is_accepted() -> None:
    """UTF-8 with its mark is UTF-8 (decisions.md 11)."""
    marked = decode(TRACKER, b"\xef\xbb\xbf" + FIX, recv_ms=RECV_MS)

    assert marked == decode(TRACKER, FIX, recv_ms=RECV_MS)


def test_same_words_without_number_and_time_are_a_new_record() -> None:
    """A tracker that says the same every minute is alive, not a repetition of itself."""
    first, again, later = (
        decode(TRACKER, b'{"pos":{"lat":31,"lon":117}}', recv_ms=recv_ms).readings[0].key
        for recv_ms in (RECV_MS, RECV_MS, RECV_MS + 60_000)
    )

    assert first == again
    assert first != later


def test_event_with_half_a_place_has_none() -> None:
    """Latitude without longitude is no place."""
    body = b'{"ev_id":"x","type":"sos","pos":{"lat":31.0}}'

    decoded = decode(TRACKER._replace(channel="event"), body, recv_ms=RECV_MS)

    (event,) = decoded.readings
    assert isinstance(event, Event)
    assert (event.lat_deg, event.lon_deg) == (None, None)
