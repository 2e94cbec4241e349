"""What the API needs of the health log. Adapter: ``stores.queries_health``."""

from collections.abc import Sequence
from typing import Protocol

from api.roles import Scope
from devices.availability import Spent
from devices.health_events import HealthChange


class FleetRow(Protocol):
    """What a device is grouped by."""

    @property
    def slot(self) -> int:
        """Its number."""
        ...

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def cls(self) -> str:
        """Class."""
        ...

    @property
    def area(self) -> str:
        """Grid code."""
        ...

    @property
    def site_id(self) -> str | None:
        """Where it stands."""
        ...

    @property
    def vendor(self) -> str:
        """Who made it."""
        ...

    @property
    def model(self) -> str:
        """What it is."""
        ...


class NewsRow(Protocol):
    """A new row of the log, with whose it is and what was before (-1, "" = nothing)."""

    @property
    def seq(self) -> int:
        """The journal entry."""
        ...

    @property
    def at_ms(self) -> int:
        """When, wall ms UTC."""
        ...

    @property
    def presence(self) -> int:
        """``Presence`` from then on."""
        ...

    @property
    def causes(self) -> int:
        """``Cause`` bits from then on."""
        ...

    @property
    def admin(self) -> str:
        """``AdminState`` from then on."""
        ...

    @property
    def id(self) -> str:
        """The device."""
        ...

    @property
    def cls(self) -> str:
        """Its class."""
        ...

    @property
    def area(self) -> str:
        """Its grid code."""
        ...

    @property
    def site_id(self) -> str | None:
        """Where it stands."""
        ...

    @property
    def vehicle_id(self) -> str | None:
        """Its vehicle."""
        ...

    @property
    def before_presence(self) -> int:
        """``Presence`` before."""
        ...

    @property
    def before_causes(self) -> int:
        """``Cause`` bits before."""
        ...

    @property
    def before_admin(self) -> str:
        """``AdminState`` before."""
        ...


class HealthBook(Protocol):
    """Changes of devices' health."""

    def changes(
        self, slot: int, from_ms: int, to_ms: int, *, below_seq: int | None = None, limit: int
    ) -> Sequence[HealthChange]:
        """Changes of one device in [from_ms, to_ms], newest first. Not scoped."""
        ...

    def held(self, slot: int, at_ms: int) -> HealthChange | None:
        """The newest change of one device before a moment. Not scoped."""
        ...

    def fleet(self, scope: Scope) -> Sequence[FleetRow]:
        """Devices of a scope, ascending by slot."""
        ...

    def spent(self, slots: list[int], from_ms: int, to_ms: int) -> Spent:
        """How devices spent [from_ms, to_ms). Not scoped: ``fleet`` is."""
        ...

    def head(self) -> tuple[int, int]:
        """Where the log ends: receive time and entry."""
        ...

    def news(self, after: tuple[int, int], now_ms: int, *, limit: int) -> Sequence[NewsRow]:
        """Rows of later entries, ascending, of each entry all. Not scoped."""
        ...
