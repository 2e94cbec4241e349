"""The records database as the synthetic theft sees it: its words in, its alert out."""

import sqlalchemy as sa

from alerts.model import AlertState
from alerts.telling import SYNTHETIC
from devices.control import AnyControl, encode
from devices.model import SYNTHETIC_ID
from stores.processing import put_control, store_errors
from stores.records import writing
from stores.schema import alerts, devices, feed

_OPEN = (AlertState.RAISED, AlertState.VERIFYING, AlertState.CONFIRMED)


class SyntheticRecords:
    """Control rows, feed rows and alerts of the synthetic vehicle."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def say(self, control: AnyControl) -> None:
        """Put a control row, as the API does for people.

        Raises:
            StoreError: Nothing was put; so every method here.
        """
        with store_errors(), writing(self._engine) as connection:
            put_control(connection, encode(control), control.at_ms)

    def head(self) -> int:
        """The newest number of the feed, 0 when empty."""
        with store_errors(), self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.max(feed.c.id))) or 0

    def is_told(self, after: int, *, since_ms: int) -> bool:
        """Whether the feed holds an alert of the vehicle, raised by what came since then.

        Args:
            after: Look above this number of the feed.
            since_ms: Wall clock, ms UTC.
        """
        raised = sa.and_(feed.c.audience == SYNTHETIC, feed.c.action == "raised")
        fresh = sa.and_(feed.c.id > after, feed.c.caused_recv_ms >= since_ms)
        query = sa.select(feed.c.id).where(raised, fresh).limit(1)
        with store_errors(), self._engine.connect() as connection:
            return connection.scalar(query) is not None

    def is_quiet(self) -> bool:
        """Whether no alert of the vehicle is open."""
        query = (
            sa.select(alerts.c.id)
            .where(alerts.c.vehicle_id == SYNTHETIC_ID, alerts.c.state.in_(_OPEN))
            .limit(1)
        )
        with store_errors(), self._engine.connect() as connection:
            return connection.scalar(query) is None

    def slot(self) -> int:
        """The tracker's slot.

        Raises:
            LookupError: It is not registered.
        """
        query = sa.select(devices.c.slot).where(devices.c.id == SYNTHETIC_ID)
        with store_errors(), self._engine.connect() as connection:
            slot = connection.scalar(query)
        if slot is None:
            raise LookupError(f"{SYNTHETIC_ID} is not registered")
        return int(slot)
