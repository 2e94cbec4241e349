"""The index of devices finds what the registry's rows say, also after every kind of change."""

import random
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from api.roles import CITY, Scope
from devices.device_filter import DeviceFilter
from devices.model import SYNTHETIC_ID, AdminState, Device, DeviceClass, Vehicle
from stores import device_index
from stores.device_index import KNOWN_MS, STALE_MS
from stores.processing import put_control
from stores.queries_devices import DeviceQueries
from stores.records import writing
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import devices
from support.stores_records import NOW_MS

AREAS = ("", "340104", "34010400100001", "34010300200001", "3401")
SCOPES = (
    CITY,
    Scope(areas=("340104",)),
    Scope(areas=("340103", "34010400")),
    Scope(areas=()),
    Scope(areas=(), owner_id="wang"),
    Scope(areas=("",), owner_id="nobody"),
)
FILTERS = (
    DeviceFilter(),
    DeviceFilter(cls=(DeviceClass.CAMERA, DeviceClass.CHARGER)),
    DeviceFilter(vendor=("Hik",), areas=("3401",)),
    DeviceFilter(site=("s1", "s2"), admin=(AdminState.ACTIVE,)),
    DeviceFilter(model=("",), areas=("340104", "34010400")),
    DeviceFilter(admin=(AdminState.RETIRED,)),
    DeviceFilter(vendor=("nobody",)),
    DeviceFilter(text="DEV-1"),
    DeviceFilter(text="eh-2", cls=(DeviceClass.CAMERA,)),
    DeviceFilter(text="北门"),
    DeviceFilter(text="_"),
)


def a_new_device(number: int, chance: random.Random) -> NewDevice:
    """A device of any kind at any place."""
    return NewDevice(
        id=f"dev-{number}",
        cls=chance.choice(list(DeviceClass)),
        secret_hash="$7$101$x$y",  # noqa: S106 - of nobody
        vehicle_id=chance.choice([None, "veh-1", "veh-2", SYNTHETIC_ID]),
        site_id=chance.choice([None, "s1", "s2"]),
        area=chance.choice(AREAS),
        model=chance.choice(["", "m1"]),
        vendor=chance.choice(["", "Hik", "海康"]),
        admin=chance.choice([AdminState.ACTIVE, AdminState.MAINTENANCE]),
        name=chance.choice(["", "北门 2", "North gate"]),
    )


def is_seen(device: Device, scope: Scope) -> bool:
    """Scopes as docs/api.md tells them."""
    if scope.owner_id is not None:
        return device.vehicle_id == "veh-1" and scope.owner_id == "wang"
    return scope.covers(device.area) and device.vehicle_id != SYNTHETIC_ID


def is_wanted(device: Device, wanted: DeviceFilter) -> bool:
    """Filters one by one."""
    asked = (
        (wanted.cls, device.cls),
        (wanted.admin, device.admin),
        (wanted.site, device.site_id or ""),
        (wanted.vendor, device.vendor),
        (wanted.model, device.model),
    )
    texts = (device.id, device.name, device.vehicle_id or "")
    return (
        all(not words or word in words for words, word in asked)
        and all(device.area.startswith(prefix) for prefix in wanted.areas)
        and any(wanted.text.lower() in text.lower() for text in texts)
    )


def changes(registry: Registry, engine: sa.Engine, chance: random.Random) -> Iterator[str]:
    """Change the registry in every way there is, a step at a time."""
    registry.add_vehicles([Vehicle(id="veh-1", owner_id="wang"), Vehicle(id="veh-2")])
    registry.add_devices([a_new_device(k, chance) for k in range(60)])
    yield "first devices"
    registry.add_devices([a_new_device(k, chance) for k in range(50, 80)])
    yield "old ones and new ones at once"
    for k in range(0, 80, 9):
        registry.revoke_device(f"dev-{k}")
    yield "some retired"
    registry.add_devices([a_new_device(k, chance) for k in (9, 18, 90)])
    yield "a retired one is back"
    with writing(engine) as connection:
        put_control(connection, b'{"type":"of_a_newer_version"}', NOW_MS)
        connection.execute(sa.update(devices).where(devices.c.slot < 30).values(vendor="Hik"))
    yield "a control that this version does not know"


@pytest.mark.parametrize("most", [20_000, 1], ids=["as_changed", "read_anew"])
def test_finds_what_the_rows_say(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """For every scope and filter, after every change; ascending by slot."""
    monkeypatch.setattr(device_index, "CHANGES_MAX", most)
    registry = Registry(engine, lambda: NOW_MS, by="desk-1")
    book = DeviceQueries(engine)
    chance = random.Random(7)  # noqa: S311

    for step in changes(registry, engine, chance):
        rows = registry.devices()
        for scope in SCOPES:
            seen = [device for device in rows if is_seen(device, scope)]
            for wanted in FILTERS:
                found = book.find(scope, wanted)
                right = [device for device in seen if is_wanted(device, wanted)]
                assert found.slots.tolist() == [device.slot for device in right], (step, scope)
                assert found.is_(AdminState.RETIRED).tolist() == [
                    device.admin is AdminState.RETIRED for device in right
                ]
            found_by_name = [book.look(scope, device.id, 0) for device in rows[::7]]
            assert found_by_name == [
                (device.id, device.slot, device.admin) if device in seen else None
                for device in rows[::7]
            ], (step, scope)
            some = [device.slot for device in rows[::3]]
            assert {device.slot for device in book.of_slots(scope, some)} == {
                device.slot for device in seen if device.slot in some
            }


def test_a_device_is_known_for_half_a_second(engine: sa.Engine) -> None:
    """Without a query; then the registry is looked at again. Nobody knows an owner's this way."""
    registry = Registry(engine, lambda: NOW_MS, by="desk-1")
    registry.add_vehicles([Vehicle(id="veh-1", owner_id="wang")])
    registry.add_devices(
        [NewDevice(id="dev-1", cls=DeviceClass.TRACKER, secret_hash="$7$", vehicle_id="veh-1")]  # noqa: S106
    )
    book = DeviceQueries(engine)
    owner = Scope(areas=(), owner_id="wang")

    assert book.known(CITY, "dev-1", 0) is None
    assert book.look(CITY, "dev-1", 0) == ("dev-1", 1, AdminState.ACTIVE)
    registry.revoke_device("dev-1")

    assert book.known(CITY, "dev-1", KNOWN_MS - 1) == ("dev-1", 1, AdminState.ACTIVE)
    assert book.known(CITY, "dev-1", KNOWN_MS) is None
    assert book.known(CITY, "dev-1", KNOWN_MS) is not None  # one looks, the others need not wait
    assert book.known(CITY, "dev-1", STALE_MS) is None
    assert book.known(Scope(areas=("34",)), "dev-1", 0) is None
    assert book.known(owner, "dev-1", 0) is None
    assert book.look(owner, "dev-1", 0) == ("dev-1", 1, AdminState.RETIRED)
    assert book.look(CITY, "dev-1", 0) == ("dev-1", 1, AdminState.RETIRED)
    assert book.look(CITY, "dev-2", 0) is None


def test_a_look_after_nothing_changed_reads_no_devices(engine: sa.Engine) -> None:
    """One small query, however large the registry is."""
    registry = Registry(engine, lambda: NOW_MS, by="desk-1")
    chance = random.Random(1)  # noqa: S311
    registry.add_devices([a_new_device(k, chance) for k in range(5)])
    book = DeviceQueries(engine)
    book.find(CITY, DeviceFilter())
    said: list[str] = []
    sa.event.listen(
        engine, "before_cursor_execute", lambda _c, _u, statement, *_: said.append(statement)
    )

    book.find(CITY, DeviceFilter())

    assert len([one for one in said if "devices" in one]) == 1
