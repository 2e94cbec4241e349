"""The unit traps of wire.md on our own wire; those of foreign senders: test_foreign_units.py."""

import json
from typing import Any

import pytest

from devices.errors import WireError, WireReason
from devices.model import PLAIN, DeviceClass, Profile, SpeedUnit
from devices.readings import ChargerSession, ChargerStatus, CoinReport, Fix, Flag
from devices.topics import topic_of
from devices.wire import decode
from support.factories import T0_MS

RECV_MS = T0_MS + 3_000


def _decode(body: str | dict[str, Any], channel: str = "fix", profile: Profile = PLAIN) -> Any:  # noqa: ANN401 - any reading
    cls = DeviceClass.TRACKER if channel in {"fix", "batch"} else DeviceClass.CHARGER
    payload = body if isinstance(body, str) else json.dumps(body)
    topic = topic_of(cls, "dev-1", channel)
    (reading,) = decode(topic, payload.encode(), recv_ms=RECV_MS, profile=profile).readings
    return reading


def _fix(profile: Profile = PLAIN, **parts: object) -> Fix:
    fix: Fix = _decode({"t": T0_MS} | parts, profile=profile)
    return fix


def _pos(**fields: object) -> Fix:
    return _fix(pos={"lat": 31.82, "lon": 117.22} | fields)


def _reason(body: str | dict[str, Any], channel: str = "fix") -> WireReason:
    with pytest.raises(WireError) as caught:
        _decode(body, channel)
    return caught.value.reason


@pytest.mark.parametrize(
    ("unit", "expected"), [(SpeedUnit.KMH, 10.0), (SpeedUnit.KNOTS, 18.52), (SpeedUnit.MPS, 36.0)]
)
def test_speed_is_in_the_unit_of_the_profile(unit: SpeedUnit, expected: float) -> None:
    """km/h unless the model's profile says knots or m/s."""
    fix = _fix(Profile(speed_unit=unit), pos={"lat": 31.82, "lon": 117.22, "spd_kmh": 10})

    assert fix.pos.spd_kmh == pytest.approx(expected)


def test_speed_in_tenths_is_no_speed() -> None:
    """Above 400 km/h it is unknown; below, the unit check of health compares it with the track."""
    fix = _pos(spd_kmh=452)

    assert fix.pos.spd_kmh is None
    assert fix.flags & Flag.IMPLAUSIBLE


@pytest.mark.parametrize(
    ("t", "flags"),
    [
        (T0_MS, 0),
        (T0_MS // 1000, Flag.TIME_SCALED),
        (T0_MS * 1000, Flag.TIME_SCALED),
        (T0_MS * 1_000_000, Flag.TIME_SCALED),
        (str(T0_MS), Flag.COERCED),
        (str(T0_MS // 1000), Flag.COERCED | Flag.TIME_SCALED),
    ],
    ids=["ms", "s", "us", "ns", "text", "text of s"],
)
def test_time_in_any_unit_is_one_moment(t: object, flags: int) -> None:
    """And what was not as it should be is flagged."""
    fix = _fix(t=t)

    assert fix.t_ms == T0_MS
    assert fix.flags & (Flag.TIME_SCALED | Flag.COERCED) == flags


@pytest.mark.parametrize(
    "t",
    ["2025-11-25T01:00:00Z", "251125090000", 251_125_090_000, 20_251_125_090_000, "", 0, -1],
    ids=repr,
)
def test_time_in_another_form_is_refused(t: object) -> None:
    """ISO text and BCD are forms of foreign senders; on our wire they are nothing."""
    assert _reason({"t": t}) is WireReason.TIME


@pytest.mark.parametrize("factor", [1_000_000, 10_000_000, 1_800_000])
def test_scaled_degrees_are_refused(factor: int) -> None:
    """Our wire has degrees: a scaled number is out of range, and never a place."""
    body = {"t": T0_MS, "pos": {"lat": round(31.82 * factor), "lon": round(117.22 * factor)}}

    assert _reason(body) is WireReason.RANGE


def test_hemisphere_is_the_sign() -> None:
    """There are no bits beside it."""
    fix = _fix(pos={"lat": -33.45, "lon": -70.66})

    assert (fix.lat_deg, fix.lon_deg) == (-33.45, -70.66)


@pytest.mark.parametrize(("pct", "expected"), [(0, 0), (0.82, 0.82), (82, 82), (100, 100)])
def test_battery_is_per_cent_and_nothing_else(pct: float, expected: float) -> None:
    """A ratio or a level cannot be told from a low charge: an adapter's setting converts it."""
    assert _fix(bat={"pct": pct}).battery_pct == expected


@pytest.mark.parametrize("pct", [-1, 101, 255, 65_535])
def test_battery_beyond_per_cent_is_unknown(pct: float) -> None:
    """And flagged."""
    fix = _fix(bat={"pct": pct})

    assert fix.battery_pct is None
    assert fix.flags & Flag.IMPLAUSIBLE


@pytest.mark.parametrize("value", [65_535, -1])
@pytest.mark.parametrize("name", ["acc_m", "hdop", "sat", "spd_kmh", "cog"])
def test_unknown_of_16_bits_is_unknown(name: str, value: int) -> None:
    """65535 and -1 are no accuracy, dilution, count, speed or course."""
    assert getattr(_pos(**{name: value}).pos, name) is None


@pytest.mark.parametrize("value", [-1, 65_535])
def test_signal_that_no_radio_has_is_unknown(value: int) -> None:
    """-1 and 65535 dBm."""
    assert _fix(net={"rssi_dbm": value}).rssi_dbm is None


@pytest.mark.parametrize("name", ["mv", "ext_mv"])
def test_voltage_below_zero_is_unknown(name: str) -> None:
    """-1 is no voltage; 65535 mV can be one."""
    assert getattr(_fix(bat={name: -1}).bat, name) is None
    assert getattr(_fix(bat={name: 65_535}).bat, name) == 65_535


def test_zero_is_a_value() -> None:
    """Only 0/0 is nowhere."""
    fix = _pos(spd_kmh=0, cog=0, alt_m=0, sat=0)

    assert (fix.pos.spd_kmh, fix.pos.cog, fix.pos.alt_m, fix.pos.sat) == (0, 0, 0, 0)


def test_port_is_counted_as_its_station_counts() -> None:
    """Nobody can tell by one message whether a station begins at 0: its own numbers stay."""
    body = {"t": T0_MS, "ports": [{"n": 0, "state": "available"}, {"n": 1, "state": "charging"}]}
    status: ChargerStatus = _decode(body, "status")

    assert [port.n for port in status.ports] == [0, 1]
    assert _reason({"ports": [{"n": -1, "state": "available"}]}, "status") is WireReason.RANGE


def test_temperature_is_in_celsius() -> None:
    """AP3000's raw 104 (39 °C) is taken as it stands: converting is an adapter's work."""
    status: ChargerStatus = _decode({"t": T0_MS, "temp_c": 39, "ports": []}, "status")

    assert status.temp_c == 39


@pytest.mark.parametrize("name", ["energy_wh", "meter_wh", "seconds"])
def test_energy_and_counters_are_whole(name: str) -> None:
    """0.41 kWh where 410 Wh belong is refused, not rounded."""
    body = {"t": T0_MS, "kind": "stop", "session": "S-1", "port": 1, name: 0.41}

    assert _reason(body, "session") in {WireReason.NUMBER, WireReason.TYPE}
    assert _reason(body | {name: "0.41"}, "session") is WireReason.NUMBER


@pytest.mark.parametrize("amount", [1.5, "1.50", "¥1"])
def test_money_is_whole_fen(amount: object) -> None:
    """1.50 yuan where 150 fen belong is refused, not rounded."""
    body = {"t": T0_MS, "kind": "insert", "n": 1, "amount_fen": amount}

    assert _reason(body, "coin") in {WireReason.NUMBER, WireReason.TYPE}


def test_whole_money_and_energy_may_be_text() -> None:
    """Read and flagged."""
    coin: CoinReport = _decode({"t": T0_MS, "kind": "insert", "amount_fen": "150"}, "coin")
    session: ChargerSession = _decode(
        {"t": T0_MS, "kind": "stop", "port": 1, "energy_wh": "410"}, "session"
    )

    assert (coin.amount_fen, session.energy_wh) == (150, 410)
    assert coin.flags & session.flags & Flag.COERCED


def test_power_is_in_watts() -> None:
    """0.1 W is an adapter's to convert."""
    body = {"t": T0_MS, "ports": [{"n": 1, "state": "charging", "w": 142.5}]}

    status: ChargerStatus = _decode(body, "status")

    assert status.ports[0].w == 142.5


@pytest.mark.parametrize(
    ("text", "value", "flag"),
    [("4.2", 4.2, Flag.COERCED), ("fast", None, Flag.UNREADABLE), ("", None, Flag.UNREADABLE)],
)
def test_optional_measure_as_text(text: str, value: float | None, flag: Flag) -> None:
    """Plain decimal text is a number; other text is unknown."""
    fix = _pos(spd_kmh=text)

    assert fix.pos.spd_kmh == value
    assert fix.flags & flag


@pytest.mark.parametrize("text", ["31,82", "N31.82", "31.82°", ""])
def test_position_as_other_text_is_refused(text: str) -> None:
    """A decimal comma only where the profile says so."""
    assert _reason({"t": T0_MS, "pos": {"lat": text, "lon": 117.22}}) is WireReason.NUMBER


def test_decimal_comma_is_the_profiles() -> None:
    """One model in a fleet writes so."""
    fix = _fix(Profile(decimal=","), pos={"lat": "31,82", "lon": "117,22"})

    assert (fix.lat_deg, fix.lon_deg) == (31.82, 117.22)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
@pytest.mark.parametrize("place", ['"pos":{"lat":%s,"lon":117.22}', '"bat":{"pct":%s}', '"x":%s'])
def test_number_that_is_not_finite_refuses_the_record(place: str, number: str) -> None:
    """Wherever it stands."""
    body = f'{{"t":{T0_MS},{place % number}}}'

    assert _reason(body) in {WireReason.NUMBER, WireReason.JSON}


@pytest.mark.parametrize("value", [True, False])
def test_boolean_is_no_number(value: object) -> None:
    """Refused."""
    assert _reason({"t": T0_MS, "pos": {"lat": value, "lon": 117.22}}) is WireReason.TYPE
