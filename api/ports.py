"""What the API needs from outside: small Protocols. Adapters: ``stores.queries_*`` and friends.

Every method that takes a ``scope`` gives nothing outside it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alerts.precision import Label
from api.roles import Scope
from api.rows import AlertRow, AuditEntry, DemotionRow, IncidentChange, IncidentRow, Tap
from api.system_rows import Adopted, FeedRow, Swapped, TokenRow
from devices.control import AnyControl, PhoneAt
from devices.device_filter import DeviceFilter, FoundDevices, KnownDevice
from devices.latest import HealthColumns
from devices.model import AdminState, Device, Fence, Grid, Site, Vehicle
from devices.telemetry import Interval, Row


class DeviceBook(Protocol):
    """Registered devices."""

    def find(self, scope: Scope, wanted: DeviceFilter) -> FoundDevices:
        """Devices in scope that ``wanted`` asks for: who they are, no rows."""
        ...

    def of_slots(self, scope: Scope, slots: Collection[int]) -> Sequence[Device]:
        """Devices of these slots, in any order."""
        ...

    def one(self, scope: Scope, device_id: str) -> Device | None:
        """One device."""
        ...

    def known(self, scope: Scope, device_id: str, now_ms: int) -> KnownDevice | None:
        """One device without I/O; None: ``look``. ``now_ms`` of a clock that never steps."""
        ...

    def look(self, scope: Scope, device_id: str, now_ms: int) -> KnownDevice | None:
        """One device as it is now, and ``known`` from then on."""
        ...

    def trackers(self, vehicle_ids: Collection[str]) -> Sequence[Device]:
        """Trackers bound to these vehicles, ascending by slot. Not scoped: ask after a check."""
        ...


class CommandBook(Protocol):
    """Commands to devices. Not scoped: ask after a check of the device."""

    def page(
        self, device_id: str, *, before: tuple[int, str] | None, limit: int
    ) -> Sequence[object]:
        """Commands (``command_schemas.CommandOut``) below the key (asked_ms, id), newest first."""
        ...


class VehicleBook(Protocol):
    """Registered vehicles and fences."""

    def one(self, scope: Scope, vehicle_id: str) -> Vehicle | None:
        """One vehicle."""
        ...

    def seen(self, scope: Scope, vehicle_ids: Collection[str]) -> frozenset[str]:
        """Which of these vehicles are in scope."""
        ...

    def owned(self, owner_id: str) -> frozenset[str]:
        """Ids of one owner's vehicles."""
        ...

    def fences(self, *, after: str, limit: int) -> Sequence[Fence]:
        """Fences above an id, ascending. Not scoped: ask for their vehicles."""
        ...

    def fences_of(self, fence_ids: Collection[str]) -> Sequence[Fence]:
        """Those fences of these ids that there are. Not scoped: ask for their vehicles."""
        ...

    def fence(self, fence_id: str) -> Fence | None:
        """One fence. Not scoped: fences have no area."""
        ...


class AlertBook(Protocol):
    """Alerts and their timelines."""

    def page(
        self,
        scope: Scope,
        *,
        state: str | None,
        level: int | None,
        waiting: bool = False,
        before: tuple[int, str] | None,
        limit: int,
    ) -> Sequence[AlertRow]:
        """Alerts below the key (raised_ms, id), newest first; ``level`` is the least level."""
        ...

    def one(self, scope: Scope, alert_id: str) -> AlertRow | None:
        """One alert."""
        ...

    def timeline(self, alert_id: str) -> Sequence[object]:
        """Steps of one alert (``schemas.AlertStepOut``), oldest first. Not scoped."""
        ...


class OutcomeBook(Protocol):
    """What people said of alerts, and what is demoted for it."""

    def labels(self, scope: Scope, *, since_ms: int) -> Sequence[Label]:
        """Labelled alerts that were raised since then, any order."""
        ...

    def raised(self, scope: Scope, *, since_ms: int) -> int:
        """How many alerts that told somebody were raised since then, labelled or not."""
        ...

    def demoted(self, scope: Scope, *, now_ms: int) -> Sequence[DemotionRow]:
        """Demotions that hold now, the newest first."""
        ...


class IncidentBook(Protocol):
    """Incidents."""

    def page(
        self,
        scope: Scope,
        *,
        state: str | None,
        area: str | None,
        kind: str | None = None,
        is_open: bool | None = None,
        before: tuple[int, str] | None,
        limit: int,
    ) -> Sequence[IncidentRow]:
        """Incidents below the key (opened_ms, id), newest first; ``area`` is a prefix."""
        ...

    def one(self, scope: Scope, incident_id: str) -> IncidentRow | None:
        """One incident."""
        ...

    def open_on(self, scope: Scope, vehicle_id: str) -> IncidentRow | None:
        """The newest incident on a vehicle that is not closed."""
        ...

    def open_all(self, scope: Scope) -> Sequence[IncidentRow]:
        """All incidents that are not closed."""
        ...

    def log(self, incident_id: str) -> Sequence[object]:
        """Steps of one incident (``schemas.IncidentStepOut``), oldest first. Not scoped."""
        ...

    def deliveries(self, incident_id: str) -> Sequence[object]:
        """Who was told what and when (``schemas.DeliveryOut``), oldest first. Not scoped."""
        ...

    def change(
        self,
        scope: Scope,
        incident_id: str,
        decide: Callable[[IncidentRow], IncidentChange | None],
        tap: Tap | None = None,
    ) -> IncidentRow | None:
        """Read one incident, let ``decide`` say what changes, store it: one transaction.

        Two callers at once are put in an order: the second one's ``decide`` sees what the first
        did. Whatever ``decide`` raises leaves everything as it was.

        Args:
            scope: Outside it the incident does not exist.
            incident_id: Which.
            decide: Pure; None changes nothing.
            tap: If it was answered before, that answer is given again and nothing is done.

        Returns:
            The incident afterwards; None when there is none in scope.
        """
        ...


class FeedBook(Protocol):
    """The numbered feed, read only."""

    def after(self, feed_id: int, limit: int) -> Sequence[FeedRow]:
        """Rows above ``feed_id``, ascending. Not scoped: the stream filters per subscriber."""
        ...

    def head(self) -> int:
        """The newest number, 0 when empty."""
        ...


class TokenBook(Protocol):
    """Tokens at rest."""

    def by_hash(self, token_hash: str) -> TokenRow | None:
        """The token of a hash, whatever its state."""
        ...

    def alive(self, token_ids: Collection[str], now_ms: int) -> frozenset[str]:
        """Which of these tokens are neither expired nor revoked."""
        ...

    def page(self, *, before: tuple[int, str] | None, limit: int) -> Sequence[TokenRow]:
        """Tokens below the key (created_ms, id), newest first."""
        ...

    def one(self, token_id: str) -> TokenRow | None:
        """One token."""
        ...

    def add(
        self,
        *,
        token_id: str,
        token_hash: str,
        name: str,
        role: str,
        areas: Sequence[str],
        owner_id: str | None,
        expires_ms: int | None,
        audit: AuditEntry,
    ) -> None:
        """Keep a new token and its audit row."""
        ...

    def revoke(self, token_id: str, *, audit: AuditEntry) -> None:
        """Take a token back; a second time changes nothing."""
        ...


class Actions(Protocol):
    """What people do, for the processor; and who looked."""

    def post(self, control: AnyControl, audit: AuditEntry) -> int:
        """Write a control row and its audit row in one transaction; gives the control id."""
        ...

    def post_on_open_alert(
        self,
        alert_id: str,
        ended: Collection[str],
        control: AnyControl,
        audit: AuditEntry,
        tap: Tap | None = None,
    ) -> int | None:
        """The same, unless the alert's state is in ``ended``: then None and nothing written.

        ``tap``: if it was answered before, that control id is given again, whatever the state.
        """
        ...

    def say(self, control: PhoneAt) -> int:
        """Write a phone's place without an audit row; gives the control id. It goes within hours.

        A row of the audit for each would be a diary of its owner.
        """
        ...

    def note(self, entries: Sequence[AuditEntry]) -> None:
        """Write audit rows alone."""
        ...


class Registry(Protocol):
    """The registry's writer: each call changes its table and its control row at once.

    ``by`` names who does it. A place or fence that is there already under an id is replaced.
    """

    def add_devices(
        self,
        new: Sequence[tuple[Device, str]],
        *,
        by: str,
        audit: Sequence[AuditEntry],
        adopt: AuditEntry | None,
    ) -> Adopted:
        """Register (device, password hash) with its audit, in one transaction.

        ``adopt`` runs again what is held of them as ``unknown_device``, and is its audit.

        Raises:
            AlreadyRegistered: An id is, also when somebody else registers it at this moment.
            RegistryError: A line for every fault (``devices.registration_faults``).
        """
        ...

    def swap_devices(
        self, old_id: str, new_id: str, *, by: str, audit: Sequence[AuditEntry], why: str
    ) -> Swapped:
        """Put one device in the place of another, which is retired, with its audit.

        Raises:
            SwapRefused: It cannot be; says why.
        """
        ...

    def give_admin(
        self, device_id: str, admin: AdminState, *, by: str, audit: Sequence[AuditEntry]
    ) -> bool:
        """Say that a device is in use or in maintenance; False: it is so already, or retired."""
        ...

    def add_vehicles(self, new: Sequence[Vehicle], *, by: str) -> None:
        """Register vehicles.

        Raises:
            AlreadyRegistered: An id is, also when somebody else registers it at this moment.
        """
        ...

    def add_places(self, sites: Sequence[Site], grids: Sequence[Grid], *, by: str) -> None:
        """Register sites and grids."""
        ...

    def save_fence(self, fence: Fence, *, by: str) -> None:
        """Register a fence."""
        ...

    def save_fences(self, new: Sequence[Fence], *, by: str) -> None:
        """Register fences, all or none."""
        ...

    def delete_fence(self, fence_id: str, *, by: str) -> None:
        """Forget a fence."""
        ...


class TrackStore(Protocol):
    """The telemetry store."""

    def track(
        self,
        device_id: str,
        from_ms: int,
        to_ms: int,
        after: tuple[int, int] | None,
        limit: int,
    ) -> Sequence[Row]:
        """Fixes of one device in [from_ms, to_ms], above the key (t_ms, seq), ascending."""
        ...

    def history(  # noqa: PLR0917 - the order of the key
        self,
        measurement: str,
        column: str,
        device_id: str,
        from_ms: int,
        to_ms: int,
        every_ms: int,
    ) -> Sequence[Interval]:
        """One measure by intervals, ascending; only those in which it was known."""
        ...

    def availability(
        self, measurement: str, device_id: str, from_ms: int, to_ms: int, *, every_ms: int
    ) -> Sequence[tuple[int, int]]:
        """Rows of each interval that touches the period as (begin_ms, rows), ascending."""
        ...


class LatestState(Protocol):
    """Last believed state by slot (decisions.md 6)."""

    def get(self, slot: int) -> np.void | None:
        """One row of ``LATEST_DTYPE``; None when the slot was never written."""
        ...

    def many(self, slots: NDArray[np.int64]) -> NDArray[np.void]:
        """Several rows, each consistent, in the order of ``slots``; version 0: never written."""
        ...

    def health(self, slots: NDArray[np.int64]) -> HealthColumns:
        """Health of many devices in the order of ``slots``, to choose; show what ``many`` says."""
        ...


class StatusSink(Protocol):
    """Where this process says how it is, about once a second (run/api.json)."""

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        """Replace the part's status (atomic)."""
        ...
