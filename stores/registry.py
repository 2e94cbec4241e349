"""The registry's tables: devices, vehicles, places, fences. Each change writes its control row.

A device keeps its slot for ever; adding an id again replaces what is known of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from devices import control
from devices.control import AnyControl
from devices.model import AdminState, Device, Fence, Grid, Site, Vehicle
from devices.models import Model
from devices.registration_faults import AlreadyRegistered, RegistryError
from stores.bulk import insert_all, one_of
from stores.processing import put_control, put_controls
from stores.quarantine_replay import NOTHING, Queued, queue_unknown
from stores.queries import AuditRow, put_audit, taken_ids
from stores.records import writing
from stores.records_turns import Turn, take_turn
from stores.registry_claims import drop_claims, take_claims
from stores.registry_devices import (
    DEVICE_COLUMNS,
    NewDevice,
    check_fresh,
    checked,
    claims_of_all,
    device_of,
    known_of,
    put_devices,
)
from stores.registry_models import model_faults, put_model, speak_as, speaking
from stores.registry_swap import give_admin, retire, swap
from stores.registry_widths import width_faults
from stores.schema import control as control_table
from stores.schema import devices, fences, grids, sites, vehicles

_T = TypeVar("_T")
_HASHES = sa.select(devices.c.id, devices.c.secret_hash).where(
    devices.c.admin != AdminState.RETIRED
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """Registered devices, in the order given, and what was held of them."""

    devices: list[Device]
    held: Queued


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """Two devices after one took the other's place, and the row by which the processor hears."""

    old: Device
    new: Device
    control_id: int


class Registry:
    """Reads and changes the registry."""

    def __init__(self, engine: sa.Engine, now_ms: Callable[[], int], by: str = "system") -> None:
        """``now_ms`` stamps changes (wall, ms UTC); ``by`` names who makes them."""
        self._engine = engine
        self.now_ms = now_ms
        self.by = by

    def add_devices(
        self,
        new: Sequence[NewDevice],
        audit: Sequence[AuditRow] = (),
        *,
        adopt: AuditRow | None = None,
    ) -> Adopted:
        """Add or replace devices; gives them with their slots, in the order given: all at once.

        Args:
            new: Foreign ids in any form; they are kept in the one in which they arrive.
            audit: Rows written in the same transaction.
            adopt: Run again what was held of them as unknown, with this row of the audit when
                anything was; None leaves it in quarantine.

        Raises:
            RegistryError: An id, area or profile is not allowed, or an id stands here twice, or a
                foreign id is another device's; nothing was stored.
        """
        ready = checked(new)
        with self._changing() as connection:
            return self._add_all(connection, ready, audit, adopt)

    def add_new_devices(
        self, new: Sequence[NewDevice], audit: Sequence[AuditRow], *, adopt: AuditRow | None
    ) -> Adopted:
        """Add devices that are not registered; of two callers at once the second is refused.

        Raises:
            AlreadyRegistered: One is, retired ones too; nothing was stored.
            RegistryError: As ``add_devices``.
        """
        ready = checked(new)
        with self._changing() as connection:
            _check_new(connection, devices, [device.id for device in ready])
            return self._add_all(connection, ready, audit, adopt)

    def _add_all(
        self,
        connection: sa.Connection,
        new: Sequence[NewDevice],
        audit: Sequence[AuditRow],
        adopt: AuditRow | None,
    ) -> Adopted:
        added = self._add(connection, new)
        put_audit(connection, audit)
        held = self._run_held(connection, added, adopt) if adopt else NOTHING
        return Adopted(devices=added, held=held)

    def run_held(self, device: Device, audit: AuditRow) -> Queued:
        """Run again what is held of a registered device as unknown, with its row of the audit."""
        with self._changing() as connection:
            return self._run_held(connection, [device], audit)

    def _run_held(
        self, connection: sa.Connection, some: Sequence[Device], audit: AuditRow
    ) -> Queued:
        held = queue_unknown(connection, some, by=self.by, at_ms=self.now_ms())
        if held.queued:
            put_audit(connection, [audit])
        return held

    def _add(self, connection: sa.Connection, new: Sequence[NewDevice]) -> list[Device]:
        known = known_of(connection, new)
        check_fresh(new, known)
        full = speaking(connection, new, known)
        take_claims(connection, claims_of_all(full), [device.id for device in full])
        now_ms = self.now_ms()
        added = put_devices(connection, full, known, now_ms=now_ms, by=self.by)
        for chunk in _chunks(added):
            entry = control.RegisterDevices(at_ms=now_ms, by=self.by, devices=list(chunk))
            put_control(connection, control.encode(entry), now_ms)
        return added

    def save_model(self, model: Model, audit: Sequence[AuditRow] = ()) -> int:
        """Add or replace a model; gives how many devices that name it speak otherwise now.

        Devices are changed by the thousand, the model itself with the last of them: whoever is
        stopped on the way does it again.

        Raises:
            RegistryError: A field is not a model's, or devices of another class name it.
        """
        changed, after_slot, is_done = 0, 0, False
        while not is_done:
            with self._changing() as connection:
                if faults := model_faults(connection, model):
                    raise RegistryError(faults)
                now_ms = self.now_ms()
                part = speak_as(connection, model, after_slot=after_slot)
                if part.changed:
                    entry = control.RegisterDevices(at_ms=now_ms, by=self.by, devices=part.changed)
                    put_control(connection, control.encode(entry), now_ms)
                changed, after_slot, is_done = (
                    changed + len(part.changed),
                    part.upto_slot,
                    part.is_last,
                )
                if is_done:
                    put_model(connection, model)
                    put_audit(connection, audit)
        return changed

    def swap_devices(
        self, old_id: str, new_id: str, audit: Sequence[AuditRow], *, why: str = ""
    ) -> Swapped:
        """Put one device in the place of another, which is retired (``stores.registry_swap``).

        Raises:
            SwapRefused: It cannot be; nothing was stored.
        """
        with self._changing() as connection:
            now_ms = self.now_ms()
            both = swap(connection, old_id, new_id, why=why, by=self.by, now_ms=now_ms)
            put_audit(connection, audit)
            control_id = self._put(connection, control.RegisterDevices, devices=list(both))
            return Swapped(old=both[0], new=both[1], control_id=control_id)

    def give_admin(self, device_id: str, admin: AdminState, audit: Sequence[AuditRow]) -> bool:
        """Say that a device is in use, or in maintenance; False: nothing had to be changed."""
        with self._changing() as connection:
            device = give_admin(connection, device_id, admin)
            if device is None:
                return False
            put_audit(connection, audit)
            self._put(connection, control.RegisterDevices, devices=[device])
            return True

    def add_vehicles(self, new: Sequence[Vehicle], audit: Sequence[AuditRow] = ()) -> None:
        """Add or replace vehicles.

        Raises:
            RegistryError: A text does not fit; nothing was stored.
        """
        with self._changing() as connection:
            self._put_vehicles(connection, new)
            put_audit(connection, audit)

    def add_new_vehicles(self, new: Sequence[Vehicle]) -> None:
        """Add vehicles that are not registered; of two callers at once the second is refused.

        Raises:
            AlreadyRegistered: One is; nothing was stored.
            RegistryError: A text does not fit; nothing was stored.
        """
        with self._changing() as connection:
            _check_new(connection, vehicles, [vehicle.id for vehicle in new])
            self._put_vehicles(connection, new)

    def _put_vehicles(self, connection: sa.Connection, new: Sequence[Vehicle]) -> None:
        now_ms = self.now_ms()
        for chunk in _chunks(new):
            rows = [
                {"id": v.id, "owner_id": v.owner_id, "area": v.area, "body": _json(v)}
                for v in chunk
            ]
            _upsert(connection, vehicles, rows)
            entry = control.RegisterVehicles(at_ms=now_ms, by=self.by, vehicles=list(chunk))
            put_control(connection, control.encode(entry), now_ms)

    def add_places(
        self,
        new_sites: Sequence[Site],
        new_grids: Sequence[Grid],
        audit: Sequence[AuditRow] = (),
    ) -> None:
        """Add or replace sites and patrol grids.

        Raises:
            RegistryError: A text does not fit; nothing was stored.
        """
        now_ms = self.now_ms()
        with self._changing() as connection:
            site_rows = [{"id": s.id, "area": s.area, "body": _json(s)} for s in new_sites]
            grid_rows = [{"id": g.id, "body": _json(g)} for g in new_grids]
            _upsert(connection, sites, site_rows)
            _upsert(connection, grids, grid_rows)
            entry = control.RegisterPlaces(
                at_ms=now_ms, by=self.by, sites=list(new_sites), grids=list(new_grids)
            )
            put_control(connection, control.encode(entry), now_ms)
            put_audit(connection, audit)

    def save_fence(self, fence: Fence) -> int:
        """Add or replace one fence; gives the control id. Check it before (``Area(fence)``)."""
        with self._changing() as connection:
            _upsert(connection, fences, [{"id": fence.id, "body": _json(fence)}])
            return self._put(connection, control.SaveFence, fence=fence)

    def save_fences(self, new: Sequence[Fence]) -> None:
        """Add or replace fences, all or none. Check them before (``alerts.fence_geojson``)."""
        with self._changing() as connection:
            _upsert(connection, fences, [{"id": fence.id, "body": _json(fence)} for fence in new])
            now_ms = self.now_ms()
            saved = (control.SaveFence(at_ms=now_ms, by=self.by, fence=fence) for fence in new)
            put_controls(connection, list(map(control.encode, saved)), now_ms)

    def delete_fence(self, fence_id: str) -> int | None:
        """Forget one fence; gives the control id, None when there was none."""
        with self._changing() as connection:
            gone = connection.execute(sa.delete(fences).where(fences.c.id == fence_id))
            if gone.rowcount == 0:
                return None
            return self._put(connection, control.DeleteFence, fence_id=fence_id)

    def revoke_device(self, device_id: str) -> int | None:
        """Retire a device: its login ends; gives the control id, None when unknown."""
        with self._changing() as connection:
            if not retire(connection, device_id, by=self.by, now_ms=self.now_ms()):
                return None
            drop_claims(connection, [device_id])
            return self._put(connection, control.RevokeDevice, device_id=device_id)

    def _put(
        self, connection: sa.Connection, kind: Callable[..., AnyControl], **fields: object
    ) -> int:
        now_ms = self.now_ms()
        entry = kind(at_ms=now_ms, by=self.by, **fields)
        return put_control(connection, control.encode(entry), now_ms)

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        """One registration after the other: what it looks at stays so until it is written."""
        with writing(self._engine) as connection:
            take_turn(connection, Turn.CONTROL)
            yield connection

    def devices(self) -> list[Device]:
        """Every device, retired ones too, ascending by slot."""
        with self._engine.connect() as connection:
            return [
                device_of(row)
                for row in connection.execute(sa.select(*DEVICE_COLUMNS).order_by(devices.c.slot))
            ]

    def vehicle_ids(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these vehicles are registered."""
        with self._engine.connect() as connection:
            return taken_ids(connection, vehicles.c.id, ids)

    def vehicles(self) -> list[Vehicle]:
        """Every vehicle, ascending by id."""
        return self._bodies(vehicles, Vehicle)

    def sites(self) -> list[Site]:
        """Every site, ascending by id."""
        return self._bodies(sites, Site)

    def grids(self) -> list[Grid]:
        """Every patrol grid, ascending by id."""
        return self._bodies(grids, Grid)

    def fences(self) -> list[Fence]:
        """Every fence, ascending by id."""
        return self._bodies(fences, Fence)

    def secret_hashes(self) -> dict[str, str]:
        """Password hash by id of every device that may log in."""
        with self._engine.connect() as connection:
            return {row.id: row.secret_hash for row in connection.execute(_HASHES)}

    def secret_hashes_of(self, device_ids: Sequence[str]) -> dict[str, str]:
        """The same, of some."""
        with self._engine.connect() as connection:
            some = one_of(connection, devices.c.id, device_ids)
            return {row.id: row.secret_hash for row in connection.execute(_HASHES.where(some))}

    def revision(self) -> int:
        """Rises with every change of the registry (highest control id, 0 at first)."""
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.max(control_table.c.id))).scalar() or 0)

    def _bodies(self, table: sa.Table, kind: type[_T]) -> list[_T]:
        query = sa.select(table.c.body).order_by(table.c.id)
        with self._engine.connect() as connection:
            return [msgspec.json.decode(row.body, type=kind) for row in connection.execute(query)]


def _check_new(connection: sa.Connection, table: sa.Table, ids: Sequence[str]) -> None:
    """Refuse ids that the table has.

    Raises:
        AlreadyRegistered: With a line for each.
    """
    if taken := taken_ids(connection, table.c.id, ids):
        raise AlreadyRegistered([f"{each}: is registered already" for each in sorted(taken)])


def _upsert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]
) -> None:
    if rows:
        if faults := width_faults(table, rows):
            raise RegistryError(faults)
        insert_all(connection, table, rows, over="id")


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


def _chunks(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    for start in range(0, len(items), control.REGISTERED_MAX):
        yield items[start : start + control.REGISTERED_MAX]
