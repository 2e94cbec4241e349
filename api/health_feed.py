"""Changes of devices' health for staff who listen: the log is looked at here, nobody polls it.

Laws: changes are told in the order of the journal, each once while somebody listens; whoever was
too slow for one is told so (``missed``) and reads the list anew. That a vehicle's tracker woke or
went to sleep is not told: it would show when the vehicle was moved.
"""

import asyncio
from collections.abc import Sequence

from api.deps import Services
from api.health_port import NewsRow
from api.roles import Permission, Principal
from api.spells import causes_out, condition_word
from api.subscribers import StreamEvent, Subscriber, to_json
from devices.model import SYNTHETIC_ID
from devices.presence import Presence

HEALTH = "health"
"""Name of the unnumbered event."""
NEWS_MAX = 500
"""Changes of one event."""
_THERE = frozenset({Presence.ONLINE, Presence.SLEEPING})


class HealthFeed:
    """Where in the log this process stands."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._head = (0, 0)

    async def start(self) -> None:
        """Find the end of the log; call once before ``publish``."""
        self._head = await asyncio.to_thread(self._services.health.head)

    async def publish(self, subscribers: Sequence[Subscriber]) -> bool:
        """Offer what is new to those who may see it; whether there may be more at once."""
        services = self._services
        rows = await asyncio.to_thread(
            services.health.news, self._head, services.now_ms(), limit=NEWS_MAX
        )
        if not rows:
            return False
        self._head = (max(row.at_ms for row in rows), rows[-1].seq)
        told = [row for row in rows if not _is_secret(row)]
        changes: dict[tuple[str, ...], list[dict[str, object]]] = {}
        for subscriber in subscribers:
            scope = subscriber.viewer.principal.scope
            if scope.areas not in changes:
                changes[scope.areas] = [_change(row) for row in told if scope.covers(row.area)]
            if theirs := changes[scope.areas]:
                _offer(subscriber, theirs)
        return len(rows) >= NEWS_MAX


def hears_health(principal: Principal) -> bool:
    """Whether somebody is told of devices: staff who may read them."""
    return principal.scope.owner_id is None and principal.may(Permission.DEVICES_READ)


def _offer(subscriber: Subscriber, changes: list[dict[str, object]]) -> None:
    if not subscriber.has_room:
        subscriber.missed_health = True
        return
    data = to_json({"missed": subscriber.missed_health, "changes": changes})
    subscriber.missed_health = False
    subscriber.offer(StreamEvent(name=HEALTH, data=data))


def _is_secret(row: NewsRow) -> bool:
    if row.vehicle_id == SYNTHETIC_ID:
        return True
    same = row.causes == row.before_causes and row.admin == row.before_admin
    woke = row.presence in _THERE and row.before_presence in _THERE
    return row.vehicle_id is not None and same and woke


def _change(row: NewsRow) -> dict[str, object]:
    was = _state(row.before_presence, row.before_causes, row.before_admin)
    return {
        "device": row.id,
        "cls": row.cls,
        "area": row.area,
        "site_id": row.site_id,
        "at_ms": row.at_ms,
        **_state(row.presence, row.causes, row.admin),
        "was": was if row.before_presence >= 0 else None,
    }


def _state(presence: int, causes: int, admin: str) -> dict[str, object]:
    if presence < 0:
        return {}
    return {
        "presence": Presence(presence).word,
        "condition": condition_word(causes),
        "admin": admin,
        "causes": [cause.model_dump() for cause in causes_out(causes)],
    }
