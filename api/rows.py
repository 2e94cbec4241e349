"""Rows of people's work that the ports speak of: only what the API itself reads of them.

The answer's model (``schemas``) takes the rest by name, so a column that goes missing fails the
tests, not a client.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from alerts.model import Notice
from devices.control import IncidentMoved


class AuditEntry(NamedTuple):
    """One row of the audit: who did or saw what, and why.

    Attributes:
        at_ms: Wall clock, ms UTC.
        by: Name of the token.
        role: Its role.
        action: Stable word, at most 32 characters.
        object: ``kind:id``; beyond 128 characters its end is a hash (``stores.queries.fitted``).
        purpose: A ``Purpose``, a reason code or "".
    """

    at_ms: int
    by: str
    role: str
    action: str
    object: str
    purpose: str


class DemotionRow(Protocol):
    """One demotion. ``case_schemas.DemotionOut`` lists the rest."""

    @property
    def subject(self) -> str:
        """``device:ID`` or ``rule:KIND:REASON@SITE``."""
        ...


class AlertRow(Protocol):
    """One alert. ``schemas.AlertOut`` lists the rest."""

    @property
    def id(self) -> str:
        """The alert's id."""
        ...

    @property
    def vehicle_id(self) -> str:
        """Whose alert it is."""
        ...

    @property
    def state(self) -> str:
        """A value of ``AlertState``."""
        ...

    @property
    def onset_ms(self) -> int:
        """When what it tells began, ms UTC."""
        ...

    @property
    def kind(self) -> str:
        """A value of ``AlertKind``."""
        ...

    @property
    def level(self) -> int:
        """A value of ``Level``."""
        ...

    @property
    def late_s(self) -> float:
        """How old the causing measurement was, seconds."""
        ...

    @property
    def reasons(self) -> Sequence[Mapping[str, object]]:
        """Why, in words and numbers."""
        ...

    @property
    def raised_ms(self) -> int:
        """When it was raised, ms UTC; the sort key of pages."""
        ...

    @property
    def moved_m(self) -> float:
        """Distance from where it was parked, metres."""
        ...


class IncidentRow(Protocol):
    """One incident. ``schemas.IncidentOut`` lists the rest."""

    @property
    def id(self) -> str:
        """The incident's id."""
        ...

    @property
    def alert_id(self) -> str:
        """The alert it came from."""
        ...

    @property
    def vehicle_id(self) -> str:
        """The vehicle."""
        ...

    @property
    def device_id(self) -> str:
        """The tracker that raised it."""
        ...

    @property
    def kind(self) -> str:
        """A value of ``AlertKind``."""
        ...

    @property
    def level(self) -> int:
        """A value of ``Level``."""
        ...

    @property
    def state(self) -> str:
        """A value of ``IncidentState``."""
        ...

    @property
    def outcome(self) -> str | None:
        """A value of ``Outcome`` once closed."""
        ...

    @property
    def grid(self) -> str:
        """Patrol grid, or ""."""
        ...

    @property
    def area(self) -> str:
        """Area code that decides who sees it."""
        ...

    @property
    def onset_ms(self) -> int:
        """When the theft began, ms UTC."""
        ...

    @property
    def opened_ms(self) -> int:
        """When people's work began, ms UTC; the sort key of pages."""
        ...

    @property
    def lat_deg(self) -> float | None:
        """Last place, WGS 84."""
        ...

    @property
    def lon_deg(self) -> float | None:
        """Last place, WGS 84."""
        ...

    @property
    def acc_m(self) -> float | None:
        """Its accuracy, metres."""
        ...

    @property
    def reasons(self) -> Sequence[Mapping[str, object]]:
        """Why, in words and numbers."""
        ...

    @property
    def case_number(self) -> str | None:
        """The police system's number."""
        ...

    @property
    def assignee(self) -> str | None:
        """Who has it."""
        ...

    @property
    def version(self) -> int:
        """Rises by one with every change."""
        ...


class Tap(NamedTuple):
    """One tap on a phone: the same one again is done once.

    Attributes:
        by: Who tapped.
        key: Made by the phone for this one tap.
        what: The step; under one key several steps are several taps.
        at_ms: When it came, ms UTC.
    """

    by: str
    key: str
    what: str
    at_ms: int


class IncidentChange(Protocol):
    """What one step of people's work writes, all in one transaction."""

    @property
    def moved(self) -> IncidentMoved:
        """New state and outcome, who and when; also the control row."""
        ...

    @property
    def assignee(self) -> str | None:
        """Who has it afterwards."""
        ...

    @property
    def reason(self) -> str:
        """For the log."""
        ...

    @property
    def logged(self) -> str:
        """What the log calls it: the new state, or another word."""
        ...

    @property
    def tapped_ms(self) -> int | None:
        """When it was done on a phone that was offline, ms UTC."""
        ...

    @property
    def level(self) -> int:
        """The incident's level afterwards."""
        ...

    @property
    def posts(self) -> bool:
        """Whether the processor is told: there is a control row."""
        ...

    @property
    def notices(self) -> Sequence[Notice]:
        """Rows for the outbox; their bodies carry the new version."""
        ...

    @property
    def audit(self) -> AuditEntry:
        """The audit row."""
        ...
