"""The registry around one vehicle, on every records database."""

import msgspec
import sqlalchemy as sa

from devices.model import DeviceClass, Fence, Grid, Profile, Site, Vehicle
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.registry_near import registry_near

HERE, THERE = "340104001", "340104002"
SQUARE: dict[str, object] = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}


def _device(name: str, cls: DeviceClass = DeviceClass.TRACKER, **more: object) -> NewDevice:
    plain = NewDevice(id=name, cls=cls, secret_hash="-", area=HERE)  # noqa: S106 - nobody logs in
    return msgspec.structs.replace(plain, **more)


def _fill(engine: sa.Engine) -> None:
    registry = Registry(engine, lambda: 1)
    registry.add_vehicles([Vehicle(id=f"v-{k}") for k in range(1, 6)])
    registry.add_places(
        [Site(id="s-1", area=HERE), Site(id="s-2", area=THERE)],
        [Grid(id="34010400100001", geometry=SQUARE)],
    )
    registry.save_fences(
        [
            Fence(id=name, vehicle_id=of, lat_deg=31.8, lon_deg=117.2, radius_m=50.0)
            for name, of in (("all", None), ("mine", "v-1"), ("strange", "v-5"))
        ]
    )
    speaks = Profile(gateway="gw-far")
    registry.add_devices(
        [
            _device("far", vehicle_id="v-5", area=THERE),
            _device("area-1", vehicle_id="v-2"),
            _device("own", vehicle_id="v-1", site_id="s-1", profile=speaks),
            _device("chg", DeviceClass.CHARGER),
            _device("site", vehicle_id="v-3", site_id="s-1"),
            _device("gw-near", DeviceClass.GATEWAY),
            _device("gw-far", DeviceClass.GATEWAY, area=THERE),
            _device("area-2", vehicle_id="v-4"),
        ]
    )


def test_its_site_first_then_what_witnesses_for_all(engine: sa.Engine) -> None:
    """Of its area as many as may be; the gateway that speaks for it is not counted."""
    _fill(engine)

    two = registry_near(engine, "v-1", most=2, also=())
    all_ = registry_near(engine, "v-1", most=4, also=())

    assert [d.id for d in two.snapshot.devices] == ["own", "chg", "site", "gw-far"]
    assert (two.neighbours, two.whole_area) == (2, False)
    assert [v.id for v in two.snapshot.vehicles] == ["v-1", "v-3"]
    assert [d.id for d in all_.snapshot.devices] == [
        *("area-1", "own", "chg", "site", "gw-far", "area-2")
    ]
    assert (all_.neighbours, all_.whole_area) == (4, True)


def test_those_named_come_whatever_their_area(engine: sa.Engine) -> None:
    """With their vehicles and fences; places are all there."""
    _fill(engine)

    near = registry_near(engine, "v-1", most=0, also=["far", "own", "nobody"])

    assert [d.id for d in near.snapshot.devices] == ["far", "own", "gw-far"]
    assert [v.id for v in near.snapshot.vehicles] == ["v-1", "v-5"]
    assert [f.id for f in near.snapshot.fences] == ["all", "mine", "strange"]
    assert [f.id for f in registry_near(engine, "v-1", most=9, also=()).snapshot.fences] == [
        *("all", "mine")
    ]
    assert [s.id for s in near.snapshot.sites] == ["s-1", "s-2"]
    assert len(near.snapshot.grids) == 1


def test_a_vehicle_that_nobody_knows_has_nobody(engine: sa.Engine) -> None:
    """No devices, and no area that would be everybody's."""
    _fill(engine)

    near = registry_near(engine, "v-9", most=10, also=())

    assert (near.snapshot.devices, near.snapshot.vehicles) == ([], [])
    assert (near.neighbours, near.whole_area) == (0, True)
