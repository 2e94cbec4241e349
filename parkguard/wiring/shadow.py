"""The candidate of shadow mode, as the settings say."""

from functools import partial

import msgspec
import sqlalchemy as sa

from ingest.shadow import Shadow
from parkguard.clock import wall_ms
from parkguard.settings import Settings
from parkguard.wiring.pipeline import build_engine
from stores.queries_shadow import ShadowRecords


def build_shadow(settings: Settings, engine: sa.Engine) -> Shadow | None:
    """The candidate, or None when ``detection.shadow`` is empty: nothing runs then."""
    if not settings.detection.shadow:
        return None
    candidate = settings.model_copy(update={"detection": settings.detection.candidate()})
    return Shadow(
        partial(build_engine, candidate),
        ShadowRecords(engine),
        candidate=msgspec.json.encode(dict(sorted(settings.detection.shadow.items()))).decode(),
        now_ms=wall_ms,
    )
