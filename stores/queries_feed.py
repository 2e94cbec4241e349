"""The numbered feed as the stream reads it (``api.ports.FeedBook``)."""

from dataclasses import dataclass

import sqlalchemy as sa

from alerts.telling import SYNTHETIC
from stores.queries import json_of
from stores.schema import feed


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One numbered event; columns of ``feed``, ``body`` decoded."""

    id: int
    kind: str
    action: str
    audience: str
    area: str
    body: dict[str, object]
    caused_recv_ms: int
    at_ms: int


_COLUMNS = [feed.c[name] for name in FeedRow.__slots__]


class FeedQueries:
    """The feed of one records database, read only."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def after(self, feed_id: int, limit: int) -> list[FeedRow]:
        """Rows above ``feed_id``, ascending; synthetic thefts are nobody's."""
        for_people = sa.and_(feed.c.id > feed_id, feed.c.audience != SYNTHETIC)
        query = sa.select(*_COLUMNS).where(for_people).order_by(feed.c.id).limit(limit)
        with self._engine.connect() as connection:
            return [
                FeedRow(**(dict(row) | {"body": json_of(row["body"])}))
                for row in connection.execute(query).mappings()
            ]

    def head(self) -> int:
        """The newest number, 0 when empty."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.max(feed.c.id))) or 0
