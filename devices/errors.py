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


class WireError(Exception):
    """A message, or the item of it that carries it, is refused.

    Attributes:
        reason: The stable reason.
        detail: For people; never personal data, at most 200 characters.
    """

    def __init__(self, reason: WireReason, detail: str) -> None:
        """Keep reason and detail."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:200]
