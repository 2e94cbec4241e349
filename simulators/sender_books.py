"""The books of the sender: every record is counted once, when it is made."""

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from simulators.outgoing import Outgoing


class ClassBooks(msgspec.Struct, kw_only=True):
    """The books of one device class, in records."""

    made: int = 0
    acked: int = 0
    refused: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The sender's books: ``made = acked + refused + pending``, all in records.

    Attributes:
        resent: Publications beyond the first of a record.
        refused: Records of devices that the broker did not let in.
        pending: Made, not yet acknowledged.
        lost_connections: How often a connection that stood was lost.
        unreceipted: Acknowledged, but without the platform's receipt; 0 where none are given.
    """

    made: int
    acked: int
    refused: int
    pending: int
    resent: int
    connected: int
    lost_connections: int
    by_class: dict[str, ClassBooks]
    by_channel: dict[str, int]
    unreceipted: int = 0


@dataclass(slots=True, kw_only=True)
class Books:
    """Counts every record once when it is made."""

    classes: dict[str, ClassBooks] = field(default_factory=dict)
    channels: Counter[str] = field(default_factory=Counter)
    resent: int = 0
    connected: int = 0
    lost_connections: int = 0

    def of(self, cls: str) -> ClassBooks:
        """Give the books of a class."""
        return self.classes.setdefault(cls, ClassBooks())

    def made(self, record: Outgoing) -> None:
        """Note a new record."""
        self.of(record.cls).made += 1
        self.channels[f"{record.cls}/{record.channel}"] += 1

    def summary(self) -> Summary:
        """Add up."""
        books = self.classes.values()
        made, acked = sum(b.made for b in books), sum(b.acked for b in books)
        refused = sum(b.refused for b in books)
        return Summary(
            made=made,
            acked=acked,
            refused=refused,
            pending=made - acked - refused,
            resent=self.resent,
            connected=self.connected,
            lost_connections=self.lost_connections,
            by_class=dict(sorted(self.classes.items())),
            by_channel=dict(sorted(self.channels.items())),
        )
