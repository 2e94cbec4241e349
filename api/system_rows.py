"""Rows of the platform itself that the ports speak of: feed, quarantine, books, tokens, parts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from devices.model import Device


class FeedRow(Protocol):
    """One numbered event (``feed``)."""

    @property
    def id(self) -> int:
        """Its number: ascending in commit order, given by the dispatcher alone."""
        ...

    @property
    def kind(self) -> str:
        """A value of ``NoticeKind``: ``incident``, ``alert`` or ``health_notice``."""
        ...

    @property
    def action(self) -> str:
        """What happened."""
        ...

    @property
    def audience(self) -> str:
        """``officer``, ``desk``, ``fire`` or ``maintenance``."""
        ...

    @property
    def area(self) -> str:
        """Area code that decides who sees it."""
        ...

    @property
    def body(self) -> Mapping[str, object]:
        """The notice's body."""
        ...

    @property
    def caused_recv_ms(self) -> int:
        """Receive time of the cause, ms UTC."""
        ...

    @property
    def at_ms(self) -> int:
        """When it was numbered, ms UTC."""
        ...


class QuarantineLine(Protocol):
    """One refused message. ``system_schemas.QuarantineOut`` lists the rest."""

    @property
    def id(self) -> int:
        """Its number; the sort key of pages."""
        ...

    @property
    def reason(self) -> str:
        """Why it was refused."""
        ...

    @property
    def runnable(self) -> bool:
        """Whether it is a whole message, that can be run again."""
        ...


class QuarantineRow(QuarantineLine, Protocol):
    """The same with its bytes."""

    @property
    def payload(self) -> bytes:
        """Raw bytes as received."""
        ...


class ReasonCount(Protocol):
    """What is there of one reason, held or not. ``system_schemas.ReasonOut`` lists the rest."""

    @property
    def reason(self) -> str:
        """Which."""
        ...


class Queued(Protocol):
    """What one call asked the processor to run again."""

    @property
    def queued(self) -> int:
        """Messages that will be run again."""
        ...

    @property
    def left(self) -> int:
        """Messages the same question would still find."""
        ...

    @property
    def control_ids(self) -> Sequence[int]:
        """Rows by which the processor hears of it."""
        ...


class Adopted(Protocol):
    """Registered devices, and what was held of them."""

    @property
    def devices(self) -> Sequence[Device]:
        """With their slots, in the order given."""
        ...

    @property
    def held(self) -> Queued:
        """Messages that will be run again."""
        ...


class Swapped(Protocol):
    """Two devices after one took the other's place."""

    @property
    def old(self) -> Device:
        """Retired, on nothing."""
        ...

    @property
    def new(self) -> Device:
        """Where the old one was."""
        ...

    @property
    def control_id(self) -> int:
        """The row by which the processor hears of it."""
        ...


class BookCount(Protocol):
    """One line of the books."""

    @property
    def reader(self) -> str:
        """Who counted."""
        ...

    @property
    def name(self) -> str:
        """What: received, accepted, duplicate, quarantined, projected, thinned ..."""
        ...

    @property
    def reason(self) -> str:
        """A quarantine reason, or ""."""
        ...

    @property
    def count(self) -> int:
        """How many records."""
        ...


class TokenRow(Protocol):
    """One token. Its hash never leaves the store."""

    @property
    def id(self) -> str:
        """Public id."""
        ...

    @property
    def name(self) -> str:
        """Whose."""
        ...

    @property
    def role(self) -> str:
        """A value of ``Role``."""
        ...

    @property
    def areas(self) -> Sequence[str]:
        """Area prefixes."""
        ...

    @property
    def owner_id(self) -> str | None:
        """For owners: whose vehicles."""
        ...

    @property
    def created_ms(self) -> int:
        """When it was made, ms UTC; the sort key of pages."""
        ...

    @property
    def expires_ms(self) -> int | None:
        """When it ends, ms UTC."""
        ...

    @property
    def revoked_ms(self) -> int | None:
        """When it was taken back, ms UTC."""
        ...


class PartStatus(Protocol):
    """One status file."""

    @property
    def ready(self) -> bool:
        """What the part says of itself."""
        ...

    @property
    def reason(self) -> str:
        """Why not, or ""."""
        ...

    @property
    def at_ms(self) -> int:
        """When it said so, ms UTC."""
        ...

    @property
    def metrics(self) -> Mapping[str, float]:
        """Names without the ``parkguard_`` prefix."""
        ...


class DeviceSecret(Protocol):
    """A device's new password."""

    @property
    def plain(self) -> str:
        """For the device, shown once."""
        ...

    @property
    def hash(self) -> str:
        """What the broker's password file holds, without the user."""
        ...
