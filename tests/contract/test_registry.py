"""The registry's tables: slots for ever, control rows for every change, quick in bulk."""

from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from devices import control as wire
from devices.control import (
    AnyControl,
    DeleteFence,
    RegisterDevices,
    RegisterPlaces,
    RegisterVehicles,
    RevokeDevice,
    SaveFence,
)
from devices.crs import Crs
from devices.model import (
    PLAIN,
    AdminState,
    DeviceClass,
    Fence,
    Grid,
    Profile,
    Site,
    SpeedUnit,
    Vehicle,
)
from devices.registration_faults import ForeignIdTaken, RegistryError
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import control, devices, foreign_ids
from support.stores_records import NOW_MS, rows_of


def registry_on(engine: sa.Engine) -> Registry:
    """The registry in the hands of desk-1."""
    return Registry(engine, lambda: NOW_MS, by="desk-1")


def a_new_device(number: int = 1, **changes: object) -> NewDevice:
    """A tracker on a vehicle of its own."""
    device = NewDevice(
        id=f"trk-{number:06d}",
        cls=DeviceClass.TRACKER,
        secret_hash="c2FsdA==$aGFzaA==",  # noqa: S106 - of nobody
        vehicle_id=f"v-{number}",
        area="34010400100001",
    )
    return msgspec.structs.replace(device, **changes)


def controls_of(engine: sa.Engine) -> list[AnyControl]:
    """What the processor will hear, in order."""
    return [wire.decode(row["body"]) for row in rows_of(engine, control)]


def test_added_devices_get_slots_in_order(engine: sa.Engine) -> None:
    """And the processor hears of them in the same transaction, without their secrets."""
    registry = registry_on(engine)

    added = registry.add_devices([a_new_device(3), a_new_device(1)]).devices

    assert [(device.id, device.slot) for device in added] == [
        ("trk-000003", 1),
        ("trk-000001", 2),
    ]
    assert registry.devices() == added
    assert controls_of(engine) == [RegisterDevices(at_ms=NOW_MS, by="desk-1", devices=added)]
    assert b"secret" not in rows_of(engine, control)[0]["body"]


def test_device_added_again_keeps_its_slot_and_uses_up_none(engine: sa.Engine) -> None:
    """Arrays are indexed by slot: importing a fleet again must not double them."""
    registry = registry_on(engine)
    registry.add_devices([a_new_device(k) for k in (1, 2, 3)])

    again = registry.add_devices([a_new_device(k, model="x2") for k in (3, 1)]).devices
    new = registry.add_devices([a_new_device(4)]).devices

    assert [(device.slot, device.model) for device in again] == [(3, "x2"), (1, "x2")]
    assert new[0].slot == 4
    assert rows_of(engine, devices)[0]["registered_ms"] == NOW_MS


def test_slots_are_never_used_again(engine: sa.Engine) -> None:
    """Even when the newest device was erased."""
    registry = registry_on(engine)
    registry.add_devices([a_new_device(1), a_new_device(2)])
    with engine.begin() as connection:
        connection.execute(sa.delete(devices).where(devices.c.slot == 2))

    assert registry.add_devices([a_new_device(3)]).devices[0].slot == 3


@pytest.mark.parametrize(
    "bad", ["", "UPPER", "a b", "a/b", "a+", "#", "pg-ingest", "x" * 65, "é", "a\n"]
)
def test_id_that_may_not_stand_in_a_topic_is_refused(engine: sa.Engine, bad: str) -> None:
    """All or nothing: the good one beside it is not stored either."""
    registry = registry_on(engine)

    with pytest.raises(RegistryError) as refused:
        registry.add_devices([a_new_device(1), a_new_device(2, id=bad)])

    assert len(refused.value.faults) == 1
    assert registry.devices() == []
    assert controls_of(engine) == []


def test_same_id_twice_in_one_call_is_refused(engine: sa.Engine) -> None:
    """Which of the two is meant is not ours to guess."""
    with pytest.raises(RegistryError, match="twice"):
        registry_on(engine).add_devices([a_new_device(1), a_new_device(1, model="other")])


def foreign(number: str) -> Profile:
    """A device behind a Traccar server."""
    return Profile(foreign={"traccar": number})


def test_profile_comes_back_as_it_was(engine: sa.Engine) -> None:
    """From the table and in what the processor hears; a plain one takes two bytes."""
    profile = Profile(
        speed_unit=SpeedUnit.KNOTS,
        crs=Crs.GCJ02,
        decimal=",",
        gateway="gw-1",
        foreign={"jt808": "013912345678"},
        meter_wrap_wh=1_000_000,
        coins_fen=(50, 100),
    )
    registry = registry_on(engine)
    added = registry.add_devices([a_new_device(1, profile=profile), a_new_device(2)]).devices
    again = registry.add_devices([a_new_device(2, profile=Profile())]).devices

    assert [device.profile for device in registry.devices()] == [profile, PLAIN]
    assert registry.devices() == added
    assert again == added[1:]
    assert controls_of(engine)[0] == RegisterDevices(at_ms=NOW_MS, by="desk-1", devices=added)
    assert [row["profile"] == "{}" for row in rows_of(engine, devices)] == [False, True]


def test_foreign_id_is_one_devices(engine: sa.Engine) -> None:
    """The fault names who has it; nothing of the call is stored. Another adapter is another id."""
    registry = registry_on(engine)
    registry.add_devices([a_new_device(1, profile=foreign("0139"))])

    with pytest.raises(RegistryError, match="trk-000002: traccar id '0139' is trk-000001's"):
        registry.add_devices([a_new_device(3), a_new_device(2, profile=foreign("0139"))])
    with pytest.raises(RegistryError, match="trk-000003: traccar id '0140' is trk-000002's"):
        registry.add_devices([a_new_device(k, profile=foreign("0140")) for k in (2, 3)])
    registry.add_devices([a_new_device(4, profile=Profile(foreign={"jt808": "0139"}))])

    assert [device.id for device in registry.devices()] == ["trk-000001", "trk-000004"]


def test_foreign_id_is_free_when_its_device_lets_it_go(engine: sa.Engine) -> None:
    """Revoked, retired, registered without it, or swapped with another one in one call."""
    registry = registry_on(engine)
    registry.add_devices([a_new_device(k, profile=foreign(f"0{k}")) for k in (1, 2, 3)])

    registry.add_devices([a_new_device(1, profile=foreign("02")), a_new_device(2, profile=PLAIN)])
    registry.add_devices([a_new_device(2, profile=foreign("01"))])
    registry.revoke_device("trk-000001")
    registry.add_devices([a_new_device(4, profile=foreign("02"))])
    registry.add_devices(
        [a_new_device(3, profile=foreign("03"), admin=AdminState.RETIRED)],
    )
    registry.add_devices([a_new_device(5, profile=foreign("03"))])

    held = {row["foreign_id"]: row["device_id"] for row in rows_of(engine, foreign_ids)}
    assert held == {"01": "trk-000002", "02": "trk-000004", "03": "trk-000005"}


def test_foreign_ids_are_kept_in_the_form_in_which_they_arrive(engine: sa.Engine) -> None:
    """Field case A-13: one terminal has one number, however it was typed; so has one claim."""
    typed = Profile(foreign={"jt808": " 139 1234 5678", "traccar": "Bike 1_12"})
    registry = registry_on(engine)
    [device] = registry.add_devices([a_new_device(1, profile=typed)]).devices

    again = a_new_device(2, profile=Profile(foreign={"jt808": "013912345678"}))
    with pytest.raises(RegistryError, match="trk-000001's"):
        registry.add_devices([again])

    assert device.profile.foreign == {"jt808": "013912345678", "traccar": "bike-1-12"}
    assert registry.devices() == [device]


def test_device_registered_without_a_profile_keeps_the_one_it_has(engine: sa.Engine) -> None:
    """With its foreign ids, also over a retirement; ``PLAIN`` takes it away."""
    registry = registry_on(engine)
    registry.add_devices([a_new_device(1, profile=foreign("0139"))])
    registry.add_devices([a_new_device(1, model="x2")])
    kept = rows_of(engine, foreign_ids)
    registry.revoke_device("trk-000001")

    registry.add_devices([a_new_device(1, model="x3")])
    back, seen = rows_of(engine, foreign_ids), registry.devices()
    registry.add_devices([a_new_device(1, profile=PLAIN)])

    assert kept == back == [{"adapter": "traccar", "foreign_id": "0139", "device_id": "trk-000001"}]
    assert [(device.model, device.profile) for device in seen] == [("x3", foreign("0139"))]
    assert registry.devices()[0].profile == PLAIN
    assert rows_of(engine, foreign_ids) == []


def test_kept_foreign_id_that_another_took_meanwhile_is_a_fault(engine: sa.Engine) -> None:
    """A retired device let it go; nothing is stored."""
    registry = registry_on(engine)
    registry.add_devices([a_new_device(1, profile=foreign("0139"))])
    registry.revoke_device("trk-000001")
    registry.add_devices([a_new_device(2, profile=foreign("0139"))])

    with pytest.raises(RegistryError, match="trk-000002's"):
        registry.add_devices([a_new_device(1)])

    assert registry.devices()[0].admin is AdminState.RETIRED


def test_foreign_id_that_is_taken_at_the_same_moment_is_a_fault(engine: sa.Engine) -> None:
    """On PostgreSQL two registrations run at once: the second says whose it is, and stops."""
    registry = registry_on(engine)
    rival = "INSERT INTO foreign_ids VALUES ('traccar', '0139', 'trk-rival')"

    @sa.event.listens_for(engine, "before_cursor_execute")
    def quicker(_connection: object, cursor: Any, statement: str, *_: object) -> None:  # noqa: ANN401 - DBAPI
        if statement.startswith("INSERT INTO foreign_ids"):
            cursor.execute(rival)

    with pytest.raises(ForeignIdTaken, match="trk-rival's"):
        registry.add_devices([a_new_device(1, profile=foreign("0139"))])

    assert registry.devices() == []


def test_many_foreign_ids_are_checked_over_all_chunks(engine: sa.Engine) -> None:
    """The last of 1,200 collides with the first that is there."""
    fleet = [a_new_device(k, profile=foreign(f"{k:012d}")) for k in range(1200)]
    registry = registry_on(engine)
    registry.add_devices(fleet)
    again = registry.add_devices(fleet).devices

    with pytest.raises(RegistryError) as refused:
        registry.add_devices([a_new_device(5000, profile=foreign(f"{1199:012d}"))])

    assert len(again) == len(rows_of(engine, foreign_ids)) == 1200
    assert len(refused.value.faults) == 1


def test_many_devices_become_control_rows_of_a_thousand(engine: sa.Engine) -> None:
    """In the order of their slots; nothing is left out at the edges."""
    registry_on(engine).add_devices([a_new_device(k) for k in range(2001)])

    heard = [c.devices for c in controls_of(engine) if isinstance(c, RegisterDevices)]
    assert [len(some) for some in heard] == [1000, 1000, 1]
    assert [device.slot for some in heard for device in some] == list(range(1, 2002))


def test_fleet_of_twenty_thousand_is_added_in_one_call(engine: sa.Engine) -> None:
    """Every device with a slot of its own, and adding all of them again moves none."""
    fleet = [a_new_device(k) for k in range(20_000)]
    registry = registry_on(engine)

    added = registry.add_devices(fleet).devices
    again = registry.add_devices(fleet).devices

    assert [device.slot for device in added] == list(range(1, 20_001))
    assert again == added == registry.devices()


def test_text_that_does_not_fit_is_refused_by_both(engine: sa.Engine) -> None:
    """Each one named, on SQLite too, which would take it: nothing is stored."""
    registry = registry_on(engine)
    wide = a_new_device(1, model="x" * 65, vehicle_id="v" * 64)

    with pytest.raises(RegistryError, match="'trk-000001': model has 65 characters, at most 64"):
        registry.add_devices([wide, a_new_device(2)])
    with pytest.raises(RegistryError, match="'v-1': owner_id has 65 characters"):
        registry.add_vehicles([Vehicle(id="v-1", owner_id="o" * 65)])
    with pytest.raises(RegistryError, match="holds a NUL"):
        registry.add_places([Site(id="s\x00")], [])

    assert (registry.devices(), registry.vehicles(), registry.sites()) == ([], [], [])
    assert rows_of(engine, control) == []


def test_revoked_device_may_not_log_in(engine: sa.Engine) -> None:
    """Its hash is gone from those the broker takes; the processor hears of it."""
    registry = registry_on(engine)
    registry.add_devices([a_new_device(1), a_new_device(2)])

    number = registry.revoke_device("trk-000001")

    assert number == registry.revision()
    assert list(registry.secret_hashes()) == ["trk-000002"]
    assert registry.devices()[0].admin is AdminState.RETIRED
    assert controls_of(engine)[-1] == RevokeDevice(
        at_ms=NOW_MS, by="desk-1", device_id="trk-000001"
    )


def test_what_is_unknown_is_neither_revoked_nor_deleted(engine: sa.Engine) -> None:
    """None, and no control row."""
    registry = registry_on(engine)

    answers = (registry.revoke_device("trk-000009"), registry.delete_fence("f-9"))

    assert answers == (None, None)
    assert registry.revision() == 0


def test_vehicles_and_places_come_back_as_they_were(engine: sa.Engine) -> None:
    """Replaced by id; the processor hears the same values."""
    vehicle = Vehicle(id="v-1", plate="皖A12345", owner_id="wang", contacts=("wang", "li"))
    site = Site(id="s-1", name="North gate", lat_deg=31.82, lon_deg=117.22)
    grid = Grid(id="34010400100001", geometry={"type": "Polygon", "coordinates": []})
    registry = registry_on(engine)
    registry.add_vehicles([msgspec.structs.replace(vehicle, plate="old")])

    registry.add_vehicles([vehicle])
    registry.add_places([site], [grid])

    assert registry.vehicles() == [vehicle]
    assert (registry.sites(), registry.grids()) == ([site], [grid])
    assert controls_of(engine)[1:] == [
        RegisterVehicles(at_ms=NOW_MS, by="desk-1", vehicles=[vehicle]),
        RegisterPlaces(at_ms=NOW_MS, by="desk-1", sites=[site], grids=[grid]),
    ]


def test_fence_is_saved_replaced_and_deleted(engine: sa.Engine) -> None:
    """Each change is a control row with its id."""
    fence = Fence(id="f-1", lat_deg=31.82, lon_deg=117.22, radius_m=200.0)
    wider = msgspec.structs.replace(fence, radius_m=300.0)
    registry = registry_on(engine)

    numbers = [registry.save_fence(fence), registry.save_fence(wider)]
    kept = registry.fences()
    numbers.append(registry.delete_fence("f-1") or 0)

    assert kept == [wider]
    assert registry.fences() == []
    assert numbers == [1, 2, 3]
    assert [type(c) for c in controls_of(engine)] == [SaveFence, SaveFence, DeleteFence]


def test_fences_of_a_file_are_saved_together(engine: sa.Engine) -> None:
    """A control row each, in order; what was there under an id is replaced."""
    registry = registry_on(engine)
    old = Fence(id="f-2", lat_deg=31.82, lon_deg=117.22, radius_m=200.0)
    registry.save_fence(old)
    new = [msgspec.structs.replace(old, id=f"f-{k}", radius_m=300.0 + k) for k in range(3)]

    registry.save_fences(new)

    assert registry.fences() == new
    saved = [control.fence for control in controls_of(engine) if isinstance(control, SaveFence)]
    assert saved == [old, *new]


def test_revision_rises_with_every_change(engine: sa.Engine) -> None:
    """Cheap enough to ask every second."""
    registry = registry_on(engine)
    before = registry.revision()
    registry.add_devices([a_new_device(1)])

    assert (before, registry.revision()) == (0, 1)
