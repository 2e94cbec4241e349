"""A tracker is swapped: the vehicle goes on being watched by the new one, the old one is silent."""

from devices.control import RegisterDevices
from devices.model import AdminState
from support.factories import a_device, a_fix, at_ms
from support.scene import Scene

OLD = a_device(1, vehicle_id=None, admin=AdminState.RETIRED)
NEW = a_device(2, vehicle_id="v-1")


def test_vehicle_is_watched_by_the_new_tracker() -> None:
    """One control row of both (``stores.registry_swap``): parked it arms, ridden away it alarms."""
    scene = Scene(trackers=2)
    scene.people(RegisterDevices(at_ms=at_ms(scene.now_s), devices=[a_device(2, vehicle_id=None)]))
    scene.park()
    scene.people(RegisterDevices(at_ms=at_ms(scene.now_s), devices=[OLD, NEW]))
    for _ in range(12):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s), device=NEW)
    quiet = scene.quiet

    for k in range(12):
        scene.wait(10)
        scene.hear(a_fix(scene.now_s, 60.0 * k), device=NEW)

    assert quiet
    assert scene.alert.vehicle.id == "v-1"
    assert scene.alert.device.id == NEW.id
