"""What operators may set about foreign adapters, as ``parkguard.settings`` will read it."""

import pytest
from pydantic import TypeAdapter

from devices.foreign.policy import AdapterPolicy, FrigatePolicy, Jt808Policy, ThingsBoardPolicy
from devices.foreign.units import Unit
from devices.words import EventType

_SETTINGS = TypeAdapter(AdapterPolicy)


def test_everything_is_off_and_has_its_topics() -> None:
    """Nothing foreign is believed until somebody says so."""
    policy = AdapterPolicy()

    for one in (policy.owntracks, policy.traccar, policy.jt808, policy.thingsboard, policy.frigate):
        assert not one.enabled
        assert one.topics


def test_maps_are_read_from_text() -> None:
    """TOML and the environment have no integer keys."""
    policy = _SETTINGS.validate_python(
        {
            "jt808": {"enabled": "true", "alarm_maps": {"EB-10": {"16": "vibration"}}},
            "thingsboard": {"units": {"speed": "knots"}, "keys": {"speed": "pos.spd_kmh"}},
        }
    )

    assert policy.jt808.enabled
    assert policy.jt808.alarm_maps == {"EB-10": {16: EventType.VIBRATION}}
    assert policy.thingsboard.units == {"speed": Unit.KNOTS}


def test_policy_names_keys_that_lead_nowhere() -> None:
    """A typing error must not cost a fleet its positions in silence."""
    with pytest.raises(ValueError, match=r"pos\.latitude, speed"):
        ThingsBoardPolicy(keys={"a": "pos.latitude", "b": "speed", "c": "pos.lat"})
    with pytest.raises(ValueError, match="32"):
        Jt808Policy(alarm_maps={"x": {32: EventType.SOS}})


@pytest.mark.parametrize("zone_h", [24, -15, float("nan")])
def test_policy_refuses_a_zone_that_is_none(zone_h: float) -> None:
    """At the start, not at the first message."""
    with pytest.raises(ValueError, match="timezone_h"):
        Jt808Policy(timezone_h=zone_h)
    with pytest.raises(ValueError, match="timezone_h"):
        ThingsBoardPolicy(timezone_h=zone_h)


@pytest.mark.parametrize("interval_s", [14.0, 90_000.0, float("nan")])
def test_policy_refuses_an_interval_that_frigate_cannot_have(interval_s: float) -> None:
    """It is the promise that health counts on."""
    with pytest.raises(ValueError, match="interval_s"):
        FrigatePolicy(interval_s=interval_s)
