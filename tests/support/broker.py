"""A real mosquitto with our own generated files, for every test that needs a broker.

with Mosquitto(tmp_path, users={"trk-1": "secret of trk-1"}) as broker:
    client.username_pw_set("trk-1", broker.passwords["trk-1"])
    client.connect(broker.host, broker.port)
"""

import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import create_connection, socket
from types import TracebackType
from typing import Self

import msgspec
import pytest
from typing_extensions import override

from parkguard.broker import BrokerFiles, find_mosquitto
from parkguard.broker_account import choose_account
from parkguard.broker_embedded_config import EmbeddedConfig, FrontLimits
from parkguard.broker_rules import SECRET_NAMES
from parkguard.passwords import hash_password, new_secret
from parkguard.settings import BrokerSettings

WAIT_S = 30.0
"""How long anything in a test may take before it counts as missing, seconds."""


def wait_until(fact: Callable[[], object], *, within_s: float = WAIT_S, what: str = "") -> None:
    """Poll ``fact`` until it is true; fail the test at the deadline."""
    deadline = time.monotonic() + within_s
    while not fact():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s} s: {what or fact}")
        select.select([], [], [], 0.02)  # give the processor away between two looks


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """Debian's mosquitto on a free port of 127.0.0.1.

    Args:
        folder: For its files; a fresh temporary one.
        users: Device id -> password in clear; our own users (``pg-ingest`` ...) come by
            themselves.
        settings: Broker settings to differ from the defaults; ``port`` is chosen when 0.

    Attributes:
        passwords: Of all users, in clear.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str] | None = None,
        *,
        settings: BrokerSettings | None = None,
    ) -> None:
        program = find_mosquitto()
        if program is None:
            pytest.fail("mosquitto is not installed; run: apt-get install -y mosquitto")
        self._program = program
        settings = settings or BrokerSettings.model_validate({"port": 0})
        self.settings = settings.model_copy(update={"port": settings.port or free_port()})
        self.host, self.port = self.settings.host, self.settings.port
        own = {user: new_secret() for user in SECRET_NAMES}
        self.passwords: dict[str, str] = {**own, **(users or {})}
        folder = folder / "broker"
        self.files = BrokerFiles(
            folder, settings=self.settings, passwords=own, account=choose_account(folder)
        )
        self._hashes = {user: hash_password(word) for user, word in (users or {}).items()}
        self.log = self.files.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def db(self) -> Path:
        """The persistence file."""
        return self.files.folder / "mosquitto.db"

    def command(self) -> list[str]:
        """How it is started."""
        return [self._program, "-c", str(self.files.conf)]

    def start(self) -> None:
        """Write the files and wait until it takes connections."""
        self.files.write(self._hashes)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                self.command(), stdout=log, stderr=log
            )
        wait_until(self._listens, what=f"mosquitto on {self.port}; it said {self.said()!r}")

    def said(self) -> str:
        """What it wrote so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self) -> None:
        """End it in good order (SIGTERM): it saves its sessions."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(WAIT_S)
            self.process = None

    def kill(self) -> None:
        """End it at once (SIGKILL): what it did not save is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(WAIT_S)
            self.process = None

    def restart(self) -> None:
        """Stop in good order and start on the same port and files."""
        self.stop()
        self.start()

    def set_users(self, users: Mapping[str, str]) -> None:
        """Replace the devices that may log in, and tell the running broker (SIGHUP)."""
        self._hashes = {
            user: self._hashes[user] if self.passwords.get(user) == word else hash_password(word)
            for user, word in users.items()
        }
        self.passwords |= users
        self.files.refresh(self._hashes)
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def _listens(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            pytest.fail(f"mosquitto ended with {self.process.returncode}: {self.said()}")
        try:
            with create_connection((self.host, self.port), timeout=1):
                return True
        except OSError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Embedded(Mosquitto):
    """The broker for trying out, with the same users and the same handles.

    Args:
        folder: As for ``Mosquitto``.
        users: As for ``Mosquitto``.
        limits: To differ from the defaults.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str] | None = None,
        *,
        limits: FrontLimits | None = None,
    ) -> None:
        super().__init__(folder, users)
        self._limits = limits or FrontLimits()

    @override
    def command(self) -> list[str]:
        """Our own module with its configuration file."""
        config = EmbeddedConfig(
            host=self.host,
            port=self.port,
            root=self.settings.root,
            passwd=str(self.files.passwd),
            secrets_dir=str(self.files.folder),
            log_json=True,
            limits=self._limits,
        )
        path = self.files.folder / "embedded.json"
        path.write_bytes(msgspec.json.encode(config))
        return [sys.executable, "-m", "parkguard.broker_embedded", str(path)]
