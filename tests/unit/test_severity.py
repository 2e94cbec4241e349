"""In which order staff look at what is wrong."""

from devices.causes import Cause
from devices.model import AdminState
from devices.presence import Presence
from devices.severity import Severity, severity_of, worst_cause

IN_USE = AdminState.ACTIVE


def test_fire_is_before_everything_even_in_maintenance() -> None:
    """Somebody may be working beside it."""
    for causes in (Cause.SMOKE, Cause.BATTERY_HOT | Cause.SILENT, Cause.OVERHEATED_CRITICAL):
        for admin in (IN_USE, AdminState.MAINTENANCE):
            assert severity_of(Presence.OFFLINE, causes, admin) is Severity.FIRE
    assert severity_of(Presence.ONLINE, Cause.SMOKE, AdminState.RETIRED) is Severity.FINE


def test_order_is_that_of_the_page() -> None:
    """Outages, security, offline, failing, degraded, late; fine is what is left."""
    cases = [
        (Presence.OFFLINE, Cause.SILENT | Cause.PART_OF_OUTAGE, Severity.OUTAGE),
        (Presence.ONLINE, Cause.BOX_OPEN, Severity.SECURITY),
        (Presence.OFFLINE, Cause.SILENT | Cause.BATTERY_CRITICAL, Severity.OFFLINE),
        (Presence.UNKNOWN, Cause.NEVER_HEARD, Severity.OFFLINE),
        (Presence.ONLINE, Cause.FROZEN | Cause.CLOCK_OFF, Severity.FAILING),
        (Presence.LATE, Cause.SILENT | Cause.BATTERY_LOW, Severity.DEGRADED),
        (Presence.LATE, Cause.SILENT, Severity.LATE),
        (Presence.SLEEPING, Cause(0), Severity.FINE),
    ]

    found = [severity_of(presence, causes, IN_USE) for presence, causes, _ in cases]

    assert found == [severity for *_, severity in cases]
    assert found == sorted(found, reverse=True)
    assert severity_of(Presence.OFFLINE, Cause.SILENT, AdminState.MAINTENANCE) is Severity.FINE


def test_every_cause_makes_something_wrong_and_can_be_named() -> None:
    """None is forgotten, whatever it stands with."""
    for cause in Cause:
        assert severity_of(Presence.LATE, cause, IN_USE) is not Severity.FINE
        assert all(worst_cause(cause, severity) is cause for severity in Severity)


def test_the_cause_that_makes_it_so_bad_is_named() -> None:
    """Not the one that comes first in the list."""
    cases = [
        (Presence.ONLINE, Cause.SMOKE | Cause.PORT_FAULT, Cause.SMOKE),
        (Presence.OFFLINE, Cause.SILENT | Cause.BATTERY_LOW, Cause.SILENT),
        (Presence.LATE, Cause.CONNECTION_LOST | Cause.CLOCK_OFF | Cause.FROZEN, Cause.FROZEN),
        (Presence.LATE, Cause.CONNECTION_LOST | Cause.DISK_FULL, Cause.DISK_FULL),
        (Presence.OFFLINE, Cause.SILENT | Cause.PART_OF_OUTAGE, Cause.PART_OF_OUTAGE),
    ]

    for presence, causes, named in cases:
        assert worst_cause(causes, severity_of(presence, causes, IN_USE)) is named
    assert worst_cause(0, Severity.FINE) is None


def test_each_has_words_for_both() -> None:
    """English and Chinese."""
    assert all(severity.en and severity.zh for severity in Severity)
