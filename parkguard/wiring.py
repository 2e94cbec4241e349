"""Builds every part from frozen settings and hands it its adapters by name. Once, here."""

import asyncio
import random
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from typing_extensions import override

from alerts.delivery.backoff import Backoff
from alerts.delivery.dispatcher import Dispatcher, Pace
from alerts.delivery.lane import Target
from alerts.delivery.mqtt import MqttAddress, MqttChannel
from alerts.delivery.webhook import WebhookChannel
from alerts.engine import Engine
from alerts.model import Channel
from api.app import create_app
from api.deps import ApiPolicy, Services
from api.server import listen, serve
from devices.admission import Admission
from devices.health import Health, Rows
from devices.registry import Registry as KnownRegistry
from devices.registry import RegistrySnapshot
from devices.rows import Thinner, ThinningPolicy
from ingest.ports import StoreError
from ingest.processor import Processor, ProcessorLimits
from ingest.projector import Projector, ProjectorLimits
from ingest.receiver import Receiver, ReceiverLimits
from ingest.source import MqttSource, SourceSettings
from parkguard import __version__
from parkguard.broker import BrokerKind, choose_kind, is_loopback
from parkguard.clock import SteadyClock, boottime_ms, monotonic_s, wall_ms
from parkguard.first_start import webhook_key_path
from parkguard.locks import hold_lock
from parkguard.parts import PART_NAMES
from parkguard.passwords import hash_password, new_secret
from parkguard.records import open_migrated
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings, WebhookTarget
from parkguard.status_files import StatusFile, read_all
from stores.checkpoints import FileCheckpoints
from stores.delivery import SqlOutbox
from stores.journal_segments import retire
from stores.journal_sqlite import SqliteJournalReader, SqliteJournalWriter
from stores.latest_state import LatestStateFile
from stores.processing import RecordsControl, RecordsProcessLedger
from stores.queries_actions import ActionWriter
from stores.queries_alerts import AlertQueries
from stores.queries_devices import DeviceQueries, VehicleQueries
from stores.queries_feed import FeedQueries
from stores.queries_incidents import IncidentQueries
from stores.queries_quarantine import BookCount, QuarantineQueries
from stores.queries_registry import RegistryWriter
from stores.queries_tokens import TokenQueries
from stores.registry import Registry
from stores.telemetry_sqlite import SqliteProjectLedger, SqliteTelemetry

MIB = 1_048_576
HOUR_MS = 3_600_000


class Places:
    """Where everything is stored below ``data_dir``."""

    def __init__(self, data_dir: Path) -> None:
        """Name the places; create nothing."""
        self.journal = data_dir / "journal"
        self.telemetry = data_dir / "telemetry.db"
        self.project = data_dir / "project.db"
        self.latest = data_dir / "latest" / "latest.bin"
        self.checkpoints = data_dir / "checkpoints"
        self.secrets = data_dir / "secrets"
        self.run = data_dir / "run"
        self.clock = data_dir / "run" / "clock.json"


class Stop:
    """SIGTERM and SIGINT as one event; its ``wait`` is the loops' only way to sleep."""

    def __init__(self) -> None:
        """Take over both signals of this process."""
        self._event = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._event.set())

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until told to stop; whether to stop."""
        if seconds <= 0:
            return self._event.is_set()
        return self._event.wait(seconds)


class LatestColumns:
    """LatestState as ``devices.health`` and the processor write it."""

    def __init__(self, file: LatestStateFile) -> None:
        """Write into ``file``."""
        self._file = file
        self._file.ensure(0)

    def rows_for(self, slot: int) -> Rows:
        """All rows, with room for ``slot``."""
        self._file.ensure(slot)
        return self._file.rows

    def show(self, *, armed: Mapping[int, int], levels: Mapping[int, int]) -> None:
        """Write arming and level by slot."""
        rows = self.rows_for(max([0, *armed, *levels]))
        for name, values in (("armed", armed), ("level", levels)):
            for slot, value in values.items():
                if rows[name][slot] != value:
                    rows["version"][slot] += 1
                    rows[name][slot] = value
                    rows["version"][slot] += 1


def steady_ms() -> int:
    """Milliseconds that never step or stand still, for pacing."""
    return int(monotonic_s() * 1000)


@contextmanager
def one_of(places: Places, part: str) -> Iterator[StatusFile]:
    """Hold the part's lock; gives its status file."""
    with hold_lock(places.run / f"{part}.lock"):
        yield StatusFile(places.run, part, wall_ms=wall_ms)


def run_ingest(settings: Settings) -> int:
    """Broker to journal until SIGTERM."""
    places, stop = Places(settings.data_dir), Stop()
    with one_of(places, "ingest") as status:
        engine = open_migrated(settings)
        journal = SqliteJournalWriter(
            places.journal,
            segment_bytes=int(settings.journal.segment_mb * MIB),
            reserve_bytes=int(settings.journal.reserve_mb * MIB),
            now_ms=wall_ms,
        )
        newest = journal.last()
        clock = SteadyClock(
            places.clock, last=(newest.elapsed_ms, newest.recv_ms) if newest else None
        )
        broker, ingest = settings.broker, settings.ingest
        source = MqttSource(
            SourceSettings(
                host=broker.host,
                port=broker.port,
                root=broker.root,
                user="pg-ingest",
                password=ensure_secret(places.secrets, "ingest_password").value,
                max_inflight=broker.max_inflight,
                silent_ms=int(ingest.silent_s * 1000),
                echo_ms=int(ingest.echo_s * 1000),
            ),
            boottime_ms,
        )
        receiver = Receiver(
            source=source,
            journal=journal,
            control=RecordsControl(engine),
            status=status,
            limits=ReceiverLimits(
                batch_max=ingest.batch_max,
                linger_s=ingest.linger_ms / 1000,
                control_poll_ms=ingest.control_poll_ms,
            ),
            wall_ms=wall_ms,
            elapsed_ms=clock.elapsed_ms,
            steady_ms=boottime_ms,
            wait=stop.wait,
        )
        source.start()
        receiver.run()
        journal.close()
    return 0


def run_process(settings: Settings) -> int:
    """Journal to decisions until SIGTERM."""
    places, stop = Places(settings.data_dir), Stop()
    with one_of(places, "process") as status:
        engine = open_migrated(settings)
        columns = LatestColumns(LatestStateFile.create_or_open(places.latest, writable=True))
        admission = Admission(settings.broker.root)
        process = settings.process
        processor = Processor(
            admission=admission,
            health=Health(columns.rows_for, settings.presence),
            engine=Engine(admission.registry, settings.detection, settings.policy),
            journal=SqliteJournalReader(places.journal),
            ledger=RecordsProcessLedger(engine, __version__, now_ms=wall_ms),
            latest=columns,
            checkpoints=FileCheckpoints(places.checkpoints, "processor"),
            status=status,
            limits=ProcessorLimits(
                batch_max=process.batch_max,
                poll_s=process.poll_ms / 1000,
                commit_ms=process.commit_ms,
                checkpoint_ms=process.checkpoint_s * 1000,
            ),
            steady_ms=steady_ms,
            wait=stop.wait,
        )
        processor.resume(_registered(engine))
        processor.run()
    return 0


def run_project(settings: Settings) -> int:
    """Journal to telemetry store until SIGTERM."""
    places, stop = Places(settings.data_dir), Stop()
    with one_of(places, "project") as status:
        engine = open_migrated(settings)
        project = settings.project
        reader = SqliteJournalReader(places.journal)
        projector = Projector(
            admission=Admission(settings.broker.root),
            thinner=Thinner(
                ThinningPolicy(row_s=project.parked_row_s, radius_m=project.parked_radius_m)
            ),
            journal=reader,
            ledger=SqliteProjectLedger(places.project),
            telemetry=SqliteTelemetry(places.telemetry),
            checkpoints=FileCheckpoints(places.checkpoints, "projector"),
            status=status,
            limits=ProjectorLimits(
                batch_max=project.batch_max,
                poll_s=project.poll_ms / 1000,
                checkpoint_ms=project.checkpoint_s * 1000,
            ),
            steady_ms=steady_ms,
            wait=stop.wait,
            tidy=_retirement(settings, places),
        )
        projector.resume(_registered(engine))
        projector.run()
    return 0


def run_dispatch(settings: Settings) -> int:
    """Outbox to people until SIGTERM."""
    places = Places(settings.data_dir)
    with one_of(places, "dispatch") as status:
        engine = open_migrated(settings)
        dispatch = settings.dispatch
        dispatcher = Dispatcher(
            outbox=SqlOutbox(engine),
            targets=_targets(settings, places),
            clock=wall_ms,
            draw=random.SystemRandom().random,
            status=status,
            backoff=Backoff(first_s=dispatch.retry_first_s, max_s=dispatch.retry_max_s),
            pace=Pace(poll_s=dispatch.poll_ms / 1000),
        )
        asyncio.run(_until_signal(dispatcher.run))
    return 0


def run_api(settings: Settings) -> int:
    """HTTP until SIGTERM."""
    places = Places(settings.data_dir)
    with one_of(places, "api") as status:
        engine = open_migrated(settings)
        app = create_app(_services(settings, places, engine, status))
        asyncio.run(serve(app, listen(settings.api.host, settings.api.port)))
    return 0


class DeviceSecret(NamedTuple):
    """A device's new password and what the broker's file holds of it."""

    plain: str
    hash: str


def new_device_secret() -> DeviceSecret:
    """Make a random one."""
    plain = new_secret()
    return DeviceSecret(plain, hash_password(plain))


class AllBooks(QuarantineQueries):
    """Quarantine, and the books of both readers: the projector keeps its own."""

    def __init__(self, engine: sa.Engine, project: Path) -> None:
        """``project`` is the projector's ledger."""
        super().__init__(engine)
        self._project = SqliteProjectLedger(project)

    @override
    def counts(self) -> list[BookCount]:
        """The books, by reader, name and reason."""
        projected = [
            BookCount(reader="projector", name=name, reason=reason, count=count)
            for (name, reason), count in sorted(self._project.books().items())
        ]
        return super().counts() + projected


class LatestReader:
    """LatestState for the API; the processor may make the file later."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._file: LatestStateFile | None = None

    def get(self, slot: int) -> np.void | None:
        """One row, None while there is none."""
        if self._file is None:
            if not self._path.exists():
                return None
            self._file = LatestStateFile.create_or_open(self._path, writable=False)
        return self._file.get(slot)


def _services(
    settings: Settings, places: Places, engine: sa.Engine, status: StatusFile
) -> Services:
    api = settings.api
    external = choose_kind(settings.broker) is BrokerKind.EXTERNAL
    return Services(
        now_ms=wall_ms,
        steady_ms=steady_ms,
        policy=ApiPolicy(
            docs_open=is_loopback(api.host),
            page_max=api.page_max,
            track_max_days=api.track_max_days,
            feed_poll_ms=api.feed_poll_ms,
            live_poll_ms=api.live_poll_ms,
            sse_queue=api.sse_queue,
            parts=PART_NAMES[1:] if external else PART_NAMES,
        ),
        tokens=TokenQueries(engine),
        devices=DeviceQueries(engine),
        vehicles=VehicleQueries(engine),
        alerts=AlertQueries(engine),
        incidents=IncidentQueries(engine),
        feed=FeedQueries(engine),
        quarantine=AllBooks(engine, places.project),
        actions=ActionWriter(engine),
        registry=RegistryWriter(engine, wall_ms),
        telemetry=SqliteTelemetry(places.telemetry),
        latest=LatestReader(places.latest),
        statuses=lambda: read_all(places.run),
        status=status,
        busy=(sa.exc.OperationalError, StoreError),
        new_secret=new_device_secret,
    )


def _registered(engine: sa.Engine) -> KnownRegistry:
    """The registry as the records database has it."""
    registry = Registry(engine, wall_ms)
    return KnownRegistry(
        RegistrySnapshot(
            devices=registry.devices(),
            vehicles=registry.vehicles(),
            sites=registry.sites(),
            grids=registry.grids(),
            fences=registry.fences(),
        )
    )


def _targets(settings: Settings, places: Places) -> list[Target]:
    """Every webhook of the settings, and MQTT when it is on."""
    dispatch, broker = settings.dispatch, settings.broker
    targets = [
        Target(
            channel=Channel.WEBHOOK,
            name=name,
            carrier=WebhookChannel(
                url=target.url,
                key=_webhook_key(settings, name, target).encode(),
                clock=wall_ms,
                allow_hosts=dispatch.allow_hosts,
                timeout_s=dispatch.timeout_s,
            ),
            timeout_s=dispatch.timeout_s,
        )
        for name, target in dispatch.webhooks.items()
    ]
    if dispatch.mqtt:
        address = MqttAddress(
            host=broker.host,
            port=broker.port,
            username="pg-dispatch",
            password=ensure_secret(places.secrets, "dispatch_password").value,
            root=broker.root,
        )
        channel = MqttChannel(address, clock=wall_ms, timeout_s=dispatch.timeout_s)
        targets.append(Target(channel=Channel.MQTT, name="", carrier=channel))
    return targets


def _webhook_key(settings: Settings, name: str, target: WebhookTarget) -> str:
    path = webhook_key_path(settings, name, target)
    return ensure_secret(path.parent, path.name).value


def _retirement(settings: Settings, places: Places) -> Callable[[], None]:
    """Archive and drop what both readers are past."""

    def tidy() -> None:
        retire(
            places.journal,
            now_ms=wall_ms(),
            retention_ms=int(settings.journal.retention_h * HOUR_MS),
            readers=("processor", "projector"),
        )

    return tidy


async def _until_signal(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(stop)
