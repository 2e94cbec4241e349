"""All devices of a run, and the books of what they made."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec
import numpy as np

from simulators.connection import Broker, secret_of
from simulators.outgoing import Identity, Outgoing
from simulators.publish import DeviceLink, Hear
from simulators.sender_books import Books, Summary

GIVE_UP_AFTER = 6
"""A device that is refused so often in a row gives up: its records count as refused."""


class Fleet:
    """All devices of a run.

    Args:
        broker: Where to.
        secrets: Device id -> password; None = the broker takes anybody.
        seed: For jitter only; what devices say does not depend on it.
        give_up_after: A device that is refused so often in a row gives up.
        now_ms: Wall clock.
        receipts: Trackers keep numbered records until the platform's receipt.
        hear: Told of every command that comes to a tracker; None = none listens.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        secrets: Mapping[str, str] | None,
        seed: int,
        now_ms: Callable[[], int],
        give_up_after: int = GIVE_UP_AFTER,
        receipts: bool = False,
        hear: Hear | None = None,
    ) -> None:
        self._receipts, self._hear = receipts, hear
        self._give_up_after = give_up_after
        self.books = Books()
        self._broker, self._secrets, self._now_ms = broker, secrets, now_ms
        self._rng = np.random.default_rng(seed)
        self._links: dict[str, DeviceLink] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, identity: Identity, *, connect_within_s: float) -> None:
        """Let a device connect.

        Raises:
            LookupError: The credentials lack it; the text says what to do.
        """
        device_id = identity.device_id
        link = DeviceLink(
            identity,
            self._broker,
            secret=secret_of(device_id, self._secrets),
            books=self.books,
            rng=self._rng,
            give_up_after=self._give_up_after,
            now_ms=self._now_ms,
            receipts=self._receipts and identity.cls == "trk",
            hear=self._hear if identity.cls == "trk" else None,
        )
        self._links[device_id] = link
        self._tasks.append(
            asyncio.create_task(link.run(connect_within_s=connect_within_s), name=device_id)
        )

    def offer(self, record: Outgoing) -> None:
        """Hand a record to its device."""
        self._links[record.device_id].offer(record)

    def summary(self) -> Summary:
        """Give the books, and what still waits for a receipt."""
        waiting = sum(link.unreceipted for link in self._links.values())
        return msgspec.structs.replace(self.books.summary(), unreceipted=waiting)

    def raise_bugs(self) -> None:
        """Pass on what a device's task died of; nothing but a bug ends one early."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def leave(self, *, within_s: float) -> None:
        """Let every device send the rest, say farewell and disconnect; then cut the others."""
        for link in self._links.values():
            link.leave()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self.raise_bugs()
