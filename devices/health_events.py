"""What health tells: changes of a device's state, one row each, and events that people hear of.

A change is history; an event is news. Members of an outage and flapping devices change all the
time and are no news of their own. Who is told of an event: docs/alerts.md, Health notices.
"""

from enum import StrEnum

import msgspec


class HealthEventKind(StrEnum):
    """Kinds of ``HealthEvent`` that presence makes; ``devices.fire`` has its own."""

    OUTAGE = "outage"
    OUTAGE_OVER = "outage_over"
    FLAPPING = "flapping"
    FLAPPING_OVER = "flapping_over"
    SILENT = "silent"
    BACK = "back"
    NEVER_HEARD = "never_heard"


class HealthEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of news of a device, or of many that one thing explains.

    Attributes:
        kind: ``HealthEventKind``, ``fire`` or ``fire_over``.
        key: The same occurrence has the same key, also after a restart and in a replay. It is
            ``KIND:DEVICE:BEGAN`` (``KIND:SCOPE:BEGAN``): an end has its beginning's last parts.
        device_id: Whose news; "" for an outage.
        site_id: The device's, or the outage's when all its members are of one; "" = none.
        area: Grid code of the device; of an outage what its members' codes begin with alike.
        scope: ``site:ID``, ``gateway:ID``, ``carrier:MCC-MNC``, ``district:CODE``; "" = one device.
        at_ms: Receive time of the entry that caused it, wall ms UTC.
        elapsed_ms: Steady clock of that entry.
        causes: ``devices.causes.Cause`` bits that stand.
        devices: How many devices are concerned.
    """

    kind: str
    key: str
    device_id: str = ""
    site_id: str = ""
    area: str = ""
    scope: str = ""
    at_ms: int
    elapsed_ms: int
    causes: int
    devices: int = 1


class HealthChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a registered device is from one journal entry on. At most one a device and entry.

    Attributes:
        slot: The device's.
        seq: The journal entry: with ``slot`` the key of its row.
        at_ms: Receive time of that entry, wall ms UTC.
        presence: ``devices.presence.Presence``.
        causes: ``devices.causes.Cause`` bits.
        admin: ``devices.model.AdminState``.
    """

    slot: int
    seq: int
    at_ms: int
    presence: int
    causes: int
    admin: str
