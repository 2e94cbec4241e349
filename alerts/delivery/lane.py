"""One target and its own small crew: what hangs here delays nobody elsewhere."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

import structlog

from alerts.delivery.backoff import Backoff, next_due_ms
from alerts.delivery.metrics import Tally
from alerts.delivery.model import (
    Accepted,
    DeliveryError,
    DeliveryReason,
    DueNotice,
    End,
    Failure,
    Receipt,
    Rejected,
)
from alerts.delivery.patience import PatientStore
from alerts.delivery.ports import Clock, NoticeChannel, OutboxStore
from alerts.model import Channel

LOST_AFTER = 3
"""Passing failures in a row after which a target counts as lost (one line in the log)."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where notices of one channel go.

    Attributes:
        name: Text of ``receiver`` before a colon (``police``, ``owner``); "" = all of the channel.
        carrier: Tells one notice.
        slots: Most notices told at once.
        timeout_s: One attempt may take this long, seconds.
    """

    channel: Channel
    name: str
    carrier: NoticeChannel
    slots: int = 8
    timeout_s: float = 5.0

    @property
    def label(self) -> str:
        """Name for logs and status."""
        return f"{self.channel}:{self.name}" if self.name else str(self.channel)


@dataclass(slots=True, kw_only=True)
class Lane:
    """Tells the due rows of one target, one task a row, in order per alert and receiver."""

    target: Target
    outbox: OutboxStore
    store: PatientStore
    clock: Clock
    due_clock: Clock
    backoff: Backoff
    draw: Callable[[], float]
    tally: Tally
    pulse: asyncio.Event = field(default_factory=asyncio.Event)
    lost: DeliveryReason | None = None
    _failures: int = 0
    _busy: set[int] = field(default_factory=set)

    async def serve(self, stop: asyncio.Event) -> None:
        """Run until ``stop``; attempts that run then are heard out."""
        async with asyncio.TaskGroup() as crew:
            while not stop.is_set():
                self.pulse.clear()
                for notice in await self._due():
                    self._busy.add(notice.id)
                    crew.create_task(self._tell(notice))
                await self.pulse.wait()

    async def _due(self) -> list[DueNotice]:
        """Give as many due rows as there are free slots."""
        free = self.target.slots - len(self._busy)
        if free <= 0:
            return []
        return await self.store.ask(
            lambda: self.outbox.due(
                self.target.channel,
                self.target.name,
                now_ms=self.due_clock(),
                busy=tuple(self._busy),
                limit=free,
            )
        )

    async def _tell(self, notice: DueNotice) -> None:
        """The way of one notice: tell it, write down how it went, make room."""
        self.tally.attempted()
        try:
            receipt = await self._attempt(notice)
        except DeliveryError as error:
            await self._failed(notice, error)
        else:
            await self._told(notice, receipt)
        self._busy.discard(notice.id)
        self.pulse.set()

    async def _attempt(self, notice: DueNotice) -> Receipt:
        """Tell it once, within the time limit.

        Raises:
            DeliveryError: It is not known to have arrived.
        """
        try:
            async with asyncio.timeout(self.target.timeout_s):
                return await self.target.carrier.send(notice)
        except TimeoutError as exc:
            detail = f"no answer in {self.target.timeout_s:g} s"
            raise DeliveryError(DeliveryReason.TIMED_OUT, detail) from exc

    async def _told(self, notice: DueNotice, receipt: Receipt) -> None:
        """Write the receipt down; the target is there."""
        at_ms = self.clock()
        match receipt:
            case Accepted():
                await self.store.ask(lambda: self.outbox.accepted(notice, receipt, at_ms=at_ms))
                self.tally.sent(notice.caused_recv_ms, now_ms=at_ms)
            case Rejected():
                await self.store.ask(lambda: self.outbox.rejected(notice, receipt, at_ms=at_ms))
                self.tally.rejected()
                log.warning("notice_rejected", target=self.target.label, reason=receipt.reason)
            case _:
                assert_never(receipt)
        await self._is_back()

    async def _failed(self, notice: DueNotice, error: DeliveryError) -> None:
        """Put it off, or give it up where people see it."""
        now_ms = self.due_clock()
        failure = Failure(reason=error.reason, detail=error.detail, attempts=notice.attempts + 1)
        due_ms = next_due_ms(notice, error, now_ms=now_ms, backoff=self.backoff, draw=self.draw)
        if due_ms is not None:
            await self.store.ask(lambda: self.outbox.postponed(notice, failure, due_ms=due_ms))
        else:
            await self.store.ask(lambda: self.outbox.given_up(notice, failure, at_ms=self.clock()))
            if error.reason.end is End.REJECTED:
                self.tally.rejected()
            else:
                self.tally.undelivered()
            log.error(
                "notice_given_up",
                target=self.target.label,
                alert_id=notice.alert_id,
                reason=error.reason,
                attempts=failure.attempts,
            )
        if error.reason.may_pass:
            self._failures += 1
            if self._failures >= LOST_AFTER and self.lost is None:
                self.lost = error.reason
                log.warning("target_lost", target=self.target.label, reason=error.reason)

    async def _is_back(self) -> None:
        """After a loss nobody waits for a long backoff any more."""
        self._failures = 0
        if self.lost is not None:
            self.lost = None
            log.info("target_back", target=self.target.label)
            await self.store.ask(
                lambda: self.outbox.hasten(
                    self.target.channel, self.target.name, now_ms=self.due_clock()
                )
            )
