"""Port 0 becomes a free port before any part starts, so that all parts know it."""

import socket
from pathlib import Path

import msgspec

from parkguard.private_files import write_private
from parkguard.settings import Settings


def resolve_ports(settings: Settings) -> Settings:
    """Give the settings with a free port wherever one is 0.

    The port is free at this moment; nothing holds it until its part listens there.
    """
    broker, api = settings.broker, settings.api
    taken: list[socket.socket] = []
    try:
        if broker.kind != "external":
            broker = broker.model_copy(
                update={
                    "port": broker.port or _draw(broker.host, taken),
                    "tls_port": broker.tls_port or _draw(broker.tls_host, taken),
                }
            )
        api = api.model_copy(update={"port": api.port or _draw(api.host, taken)})
    finally:
        for held in taken:
            held.close()
    return settings.model_copy(update={"broker": broker, "api": api})


def write_ports(settings: Settings, run_dir: Path) -> None:
    """Write ``run/ports.json``: where the broker and the API listen."""
    ports = {
        "broker": {"host": settings.broker.host, "port": settings.broker.port},
        "api": {"host": settings.api.host, "port": settings.api.port},
    }
    write_private(run_dir / "ports.json", msgspec.json.encode(ports))


def free_ports(count: int) -> list[int]:
    """So many different TCP ports of 127.0.0.1 that nobody listens on at this moment."""
    taken: list[socket.socket] = []
    try:
        return [_draw("127.0.0.1", taken) for _ in range(count)]
    finally:
        for held in taken:
            held.close()


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on this address now."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _draw(host: str, taken: list[socket.socket]) -> int:
    """Bind to a free port; held until all are drawn, or two could be the same."""
    held = socket.socket(_family(host))
    taken.append(held)
    held.bind((host, 0))
    return int(held.getsockname()[1])
