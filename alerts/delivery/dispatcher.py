"""The way of a notice, on one page.

    outbox row, due ──feed────> numbered into ``feed`` ──> every open stream
                    ──webhook─> signed POST ──accepted──> sent + case number + feed + Delivered
                    ──mqtt────> QoS 1 publish            rejected──> rejected + feed
                                     └─failed──> later, or given up + feed for the desk
                    ──no target > undelivered + feed for the desk

Delivery is at least once with the row's key; a crash between telling and commit tells again with
the same key, and the receiver collapses. One dispatcher runs at a time (run/dispatch.lock).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from alerts.delivery.backoff import Backoff
from alerts.delivery.feed import FeedNumberer
from alerts.delivery.lane import Lane, Target
from alerts.delivery.metrics import Tally
from alerts.delivery.model import Backlog, DeliveryReason, Failure
from alerts.delivery.patience import PatientStore
from alerts.delivery.ports import Clock, OutboxStore, StatusSink

_STRAYS = 100  # rows without a target that are given up in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things are looked at, seconds.

    Attributes:
        poll_s: Cheap check for anything new. Source: feed rows are out within 100 ms.
        look_s: Look at the rows although nothing changed: retries fall due by time alone.
        status_s: Write the status (about once a second).
        late_s: A store call without an answer for so long is told. Source: readiness tells
            within 15 s (reliability.md P38).
        hung_s: ... and for so long it will never answer: a busy SQLite says so after 10 s
            (``stores.records``), a server after less.
    """

    poll_s: float = 0.05
    look_s: float = 0.25
    status_s: float = 1.0
    late_s: float = 5.0
    hung_s: float = 15.0


class Dispatcher:
    """Takes due rows to people until told to stop."""

    def __init__(
        self,
        *,
        outbox: OutboxStore,
        targets: Sequence[Target],
        clock: Clock,
        due_clock: Clock | None = None,
        draw: Callable[[], float],
        status: StatusSink,
        backoff: Backoff | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            outbox: The records database; called from one thread only.
            targets: Who can be told; other receivers are ``no_target``.
            clock: Wall clock, ms UTC; what was done bears its time.
            due_clock: One that never leaps, on which waits are counted; None = ``clock``.
            draw: Random number in [0, 1), for the jitter.
            status: Where the part says how it is.
            backoff: Waits between attempts.
            pace: How often to look.
        """
        self._outbox, self._targets, self._status = outbox, tuple(targets), status
        self._clock, self._draw = clock, draw
        self._due_clock = due_clock or clock
        self._backoff, self._pace = backoff or Backoff(), pace or Pace()
        self._tally = Tally()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set; then hear out the attempts that run, and return.

        Raises:
            ExceptionGroup: A bug, or a store that is broken for good; the process should end.
        """
        store = PatientStore(stop)
        numberer = FeedNumberer(self._outbox, store=store, clock=self._clock, tally=self._tally)
        lanes = [self._lane(target, store) for target in self._targets]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(numberer.serve(stop))
                for lane in lanes:
                    group.create_task(lane.serve(stop))
                group.create_task(self._bury_strays(store, stop))
                group.create_task(self._report(store, lanes, stop))
                group.create_task(self._watch(store, [numberer.pulse, *_pulses(lanes)], stop))
        finally:
            for target in self._targets:
                await target.carrier.close()
            store.close()

    def _lane(self, target: Target, store: PatientStore) -> Lane:
        """Give a target its crew."""
        return Lane(
            target=target,
            outbox=self._outbox,
            store=store,
            clock=self._clock,
            due_clock=self._due_clock,
            backoff=self._backoff,
            draw=self._draw,
            tally=self._tally,
        )

    async def _watch(
        self, store: PatientStore, pulses: Sequence[asyncio.Event], stop: asyncio.Event
    ) -> None:
        """Wake everybody when something was committed, or some time has passed."""
        loop = asyncio.get_running_loop()
        looked_s = loop.time()
        while not stop.is_set():
            changed = await store.ask(self._outbox.changed)
            if changed or loop.time() - looked_s >= self._pace.look_s:
                looked_s = loop.time()
                for pulse in pulses:
                    pulse.set()
            await _pause(self._pace.poll_s, stop)
        for pulse in pulses:
            pulse.set()

    async def _bury_strays(self, store: PatientStore, stop: asyncio.Event) -> None:
        """Show the desk what nobody can be told: no target is configured for it."""
        known: dict[str, list[str]] = {}
        for target in self._targets:
            known.setdefault(target.channel, []).append(target.name)
        failure = Failure(
            reason=DeliveryReason.NO_TARGET,
            detail="no target is configured for this receiver",
            attempts=0,
        )
        while not stop.is_set():
            for stray in await store.ask(partial(self._outbox.stray, known, limit=_STRAYS)):
                give_up = partial(self._outbox.given_up, stray, failure, at_ms=self._clock())
                await store.ask(give_up)
                self._tally.undelivered()
            await _pause(self._pace.look_s, stop)

    async def _report(
        self, store: PatientStore, lanes: Sequence[Lane], stop: asyncio.Event
    ) -> None:
        """Write the status. A lost target is said, and does not make the dispatcher unready.

        A store call that neither answers nor fails is told; after ``hung_s`` nothing is written
        any more, and who watches the status file ends this process.
        """
        loop = asyncio.get_running_loop()
        backlog, answered_s = Backlog(pending={}, oldest_ms=None), loop.time()
        while not stop.is_set():
            with suppress(TimeoutError):  # then the old figures stay
                async with asyncio.timeout(self._pace.status_s):
                    backlog = await store.ask(self._outbox.backlog)
                    answered_s = loop.time()
            trouble, waited_s = store.lost, loop.time() - answered_s
            if trouble is None and waited_s > self._pace.late_s:
                trouble = f"no answer for {waited_s:.0f} s"
            if store.lost is not None or waited_s <= self._pace.hung_s:
                lost = [f"{one.target.label} {one.lost}" for one in lanes if one.lost is not None]
                reason = f"records: {trouble}" if trouble is not None else "; ".join(lost)
                figures = self._tally.figures(backlog, lost=len(lost), now_ms=self._clock())
                self._status.write(ready=trouble is None, reason=reason, metrics=figures)
            await _pause(self._pace.status_s, stop)


def _pulses(lanes: Sequence[Lane]) -> list[asyncio.Event]:
    """Give the alarm clock of every lane."""
    return [lane.pulse for lane in lanes]


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait, but not when it is time to stop."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
