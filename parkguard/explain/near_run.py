"""An explanation by those who matter: the vehicle's devices, its neighbours, and its group."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from devices.registry import Registry
from parkguard.explain.claimants import claimants, grouped_signs
from parkguard.explain.deadline import Deadline
from parkguard.explain.running import explain_journal
from parkguard.explain.story import Period, Story
from parkguard.explain.window import Window, wanted_of
from parkguard.settings import Settings
from stores.journal_picking import JournalPicker, TrackerEvents, Wanted
from stores.registry_near import Near, registry_near


class Explained(NamedTuple):
    """A story, those who were run for it, and from when on they were, ms UTC."""

    story: Story
    near: Near
    began_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NearRun:
    """How a vehicle is run again.

    Attributes:
        since_ms: From when on messages are run, ms UTC.
        few: As for ``Window``.
        stride_ms: As for ``explain_journal``.
        progress: Told entries done and entries in all.
    """

    settings: Settings
    records: sa.Engine
    reader: JournalPicker
    period: Period
    since_ms: int
    deadline: Deadline
    few: int
    stride_ms: int
    progress: Callable[[int, int], None]

    def explained(self) -> Explained:
        """The story by those who matter.

        When the vehicle said what others may have said, too, they are looked for in all the city;
        when some stand elsewhere, it is run once more with them.

        Raises:
            NothingToExplain: As ``explain_journal``.
            JournalError: A segment cannot be read.
            OutOfTime: The deadline has passed.
        """
        near = self._near([])
        window = self.window(self._wanted(near))
        began_ms = window.began_ms(self.since_ms)
        story = self._run(near, window)
        signs = grouped_signs(story)
        if not signs or not near.snapshot.devices:
            return Explained(story, near, began_ms)
        root = self.settings.broker.root
        events = self.window(TrackerEvents(f"{root}/up/"))
        known = {device.id for device in near.snapshot.devices}
        named = claimants(events, signs, until_ms=self.period.to_ms, besides=known)
        most = self.settings.explain.neighbours_max
        if len(named) > most:
            near = near._replace(whole_area=False)
        if not named[:most]:
            return Explained(story, near, began_ms)
        wider = self._near(named[:most])
        wider = wider._replace(whole_area=near.whole_area)
        story = self._run(wider, self.window(self._wanted(wider)))
        return Explained(story, wider, began_ms)

    def window(self, wanted: Wanted | None) -> Window:
        """What of the journal is read.

        Raises:
            JournalError: A segment cannot be read.
        """
        return Window(
            self.reader, self.since_ms, wanted=wanted, deadline=self.deadline, few=self.few
        )

    def _wanted(self, near: Near) -> Wanted | None:
        """What they said; everything where only the journal itself knows the vehicle."""
        if not near.snapshot.devices and self.reader.first_seq() == 1:
            return None
        return wanted_of(near.snapshot.devices, self.settings.broker.root)

    def _near(self, also: list[str]) -> Near:
        most = self.settings.explain.neighbours_max
        return registry_near(self.records, self.period.vehicle_id, most=most, also=also)

    def _run(self, near: Near, window: Window) -> Story:
        return explain_journal(
            self.settings,
            window,
            self.period,
            since_ms=self.since_ms,
            fallback=lambda: Registry(near.snapshot),
            progress=self.progress,
            stride_ms=self.stride_ms,
        )
