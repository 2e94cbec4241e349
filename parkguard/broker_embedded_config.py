"""What the embedded broker's process is told; free of amqtt, so that its starter stays light."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from parkguard.adapters import grants_of
from parkguard.private_files import write_private
from parkguard.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontLimits:
    """Bounds of one connection.

    Attributes:
        max_connections: More are closed at once.
        max_packet_bytes: A longer packet closes the connection.
        connect_s: The whole CONNECT must be there within this, seconds.
        silent_factor: Closed after keep-alive times this without a byte (MQTT 3.1.1, 3.1.2.10).
        idle_s: The same for a client that asked for no keep-alive.
    """

    max_connections: int = 1000
    max_packet_bytes: int = 98_304
    connect_s: float = 10.0
    silent_factor: float = 1.5
    idle_s: float = 3600.0


class EmbeddedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All the process is told.

    Attributes:
        host: Loopback address.
        port: TCP port.
        root: First levels of every topic.
        passwd: mosquitto's password file.
        secrets_dir: Whose values never appear in logs.
        log_level: Least level.
        log_json: JSON lines; None = unless a terminal.
        limits: Bounds of one connection.
        foreign: Topic filters of foreign adapters by their users.
    """

    host: str
    port: int
    root: str
    passwd: str
    secrets_dir: str
    log_level: str = "info"
    log_json: bool | None = None
    limits: FrontLimits = FrontLimits()
    foreign: dict[str, tuple[str, ...]] = {}


def write_config(path: Path, settings: Settings, *, passwd: Path) -> None:
    """Write the configuration file of ``python -m parkguard.broker_embedded``."""
    broker = settings.broker
    config = EmbeddedConfig(
        host=broker.host,
        port=broker.port,
        root=broker.root,
        passwd=str(passwd),
        secrets_dir=str((settings.data_dir / "secrets").resolve()),
        log_level=settings.log.level,
        log_json=True,
        limits=FrontLimits(max_packet_bytes=broker.max_packet_bytes),
        foreign=grants_of(settings.adapters),
    )
    write_private(path, msgspec.json.encode(config))
