"""A reading belongs to the vehicle its device was on at the reading's time."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.admission import Admission
from devices.control import RegisterDevices
from devices.model import Device, Profile
from devices.registry import MAX_BINDINGS, Registry, RegistrySnapshot
from support.factories import ROOT, a_control, a_device, an_entry, at_ms, fix_bytes


def _on(vehicle_id: str | None, **changes: object) -> Device:
    return a_device(1, vehicle_id=vehicle_id, **changes)


def _register(registry: Registry, at_s: float, *devices: Device) -> None:
    registry.apply(RegisterDevices(at_ms=at_ms(at_s), devices=list(devices)))


def _bound(registry: Registry, at_s: float) -> str | None:
    return registry.bound_at(registry.devices["trk-000001"], at_ms(at_s)).vehicle_id


def test_reading_belongs_to_the_vehicle_of_its_time() -> None:
    """Moved at 100 s: what was measured before is the old vehicle's, however late it comes."""
    admission = Admission(ROOT)
    for at_s, device in ((0, _on("v-1")), (100, _on("v-2"))):
        control = RegisterDevices(at_ms=at_ms(at_s), devices=[device])
        admission.control(a_control(control, at_s=at_s), Counter())
    entries = [
        an_entry(fix_bytes(at_s, seq=k), at_s=200, seq=k)
        for k, at_s in enumerate((0, 99.999, 100, 150), start=1)
    ]

    records = admission.admit(entries, Counter()).records

    assert [r.device.vehicle_id for r in records] == ["v-1", "v-1", "v-2", "v-2"]
    assert {r.device.slot for r in records} == {1}


@pytest.mark.parametrize("at_s", [-1e6, 0, 99, 100, 1e6])
def test_device_that_never_moved_is_always_on_its_vehicle(at_s: float) -> None:
    """Registered again with another area or profile: still the same vehicle."""
    registry = Registry()
    _register(registry, 0, _on("v-1"))
    _register(registry, 100, _on("v-1", area="34", profile=Profile(decimal=",")))

    assert _bound(registry, at_s) == "v-1"
    assert registry.bound_at(registry.devices["trk-000001"], at_ms(at_s)).area == "34"


def test_device_in_the_drawer_is_on_no_vehicle() -> None:
    """Taken off at 100 s, mounted elsewhere at 200 s."""
    registry = Registry()
    for at_s, vehicle_id in ((0, "v-1"), (100, None), (200, "v-2")):
        _register(registry, at_s, _on(vehicle_id))

    assert [_bound(registry, at_s) for at_s in (50, 150, 250)] == ["v-1", None, "v-2"]


@given(moves=st.lists(st.sampled_from(["v-1", "v-2", "v-3", None]), min_size=1, max_size=40))
def test_newest_moves_are_remembered_exactly(moves: list[str | None]) -> None:
    """As a list of what was told would say; a checkpoint in between changes nothing."""
    registry = Registry()
    for k, vehicle_id in enumerate(moves):
        _register(registry, 100 * k, _on(vehicle_id))
        blob = msgspec.msgpack.encode(registry.snapshot())
        registry = Registry(msgspec.msgpack.decode(blob, type=RegistrySnapshot))

    sure = max(0, len(moves) - MAX_BINDINGS + 1)
    told = [(k, _bound(registry, 100 * k + 50)) for k in range(sure, len(moves))]
    assert told == [(k, moves[k]) for k in range(sure, len(moves))]


def test_snapshot_does_not_change_with_the_registry() -> None:
    """A checkpoint is of its own moment."""
    registry = Registry()
    for at_s, vehicle_id in ((0, "v-1"), (100, "v-2")):
        _register(registry, at_s, _on(vehicle_id))
    snapshot = registry.snapshot()
    before = msgspec.msgpack.encode(snapshot)

    _register(registry, 200, _on("v-3"))

    assert msgspec.msgpack.encode(snapshot) == before


def test_foreign_id_means_the_device_that_has_it_now() -> None:
    """Given to another device, and the first one registered without it: still the second's."""
    registry, foreign = Registry(), Profile(foreign={"jt808": "013912345678"})
    second = a_device(2, profile=foreign)

    _register(registry, 0, _on("v-1", profile=foreign))
    assert registry.by_foreign_id("jt808", "013912345678") == _on("v-1", profile=foreign)
    _register(registry, 1, second)
    _register(registry, 2, _on("v-1"))

    assert registry.by_foreign_id("jt808", "013912345678") == second
    assert registry.by_foreign_id("owntracks", "013912345678") is None


def test_foreign_id_that_was_taken_back_means_nobody() -> None:
    """The adapter's next message goes to quarantine."""
    registry = Registry()
    _register(registry, 0, _on("v-1", profile=Profile(foreign={"jt808": "1"})))
    _register(registry, 1, _on("v-1"))

    assert registry.by_foreign_id("jt808", "1") is None
