"""``parkguard up`` and ``parkguard broker``: the long-running commands that supervise."""

import asyncio
import signal
from collections.abc import Callable

import structlog

from parkguard.broker_runner import BrokerRunner
from parkguard.clock import wall_ms
from parkguard.device_hashes import DeviceHashes
from parkguard.first_start import ADMIN_TOKEN_FILE, Prepared, prepare, secrets_dir
from parkguard.locks import hold_lock
from parkguard.parts import build_parts
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.status_files import StatusFile
from parkguard.supervisor import NotReady, Supervisor

_log = structlog.get_logger()

READY_S = 60.0
"""After this it is said which part is not ready; it goes on trying."""


def run_up(settings: Settings) -> int:
    """Run every part of one machine until SIGTERM or SIGINT; the exit code.

    Raises:
        AlreadyRunning: Another ``up`` uses the same ``data_dir``.
        SettingsError: Settings that could not work together.
        SecretRefused: A secret that is empty, weak, or readable by others.
    """
    with hold_lock(settings.data_dir / "run" / "up.lock"):
        prepared = prepare(settings)
        for path in prepared.created:
            _log.info("secret_made", file=str(path))
        return asyncio.run(_supervise(prepared))


async def _supervise(prepared: Prepared) -> int:
    settings = prepared.settings
    supervisor = Supervisor(settings, build_parts(settings, prepared.settings_file))
    stop = asyncio.Event()
    _on_end(stop.set)
    ending = [
        asyncio.create_task(stop.wait()),
        asyncio.create_task(supervisor.wait_ended()),
    ]
    ready = asyncio.create_task(_say_when_ready(supervisor, settings))
    try:
        await supervisor.start()
        await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (ready, *ending):
            task.cancel()
        await supervisor.stop()
    return supervisor.refused_code or 0


async def _say_when_ready(supervisor: Supervisor, settings: Settings) -> None:
    try:
        await supervisor.wait_ready(READY_S)
    except NotReady as exc:
        _log.error("up_not_ready", waiting_for=str(exc), todo="see `parkguard doctor`")
        return
    _log.info(
        "up_ready",
        api=f"http://{settings.api.host}:{settings.api.port}",
        docs=f"http://{settings.api.host}:{settings.api.port}/docs",
        broker=f"{settings.broker.host}:{settings.broker.port}",
        admin_credential=f"in {secrets_dir(settings) / ADMIN_TOKEN_FILE}",
    )


def run_broker(settings: Settings) -> int:
    """Run the broker alone until SIGTERM or SIGINT; the exit code.

    Raises:
        AlreadyRunning: Another broker part uses the same ``data_dir``.
        SettingsError: The broker's settings are wrong.
        SecretRefused: A password file is empty, weak, or readable by others.
    """
    run_dir = settings.data_dir / "run"
    with hold_lock(run_dir / "broker.lock"):
        engine = open_migrated(settings)
        try:
            runner = BrokerRunner(
                settings,
                users=DeviceHashes(engine),
                status=StatusFile(run_dir, "broker", wall_ms=wall_ms),
                wall_ms=wall_ms,
            )
            return asyncio.run(_run_until_told(runner))
        finally:
            engine.dispose()


async def _run_until_told(runner: BrokerRunner) -> int:
    _on_end(runner.stop)
    return await runner.run()


def _on_end(tell: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell)
