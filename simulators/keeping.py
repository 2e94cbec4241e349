"""A device that trusts no broker: it keeps each numbered record until the platform's receipt.

What an acknowledgement of the broker means is "in its memory"; the receipt means "on disk"
(docs/wire.md, Receipts). The device answers a request to send again from what it keeps.
"""

from collections import OrderedDict
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from simulators.outgoing import Outgoing

KEPT_MAX = 20_000
"""Records kept at most, as a tracker's flash of 4 MB would; past it the oldest is dropped."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """``dn/{class}/{id}/receipt``."""

    boot: str
    first: int = msgspec.field(name="from")
    upto: int


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """``dn/{class}/{id}/cmd``: ``resend`` is the link's, the others are the tracker's."""

    cmd_id: str
    type: str
    boot: str = ""
    first: int = msgspec.field(name="from", default=0)
    last: int = msgspec.field(name="to", default=0)
    every_s: float = 0.0
    for_s: float = 0.0
    until: int = 0


class Ack(msgspec.Struct, frozen=True, kw_only=True):
    """``up/{class}/{id}/ack``: the answer to a command."""

    v: int = 1
    id: str
    t: int
    cmd_id: str
    result: Literal["done", "refused", "failed", "expired"]
    detail: str


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """``up/{class}/{id}/info``: whether it wants receipts, and what it can. Retained."""

    v: int = 1
    id: str
    t: int
    caps: tuple[str, ...] = ("resend",)
    receipts: bool = True
    interval_s: float | UnsetType = UNSET


class Kept:
    """The numbered records of one power-on that have no receipt yet, by number."""

    def __init__(self, limit: int = KEPT_MAX) -> None:
        """Nothing kept; at most ``limit`` at once."""
        self._limit = limit
        self._records: OrderedDict[int, Outgoing] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        """How many wait for their receipt."""
        return len(self._records)

    def keep(self, record: Outgoing) -> None:
        """Keep a record that the broker has; one without a number gets no receipt."""
        if record.seq is None:
            return
        self._records[record.seq] = record
        if len(self._records) > self._limit:
            self._records.popitem(last=False)
            self.dropped += 1

    def receipt(self, receipt: Receipt) -> None:
        """Forget what is stored for good."""
        for seq in [seq for seq in self._records if receipt.first <= seq <= receipt.upto]:
            del self._records[seq]

    def take(self, first: int, last: int) -> list[Outgoing]:
        """Take the records of these numbers out, to be sent again, in their order."""
        found = sorted(seq for seq in self._records if first <= seq <= last)
        return [self._records.pop(seq) for seq in found]

    def take_all(self) -> list[Outgoing]:
        """Take everything out, to be sent again, in its order."""
        return self.take(min(self._records, default=0), max(self._records, default=-1))
