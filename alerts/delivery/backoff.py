"""When to try again: full jitter, the receiver's wish, the deadline. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from alerts.delivery.model import DeliveryError, DueNotice
from alerts.fire_words import FIRE

MAX_RETRY_AFTER_S = 3600.0
"""Longest wish of a receiver that is granted, seconds: a theft may not wait for a typing error.
Source: our own choice, six times the longest wait of reliability.md 5.3."""

FIRE_WAIT_S = 10.0
"""Longest wait between attempts to tell of a fire, seconds, whatever the receiver asks for. Source:
our own choice: a fire is told, or shown as untold, within a minute."""

_DOUBLINGS_MAX = 40  # 2**40 s is past any deadline; keeps the power small


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits between attempts. Source of the defaults: reliability.md 5.3 (1 s to 10 min).

    Attributes:
        first_s: Ceiling of the first wait, seconds.
        max_s: Ceiling of every wait, seconds.
    """

    first_s: float = 1.0
    max_s: float = 600.0

    def wait_s(
        self, failed: int, *, retry_after_s: float | None, draw: Callable[[], float]
    ) -> float:
        """Give the wait after the ``failed``-th failure (1, 2, ...), seconds.

        Full jitter: anything between 0 and a ceiling that doubles. A receiver's wish is waited
        for in full, and the jitter of a first wait comes on top, so that not all come back at once.

        Args:
            failed: Failures so far, this one included.
            retry_after_s: ``Retry-After`` in seconds, or None.
            draw: Random number in [0, 1).
        """
        ceiling_s = min(self.max_s, self.first_s * 2.0 ** min(failed - 1, _DOUBLINGS_MAX))
        if retry_after_s is None:
            return draw() * ceiling_s
        return min(retry_after_s, MAX_RETRY_AFTER_S) + draw() * self.first_s


def next_due_ms(
    notice: DueNotice,
    error: DeliveryError,
    *,
    now_ms: int,
    backoff: Backoff,
    draw: Callable[[], float],
) -> int | None:
    """Say when to try again, or None when this failure is the last word.

    A wait never crosses the deadline: the last attempt is made at the deadline itself. So a row
    that is already past it (we were down) still gets its one attempt.
    """
    if not error.reason.may_pass or now_ms >= notice.deadline_ms:
        return None
    wait_s = backoff.wait_s(notice.attempts + 1, retry_after_s=error.retry_after_s, draw=draw)
    if notice.audience == FIRE:
        wait_s = min(wait_s, FIRE_WAIT_S)
    return min(now_ms + round(wait_s * 1000), notice.deadline_ms)
