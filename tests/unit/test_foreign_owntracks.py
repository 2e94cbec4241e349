"""OwnTracks and the Queclink bridge behind it, one fact a test."""

from typing import Any

import pytest

from devices.errors import WireReason
from devices.foreign.owntracks import OwnTracks
from devices.foreign.policy import OwnTracksPolicy
from support.factories import T0_MS
from support.foreign_said import event_types, fix_in, reason_of, said_of

USER = "owntracks/wang/bike"
PLACE: dict[str, object] = {"lat": 31.82, "lon": 117.22, "tst": T0_MS // 1000}


def _owntracks(**fields: object) -> dict[str, Any]:
    return fix_in(OwnTracks(OwnTracksPolicy()), USER, {"_type": "location"} | PLACE | fields)


def test_owntracks_time_is_in_seconds() -> None:
    """``tst``; a recorder that writes milliseconds means the same moment."""
    assert _owntracks()["t"] == T0_MS
    assert _owntracks(tst=T0_MS)["t"] == T0_MS


def test_owntracks_speed_is_in_kmh_as_ours() -> None:
    """``vel`` is not converted."""
    assert _owntracks(vel=14)["pos"]["spd_kmh"] == 14


def test_owntracks_leaves_zeros_out_and_so_do_we() -> None:
    """Missing is unknown: no accuracy of 0 m, no speed of 0."""
    assert _owntracks()["pos"] == {"lat": 31.82, "lon": 117.22}


@pytest.mark.parametrize(("said", "charging"), [(1, False), (2, True), (3, False), (0, None)])
def test_owntracks_battery_status_is_the_phones(*, said: int, charging: bool | None) -> None:
    """It never says that a vehicle's power was cut."""
    st = _owntracks(bs=said).get("st", {})

    assert st.get("charging") is charging
    assert "ext_power" not in st


def test_owntracks_will_has_no_time() -> None:
    """Its ``tst`` is the first connect of the session."""
    (will,) = said_of(OwnTracks(OwnTracksPolicy()), USER, {"_type": "lwt", "tst": 1})

    assert (will.channel, will.message) == ("state", {"state": "lost", "reason": "will"})


@pytest.mark.parametrize(
    ("said", "type_"), [("enter", "geofence_enter"), ("leave", "geofence_exit")]
)
def test_owntracks_transition_is_a_crossing(said: str, type_: str) -> None:
    """An event alone: the fix comes by itself."""
    body = {"_type": "transition", "event": said} | PLACE

    (event,) = said_of(OwnTracks(OwnTracksPolicy()), USER + "/event", body)

    assert (event.channel, event.message["type"]) == ("event", type_)


@pytest.mark.parametrize("kind", ["waypoint", "encrypted", "cmd", None, 5])
def test_owntracks_other_types_are_refused(kind: object) -> None:
    """Kept with their reason, not dropped in silence."""
    assert reason_of(OwnTracks(OwnTracksPolicy()), USER, {"_type": kind}) is WireReason.CHANNEL


@pytest.mark.parametrize(
    ("fields", "types"),
    [
        ({"t": "!"}, ["tow"]),
        ({"t": "!", "fake": True}, ["vibration"]),
        ({"t": "e"}, ["power_cut"]),
        ({"t": "E"}, ["power_restored"]),
        ({"t": "9"}, ["low_battery"]),
        ({"t": "p"}, []),
        ({}, []),
    ],
)
def test_queclink_trigger_is_an_event(fields: dict[str, object], types: list[str]) -> None:
    """Through OwnTracks' bridge; phones have none of them."""
    body = {"_type": "location"} | PLACE | fields

    assert event_types(OwnTracks(OwnTracksPolicy()), USER, body) == types


@pytest.mark.parametrize(("trigger", "ignition"), [("i", True), ("I", False)])
def test_queclink_ignition_trigger_is_a_state(*, trigger: str, ignition: bool) -> None:
    """It overrules nothing else."""
    assert _owntracks(t=trigger)["st"] == {"ign": ignition}


def test_owntracks_last_known_place_is_no_new_fix() -> None:
    """Greenwich repeats it when it loses the satellites."""
    pos = _owntracks(t="l", vel=20)["pos"]

    assert (pos["src"], pos["fix_t"], "spd_kmh" in pos) == ("last", T0_MS, False)


def test_owntracks_keeps_no_networks_and_no_places_by_name() -> None:
    """Where somebody lives is not ours to store."""
    message = _owntracks(SSID="Home", inregions=["Home"], imei="86", vac=3)

    assert message["owntracks"] == {"vac": 3}
