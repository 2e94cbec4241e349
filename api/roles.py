"""Who may do what: the one table from roles to permissions, and to purposes of a look."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Whose token it is (incidents.md, Who may see what; ``metrics`` is a scraper).

    ``link`` is an owner's signed link (``api.links``): no token or user ever has this role.
    """

    OFFICER = "officer"
    DESK = "desk"
    OPERATOR = "operator"
    ATTENDANT = "attendant"
    OWNER = "owner"
    AUDITOR = "auditor"
    ADMIN = "admin"
    DEVICE = "device"
    METRICS = "metrics"
    LINK = "link"


class Permission(StrEnum):
    """What a route asks for. Every route names exactly one, but ``ANONYMOUS``."""

    DOCS = "docs"
    SESSION = "session"
    DEVICES_READ = "devices_read"
    DEVICES_WRITE = "devices_write"
    DEVICES_COMMAND = "devices_command"
    CAMERAS_READ = "cameras_read"
    CHARGERS_READ = "chargers_read"
    PLACES_WRITE = "places_write"
    MAPS_READ = "maps_read"
    VEHICLES_READ = "vehicles_read"
    VEHICLES_WRITE = "vehicles_write"
    VEHICLES_GUARD = "vehicles_guard"
    VEHICLES_REPORT = "vehicles_report"
    VEHICLES_PHONE = "vehicles_phone"
    TICKETS = "tickets"
    TRACK_READ = "track_read"
    ALERTS_READ = "alerts_read"
    EXPLAIN_READ = "explain_read"
    ALERTS_ANSWER = "alerts_answer"
    ALERTS_VERDICT = "alerts_verdict"
    DESK_READ = "desk_read"
    PRECISION_READ = "precision_read"
    DEMOTIONS_LIFT = "demotions_lift"
    INCIDENTS_READ = "incidents_read"
    INCIDENTS_WORK = "incidents_work"
    STREAM = "stream"
    QUARANTINE_READ = "quarantine_read"
    QUARANTINE_WRITE = "quarantine_write"
    BOOKS_READ = "books_read"
    TOKENS = "tokens"
    LINK = "link"
    READY = "ready"
    METRICS = "metrics"


class Purpose(StrEnum):
    """Why somebody looks at a track, a live position (incidents.md, purpose codes)."""

    PATROL_INCIDENT = "PATROL_INCIDENT"
    CASE = "CASE"
    ADMIN_CHECK = "ADMIN_CHECK"
    OWNER = "OWNER"
    MAINTENANCE = "MAINTENANCE"
    FIRE = "FIRE"


_P = Permission
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OFFICER: frozenset(
        {
            _P.DOCS,
            _P.MAPS_READ,
            _P.SESSION,
            _P.CAMERAS_READ,
            _P.VEHICLES_READ,
            _P.VEHICLES_REPORT,
            _P.TRACK_READ,
            _P.INCIDENTS_READ,
            _P.INCIDENTS_WORK,
            _P.STREAM,
        }
    ),
    Role.DESK: frozenset(
        {
            _P.DOCS,
            _P.MAPS_READ,
            _P.SESSION,
            _P.DEVICES_READ,
            _P.CHARGERS_READ,
            _P.DEVICES_COMMAND,
            _P.CAMERAS_READ,
            _P.VEHICLES_READ,
            _P.VEHICLES_REPORT,
            _P.TRACK_READ,
            _P.ALERTS_READ,
            _P.EXPLAIN_READ,
            _P.ALERTS_VERDICT,
            _P.DESK_READ,
            _P.PRECISION_READ,
            _P.DEMOTIONS_LIFT,
            _P.INCIDENTS_READ,
            _P.INCIDENTS_WORK,
            _P.STREAM,
        }
    ),
    Role.OPERATOR: frozenset(
        {
            _P.DOCS,
            _P.MAPS_READ,
            _P.SESSION,
            _P.DEVICES_READ,
            _P.DEVICES_WRITE,
            _P.CHARGERS_READ,
            _P.DEVICES_COMMAND,
            _P.CAMERAS_READ,
            _P.PLACES_WRITE,
            _P.VEHICLES_READ,
            _P.VEHICLES_WRITE,
            _P.TICKETS,
            _P.TRACK_READ,
            _P.ALERTS_READ,
            _P.EXPLAIN_READ,
            _P.PRECISION_READ,
            _P.INCIDENTS_READ,
            _P.STREAM,
            _P.QUARANTINE_READ,
            _P.QUARANTINE_WRITE,
            _P.BOOKS_READ,
            _P.READY,
            _P.METRICS,
        }
    ),
    Role.ATTENDANT: frozenset(
        {
            _P.DOCS,
            _P.MAPS_READ,
            _P.SESSION,
            _P.DEVICES_READ,
            _P.CAMERAS_READ,
            _P.CHARGERS_READ,
            _P.TICKETS,
        }
    ),
    Role.OWNER: frozenset(
        {
            _P.DOCS,
            _P.MAPS_READ,
            _P.SESSION,
            _P.DEVICES_READ,
            _P.VEHICLES_READ,
            _P.VEHICLES_GUARD,
            _P.VEHICLES_REPORT,
            _P.VEHICLES_PHONE,
            _P.TRACK_READ,
            _P.ALERTS_READ,
            _P.ALERTS_ANSWER,
            _P.STREAM,
        }
    ),
    Role.AUDITOR: frozenset({_P.DOCS, _P.SESSION, _P.BOOKS_READ}),
    Role.ADMIN: frozenset(Permission) - {_P.LINK},  # a link's right is of the link, not of people
    Role.DEVICE: frozenset({_P.DOCS, _P.SESSION}),
    Role.METRICS: frozenset({_P.DOCS, _P.SESSION, _P.READY, _P.METRICS}),
    Role.LINK: frozenset({_P.LINK}),
}
"""The whole of function-level authorisation. A permission that is not here is refused."""

_U = Purpose
PURPOSES: dict[Role, frozenset[Purpose]] = {
    Role.OFFICER: frozenset({_U.PATROL_INCIDENT, _U.CASE, _U.FIRE}),
    Role.DESK: frozenset({_U.PATROL_INCIDENT, _U.CASE, _U.FIRE}),
    Role.OPERATOR: frozenset({_U.MAINTENANCE}),
    Role.OWNER: frozenset({_U.OWNER}),
    Role.ADMIN: frozenset({_U.ADMIN_CHECK, _U.CASE, _U.MAINTENANCE, _U.FIRE}),
}
"""Purposes a role may give for a look at a track or a live position; no row: no look."""

DEFAULT_PURPOSE: dict[Role, Purpose] = {
    Role.OFFICER: Purpose.PATROL_INCIDENT,
    Role.OWNER: Purpose.OWNER,
}
"""The purpose of a role that gives none; every other role has to say why it looks."""

AREA_ROLES = frozenset(
    {Role.OFFICER, Role.DESK, Role.OPERATOR, Role.ATTENDANT, Role.AUDITOR, Role.ADMIN}
)
"""Roles whose tokens name areas; without one they would see nothing."""

PLATE_ROLES = frozenset({Role.DESK, Role.OWNER, Role.ADMIN})
"""Roles that read plates in full; an officer does only while an incident is open."""

LIVE_ROLES = frozenset({Role.OFFICER, Role.DESK, Role.ADMIN})
"""Roles that get live positions on the stream: those who work on the incident."""

ALERT_ROLES = frozenset({Role.DESK, Role.OPERATOR, Role.ADMIN})
"""Roles that get the machine's alerts of their areas on the stream."""


HEALTH_ROLES = ALERT_ROLES
"""Roles that get health notices of their areas on the stream: who keeps devices working."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which objects somebody sees; the stores apply it in one function.

    Attributes:
        areas: Prefixes of grid codes; "" is the whole city, no prefix at all sees nothing.
        owner_id: None for staff; for an owner the id whose vehicles are seen, whatever ``areas``.
    """

    areas: tuple[str, ...]
    owner_id: str | None = None

    def covers(self, area: str) -> bool:
        """Whether staff of this scope see an object of ``area`` ("" only city wide)."""
        return self.owner_id is None and any(area.startswith(prefix) for prefix in self.areas)


CITY = Scope(areas=("",))
"""Everything: for the server's own look-ups after a permission was found, never a default."""

NOBODY = Scope(areas=())
"""Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: one valid token.

    Attributes:
        name: The person or system, as it stands in logs; officers are told each other's.
        alert_id: The one alert that an owner's link shows; None for everybody else.
        expires_ms: When the link ends, ms UTC; None for everybody else.
    """

    token_id: str
    name: str
    role: Role
    scope: Scope
    alert_id: str | None = None
    expires_ms: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role's row of ``PERMISSIONS`` has it."""
        return permission in PERMISSIONS[self.role]
