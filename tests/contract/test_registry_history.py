"""Swaps, retirements and models in the registry: history is kept, the processor hears the same."""

import msgspec
import pytest
import sqlalchemy as sa

from devices import control as wire
from devices.bindings import Ended, within
from devices.control import RegisterDevices
from devices.model import PLAIN, AdminState, Device, DeviceClass, Profile, SpeedUnit
from devices.models import Model
from devices.registration_faults import RegistryError, SwapRefused
from devices.registry import Registry as Told
from stores.queries_bindings import BindingQueries
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import audit, control, devices
from support.stores_records import rows_of

STEP_MS = 1_000


class Desk:
    """A registry whose clock goes on by a second with every change."""

    def __init__(self, engine: sa.Engine) -> None:
        """Start at one second."""
        self.engine, self.now_ms = engine, STEP_MS
        self.registry = Registry(engine, lambda: self.now_ms, by="desk-1")
        self.bindings = BindingQueries(engine)

    def add(self, device_id: str, vehicle_id: str | None = None, **changes: object) -> Device:
        """Register a tracker, or register it again."""
        self.now_ms += STEP_MS
        device = NewDevice(
            id=device_id,
            cls=DeviceClass.TRACKER,
            secret_hash="$7$",  # noqa: S106 - of nobody
            vehicle_id=vehicle_id,
            area="34",
        )
        return self.registry.add_devices([msgspec.structs.replace(device, **changes)]).devices[0]

    def swap(self, old: str, new: str, why: str = "") -> None:
        """One in the place of the other."""
        self.now_ms += STEP_MS
        row = (self.now_ms, "desk-1", "admin", "device_swapped", f"device:{old}", "")
        self.registry.swap_devices(old, new, [row], why=why)

    def revoke(self, name: str) -> None:
        """Retire one."""
        self.now_ms += STEP_MS
        self.registry.revoke_device(name)

    def known(self) -> dict[str, Device]:
        """Every device by id."""
        return {device.id: device for device in self.registry.devices()}

    def spans(self, vehicle_id: str) -> dict[str, list[tuple[int, int]]]:
        """When which device was on a vehicle, up to 100 s."""
        return within(self.bindings.of_vehicle(vehicle_id), 0, 100_000)


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    """A registry of each kind of database."""
    return Desk(engine)


def test_new_tracker_takes_over_and_the_old_one_is_retired(desk: Desk) -> None:
    """Vehicle, area and name; its own model stays. One control row tells the processor of both."""
    desk.add("trk-old", "v-1", model="A", name="red Yadea")
    desk.add("trk-new", None, model="B", area="")

    desk.swap("trk-old", "trk-new", "battery dead")

    old, new = desk.known()["trk-old"], desk.known()["trk-new"]
    assert (old.admin, old.vehicle_id, old.area) == (AdminState.RETIRED, None, "34")
    assert (new.vehicle_id, new.area, new.name, new.model) == ("v-1", "34", "red Yadea", "B")
    last = wire.decode(rows_of(desk.engine, control)[-1]["body"])
    assert last == RegisterDevices(at_ms=desk.now_ms, by="desk-1", devices=[old, new])
    assert list(desk.registry.secret_hashes()) == ["trk-new"]
    assert [row["object"] for row in rows_of(desk.engine, audit)] == ["device:trk-old"]
    [was] = desk.bindings.of_device("trk-old")
    assert (was.ended, was.why, was.by) == (Ended.SWAPPED, "battery dead", "desk-1")
    assert desk.spans("v-1") == {"trk-old": [(0, 3_999)], "trk-new": [(4_000, 100_000)]}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("trk-1", "trk-1", "its own place"),
        ("trk-9", "trk-2", "trk-9: there is no such device"),
        ("trk-1", "trk-9", "register it first"),
        ("trk-1", "trk-2", "is on vehicle v-2: take it off"),
        ("trk-3", "trk-1", "nothing to take over"),
        ("trk-1", "trk-4", "is retired"),
        ("trk-1", "cam-1", "of class cam"),
    ],
)
def test_swap_that_cannot_be_changes_nothing(desk: Desk, old: str, new: str, words: str) -> None:
    """The line says why and what to do."""
    desk.add("trk-1", "v-1")
    desk.add("trk-2", "v-2")
    desk.add("trk-3")
    desk.add("trk-4")
    desk.add("cam-1", cls=DeviceClass.CAMERA)
    desk.revoke("trk-4")
    before, heard = desk.known(), rows_of(desk.engine, control)

    with pytest.raises(SwapRefused, match=words):
        desk.swap(old, new)

    assert (desk.known(), rows_of(desk.engine, control)) == (before, heard)


def test_history_is_what_the_processor_was_told(desk: Desk) -> None:
    """Moved, taken off, retired, registered again, swapped: at every moment the same vehicle."""
    desk.add("trk-1", "v-1")
    desk.add("trk-1", "v-2")
    desk.add("trk-1", "v-2", area="3401")
    desk.add("trk-1", None)
    desk.add("trk-1", "v-1")
    desk.revoke("trk-1")
    desk.revoke("trk-1")
    desk.add("trk-1", "v-3")
    desk.add("trk-2", None)
    desk.swap("trk-1", "trk-2")
    told = Told()
    for row in rows_of(desk.engine, control):
        told.apply(wire.decode(row["body"]))

    retired = range(7_000, 9_000)
    for device_id in ("trk-1", "trk-2"):
        periods = desk.bindings.of_device(device_id)
        for at_ms in range(2_500, 14_000, STEP_MS):
            if at_ms in retired:
                continue
            held = [
                each.vehicle_id
                for each in periods
                if each.from_ms <= at_ms and (each.to_ms is None or at_ms < each.to_ms)
            ]
            bound = told.bound_at(told.devices[device_id], at_ms).vehicle_id
            assert held == ([] if bound is None else [bound]), (device_id, at_ms)
    ended = [each.ended for each in desk.bindings.of_device("trk-1")]
    assert ended == ["moved", "moved", "retired", "swapped"]


def test_retired_before_history_was_kept_it_has_been_there_since_ever(desk: Desk) -> None:
    """Nobody knows when that was; its track stays the vehicle's."""
    desk.add("trk-1", "v-1")
    with desk.engine.begin() as connection:
        connection.execute(sa.update(devices).values(admin=AdminState.RETIRED))

    assert desk.spans("v-1") == {"trk-1": [(0, 100_000)]}
    desk.add("trk-1", "v-2")
    assert desk.spans("v-1") == {"trk-1": [(0, desk.now_ms - 1)]}


def test_imei_is_no_id_of_a_new_device_and_stays_one_of_an_old(desk: Desk) -> None:
    """What is registered keeps its id; the fault does not repeat the number."""
    imei = "490154203237518"
    with pytest.raises(RegistryError, match="looks like an IMEI") as refused:
        desk.add(imei, "v-1")
    assert imei not in str(refused.value)
    desk.add("trk-1", "v-1")
    with desk.engine.begin() as connection:
        connection.execute(sa.update(devices).values(id=imei))

    assert desk.add(imei, "v-2").vehicle_id == "v-2"


def test_model_says_how_its_devices_speak(desk: Desk) -> None:
    """Those that are there and those that come; what a device has for itself stays."""
    knots = Profile(speed_unit=SpeedUnit.KNOTS, meter_wrap_wh=1_000)
    model = Model(id="T1", cls=DeviceClass.TRACKER, vendor="Acme", profile=knots)
    own = Profile(meter_wrap_wh=5, foreign={"traccar": "7"})
    desk.add("trk-1", model="T1")
    desk.add("trk-2", model="T1", vendor="Other", profile=own)
    desk.add("trk-3", model="T2")

    changed = desk.registry.save_model(model)
    desk.add("trk-4", model="T1")
    again = desk.registry.save_model(model)

    known = desk.known()
    mixed = msgspec.structs.replace(own, speed_unit=SpeedUnit.KNOTS)
    assert (changed, again) == (2, 0)
    assert [(known[f"trk-{k}"].profile, known[f"trk-{k}"].vendor) for k in (1, 2, 3, 4)] == [
        (knots, "Acme"),
        (mixed, "Other"),
        (PLAIN, ""),
        (knots, "Acme"),
    ]
    told = wire.decode(rows_of(desk.engine, control)[3]["body"])
    assert isinstance(told, RegisterDevices)
    assert [device.id for device in told.devices] == ["trk-1", "trk-2"]


def test_model_that_changes_takes_its_devices_along_and_back(desk: Desk) -> None:
    """From knots to plain and to another model: no device keeps what was never its own."""
    knots = Profile(speed_unit=SpeedUnit.KNOTS)
    model = Model(id="T1", cls=DeviceClass.TRACKER, profile=knots)
    desk.registry.save_model(model)
    desk.add("trk-1", model="T1")
    desk.add("trk-2", model="T1")

    desk.add("trk-2", model="T2")
    desk.registry.save_model(msgspec.structs.replace(model, profile=PLAIN))

    assert [device.profile for device in desk.registry.devices()] == [PLAIN, PLAIN]


def test_model_of_another_class_is_refused(desk: Desk) -> None:
    """For devices that come and for those that are there."""
    desk.registry.save_model(Model(id="T1", cls=DeviceClass.CHARGER))
    with pytest.raises(RegistryError, match="of class chg"):
        desk.add("trk-1", model="T1")
    desk.add("trk-1", model="T2")
    with pytest.raises(RegistryError, match="1 devices of another class"):
        desk.registry.save_model(Model(id="T2", cls=DeviceClass.CAMERA))


def test_maintenance_changes_the_admin_state_alone(desk: Desk) -> None:
    """One control row and one row of the audit a change; a retired device stays retired."""
    before = desk.add("trk-1", "v-1", model="A", name="red Yadea")
    desk.add("trk-gone", None)
    desk.revoke("trk-gone")
    heard = len(rows_of(desk.engine, control))
    row = (desk.now_ms, "desk-1", "admin", "maintenance_begun", "device:trk-1", "")

    done = [
        desk.registry.give_admin(name, AdminState.MAINTENANCE, [row])
        for name in ("trk-1", "trk-1", "trk-gone", "trk-none")
    ]

    assert done == [True, False, False, False]
    assert desk.known()["trk-1"] == msgspec.structs.replace(before, admin=AdminState.MAINTENANCE)
    assert desk.known()["trk-gone"].admin is AdminState.RETIRED
    assert len(rows_of(desk.engine, control)) == heard + 1
    assert len(rows_of(desk.engine, audit)) == 1
