"""Everything an engine knows at one entry, for checkpoints."""

import msgspec

from alerts.asking import AskingState
from alerts.demotion import Standing
from alerts.late import Upload
from alerts.open_alert import OpenAlert
from alerts.site_classes import SiteClassesState
from alerts.surroundings import SurroundingsState
from alerts.watch import WatchState


class EngineState(msgspec.Struct):
    """Of one engine; its registry is saved beside it."""

    watch: WatchState
    open: list[OpenAlert]
    noticed_ms: dict[str, int]
    fences: bytes
    late: list[Upload] = []
    late_told: dict[str, int] = {}
    sites: SiteClassesState = SiteClassesState()
    standings: dict[str, Standing] = {}
    unclosed: list[OpenAlert] = []
    asking: AskingState = msgspec.field(default_factory=AskingState)
    around: SurroundingsState = msgspec.field(default_factory=SurroundingsState)
