"""Telemetry made for ThingsBoard, one fact a test."""

from typing import Any

import pytest

from devices.errors import WireError, WireReason
from devices.foreign.adapter import Foreign
from devices.foreign.payload import MAX_ITEMS
from devices.foreign.policy import ThingsBoardPolicy
from devices.foreign.thingsboard import ThingsBoard
from devices.foreign.units import Unit
from devices.words import EventType
from support.factories import T0_MS
from support.foreign_said import event_types, fix_in, reason_of, said_of

TB = "tb/esp-1/v1/devices/me/telemetry"


def _tb(values: dict[str, object], policy: ThingsBoardPolicy | None = None) -> dict[str, Any]:
    return fix_in(ThingsBoard(policy or ThingsBoardPolicy()), TB, values)


def test_thingsboard_time_may_be_missing() -> None:
    """Then the receive time stands in, as on our own wire."""
    assert "t" not in _tb({"lat": 31.82})
    assert _tb({"ts": T0_MS, "values": {"lat": 31.82}})["t"] == T0_MS


def test_thingsboard_time_as_text_needs_a_zone() -> None:
    """The policy may name one."""
    body: dict[str, object] = {"ts": "2025-11-25 09:00:00", "values": {}}

    assert reason_of(ThingsBoard(ThingsBoardPolicy()), TB, body) is WireReason.TIME
    assert _tb(body, ThingsBoardPolicy(timezone_h=8))["t"] == T0_MS


def test_thingsboard_text_is_left_to_our_own_judging() -> None:
    """One rule for numbers as text, wherever they come from."""
    assert _tb({"lat": "31.82", "battery": "full"}) == {
        "pos": {"lat": "31.82"},
        "bat": {"pct": "full"},
    }


def test_thingsboard_keys_and_units_are_the_makers() -> None:
    """Both are settings."""
    policy = ThingsBoardPolicy(
        keys={"y": "pos.lat", "v": "pos.spd_kmh", "soc": "bat.pct", "u": "bat.ext_mv"},
        units={"y": Unit.GT06_DEG, "v": Unit.KNOTS, "soc": Unit.RATIO, "u": Unit.VOLTS},
    )

    message = _tb({"y": 57_276_000, "v": "10", "soc": 0.82, "u": 48.2, "z": 1}, policy)

    assert message == {
        "pos": {"lat": pytest.approx(31.82), "spd_kmh": pytest.approx(18.52)},
        "bat": {"pct": pytest.approx(82), "ext_mv": 48_200},
        "thingsboard": {"z": 1},
    }


@pytest.mark.parametrize(
    ("value", "types"),
    [
        ("vibration", ["vibration"]),
        ("VIBRATION", ["vibration"]),
        ("shake", ["vibration"]),
        (["shake", "tow", 4], ["vibration", "tow"]),
        ("unheard of", []),
        (1, []),
    ],
)
def test_thingsboard_alarm_word_is_an_event(value: object, types: list[str]) -> None:
    """Ours, or the maker's by the policy's map; others stay with the fix."""
    adapter = ThingsBoard(ThingsBoardPolicy(alarms={"shake": EventType.VIBRATION}))

    assert event_types(adapter, TB, {"alarm": value}) == types


def test_thingsboard_gateway_names_each_device() -> None:
    """A map of name to array; one bad element costs itself."""
    body = {"A 1": [{"lat": 31.8}, 7], "b": [{"ts": T0_MS, "values": {"lat": 31.9}}], "车": [{}]}

    given = said_of(ThingsBoard(ThingsBoardPolicy()), "v1/gateway/telemetry", body)

    assert [(said.item, said.foreign_id, isinstance(said, Foreign)) for said in given] == [
        (0, "a-1", True),
        (1, "a-1", False),
        (2, "b", True),
        (3, "", False),
    ]


def test_thingsboard_takes_a_thousand_elements() -> None:
    """And no more."""
    adapter = ThingsBoard(ThingsBoardPolicy())

    assert len(said_of(adapter, TB, [{}] * MAX_ITEMS)) == MAX_ITEMS
    with pytest.raises(WireError) as caught:
        said_of(adapter, TB, [{}] * (MAX_ITEMS + 1))
    assert caught.value.reason is WireReason.SIZE
