"""Why a message or an item of one cannot be taken. Every reason is a row in docs/wire.md."""

from enum import StrEnum


class WireReason(StrEnum):
    """Stable reasons of refusal; stored with the raw bytes in quarantine, never reused."""

    TOPIC = "topic"
    CLASS = "class_mismatch"
    CHANNEL = "channel"
    EMPTY = "empty"
    SIZE = "size"
    DEPTH = "depth"
    UTF8 = "utf8"
    JSON = "json"
    SHAPE = "shape"
    DUPKEY = "dupkey"
    ENCODING = "encoding"
    VERSION = "version"
    TYPE = "type"
    NUMBER = "number"
    RANGE = "range"
    TIME = "time"
    ID = "identity_mismatch"
    RETAINED = "retained"
    UNKNOWN_DEVICE = "unknown_device"
    REVOKED = "revoked"
    CONTROL = "control"
    TEXT = "text"
    CONFLICT = "conflict"
    GATEWAY = "gateway"


class WireError(Exception):
    """A message, or the item of it that carries it, is refused.

    Attributes:
        reason: The stable reason.
        detail: For people; never personal data, at most 200 characters.
        number: Boot id and sequence number of the record, where they could be read all the same:
            what is held is no gap.
    """

    number: tuple[str, int] | None = None

    def __init__(self, reason: WireReason, detail: str) -> None:
        """Keep reason and detail."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:200]


class JournalError(Exception):
    """The journal could not take a batch; nothing of the batch is stored.

    Attributes:
        may_pass: True for a full disk or a lock (keep the batch and try again), False when the
            process must stop (I/O error, file gone): never retry an fsync and then acknowledge.
    """

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        """Keep the reason and whether waiting may help."""
        super().__init__(reason)
        self.may_pass = may_pass


class StoreError(Exception):
    """A store refused or could not be reached; nothing of the batch was stored.

    Attributes:
        may_pass: Whether waiting may help.
        retry_after_s: The store asks to be left alone so long, seconds; None = it did not say.
    """

    def __init__(self, reason: str, *, may_pass: bool, retry_after_s: float | None = None) -> None:
        """Keep the reason and whether waiting may help."""
        super().__init__(reason)
        self.may_pass = may_pass
        self.retry_after_s = retry_after_s
