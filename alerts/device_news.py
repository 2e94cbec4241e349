"""News of devices for people: fires at once, health quietly. One part for the pipeline.

``records`` before anything else is told of them, ``hear`` after health knows them, ``tick`` once
a second of steady time.
"""

import msgspec

from alerts.engine import Engine
from alerts.fires import Fires, FiresState
from alerts.health_notices import HealthNotices, NoticesState
from alerts.model import Effects
from alerts.notice_policy import NoticePolicy
from devices.admitted import Record
from devices.control import AnyControl
from devices.entry import Entry
from devices.fire import FirePolicy, FireState, FireWatch
from devices.health_events import HealthEvent


class DeviceNewsState(msgspec.Struct):
    """For checkpoints."""

    watch: FireState = msgspec.field(default_factory=FireState)
    fires: FiresState = msgspec.field(default_factory=FiresState)
    notices: NoticesState = msgspec.field(default_factory=NoticesState)


class DeviceNews:
    """Fires and health notices of one pipeline."""

    def __init__(self, engine: Engine, fire: FirePolicy, notices: NoticePolicy) -> None:
        """Nothing happened yet; ``engine`` knows registry, grids, places and cameras."""
        self._engine = engine
        self._watch = FireWatch(fire)
        self._fires = Fires(fire)
        self._notices = HealthNotices(notices)

    @property
    def waits(self) -> bool:
        """Whether ticks have something to decide."""
        return self._watch.waits or self._fires.waits or self._notices.waits

    def records(self, records: list[Record], effects: Effects) -> None:
        """Take accepted records in journal order; a fire is told by the very record."""
        self._watch.records(records)
        self._tell(effects)

    def take_causes(self) -> dict[int, int]:
        """``devices.fire.FIRE_CAUSES`` of the slots where they changed, for their health."""
        return self._watch.take_causes()

    def hear(self, events: list[HealthEvent], effects: Effects) -> None:
        """Take what presence tells."""
        for event in events:
            self._notices.take(event, self._engine.scope.registry, effects)

    def control(self, control: AnyControl, entry: Entry, effects: Effects) -> None:
        """Take what people did about a fire."""
        self._fires.control(control, entry, self._engine.scope, effects)

    def tick(self, entry: Entry, effects: Effects) -> None:
        """Let time pass."""
        self._watch.tick(entry)
        self._tell(effects)
        self._fires.tick(entry, self._engine.scope, effects)
        self._notices.tick(entry, self._engine.scope.registry, effects)

    def _tell(self, effects: Effects) -> None:
        engine = self._engine
        for word in self._watch.take_words():
            self._fires.take(word, engine.scope, engine.around.cameras, effects)

    def dump(self) -> DeviceNewsState:
        """State for a checkpoint."""
        return DeviceNewsState(
            watch=self._watch.dump(), fires=self._fires.dump(), notices=self._notices.dump()
        )

    def load(self, state: DeviceNewsState) -> None:
        """Take the state of a checkpoint."""
        self._watch.load(state.watch)
        self._fires.load(state.fires)
        self._notices.load(state.notices)
