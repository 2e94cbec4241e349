"""Health events become notices to those who maintain the devices: quietly, each thing once.

An outage is told at once and by itself: one notice, however many devices. What concerns one device
waits ``gather_s`` for others of its district and is told with them, at most once in ``bundle_s``;
what was taken back meanwhile is not told. Members of an outage make no events (``devices.health``).
"""

from hashlib import blake2b

import msgspec

from alerts import health_words
from alerts.model import Channel, Effects, Notice, NoticeKind
from alerts.notice_policy import NoticePolicy
from devices.entry import Entry
from devices.health_events import HealthEvent, HealthEventKind
from devices.registry import Registry

AUDIENCE = "maintenance"
BUNDLE = "bundle"
"""Action of a notice of several events; of one event it is the event's kind."""
DISTRICT_DIGITS = 6
"""A district is so many digits of an area code (domain.md 3)."""
CITY = "city"
"""Stands for the district of a device without an area."""

_K = HealthEventKind
_AT_ONCE = frozenset({_K.OUTAGE, _K.OUTAGE_OVER})
_TAKES_BACK = {_K.BACK: _K.SILENT, _K.FLAPPING_OVER: _K.FLAPPING}


class Waiting(msgspec.Struct):
    """Single events of one district. ``due_ms`` is the steady clock."""

    events: list[HealthEvent]
    due_ms: int


class NoticesState(msgspec.Struct):
    """For checkpoints: what waits by district, and when the last bundle of each was told."""

    waiting: dict[str, Waiting] = {}
    told_ms: dict[str, int] = {}


class HealthNotices:
    """What waits to be told of devices' health."""

    def __init__(self, policy: NoticePolicy) -> None:
        """Nothing waits."""
        self._policy = policy
        self._kinds = frozenset(policy.kinds)
        self._state = NoticesState()

    @property
    def waits(self) -> bool:
        """Whether ticks have something to tell."""
        return bool(self._state.waiting)

    def take(self, event: HealthEvent, registry: Registry, effects: Effects) -> None:
        """Tell one event, or keep it for its district's bundle."""
        if event.kind not in self._kinds:
            return
        if event.kind in _AT_ONCE:
            district = event.area[:DISTRICT_DIGITS]
            self._tell([event], district, event.at_ms, registry=registry, effects=effects)
            return
        state, district = self._state, event.area[:DISTRICT_DIGITS]
        waiting = state.waiting.get(district)
        if waiting is None:
            due_ms = event.elapsed_ms + round(self._policy.gather_s * 1000)
            last_ms = state.told_ms.get(district)
            if last_ms is not None:
                due_ms = max(due_ms, last_ms + round(self._policy.bundle_s * 1000))
            waiting = state.waiting[district] = Waiting(events=[], due_ms=due_ms)
        if not _took_back(waiting.events, event):
            waiting.events.append(event)
        if not waiting.events:
            del state.waiting[district]

    def tick(self, entry: Entry, registry: Registry, effects: Effects) -> None:
        """Tell the bundles that are due."""
        state = self._state
        for district in [d for d, one in state.waiting.items() if one.due_ms <= entry.elapsed_ms]:
            events = state.waiting.pop(district).events
            state.told_ms[district] = entry.elapsed_ms
            self._tell(events, district, entry.recv_ms, registry=registry, effects=effects)

    def _tell(
        self,
        events: list[HealthEvent],
        district: str,
        at_ms: int,
        *,
        registry: Registry,
        effects: Effects,
    ) -> None:
        """One notice for the feed and one per receiver."""
        first = events[0]
        action = first.kind if len(events) == 1 else BUNDLE
        notice_id = _id_of(events)
        shown = [health_words.line_of(one, registry) for one in events[: self._policy.bundle_max]]
        body: dict[str, object] = {
            "notice_id": notice_id,
            "action": action,
            "district": district,
            "at_ms": at_ms,
            "events": len(events),
            "more": len(events) - len(shown),
            "lines": shown,
        }
        named = [(Channel.WEBHOOK, f"{name}:{district or CITY}") for name in self._policy.receivers]
        for channel, receiver in ((Channel.FEED, "feed"), *named):
            effects.notices.append(
                Notice(
                    key=f"health:{notice_id}:{channel}:{receiver}",
                    kind=NoticeKind.HEALTH_NOTICE,
                    action=action,
                    channel=channel,
                    receiver=receiver,
                    audience=AUDIENCE,
                    area=first.area if len(events) == 1 else district,
                    alert_id=notice_id,
                    incident_id=None,
                    body=body,
                    caused_recv_ms=at_ms,
                )
            )

    def dump(self) -> NoticesState:
        """State for a checkpoint."""
        return self._state

    def load(self, state: NoticesState) -> None:
        """Take the state of a checkpoint."""
        self._state = state


def _took_back(waiting: list[HealthEvent], event: HealthEvent) -> bool:
    """Whether ``event`` ends one that nobody was told of: then both are no news."""
    ended = _TAKES_BACK.get(HealthEventKind(event.kind))
    for one in waiting:
        if one.kind == ended and one.device_id == event.device_id:
            waiting.remove(one)
            return True
    return False


def _id_of(events: list[HealthEvent]) -> str:
    """The same events have the same id, also in a replay; 32 hex digits."""
    text = "|".join(f"{event.kind}:{event.key}" for event in events)
    return blake2b(text.encode(), digest_size=16).hexdigest()
