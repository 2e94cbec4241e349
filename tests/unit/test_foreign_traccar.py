"""Positions that Traccar forwards, one fact a test."""

import json
from typing import Any

import pytest

from devices.foreign.policy import TRACCAR_ALARMS, TraccarPolicy
from devices.foreign.traccar import Traccar
from devices.words import Flag
from support.factories import T0_MS
from support.foreign_said import event_types, fix_in, said_of


def _position(attributes: dict[str, object] | None = None, **fields: object) -> dict[str, Any]:
    position: dict[str, Any] = {
        "fixTime": T0_MS,
        "deviceTime": T0_MS,
        "latitude": 31.82,
        "longitude": 117.22,
    }
    position |= {"valid": True, "speed": 10.0, "course": 87.0, "attributes": attributes or {}}
    return {"position": position | fields, "device": {"uniqueId": "0862", "phone": "138"}}


def _traccar(attributes: dict[str, object] | None = None, **fields: object) -> dict[str, Any]:
    return fix_in(Traccar(TraccarPolicy()), "traccar/positions", _position(attributes, **fields))


def test_traccar_speed_is_in_knots() -> None:
    """10 knots are 18.52 km/h."""
    assert _traccar()["pos"]["spd_kmh"] == pytest.approx(18.52)


@pytest.mark.parametrize(
    "fix_time",
    [T0_MS, str(T0_MS), "2025-11-25T01:00:00.000+00:00"],
    ids=["number", "text", "iso"],
)
def test_traccar_time_is_that_of_the_fix(fix_time: object) -> None:
    """In either form; ``deviceTime`` is when it reported."""
    assert _traccar(fixTime=fix_time, deviceTime=T0_MS + 2_000)["t"] == T0_MS


def test_traccar_outdated_is_an_old_place_in_a_new_report() -> None:
    """The report is alive; the place is as old as it says."""
    message = _traccar(outdated=True, fixTime=T0_MS - 900_000)

    assert message["t"] == T0_MS
    assert message["pos"]["src"] == "last"
    assert message["pos"]["fix_t"] == T0_MS - 900_000
    assert "spd_kmh" not in message["pos"]


def test_traccar_approximate_is_a_place_from_cells() -> None:
    """Its speed of 0 was measured by nobody."""
    pos = _traccar({"approximate": True}, speed=0.0, accuracy=850.0)["pos"]

    assert (pos["src"], pos["acc_m"], "spd_kmh" in pos) == ("cell", 850.0, False)


def test_traccar_accuracy_of_zero_is_unknown() -> None:
    """A Java default, no miracle."""
    assert "acc_m" not in _traccar(accuracy=0.0)["pos"]


def test_traccar_invalid_is_no_position() -> None:
    """Still a sign of life."""
    assert _traccar(valid=False)["pos"]["valid"] is False


def test_traccar_motion_is_its_own_guess_unless_said() -> None:
    """It comes from the speed: one position must not confirm itself."""
    policy = TraccarPolicy(motion_is_sensor=True)
    body = _position({"motion": True})

    assert "st" not in _traccar({"motion": True})
    assert _traccar({"motion": True})["traccar"]["motion"] is True
    assert fix_in(Traccar(policy), "traccar/positions", body)["st"]["motion"] is True


@pytest.mark.parametrize(
    ("attributes", "part", "expected"),
    [
        ({"ignition": True, "armed": False}, "st", {"ign": True, "armed": False}),
        ({"charge": True}, "st", {"charging": True}),
        ({"batteryLevel": 82}, "bat", {"pct": 82}),
        ({"battery": 3.98, "power": 52.1}, "bat", {"mv": 3980, "ext_mv": 52100}),
        ({"battery": 97, "power": 12_400}, "bat", None),
        ({"rssi": -87}, "net", {"rssi_dbm": -87}),
        ({"rssi": 4}, "net", None),
    ],
)
def test_traccar_attribute_goes_where_we_have_it(
    attributes: dict[str, object], part: str, expected: object
) -> None:
    """Volts become millivolts; what cannot be in volts or dBm is not guessed."""
    assert _traccar(attributes).get(part) == expected


@pytest.mark.parametrize("name", sorted(TRACCAR_ALARMS))
def test_traccar_alarm_is_an_event(name: str) -> None:
    """Each name of the map."""
    given = event_types(Traccar(TraccarPolicy()), "traccar/positions", _position({"alarm": name}))

    assert given == [TRACCAR_ALARMS[name].value]


def test_traccar_several_alarms_are_several_events() -> None:
    """Newer servers join them with commas; what means driving is none."""
    body = _position({"alarm": "powerCut, vibration,overspeed"})

    given = event_types(Traccar(TraccarPolicy()), "traccar/positions", body)

    assert given == ["power_cut", "vibration"]


def test_traccar_archive_is_backfill() -> None:
    """The tracker says that it had stored it."""
    body = _position({"archive": True})

    (fix,) = said_of(Traccar(TraccarPolicy()), "traccar/positions", body)

    assert fix.flags == Flag.BACKFILL


def test_traccar_keeps_nobodys_phone_number() -> None:
    """``device`` is left behind whole."""
    assert "138" not in json.dumps(_traccar())


def test_traccar_bad_cell_costs_no_position() -> None:
    """It is an optional measure."""
    network = {"radioType": "lte", "cellTowers": [{"cellId": "?", "mobileCountryCode": 1e300}]}

    (fix,) = said_of(Traccar(TraccarPolicy()), "traccar/positions", _position(network=network))

    assert fix.message["net"] == {"rat": "4g"}
    assert fix.flags == Flag.UNREADABLE
