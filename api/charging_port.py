"""What the API needs to know of charging stations. Adapter: ``stores.queries_charging``."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from api.roles import Scope
from devices.charger_now import StationNow
from devices.day_facts import DayFacts


class Place(Protocol):
    """A station and where it stands; "" = no site, no name."""

    @property
    def slot(self) -> int:
        """Its number."""
        ...

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def site_id(self) -> str:
        """Its site."""
        ...

    @property
    def area(self) -> str:
        """Its area code."""
        ...


class Shown(Protocol):
    """How a station stood at a moment."""

    @property
    def at_ms(self) -> int:
        """When, receive time, ms UTC."""
        ...

    @property
    def now(self) -> StationNow:
        """Ports, sessions, box."""
        ...


class ChargingBook(Protocol):
    """Charging stations and their money by day; days are ISO dates of the city."""

    def stations(self, scope: Scope, *, area: str | None) -> Sequence[Place]:
        """Registered charging stations, ascending by slot; ``area`` is a prefix."""
        ...

    def now(self, slot: int) -> Shown | None:
        """One station. Not scoped: ask after a check."""
        ...

    def all_now(self, scope: Scope, *, area: str | None) -> Mapping[int, Shown]:
        """All stations in scope that ever spoke, by slot."""
        ...

    def days(
        self, scope: Scope, *, first: str, last: str, area: str | None
    ) -> Sequence[tuple[int, DayFacts]]:
        """Days of stations in scope with their slots, ascending by day."""
        ...

    def days_of(self, slot: int, *, first: str, last: str) -> Sequence[DayFacts]:
        """Days of one station, ascending. Not scoped: ask after a check."""
        ...
