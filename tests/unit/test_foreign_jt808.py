"""JT/T 808 terminals behind EMQX's gateway, one fact a test."""

import json
from typing import Any

import pytest

from devices.errors import WireReason
from devices.foreign.adapter import Foreign
from devices.foreign.jt808 import Jt808, alarm_events
from devices.foreign.policy import Jt808Policy
from devices.words import EventType, Flag
from support.factories import T0_MS
from support.foreign_said import RECV_MS, event_types, fix_in, reason_of, said_of

PHONE = "013912345678"
UP = f"jt808/c-1/{PHONE}/up"


def _report(**fields: object) -> dict[str, Any]:
    report: dict[str, Any] = {
        "alarm": 0,
        "status": 2,
        "latitude": 31_820_613,
        "longitude": 117_227_239,
    }
    report |= {"altitude": 32, "speed": 152, "direction": 87, "time": "251125090000"}
    return report | fields


def _808(body: object, msg_id: int = 0x0200) -> dict[str, Any]:
    return {"header": {"msg_id": msg_id, "phone": PHONE, "msg_sn": 7}, "body": body}


def _jt808(**fields: object) -> dict[str, Any]:
    return fix_in(Jt808(Jt808Policy()), UP, _808(_report(**fields)))


@pytest.mark.parametrize(
    ("status", "lat", "lon"),
    [
        (0b0010, 31.820613, 117.227239),
        (0b0110, -31.820613, 117.227239),
        (0b1010, 31.820613, -117.227239),
        (0b1110, -31.820613, -117.227239),
    ],
)
def test_808_sign_stands_in_the_status(status: int, lat: float, lon: float) -> None:
    """Bit 2 south, bit 3 west."""
    pos = _jt808(status=status)["pos"]

    assert (pos["lat"], pos["lon"]) == (pytest.approx(lat), pytest.approx(lon))


def test_808_speed_is_in_tenths() -> None:
    """0.1 km/h."""
    assert _jt808(speed=152)["pos"]["spd_kmh"] == pytest.approx(15.2)


def test_808_time_is_in_gmt_plus_8() -> None:
    """09:00 there is 01:00 UTC, unless the setting names another zone."""
    there = Jt808(Jt808Policy(timezone_h=0))

    assert _jt808()["t"] == T0_MS
    assert fix_in(there, UP, _808(_report()))["t"] == T0_MS + 8 * 3_600_000


def test_808_not_located_has_no_place() -> None:
    """Bit 1 unset: the coordinates are old, or garbage."""
    message = _jt808(status=1, latitude=0xFFFF_FFFF)

    assert message["pos"] == {"valid": False}
    assert message["t"] == T0_MS


def test_808_located_without_a_time_is_refused() -> None:
    """A place at no time orders nothing."""
    body = _808(_report(time="000000000000"))

    assert reason_of(Jt808(Jt808Policy()), UP, body) is WireReason.TIME


@pytest.mark.parametrize(("status", "ignition"), [(0b10, False), (0b11, True)])
def test_808_acc_is_bit_0(*, status: int, ignition: bool) -> None:
    """Ignition."""
    assert _jt808(status=status)["st"]["ign"] is ignition


@pytest.mark.parametrize(
    ("fields", "power"),
    [({}, True), ({"status": 2 | 1 << 11}, False), ({"alarm": 1 << 8}, False)],
)
def test_808_power_is_cut_by_status_or_alarm(*, fields: dict[str, object], power: bool) -> None:
    """Status bit 11, or the alarm bit that the model's map calls so."""
    assert _jt808(**fields)["st"]["ext_power"] is power


@pytest.mark.parametrize("name", ["altitude", "speed", "direction"])
def test_808_word_of_ones_is_unknown(name: str) -> None:
    """65535."""
    field = {"altitude": "alt_m", "speed": "spd_kmh", "direction": "cog"}[name]

    assert field not in _jt808(**{name: 65_535})["pos"]


@pytest.mark.parametrize("value", ["31820613", 31_820_613], ids=["text", "number"])
def test_808_number_as_text_is_read(value: object) -> None:
    """And flagged, as on our own wire."""
    (fix,) = said_of(Jt808(Jt808Policy()), UP, _808(_report(latitude=value)))

    assert fix.message["pos"]["lat"] == pytest.approx(31.820613)
    assert bool(fix.flags & Flag.COERCED) is isinstance(value, str)


MAPS = {
    "default": {8: EventType.POWER_CUT},
    "EB-10": {16: EventType.VIBRATION, 17: EventType.REMOVED},
}


@pytest.mark.parametrize(
    ("alarm", "model", "types"),
    [
        (1 << 16, "EB-10", ["vibration"]),
        (1 << 16, "", []),
        (1 << 16, "another", []),
        (1 << 8, "another", ["power_cut"]),
        (1 << 8, "EB-10", []),
        (1 << 17 | 1 << 16, "EB-10", ["vibration", "removed"]),
        (0, "EB-10", []),
    ],
)
def test_808_bit_means_what_the_models_map_says(alarm: int, model: str, types: list[str]) -> None:
    """A model with a map has that map alone; others have the default."""
    policy = Jt808Policy(alarm_maps=MAPS)

    assert event_types(Jt808(policy), UP, _808(_report(alarm=alarm)), model) == types
    assert [type_.value for type_ in alarm_events(alarm, model, policy)] == types


def test_808_alarm_that_goes_on_is_one_event_in_ten_minutes() -> None:
    """A terminal without power says so in every report; vibration is new each time."""
    cut = [_event_id(1 << 8, time) for time in ("251125090001", "251125090501", "251125091001")]
    moved = [_event_id(1 << 28, time) for time in ("251125090001", "251125090501")]

    assert cut[0] == cut[1] != cut[2]
    assert moved[0] != moved[1]


def _event_id(alarm: int, time: str) -> object:
    given = said_of(Jt808(Jt808Policy()), UP, _808(_report(alarm=alarm, time=time)))
    return given[1].message["ev_id"]


@pytest.mark.parametrize(("direction", "type_"), [(0, "geofence_enter"), (1, "geofence_exit")])
def test_808_area_is_entered_or_left(direction: int, type_: str) -> None:
    """The alarm bit is one; the extras say which."""
    body = _808(_report(alarm=1 << 20, extra={"in_out_alarm": {"direction": direction}}))

    assert event_types(Jt808(Jt808Policy()), UP, body) == [type_]


@pytest.mark.parametrize(("kind", "flags"), [(0, 0), (1, int(Flag.BACKFILL))])
def test_808_batch_keeps_its_good_elements(kind: int, flags: int) -> None:
    """Type 1 was stored without network."""
    reports = [_report(), _report(time="251125096000"), "x", _report(latitude=None)]
    body = _808({"type": kind, "length": 5, "location": [*reports, _report(speed=1)]}, 0x0704)

    given = said_of(Jt808(Jt808Policy()), UP, body)

    assert [(said.item, isinstance(said, Foreign)) for said in given] == [
        (0, True),
        (1, False),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert [said.flags for said in given if isinstance(said, Foreign)] == [flags, flags]


def test_808_batch_of_nothing_is_refused() -> None:
    """Its list is what it is for."""
    assert reason_of(Jt808(Jt808Policy()), UP, _808({"type": 0}, 0x0704)) is WireReason.SHAPE


@pytest.mark.parametrize(
    ("msg_id", "state"),
    [(0x0002, "online"), (0x0102, "online"), (0x0100, "online"), (0x0003, "disconnected")],
)
def test_808_message_without_measures_is_a_sign_of_life(msg_id: int, state: str) -> None:
    """Heartbeat, login, register; logging out is a farewell."""
    (said,) = said_of(Jt808(Jt808Policy()), UP, _808({}, msg_id))

    assert (said.channel, said.message["state"]) == ("state", state)


def test_808_plate_of_a_register_message_is_not_kept() -> None:
    """Nor the identity of anything else in it."""
    (said,) = said_of(Jt808(Jt808Policy()), UP, _808({"license_number": "皖A12345"}, 0x0100))

    assert "皖" not in json.dumps(said.message, ensure_ascii=False)


@pytest.mark.parametrize("phone", [13_912_345_678, "013900000000", ""])
def test_808_header_may_not_name_another_terminal(phone: object) -> None:
    """Nor a number that lost its zeros."""
    body = {"header": {"msg_id": 512, "phone": phone}, "body": _report()}

    assert reason_of(Jt808(Jt808Policy()), UP, body) is WireReason.ID


def test_808_model_is_asked_by_the_canonical_phone() -> None:
    """As the registry has it."""
    asked: list[str] = []

    def model_of(foreign_id: str) -> str:
        asked.append(foreign_id)
        return ""

    payload = json.dumps({"header": {"msg_id": 2}, "body": {}}).encode()
    Jt808(Jt808Policy()).read("jt808/c/13912345678/up", payload, RECV_MS, model_of)

    assert asked == [PHONE]
