"""Feed numbers: gapless, in outbox id order, given in one transaction by the dispatcher alone.

A number is not a table id: ids come from a sequence and may commit out of order or leave holes.
Numbers go on from the highest one in the feed, for rows that are committed; a row that becomes
visible later gets a later number, so a reader that resumes after number n misses nothing (P21).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from alerts.delivery import envelope
from alerts.delivery.metrics import Tally
from alerts.delivery.model import DueNotice
from alerts.delivery.patience import PatientStore
from alerts.delivery.ports import Clock, Feed

BATCH = 500
"""Rows numbered in one transaction; keeps the write lock for some 10 ms at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One numbered event. ``body`` is JSON text; ``at_ms`` is when it was numbered, ms UTC."""

    number: int
    notice: DueNotice
    body: str
    at_ms: int


def numbered(notices: Iterable[DueNotice], *, after: int, now_ms: int) -> list[FeedRow]:
    """Number notices from ``after + 1`` on in outbox id order; late ones get ``age_s``."""
    ordered = sorted(notices, key=lambda notice: notice.id)
    return [
        FeedRow(number=number, notice=notice, body=_aged(notice, now_ms=now_ms), at_ms=now_ms)
        for number, notice in enumerate(ordered, start=after + 1)
    ]


def _aged(notice: DueNotice, *, now_ms: int) -> str:
    """Give the body as it was written, or with its age when it is late."""
    late_s = envelope.age_s(notice.created_ms, now_ms=now_ms)
    if late_s is None:
        return notice.body
    return msgspec.json.encode(envelope.data_of(notice) | {"age_s": late_s}).decode()


class FeedNumberer:
    """Numbers whatever is due at every pulse."""

    def __init__(self, feed: Feed, *, store: PatientStore, clock: Clock, tally: Tally) -> None:
        """Take the feed and the thread that it lives in."""
        self._feed, self._store, self._clock, self._tally = feed, store, clock, tally
        self.pulse = asyncio.Event()

    async def serve(self, stop: asyncio.Event) -> None:
        """Run until ``stop``; what is due is numbered before it ends."""
        while True:
            self.pulse.clear()
            stopping = stop.is_set()
            while await self._number() == BATCH:
                pass
            if stopping:
                return
            await self.pulse.wait()

    async def _number(self) -> int:
        """Number one batch and give its size."""
        caused = await self._store.ask(lambda: self._feed.number(now_ms=self._clock(), limit=BATCH))
        self._tally.fed(caused, now_ms=self._clock())
        return len(caused)
