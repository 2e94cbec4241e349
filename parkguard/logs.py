"""Logging: structlog for us and for the libraries, one line an event, secrets scrubbed.

Events are a noun and a past verb (``broker_lost``) with fields; never coordinates, plates,
payloads or secrets at info and above (style.md 9 and 11).
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from parkguard.settings import LogSettings

MASK = "***"

_SECRET_WORDS = ("password", "passwd", "secret", "token", "authorization", "cookie", "api_key")

_QUIET = ("amqtt", "transitions", "httpx", "httpcore", "asyncio", "websockets", "alembic")
"""Libraries that talk per message or per connection at info: only their warnings are kept."""


class SecretScrubber:
    """Takes the values of all secret files out of finished log lines.

    Args:
        folder: The secrets folder; files made later are seen, because the folder is looked at
            (one ``stat``) before every line.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen_ns = -1
        self._values: tuple[str, ...] = ()

    def __call__(self, _logger: object, _method: str, line: str) -> str:
        """Structlog step behind the renderer."""
        return self.scrub(line)

    def scrub(self, line: str) -> str:
        """Give the line with every secret replaced by ``***``."""
        try:
            changed_ns = self._folder.stat().st_mtime_ns
        except OSError:
            return line
        if changed_ns != self._seen_ns:
            self._values = self._read()
            self._seen_ns = changed_ns
        for value in self._values:
            if value in line:
                line = line.replace(value, MASK)
        return line

    def _read(self) -> tuple[str, ...]:
        values: set[str] = set()
        for path in self._folder.iterdir():
            try:
                value = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                continue  # a folder, or a file that went while we looked: nothing to hide
            if value:
                values |= {value, json.dumps(value)[1:-1]}
        return tuple(sorted(values, key=len, reverse=True))


def mask_secret_fields(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Structlog step: hide the value of every field whose name speaks of a secret."""
    for key in event:
        if key != "event" and any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = MASK
    return event


def drop_colours(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Structlog step: uvicorn sends every text twice, once for terminals."""
    event.pop("color_message", None)
    return event


class _NamePart:
    """Structlog step: say which process speaks, in every thread of it."""

    def __init__(self, part: str) -> None:
        self._part = part

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event.setdefault("part", self._part)
        return event


def set_up_logs(
    log: LogSettings, *, part: str, secrets_dir: Path, stream: TextIO | None = None
) -> None:
    """Send every event of this process to one stream; call once, first thing.

    Args:
        log: Least level and form.
        part: Which process speaks; a field of every line.
        secrets_dir: Values of the files in it never appear.
        stream: Where to; None = standard error.
    """
    stream = stream or sys.stderr
    as_json = log.json_lines if log.json_lines is not None else not stream.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _NamePart(part),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        mask_secret_fields,
    ]
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        # plain: the rich one shows local variables, and those hold payloads and secrets
        else [
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    last.append(SecretScrubber(secrets_dir))
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *last,
            ],
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), drop_colours],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
