"""This process says how it is, about once a second (run/api.json)."""

import asyncio

import structlog

from api.deps import Services
from api.stream_hub import StreamHub

_log = structlog.get_logger("api")


def is_stuck(services: Services, hub: StreamHub) -> bool:
    """Whether the feed was not read for too long, or its reader has died."""
    silent_ms = services.steady_ms() - hub.read_ms
    return hub.is_stopped or silent_ms > services.policy.stuck_ms


def own_status(services: Services, hub: StreamHub) -> tuple[bool, str]:
    """Whether this process can do its work, and why not."""
    if is_stuck(services, hub):
        return False, "the feed cannot be read"
    return True, ""


async def beat(services: Services, hub: StreamHub) -> None:
    """Write the status file until cancelled. A full disk is told once and again when over."""
    is_lost = False
    while True:
        ready, reason = own_status(services, hub)
        try:
            await asyncio.to_thread(
                services.status.write, ready=ready, reason=reason, metrics=hub.metrics()
            )
        except OSError as exc:
            if not is_lost:
                _log.warning("status_lost", error=type(exc).__name__)
            is_lost = True
        else:
            if is_lost:
                _log.info("status_back")
            is_lost = False
        await asyncio.sleep(services.policy.status_every_ms / 1000)
