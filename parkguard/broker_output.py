"""What the broker's process says, passed on to our log and its last lines remembered."""

import asyncio
import logging
from collections import deque
from typing import Any

import msgspec
import structlog

_log = structlog.get_logger()

_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class BrokerOutput:
    """Reads one child's standard output to its end."""

    def __init__(self) -> None:
        self.tail: deque[str] = deque(maxlen=20)

    async def pass_on(self, stream: asyncio.StreamReader) -> None:
        """Log every line: mosquitto's as text, the embedded broker's as the event it is."""
        async for line in stream:
            text = line.decode("utf-8", "replace").rstrip()
            self.tail.append(text)
            event = _parse_event(text)
            if event is None:
                _log.warning("broker_said", text=text)
            else:
                level = _LEVELS.get(str(event.pop("level", "")), logging.INFO)
                _log.log(level, event.pop("event", "broker_said"), **event)

    def holds(self, words: str) -> bool:
        """Whether one of the last lines holds ``words``."""
        return any(words in line for line in self.tail)


def _parse_event(text: str) -> dict[str, Any] | None:
    try:
        event = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    for name in ("timestamp", "part", "stack"):
        event.pop(name, None)
    return event
