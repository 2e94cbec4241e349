"""What the dispatcher needs from outside. Adapters: ``stores.delivery``, the channels here."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from alerts.delivery.model import (
    Accepted,
    Backlog,
    DueNotice,
    Failure,
    Receipt,
    Rejected,
)

Clock = Callable[[], int]
"""Wall clock, ms UTC."""


class OutboxError(Exception):
    """The records database could not be used; nothing of the call was stored."""

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        """Keep the reason and whether waiting may help."""
        super().__init__(reason)
        self.may_pass = may_pass


class NoticeChannel(Protocol):
    """One way to tell. It never retries by itself."""

    async def send(self, notice: DueNotice) -> Receipt:
        """Tell it once; sending again with the same key is harmless.

        Raises:
            DeliveryError: It is not known to have arrived. Nothing else escapes.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class DueRows(Protocol):
    """Which rows may be told now. Every method may raise ``OutboxError``."""

    def due(
        self, channel: str, target: str, *, now_ms: int, busy: Collection[int], limit: int
    ) -> list[DueNotice]:
        """Give due rows of one target, oldest due first.

        Only the first unsent row per alert and receiver: a later version waits for the earlier.

        Args:
            channel: ``webhook`` or ``mqtt``.
            target: Text of ``receiver`` before a colon; "" takes every receiver of the channel.
            now_ms: Wall clock, ms UTC.
            busy: Ids that are being told at this moment.
            limit: Most rows.
        """
        ...

    def stray(self, targets: Mapping[str, Collection[str]], *, limit: int) -> list[DueNotice]:
        """Give due rows that no target of ``targets`` (channel -> targets) will ever take."""
        ...

    def hasten(self, channel: str, target: str, *, now_ms: int) -> None:
        """Make every waiting row of a target due now: it came back."""
        ...


class Settling(Protocol):
    """How a row's attempt ended: one transaction each, harmless when repeated.

    Every method may raise ``OutboxError``; then nothing of it was stored.
    """

    def accepted(self, notice: DueNotice, answer: Accepted, *, at_ms: int) -> None:
        """Row sent, case number, incident log, feed row, control ``Delivered``."""
        ...

    def rejected(self, notice: DueNotice, answer: Rejected, *, at_ms: int) -> None:
        """Row rejected with the receiver's reason; people see it on the feed."""
        ...

    def postponed(self, notice: DueNotice, failure: Failure, *, due_ms: int) -> None:
        """Row stays due, later."""
        ...

    def given_up(self, notice: DueNotice, failure: Failure, *, at_ms: int) -> None:
        """Row ends undelivered or rejected; the desk sees it on the feed."""
        ...


class Feed(Protocol):
    """The numbered feed and its cheap idle check. Every method may raise ``OutboxError``."""

    def number(self, *, now_ms: int, limit: int) -> list[int]:
        """Move due feed rows into the feed in one transaction, in outbox id order, no holes.

        Returns:
            ``caused_recv_ms`` of each row moved, in feed order.
        """
        ...

    def changed(self) -> bool:
        """Whether anything was committed since the last call (True when unknown)."""
        ...

    def backlog(self) -> Backlog:
        """Count what waits."""
        ...


class OutboxStore(DueRows, Settling, Feed, Protocol):
    """The whole outbox, for the composition root."""


class StatusSink(Protocol):
    """Where the part says how it is, about once a second (run/dispatch.json)."""

    def write(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        """Replace the part's status (atomic)."""
        ...
