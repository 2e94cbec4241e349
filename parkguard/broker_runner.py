"""The broker as one supervised part: start, keep its users fresh, say how it is, stop.

A device that is revoked is out within about a second, and what it left is cleared; a persistence
file that mosquitto cannot read is moved aside, said, and the last whole one takes its place.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from devices.errors import StoreError
from ingest.ports import StatusSink
from parkguard.adapters import grants_of, secret_names
from parkguard.broker import (
    BrokerFiles,
    BrokerKind,
    check_broker_settings,
    choose_kind,
    ensure_broker_passwords,
    find_mosquitto,
)
from parkguard.broker_account import Account, choose_account
from parkguard.broker_embedded_config import write_config
from parkguard.broker_line import BrokerLine
from parkguard.broker_login import BrokerLogin
from parkguard.broker_output import BrokerOutput
from parkguard.broker_persistence import PersistenceFile
from parkguard.broker_rules import BROKER_USER, PROBE_USER
from parkguard.broker_state import BrokerState, Trouble, assess
from parkguard.children import allow_most_files, die_with_parent, end
from parkguard.ports import is_free
from parkguard.settings import Settings

_log = structlog.get_logger()

_Answer = TypeVar("_Answer")

EMBEDDED_FILE = "embedded.json"

_BROKEN = "Couldn't open database"
"""What mosquitto 2.0.11 says of a cut off or scrambled persistence file before it exits with 1
(tried: cut at 3, 20, 40, 60, 100 bytes; random bytes)."""


class UserHashes(Protocol):
    """The registry as the broker sees it. All raise ``StoreError`` when it is away."""

    def changed(self) -> bool:
        """Whether devices were added or revoked since the last call."""
        ...

    def read(self) -> Mapping[str, str]:
        """Device id -> password hash, of devices that may log in."""
        ...

    def retired(self) -> Collection[str]:
        """Ids of the devices that were revoked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerTiming:
    """How often the runner looks, seconds.

    Attributes:
        look_s: At the registry and at the child.
        reload_gap_s: Between two SIGHUPs (each stalls 100,000 users for 0.3 s).
        probe_s: Between two logins of our own; also the longest a login may take.
        port_s: How long an old broker may take to free the port.
        stop_s: How long the broker may take to save and end.
    """

    look_s: float = 0.25
    reload_gap_s: float = 1.0
    probe_s: float = 5.0
    port_s: float = 5.0
    stop_s: float = 5.0


class BrokerRunner:
    """Runs one broker process until told to stop.

    Args:
        settings: All settings; ``broker`` and ``data_dir`` are used.
        users: Who may log in.
        status: Where to say how it is.
        wall_ms: Wall clock, for names of files moved aside.
        timing: How often to look.

    Attributes:
        pid: Of the broker's process, 0 before the start.

    Raises:
        SettingsError: The broker's settings are wrong.
        SecretRefused: One of our own users' passwords is weak or readable by others.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        users: UserHashes,
        status: StatusSink,
        wall_ms: Callable[[], int],
        timing: RunnerTiming | None = None,
    ) -> None:
        broker = settings.broker
        check_broker_settings(broker)
        self.kind = choose_kind(broker)
        self._broker = broker
        self._settings = settings
        self._users = users
        self._status = status
        self._timing = timing or RunnerTiming()
        self._passwords = ensure_broker_passwords(
            settings.data_dir / "secrets", secret_names(settings.adapters)
        )
        keys = [path for path in (broker.tls_cert, broker.tls_key) if path is not None]
        folder = settings.data_dir / "broker"
        self._account = (
            choose_account(folder, keys)
            if self.kind is BrokerKind.MOSQUITTO
            else Account(drop_to=None, owner=None)
        )
        self.files = BrokerFiles(
            folder,
            settings=broker,
            passwords=self._passwords,
            account=self._account,
            foreign=grants_of(settings.adapters),
        )
        self._output = BrokerOutput()
        self._saved = PersistenceFile(self.files.folder, wall_ms=wall_ms)
        self._line = BrokerLine(self._login_as(BROKER_USER), root=broker.root)
        self._troubles: tuple[Trouble, ...] = ()
        self._registry_lost = self._unwritten = False
        self._listening = False
        self.pid = 0
        self._stop = asyncio.Event()
        self._user_count = 0

    def stop(self) -> None:
        """Ask ``run`` to come to its end; may be called from a signal handler."""
        self._stop.set()

    async def run(self) -> int:
        """Run the broker; 0 after ``stop``, 1 when it died (start again, perhaps later)."""
        if self._account.warning:
            _log.warning("broker_account_chosen", note=self._account.warning)
        if not await self._port_is_free():
            _log.error(
                "broker_port_taken",
                host=self._broker.host,
                port=self._broker.port,
                todo="stop what listens there, or set broker.port, or broker.kind to external",
            )
            return 1
        self._write_files()
        allow_most_files()
        while True:
            code = await self._run_once()
            if not code:
                return 0
            if self._listening or not self._persistence_is_broken(code) or not self._saved.repair():
                return 1

    async def _run_once(self) -> int:
        """Run the broker's process; 0 after ``stop``, else its exit code."""
        self._output = BrokerOutput()
        self._listening = False
        process = await asyncio.create_subprocess_exec(*self._command(), stdout=PIPE, stderr=STDOUT)
        self.pid = process.pid
        _log.info("broker_started", kind=self.kind, pid=self.pid, port=self._broker.port)
        if process.stdout is None:
            raise AssertionError("the broker was started without a pipe")
        try:
            async with asyncio.TaskGroup() as group:
                output = group.create_task(self._output.pass_on(process.stdout))
                ours = [group.create_task(each) for each in (self._probe(), self._line.run())]
                await self._watch(process)
                for task in ours:
                    task.cancel()
                code = await end(process, within_s=self._timing.stop_s)
                await output
        finally:
            if process.returncode is None:
                await end(process, within_s=self._timing.stop_s)
        if self._stop.is_set():
            _log.info("broker_stopped", code=code)
            return 0
        _log.error("broker_died", code=code, said=list(self._output.tail)[-3:])
        self._say(ready=False, reason=f"the broker ended with code {code}", metrics={})
        return code or 1

    async def _watch(self, process: Process) -> None:
        """Until the child ends or we are told to stop: renew users, say how it is."""
        loop = asyncio.get_running_loop()
        dirty, reloaded_at, said_at, said = False, loop.time(), 0.0, False
        while process.returncode is None and not self._stop.is_set():
            dirty = self._ask_registry(self._users.changed, default=False) or dirty
            if dirty and loop.time() - reloaded_at >= self._timing.reload_gap_s:
                dirty, reloaded_at = not self._renew_users(process), loop.time()
            if loop.time() - said_at >= 1 or said is not self._listening:
                said_at, said = loop.time(), self._listening
                self._mend_files(process)
                state = await self._look()
                reason = state.excuse if said else "no login possible"
                self._say(ready=not reason, reason=reason, metrics=state.metrics)
            try:
                async with asyncio.timeout(self._timing.look_s):
                    await self._stop.wait()
            except TimeoutError:
                continue

    def _renew_users(self, process: Process) -> bool:
        """Bring the password file up to date; whether that could be done."""
        users = self._ask_registry(self._users.read, default=None)
        retired = self._ask_registry(self._users.retired, default=None)
        if users is None or retired is None:
            return False
        self._user_count = len(users)
        self._line.shut_out(retired)
        try:
            changed = self.files.refresh(users)
        except OSError as exc:
            self._complain(exc)
            return False
        self._unwritten = False
        if changed:
            self._mend_files(process)
            process.send_signal(signal.SIGHUP)
            _log.info("broker_users_renewed", count=self._user_count)
        return True

    def _mend_files(self, process: Process) -> None:
        """Undo what somebody did to the broker's files, before it reads them again."""
        try:
            mended = self.files.mend()
        except OSError as exc:
            self._complain(exc)
            return
        if mended:
            process.send_signal(signal.SIGHUP)
            _log.error("broker_files_mended", files=mended, note="made by parkguard: do not edit")

    def _complain(self, error: OSError) -> None:
        """A file that cannot be written, as on a full disk, stops no broker; said once."""
        if not self._unwritten:
            _log.error("broker_files_unwritten", reason=str(error), todo="free space; tried again")
        self._unwritten = True

    async def _look(self) -> BrokerState:
        """How the broker is; what begins to be wrong and what is right again is said once."""
        saves = None
        if self.kind is BrokerKind.MOSQUITTO:
            saves = await asyncio.to_thread(self._saved.look)
        state = assess(saves, self._line.figures, self._broker)
        for trouble in set(state.troubles) - set(self._troubles):
            _log.error("broker_trouble_began", trouble=trouble, todo=trouble.todo)
        for trouble in set(self._troubles) - set(state.troubles):
            _log.info("broker_trouble_ended", trouble=trouble)
        self._troubles = state.troubles
        return state

    def _ask_registry(self, ask: Callable[[], _Answer], *, default: _Answer) -> _Answer:
        """Ask; a records database that is away stops no broker, it is said once."""
        try:
            answer = ask()
        except StoreError as exc:
            if not self._registry_lost:
                _log.error("registry_lost", reason=str(exc))
            self._registry_lost = True
            return default
        if self._registry_lost:
            _log.info("registry_back")
        self._registry_lost = False
        return answer

    async def _probe(self) -> None:
        """Log in again and again: a broker that listens and lets nobody in is not ready."""
        login = self._login_as(PROBE_USER)
        while True:
            fault = await login.check(within_s=self._timing.probe_s)
            fine = not fault
            if fine and not self._listening:
                _log.info("broker_listened", port=self._broker.port)
            if self._listening and not fine:
                _log.error("broker_login_failed", reason=fault)
            self._listening = fine
            await asyncio.sleep(self._timing.probe_s if fine else self._timing.look_s)

    def _login_as(self, user: str) -> BrokerLogin:
        broker = self._broker
        password = self._passwords[user]
        return BrokerLogin(host=broker.host, port=broker.port, user=user, password=password)

    def _write_files(self) -> None:
        users = self._users.read()
        self._line.shut_out(self._users.retired())
        self._user_count = len(users)
        self.files.write(users)
        if self.kind is BrokerKind.EMBEDDED:
            config = self.files.folder / EMBEDDED_FILE
            write_config(config, self._settings, passwd=self.files.passwd)

    def _command(self) -> list[str]:
        if self.kind is BrokerKind.MOSQUITTO:
            program = find_mosquitto() or "mosquitto"
            return die_with_parent(
                [program, "-c", str(self.files.conf)], user=self._account.drop_to
            )
        config = str(self.files.folder / EMBEDDED_FILE)
        return die_with_parent([sys.executable, "-m", "parkguard.broker_embedded", config])

    def _persistence_is_broken(self, code: int) -> bool:
        crashed = -code in {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS}
        said = self._output.holds(_BROKEN)
        return crashed or said

    async def _port_is_free(self) -> bool:
        """Give an older broker a moment to end."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timing.port_s
        while not is_free(self._broker.host, self._broker.port):
            if loop.time() > deadline:
                return False
            await asyncio.sleep(self._timing.look_s)
        return True

    def _say(self, *, ready: bool, reason: str, metrics: Mapping[str, float]) -> None:
        ours = {
            "broker_users": float(self._user_count),
            "broker_line_up": float(self._line.is_up),
            "broker_cleared_messages_total": float(self._line.cleared),
        }
        self._status.write(ready=ready, reason=reason, metrics={**metrics, **ours})
