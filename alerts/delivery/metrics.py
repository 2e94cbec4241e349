"""What the dispatcher counts, as numbers for its status file."""

import statistics
from collections import Counter, deque
from collections.abc import Iterable

from alerts.delivery.model import Backlog
from alerts.model import Channel

_RECENT = 1000  # deliveries behind the delay figures


class Tally:
    """Counters since the start, and the delays of recent deliveries."""

    def __init__(self) -> None:
        """Start at nought."""
        self._counts: Counter[str] = Counter()
        self._delays_s: deque[float] = deque(maxlen=_RECENT)
        self._feed_delays_s: deque[float] = deque(maxlen=_RECENT)

    def attempted(self) -> None:
        """Count one attempt over a channel outside the house."""
        self._counts["attempts"] += 1

    def sent(self, caused_recv_ms: int, *, now_ms: int) -> None:
        """Count one delivery and its delay since the causing entry was received."""
        self._counts["sent"] += 1
        self._delays_s.append((now_ms - caused_recv_ms) / 1000)

    def fed(self, caused_recv_ms: Iterable[int], *, now_ms: int) -> None:
        """Count numbered feed rows and their delays."""
        for caused_ms in caused_recv_ms:
            self._counts["fed"] += 1
            self._feed_delays_s.append((now_ms - caused_ms) / 1000)

    def rejected(self) -> None:
        """Count one notice that a receiver did not take."""
        self._counts["rejected"] += 1

    def undelivered(self) -> None:
        """Count one notice that was given up."""
        self._counts["undelivered"] += 1

    def figures(self, backlog: Backlog, *, lost: int, now_ms: int) -> dict[str, float]:
        """Give every metric by its name without the ``parkguard_`` prefix.

        Args:
            backlog: What waits.
            lost: Targets that failed several times in a row and were not back since.
            now_ms: Wall clock, ms UTC.
        """
        oldest_ms = backlog.oldest_ms if backlog.oldest_ms is not None else now_ms
        figures: dict[str, float] = {
            f"dispatch_pending_{channel}": backlog.pending.get(channel, 0) for channel in Channel
        }
        return figures | {
            "dispatch_oldest_s": max(0.0, (now_ms - oldest_ms) / 1000),
            "dispatch_attempts_total": self._counts["attempts"],
            "dispatch_sent_total": self._counts["sent"],
            "dispatch_feed_total": self._counts["fed"],
            "dispatch_rejected_total": self._counts["rejected"],
            "dispatch_undelivered_total": self._counts["undelivered"],
            "dispatch_targets_lost": lost,
            "dispatch_delay_p50_s": statistics.median(self._delays_s or [0.0]),
            "dispatch_delay_max_s": max(self._delays_s, default=0.0),
            "dispatch_feed_delay_p50_s": statistics.median(self._feed_delays_s or [0.0]),
            "dispatch_feed_delay_max_s": max(self._feed_delays_s, default=0.0),
        }
