"""Which devices a list is of, and how one stands in the registry, mostly without a query.

It follows the registry: a look costs one small query, and of what changed since only that is read
again, as the ``control`` rows name it. The rows of a page come from the database, which applies the
scope once more.
"""

import threading
from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa

from devices import control as wire
from devices.device_filter import DeviceFilter, FoundDevices, KnownDevice
from devices.model import SYNTHETIC_ID
from stores.device_columns import DeviceColumns, Line
from stores.queries import IN_MAX, Scope, in_scope
from stores.schema import control, devices

CHANGES_MAX = 20_000
"""Control rows, or devices in them, past which everything is read anew. Our choice: to read
100,000 devices takes about as long as to look at so many control rows."""
KNOWN_MS = 500
"""The registry is believed to be as it was for so long where one device is asked for by name. Our
choice: a tenth of what a token is believed (``ApiPolicy.token_cache_ms``)."""
STALE_MS = 4 * KNOWN_MS
"""While one looks the others are answered from memory; of this age it is not believed. Ours."""
_PART = 10_000
"""Rows taken from the database at once."""

_LINE = sa.select(
    *(devices.c[name] for name in Line._fields[:-1]),
    sa.case((devices.c.vehicle_id == SYNTHETIC_ID, SYNTHETIC_ID), else_=""),
).order_by(devices.c.slot)
_HEADS = sa.select(
    sa.select(sa.func.max(control.c.id)).scalar_subquery(),
    sa.select(sa.func.max(devices.c.slot)).scalar_subquery(),
)
_SILENT = (
    wire.RegisterVehicles,
    wire.RegisterPlaces,
    wire.SaveFence,
    wire.DeleteFence,
    wire.Arm,
    wire.Disarm,
    wire.SendCommand,
    wire.OwnerAnswer,
    wire.DeskVerdict,
    wire.ReportStolen,
    wire.OpenTicket,
    wire.CloseTicket,
    wire.Delivered,
    wire.LiftDemotion,
    wire.IncidentMoved,
    wire.CollectionTask,
)
"""Controls that change no device. After one of a kind that is not known here, all is read anew."""


class DeviceIndex:
    """The registry's devices in memory. Safe to ask from several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        """Read nothing yet."""
        self._engine = engine
        self._lock = threading.Lock()
        self._columns = DeviceColumns()
        self._control_id: int | None = None
        self._followed_ms: int | None = None
        self._asked_ms = 0

    def find(self, scope: Scope, wanted: DeviceFilter) -> FoundDevices:
        """Devices in ``scope`` that ``wanted`` asks for."""
        with self._engine.connect() as connection:
            named = _slots_named(connection, wanted.text) if wanted.text else None
        with self._lock, self._engine.connect() as connection:
            columns = self._follow(connection)
            if scope.owner_id is None:
                keep = columns.of_staff(scope.areas)
            else:
                own = in_scope(scope, area=devices.c.area, vehicle_id=devices.c.vehicle_id)
                query = sa.select(devices.c.slot).where(own)
                keep = columns.have(connection.scalars(query).all())
            for column, words in (
                ("cls", wanted.cls),
                ("admin", wanted.admin),
                ("site_id", wanted.site),
                ("vendor", wanted.vendor),
                ("model", wanted.model),
            ):
                if words:
                    keep &= columns.where(column, frozenset(words).__contains__)
            for prefix in wanted.areas:
                keep &= columns.begins("area", (prefix,))
            if named is not None:
                keep &= columns.have(named)
            return columns.found(keep)

    def known(self, scope: Scope, device_id: str, now_ms: int) -> KnownDevice | None:
        """A device from memory alone; None: ask ``look``, as one does every ``KNOWN_MS``.

        Args:
            scope: An owner's is not known here.
            device_id: Which.
            now_ms: Of a clock that never steps.
        """
        followed_ms = self._followed_ms
        if followed_ms is None or scope.owner_id is not None or now_ms - followed_ms >= STALE_MS:
            return None
        if now_ms - max(followed_ms, self._asked_ms) >= KNOWN_MS:
            self._asked_ms = now_ms  # whoever comes first looks
            return None
        return self._columns.named(device_id, scope.areas)

    def look(self, scope: Scope, device_id: str, now_ms: int) -> KnownDevice | None:
        """A device as the registry has it now; None when there is none for staff of ``scope``."""
        with self._lock, self._engine.connect() as connection:
            columns = self._follow(connection)
            self._followed_ms = now_ms
            return columns.named(device_id, scope.areas)

    def _follow(self, connection: sa.Connection) -> DeviceColumns:
        """Take what changed in the registry since the last look."""
        newest, slot = connection.execute(_HEADS).one()
        newest, columns = newest or 0, self._columns
        if self._control_id is not None and newest > self._control_id:
            changed = _changed_devices(connection, self._control_id, newest)
            if changed is None:
                columns = DeviceColumns()
            else:
                _change(connection, columns, changed)
        if (slot or 0) > columns.last_slot:
            new = _LINE.where(devices.c.slot > columns.last_slot)
            for rows in connection.execute(new).partitions(_PART):
                columns.add([Line._make(row) for row in rows])
        self._control_id = max(newest, self._control_id or 0)
        self._columns = columns
        return columns


def _slots_named(connection: sa.Connection, text: str) -> Sequence[int]:
    """Slots of devices that ``text`` stands in the id, the name or the vehicle's id of."""
    texts = (devices.c.id, devices.c.name, devices.c.vehicle_id)
    holds = (sa.func.lower(each).contains(text.lower(), autoescape=True) for each in texts)
    return connection.scalars(sa.select(devices.c.slot).where(sa.or_(*holds))).all()


def _change(connection: sa.Connection, columns: DeviceColumns, ids: Collection[str]) -> None:
    wanted = sorted(ids)
    for start in range(0, len(wanted), IN_MAX):
        some = devices.c.id.in_(wanted[start : start + IN_MAX])
        columns.change([Line._make(row) for row in connection.execute(_LINE.where(some))])


def _changed_devices(connection: sa.Connection, after: int, until: int) -> set[str] | None:
    """Ids of the devices that control rows in (after, until] name; None = all may have changed."""
    if until - after > CHANGES_MAX:
        return None
    between = sa.and_(control.c.id > after, control.c.id <= until, control.c.kind == "")
    found: set[str] = set()
    for body in connection.scalars(sa.select(control.c.body).where(between)):
        try:
            change = wire.decode(body)
        except msgspec.DecodeError:
            return None  # of a newer version
        if isinstance(change, wire.RegisterDevices):
            found.update(device.id for device in change.devices)
        elif isinstance(change, wire.RevokeDevice):
            found.add(change.device_id)
        elif not isinstance(change, _SILENT):
            return None
    return found if len(found) <= CHANGES_MAX else None
