"""What the desk's routes need of the records. Adapter: ``stores.queries_desk``."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from alerts.desk import Judged
from api.roles import Scope


class DeskBook(Protocol):
    """What waits for people, and what they judged."""

    def waits(self, scope: Scope) -> object:
        """Count what waits (``desk_schemas.WaitingOut``)."""
        ...

    def judged(self, scope: Scope, *, since_ms: int) -> Sequence[Judged]:
        """Alerts raised since then that the desk confirmed or dismissed, any order."""
        ...

    def labels(self, vehicle_ids: Collection[str]) -> Mapping[str, str]:
        """Names of vehicles for people; who has none is left out. Not scoped: ask after a page."""
        ...

    def told(self, alert_id: str) -> Sequence[object]:
        """Who was told of an alert (``case_schemas.DeliveryOut``), oldest first. Not scoped."""
        ...
