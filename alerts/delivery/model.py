"""The words of delivery: what is due, what came back, why it failed."""

from dataclasses import dataclass
from enum import StrEnum


class DeliveryReason(StrEnum):
    """Why a telling failed. ``may_pass`` is the whole talk between channel and dispatcher."""

    TIMED_OUT = "timed_out"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    TLS_FAILED = "tls_failed"
    BROKEN_OFF = "broken_off"
    BUSY = "busy"
    SERVER_FAULT = "server_fault"
    BAD_ANSWER = "bad_answer"
    BROKER_LOST = "broker_lost"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    TARGET_FORBIDDEN = "target_forbidden"
    NO_TARGET = "no_target"

    @property
    def may_pass(self) -> bool:
        """Whether the same telling may succeed later; if not, people are told at once."""
        return self not in _LASTING

    @property
    def end(self) -> "End":
        """State of the row when this reason is the last word."""
        return End.REJECTED if self in _ANSWERED else End.UNDELIVERED


class End(StrEnum):
    """How an outbox row that could not be delivered ends (``outbox.state``)."""

    UNDELIVERED = "undelivered"
    REJECTED = "rejected"


_ANSWERED = frozenset({DeliveryReason.REFUSED, DeliveryReason.REDIRECTED})
_LASTING = _ANSWERED | {DeliveryReason.TARGET_FORBIDDEN, DeliveryReason.NO_TARGET}


class RejectReason(StrEnum):
    """Why the police system did not take a case (incidents.md, Delivery)."""

    DUPLICATE = "duplicate"
    BAD_LOCATION = "bad_location"
    TOO_OLD = "too_old"
    NOT_OURS = "not_ours"
    OTHER = "other"


class DeliveryError(Exception):
    """One attempt failed. Nothing else escapes a channel.

    Attributes:
        detail: For the operator: status code or error name; never payload, key or address.
        retry_after_s: What the receiver asked us to wait, seconds; None when it did not.
    """

    def __init__(
        self, reason: DeliveryReason, detail: str, *, retry_after_s: float | None = None
    ) -> None:
        """Keep the reason, its detail and the receiver's wish."""
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.retry_after_s = reason, detail, retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNotice:
    """One row of the outbox that waits to be told.

    Attributes:
        id: Outbox id; the order of tellings to one receiver about one alert.
        key: Idempotency key; the receiver collapses by it.
        receiver: ``police``, ``owner:wang``; for MQTT the grid code or "".
        body: JSON text of the notice's body, told unchanged.
        caused_recv_ms: Receive time of the causing entry, ms UTC.
        created_ms: When it was committed, ms UTC.
        deadline_ms: After this a failed attempt is the last one, ms UTC.
        attempts: Failed attempts so far.
    """

    id: int
    key: str
    kind: str
    action: str
    channel: str
    receiver: str
    audience: str
    area: str
    alert_id: str
    incident_id: str | None
    body: str
    caused_recv_ms: int
    created_ms: int
    deadline_ms: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The receiver has it.

    Attributes:
        case: The receiver's own case number; None when it gives none.
    """

    case: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The receiver has it and does not take it. Never retried."""

    reason: RejectReason


Receipt = Accepted | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed attempt as it is written down.

    Attributes:
        attempts: Attempts made so far, this one included; 0 when nobody could be asked.
    """

    reason: DeliveryReason
    detail: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits, for the status file.

    Attributes:
        pending: Due rows by channel.
        oldest_ms: When the oldest of them was committed, ms UTC; None when nothing waits.
    """

    pending: dict[str, int]
    oldest_ms: int | None
