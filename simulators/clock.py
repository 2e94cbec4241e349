"""The simulators' clocks, asked here only and handed down as callables."""

import time


def wall_ms() -> int:
    """Give the wall clock, ms UTC."""
    return time.time_ns() // 1_000_000


def steady_s() -> float:
    """Give a clock that never steps, seconds from an arbitrary zero."""
    return time.monotonic()


def cpu_s() -> float:
    """Give the processor time this process has used, user and system, seconds."""
    return time.process_time()
