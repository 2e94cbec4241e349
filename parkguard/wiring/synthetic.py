"""The part that plays synthetic thefts, and its adapters."""

import asyncio
import secrets
from pathlib import Path

import httpx
import sqlalchemy as sa
import structlog

from devices.model import SYNTHETIC_ID
from parkguard.broker_login import BrokerLogin
from parkguard.clock import wall_ms
from parkguard.heartbeat import OutsideHeartbeat
from parkguard.private_files import write_private
from parkguard.records import open_migrated
from parkguard.registration import register
from parkguard.secret_files import SecretRefused, read_secret
from parkguard.settings import Settings
from parkguard.synthetic_round import Pace, SyntheticRounds
from parkguard.synthetic_theft import WANTED, Theft, theft
from parkguard.wiring.latest import LatestReader
from parkguard.wiring.shared import Places, one_of, until_signal
from stores.queries_synthetic import SyntheticRecords
from stores.registry import Registry

PASSWORD_FILE = "synthetic_password"  # noqa: S105 - the name of a file
HEARTBEAT_FILE = "heartbeat_url"

log = structlog.get_logger()


def run_synthetic(settings: Settings) -> int:
    """Synthetic thefts until SIGTERM.

    Raises:
        SecretRefused: The file of the heartbeat's address is wrong.
    """
    places = Places(settings.data_dir)
    with one_of(places, "synthetic") as status:
        engine = open_migrated(settings)
        password = _registered(engine, places.secrets / PASSWORD_FILE)
        chain, latest = SyntheticRecords(engine), LatestReader(places.latest)
        slot = chain.slot()

        def armed() -> int:
            row = latest.get(slot)
            return 0 if row is None else int(row["armed"])

        heartbeat = OutsideHeartbeat(
            _heartbeat_url(settings, places.secrets), timeout_s=settings.synthetic.timeout_s
        )
        pace = Pace(every_s=settings.synthetic.every_s, within_s=settings.synthetic.within_s)
        rounds = SyntheticRounds(
            chain=chain,
            tracker=SyntheticTracker(settings, password),
            heartbeat=heartbeat,
            armed=armed,
            next_theft=_Thefts(settings),
            status=status,
            pace=pace,
            wall_ms=wall_ms,
        )
        asyncio.run(until_signal(rounds.run))
    return 0


class _Thefts:
    """Numbers the records of one run of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._boot, self._count = settings, secrets.token_hex(4), 0

    def __call__(self) -> Theft:
        """The next theft; it ends now."""
        self._count += 1
        return theft(
            self._settings.broker.root,
            boot=self._boot,
            number=self._count - 1,
            now_ms=wall_ms(),
            every_s=self._settings.synthetic.every_s,
        )


class SyntheticTracker:
    """Connects for each theft, as trackers that sleep do."""

    def __init__(self, settings: Settings, password: str) -> None:
        broker = settings.broker
        self._login = BrokerLogin(
            host=broker.host, port=broker.port, user=SYNTHETIC_ID, password=password
        )

    async def publish(self, stolen: Theft) -> None:
        """Send everything at QoS 1; the broker has it when this returns."""
        async with self._login.client() as client:
            for payload in stolen.payloads:
                await client.publish(stolen.topic, payload, qos=1)


def _registered(engine: sa.Engine, file: Path) -> str:
    """The tracker's password; made, with the tracker, when either is missing."""
    registry = Registry(engine, wall_ms)
    if not file.exists() or not registry.secret_hashes_of([SYNTHETIC_ID]):
        register(
            registry,
            WANTED,
            renew=lambda _device_id: True,
            keep_secrets=lambda made: write_private(file, made[SYNTHETIC_ID].encode()),
        )
    return read_secret(file.parent, file.name)


def _heartbeat_url(settings: Settings, folder: Path) -> str | None:
    """The address of who waits outside, None when nobody does.

    Raises:
        SecretRefused: A file that is named and missing, readable by others, or holds no address.
    """
    named = settings.synthetic.heartbeat_file
    path = Path(named) if named else folder / HEARTBEAT_FILE
    if not named and not path.exists():
        log.warning("heartbeat_unset", todo=f"write its address into {path}, mode 600")
        return None
    remedy = "write the address that the outside service gave you, mode 600"
    value = read_secret(path.parent, path.name, remedy=remedy)
    url = httpx.URL(value)
    if url.scheme not in {"http", "https"} or not url.host:
        raise SecretRefused(f"{path} holds no http(s) address: {remedy}")
    return value
