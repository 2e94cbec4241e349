"""Records become rows in the columns' order."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import DeviceClass
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
    EventType,
    PayKind,
    Port,
    PortState,
    SessionKind,
    StateReport,
    StopReason,
)
from devices.rows import state_bits, to_row
from devices.telemetry import MEASUREMENTS, Row
from support.factories import a_device, a_fix, a_record, an_event, at_ms, fix_of, place


def _named(row: Row) -> dict[str, object]:
    return dict(zip(MEASUREMENTS[row.measurement], row.fields, strict=True))


def test_fix_row() -> None:
    """Keyed by device, fix time and sequence; unknown is None, never 0."""
    fix = a_fix(
        5, 10, seq=77, speed_mps=1.5, battery_pct=80.0, rssi_dbm=-87.4, flags=8, ext='{"own":1}'
    )

    row = to_row(a_record(fix, at_s=7))

    assert (row.measurement, row.device_id, row.t_ms, row.seq) == (
        "fix",
        "trk-000001",
        at_ms(5),
        77,
    )
    assert _named(row) == {
        "lat_deg": place(10)[0],
        "lon_deg": place(10)[1],
        "acc_m": 6.5,
        "speed_mps": pytest.approx(1.5),
        "course_deg": None,
        "sat": 12,
        "source": "gnss",
        "battery_pct": 80,
        "ext_mv": None,
        "rssi_dbm": -87,
        "state_bits": 0b01,
        "flags": 8,
        "ext": '{"own":1}',
    }


def test_event_row_is_keyed_by_its_hash() -> None:
    """Two events of one moment are two rows."""
    rows = [
        to_row(a_record(an_event(type_, 3, key=key)))
        for key, type_ in enumerate((EventType.TILT, EventType.VIBRATION), start=901)
    ]

    assert [row.seq for row in rows] == [901, 902]
    assert _named(rows[0])["type"] == "tilt"
    assert _named(rows[0])["on"] == 1


def test_charger_row_counts_its_ports() -> None:
    """Busy, faulted, and all of them as JSON for the station's page."""
    device = a_device(cls=DeviceClass.CHARGER, id="chg-1", vehicle_id=None)
    ports = (
        Port(n=1, state=PortState.CHARGING, w=142.0, session="S-1"),
        Port(n=2, state=PortState.OCCUPIED),
        Port(n=3, state=PortState.FAULTED, err="relay_stuck"),
        Port(n=4, state=PortState.AVAILABLE),
    )

    row = _named(
        to_row(a_record(ChargerStatus(t_ms=at_ms(0), ports=ports, coins_total=7), device=device))
    )

    assert (row["ports_busy"], row["ports_faulted"], row["coins_total"]) == (2, 1, 7)
    assert msgspec.json.decode(str(row["ports"]))[2] == [3, "faulted", None, None, "relay_stuck"]


def test_camera_row_shows_its_worst_channel() -> None:
    """The lowest frame rate, the sum of frames, how many are there and record."""
    channels = (
        CameraChannel(n=1, online=True, fps=24.6, frames=100, kbps=3_000.4, recording=True),
        CameraChannel(n=2, online=False, fps=1.0, frames=50, recording=False),
        CameraChannel(n=3),
    )

    row = _named(to_row(a_record(CameraHeartbeat(t_ms=at_ms(0), channels=channels))))

    assert (row["fps"], row["frames"], row["kbps"]) == (1.0, 150, 3_000)
    assert (row["online"], row["recording"], row["clock_off_ms"]) == (1, 1, None)


def test_state_row() -> None:
    """What it said and why."""
    row = to_row(
        a_record(StateReport(t_ms=at_ms(0), state=DeviceState.SLEEPING, reason="low", key=3))
    )

    assert row.measurement == "state"
    assert row.fields[:2] == ("sleeping", "low")


READINGS: dict[str, tuple[AnyReading, dict[str, object]]] = {
    "session": (
        ChargerSession(
            t_ms=at_ms(0),
            key=5,
            kind=SessionKind.STOP,
            session="S-1",
            pay=PayKind.COIN,
            paid_fen=100,
            stop=StopReason.FULL,
            offline=True,
        ),
        {"kind": "stop", "session": "S-1", "pay": "coin", "paid_fen": 100, "stop": "full"}
        | {"offline": 1, "cur": "CNY", "energy_wh": None, "start_ms": None},
    ),
    "coin": (
        CoinReport(t_ms=at_ms(0), key=5, kind=CoinKind.COLLECT, by="zhao", counted_fen=31_200),
        {"kind": "collect", "by": "zhao", "counted_fen": 31_200, "n": None, "box_coins": None},
    ),
    "info": (
        DeviceInfo(t_ms=at_ms(0), key=5, model="GT06N", caps=("a", "b"), receipts=True),
        {"model": "GT06N", "caps": "a b", "receipts": 1, "interval_s": None},
    ),
    "ack": (
        CommandAck(t_ms=at_ms(0), key=5, cmd_id="c-1", result=AckResult.FAILED, detail="cut"),
        {"cmd_id": "c-1", "result": "failed", "detail": "cut"},
    ),
}


@pytest.mark.parametrize("measurement", READINGS)
def test_other_readings_are_rows_of_their_own(measurement: str) -> None:
    """Words as text, switches as 0 and 1, unknown as None; what was kept stands in ``ext``."""
    reading, expected = READINGS[measurement]
    said = msgspec.structs.replace(reading, ext='{"own":1}', flags=8)

    row = to_row(a_record(said, at_s=7))

    assert (row.measurement, row.seq) == (measurement, 5)
    named = _named(row)
    assert {name: named[name] for name in expected} == expected
    assert (named["flags"], named["ext"]) == (8, '{"own":1}')


@given(
    states=st.lists(st.sampled_from([None, False, True]), min_size=5, max_size=5),
)
def test_state_bits_tell_unknown_from_false(states: list[bool | None]) -> None:
    """Two bits a state: known, true."""
    names = ("ignition", "motion", "armed", "ext_power", "charging")
    said: dict[str, object] = dict(zip(names, states, strict=True))
    bits = state_bits(fix_of(None, **said))

    read = [(bits >> 2 * k + 1 & 1) == 1 if bits >> 2 * k & 1 else None for k in range(5)]

    assert read == states
