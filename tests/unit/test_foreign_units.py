"""Units and time forms of foreign senders, one row a trap."""

import pytest

from devices.errors import WireError, WireReason
from devices.foreign.units import (
    GT06_PER_DEG,
    MICRO_PER_DEG,
    Unit,
    any_time_ms,
    bcd_time_ms,
    convert,
    degrees,
    epoch_ms,
    iso_time_ms,
    known,
)
from support.factories import T0_MS


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (10, Unit.KNOTS, 18.52),
        (10, Unit.MPS, 36.0),
        (152, Unit.TENTH_KMH, 15.2),
        (31_820_613, Unit.MICRO_DEG, 31.820613),
        (318_206_130, Unit.E7_DEG, 31.820613),
        (57_277_103, Unit.GT06_DEG, 31.820612778),
        (0.82, Unit.RATIO, 82),
        (1, Unit.RATIO, 100),
        (3, Unit.LEVEL_6, 50),
        (6, Unit.LEVEL_6, 100),
        (8, Unit.LEVEL_10, 80),
        (3.98, Unit.VOLTS, 3980),
        (104, Unit.OFFSET_65, 39),
        (1420, Unit.TENTH_W, 142),
        (41, Unit.CENTI_KWH, 410),
        (1.5, Unit.YUAN, 150),
        (0.29, Unit.YUAN, 29),
        (0, Unit.FROM_0, 1),
    ],
)
def test_number_comes_into_the_unit_of_the_wire(value: float, unit: Unit, expected: float) -> None:
    """km/h, degrees, per cent, mV, °C, W, Wh, fen, ports from 1."""
    assert convert(value, unit) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("unit", [Unit.VOLTS, Unit.CENTI_KWH, Unit.YUAN, Unit.FROM_0])
def test_what_is_counted_is_whole(unit: Unit) -> None:
    """mV, Wh, fen and ports are integers on our wire."""
    assert isinstance(convert(1.2345, unit), int)


@pytest.mark.parametrize("unit", [Unit.VOLTS, Unit.RATIO])
def test_number_too_large_for_its_unit_is_refused(unit: Unit) -> None:
    """It would be infinite, and that is no measurement."""
    with pytest.raises(WireError) as caught:
        convert(1e308, unit)

    assert caught.value.reason is WireReason.NUMBER


@pytest.mark.parametrize(
    ("value", "per_deg", "negative", "expected"),
    [
        (31_820_613, MICRO_PER_DEG, False, 31.820613),
        (33_450_000, MICRO_PER_DEG, True, -33.45),
        (-33_450_000, MICRO_PER_DEG, False, -33.45),
        (-33_450_000, MICRO_PER_DEG, True, -33.45),
        (60_210_000, GT06_PER_DEG, True, -33.45),
    ],
)
def test_hemisphere_bit_gives_the_sign(
    *, value: float, per_deg: int, negative: bool, expected: float
) -> None:
    """South and west once, whoever applied the bit."""
    assert degrees(value, per_deg=per_deg, negative=negative) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "expected"), [(65_535, None), (-1, None), (-1.0, None), (0, 0), (65_534, 65_534)]
)
def test_unknown_is_left_out_and_zero_is_not(value: float, expected: float | None) -> None:
    """65535 and -1 are no measurements."""
    assert known(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        1_764_032_400,
        1_764_032_400.0,
        "1764032400",
        "1764032400.0",
        1_764_032_400_000,
        "1764032400000",
        1_764_032_400_000_000,
        1_764_032_400_000_000_000,
    ],
    ids=repr,
)
def test_epoch_of_any_unit_is_one_moment(value: object) -> None:
    """Seconds, ms, µs and ns are told by magnitude."""
    assert epoch_ms(value) == T0_MS


def test_fraction_of_a_second_is_kept() -> None:
    """Some senders write seconds with a fraction."""
    assert epoch_ms(1_764_032_400.512) == T0_MS + 512


@pytest.mark.parametrize(
    "value",
    [True, None, "now", "", "nan", float("nan"), float("inf"), [], 0, 12, 10**30, -5],
    ids=repr,
)
def test_what_is_no_epoch_is_refused(value: object) -> None:
    """Nothing becomes 1970."""
    with pytest.raises(WireError) as caught:
        epoch_ms(value)

    assert caught.value.reason is WireReason.TIME


def test_bcd_time_is_local() -> None:
    """09:00 in GMT+8 is 01:00 UTC; another zone is a setting."""
    assert bcd_time_ms("251125090000", 8) == T0_MS
    assert bcd_time_ms("251125063000", 5.5) == T0_MS
    assert bcd_time_ms("251125010000", 0) == T0_MS


def test_bcd_time_of_zeros_was_never_set() -> None:
    """A terminal that never saw a satellite does not know the time."""
    assert bcd_time_ms("000000000000", 8) is None


@pytest.mark.parametrize(
    "value",
    [
        "251125240000",
        "251125096000",
        "251125090060",
        "251332090000",
        "250230090000",
        "25112509000",
        "25112509000a",
        "\uff12\uff1551125090000",
        251_125_090_000,
        None,
    ],
)
def test_bcd_that_is_no_moment_is_refused(value: object) -> None:
    """24:00, :60, 30 February, another length, a number."""
    with pytest.raises(WireError) as caught:
        bcd_time_ms(value, 8)

    assert caught.value.reason is WireReason.TIME


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("2025-11-25T01:00:00Z", 0),
        ("2025-11-25T01:00:00.000+00:00", 0),
        ("2025-11-25T01:00:00.512+0000", 512),
        ("2025-11-25T09:00:00+08:00", 0),
        ("2025-11-24 19:30:00-0530", 0),
        ("2025-11-25T01:00:00.123456789Z", 123),
    ],
)
def test_iso_text_with_a_zone_is_that_moment(value: str, ms: int) -> None:
    """As Traccar and others write it."""
    assert iso_time_ms(value) == T0_MS + ms
    assert any_time_ms(value) == T0_MS + ms


def test_iso_text_without_a_zone_needs_the_adapters() -> None:
    """Else eight hours would be a guess."""
    with pytest.raises(WireError) as caught:
        iso_time_ms("2025-11-25T09:00:00")

    assert caught.value.reason is WireReason.TIME
    assert iso_time_ms("2025-11-25T09:00:00", 8) == T0_MS
    assert iso_time_ms("2025-11-25T01:00:00Z", 8) == T0_MS


@pytest.mark.parametrize(
    "value",
    [
        "2025-11-25T24:00:00Z",
        "2025-11-25T01:60:00Z",
        "2025-11-25T01:00:60Z",
        "2025-02-30T01:00:00Z",
        "2025-11-25",
        "25.11.2025 01:00:00Z",
        "2025-11-25T01:00:00+99:99",
        "0001-01-01T00:00:00+14:00",
        "1970-01-04T17:00:00Z",
        "2100-01-01T00:00:00Z",
        "yesterday",
        "",
    ],
)
def test_iso_text_that_is_no_moment_is_refused(value: str) -> None:
    """24:00, :60, a date alone, other forms."""
    with pytest.raises(WireError) as caught:
        any_time_ms(value)

    assert caught.value.reason is WireReason.TIME
