"""The messages of docs/wire.md, word for word, become these readings; one of every channel."""

import gzip
import json
import zlib
from collections.abc import Callable

import msgpack
import msgspec
import pytest

from devices.payloads import BatteryPart, CellPart, NetPart, PosPart, StatePart
from devices.readings import (
    AckResult,
    AnyReading,
    CameraChannel,
    CameraHeartbeat,
    ChargerSession,
    ChargerStatus,
    CoinKind,
    CoinReport,
    CommandAck,
    DeviceInfo,
    DeviceState,
    Event,
    EventType,
    Fix,
    Flag,
    PayKind,
    Port,
    PortState,
    SessionKind,
    StateReport,
    StopReason,
)
from devices.topics import CHANNELS
from devices.wire import Decoded, decode, open_multi
from support.golden import GOLDEN, RECV_MS

T_MS = 1_764_032_400_000
READINGS: dict[str, list[AnyReading]] = {
    "fix": [
        Fix(
            t_ms=1_764_032_462_000,
            id="trk-000123",
            boot="7f3a",
            seq=48_213,
            t=1_764_032_462_000,
            next_s=10,
            pos=PosPart(
                lat=31.820613,
                lon=117.227239,
                acc_m=6.5,
                hdop=0.9,
                sat=14,
                alt_m=32,
                spd_kmh=4.2,
                cog=87,
            ),
            st=StatePart(
                ign=False, motion=True, armed=True, ext_power=True, charging=False, mode="live"
            ),
            bat=BatteryPart(pct=82, mv=3_980, ext_mv=52_100),
            net=NetPart(
                rat="4g", rssi_dbm=-87, cell=CellPart(mcc=460, mnc=0, lac=22_222, cid=123_456_789)
            ),
        )
    ],
    "batch": [
        Fix(
            t_ms=1_764_030_000_000 + 10_000 * k,
            t=1_764_030_000_000 + 10_000 * k,
            boot="7f3a",
            seq=48_100 + k,
            flags=Flag.BACKFILL | Flag.LATE,
            pos=PosPart(
                lat=31.8201,
                lon=[117.2269, 117.2273][k],
                acc_m=8,
                spd_kmh=[12.0, 12.4][k],
                cog=90 + k,
            ),
        )
        for k in (0, 1)
    ],
    "event": [
        Event(
            t_ms=1_764_032_461_000,
            ev_id="01JDK3Q7V6N8",
            type=EventType.VIBRATION,
            level=2,
            lat_deg=31.820613,
            lon_deg=117.227239,
            ext='{"count":7,"dur_s":4.0,"raw":{"alarm":65536,"proto":"jt808","status":262210},'
            '"st":{"armed":true,"ign":false}}',
        )
    ],
    "status": [
        ChargerStatus(
            t_ms=T_MS,
            boot="a1c2",
            seq=9_911,
            next_s=60,
            ports=(
                Port(
                    n=1,
                    state=PortState.CHARGING,
                    session="S-88213",
                    w=142,
                    ma=650,
                    wh=410,
                    temp_c=39,
                    s=9_120,
                ),
                Port(n=2, state=PortState.AVAILABLE),
                Port(n=3, state=PortState.FAULTED, err="relay_stuck", vendor_err="0x09", w=36),
            ),
            rssi_dbm=-75,
            temp_c=34,
            mains_v=229.6,
            smoke=False,
            door_open=False,
            box_coins=312,
            box_amount_fen=31_200,
            box_cap_coins=800,
            coins_total=40_112,
            amount_total_fen=4_011_200,
            energy_total_wh=9_120_340,
            sessions_total=38_877,
        )
    ],
    "session": [
        ChargerSession(
            t_ms=T_MS,
            kind=SessionKind.STOP,
            session="S-88213",
            port=1,
            pay=PayKind.COIN,
            paid_fen=100,
            start_t_ms=1_764_023_280_000,
            energy_wh=410,
            seconds=9_120,
            w_max=168,
            w_end=14,
            stop=StopReason.FULL,
            charged_fen=100,
            refund_fen=0,
            offline=True,
        )
    ],
    "coin": [
        CoinReport(
            t_ms=1_764_023_275_000,
            flags=Flag.LATE,
            kind=CoinKind.INSERT,
            n=1,
            denom_fen=100,
            amount_fen=100,
            port=1,
            session="S-88213",
            coins_total=40_112,
            amount_total_fen=4_011_200,
            box_coins=312,
        )
    ],
    "hb": [
        CameraHeartbeat(
            t_ms=T_MS,
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
                    reconn_1h=0,
                    stalls_1h=1,
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
            up_s=864_000,
            fw="5.7.3",
            disk_ok=True,
            oldest_t_ms=1_760_662_800_000,
        )
    ],
    "state": [
        StateReport(t_ms=T_MS, boot="91ff", next_s=60, state=DeviceState.ONLINE, reason="power_on")
    ],
    "info": [
        DeviceInfo(
            t_ms=T_MS,
            boot="7f3a",
            seq=1,
            model="GT06N",
            fw="2.1.7",
            hw="B",
            caps=("resend", "buffer"),
            interval_s=10,
            receipts=True,
        )
    ],
    "ack": [
        CommandAck(
            t_ms=1_764_032_462_000,
            cmd_id="c-77",
            result=AckResult.REFUSED,
            detail="battery low",
        )
    ],
}
NUMBERED = {"fix", "batch", "status", "info"}
"""Those are known by (boot, seq): their key is 0."""


def _packed(payload: bytes) -> bytes:
    packed: bytes = msgpack.packb(json.loads(payload))
    return packed


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "json": lambda payload: payload,
    "bom": lambda payload: b"\xef\xbb\xbf" + payload,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib-fast": lambda payload: zlib.compress(payload, 1),
    "msgpack": _packed,
    "msgpack-gzip": lambda payload: gzip.compress(_packed(payload), mtime=0),
    "msgpack-zlib": lambda payload: zlib.compress(_packed(payload), 9),
}


def _without_key(decoded: Decoded) -> list[AnyReading]:
    return [msgspec.structs.replace(reading, key=0) for reading in decoded.readings]


def test_every_channel_has_a_golden_message() -> None:
    """A channel of wire.md that nobody shows is a channel that nobody tries."""
    assert set(GOLDEN) == {channel for channels in CHANNELS.values() for channel in channels}
    assert set(READINGS) == set(GOLDEN) - {"multi"}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize("name", READINGS)
def test_golden_message_becomes_its_reading(name: str, written: Callable[[bytes], bytes]) -> None:
    """Whatever it is packed and compressed with; unknown stays None, km/h and fen stay exact."""
    topic, payload = GOLDEN[name]

    decoded = decode(topic, written(payload), recv_ms=RECV_MS)

    assert decoded.refused == []
    assert _without_key(decoded) == READINGS[name]
    assert all((reading.key == 0) == (name in NUMBERED) for reading in decoded.readings)


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_gateway_message_is_its_childrens_messages(written: Callable[[bytes], bytes]) -> None:
    """Each child's message reads as if it had come on the child's own topic."""
    topic, payload = GOLDEN["multi"]

    children, refused = open_multi(topic, written(payload))

    assert refused == []
    assert [child.topic for child in children] == [GOLDEN[n].topic for n in ("fix", "status", "hb")]
    assert [
        _without_key(decode(child.topic, child.payload, recv_ms=RECV_MS)) for child in children
    ] == [READINGS[n] for n in ("fix", "status", "hb")]


def test_si_units_of_a_fix() -> None:
    """The properties the core reads: metres per second, degrees."""
    fix = READINGS["fix"][0]

    assert isinstance(fix, Fix)
    assert fix.speed_mps == pytest.approx(4.2 / 3.6)
    assert (fix.lat_deg, fix.lon_deg, fix.course_deg) == (31.820613, 117.227239, 87)
    assert (fix.ignition, fix.ext_mv, fix.rssi_dbm) == (False, 52_100, -87)


def test_time_of_a_will_is_when_it_came() -> None:
    """A will was written at connect time: its own time says nothing."""
    will = b'{"v":1,"state":"lost","t":1764000000000}'

    decoded = decode(GOLDEN["state"].topic, will, recv_ms=RECV_MS, retained=True)

    assert decoded.readings[0].t_ms == RECV_MS
    assert decoded.readings[0].flags == Flag.RETAINED
