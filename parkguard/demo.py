"""``parkguard demo``: the main job on one machine, with a story to watch.

Everything is real: our broker, every part as its own process, simulated devices that log in one
by one, owners and a police desk in processes of their own that are told over signed webhooks.
"""

import asyncio
import contextlib
import io
import json
import shutil
import signal
import socket
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.live import Live

from api.tokens import new_token, new_token_id
from parkguard.broker import BrokerKind, choose_kind
from parkguard.children import die_with_parent, end
from parkguard.clock import monotonic_s, wall_ms
from parkguard.demo_screen import render
from parkguard.demo_story import Story, Truth, book_totals, faults_of
from parkguard.demo_stream import follow
from parkguard.first_start import prepare, secrets_dir
from parkguard.locks import hold_lock
from parkguard.logs import set_up_logs
from parkguard.parts import build_parts
from parkguard.private_files import write_private
from parkguard.records import open_migrated
from parkguard.registration import Wanted, register
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings, demo_seconds
from parkguard.supervisor import Supervisor
from stores.queries_tokens import TokenQueries
from stores.registry import Registry

STORY_S = 120.0
"""Length of the story, and of a run without a terminal, seconds."""
SHORT_S = 90.0
"""A run up to this length uses the short form: 2 s reporting, owners answer after 10 s."""
SEED = 1
SETTLE_S = 20.0
"""After the devices fell silent: time for the last records to be stored, seconds."""
EXIT_UNBALANCED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How fast the city lives."""

    report_s: float
    answer_s: float


@dataclass(slots=True)
class Stage:
    """What runs now, for the end and for the picture."""

    settings: Settings
    form: Form
    length_s: float | None
    picture: Path | None = None
    story: Story = field(default_factory=Story)
    helpers: list[Process] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    presence: dict[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the demo's own files are."""
        return self.settings.data_dir

    @property
    def api_url(self) -> str:
        """Root of the API."""
        return f"http://{self.settings.api.host}:{self.settings.api.port}"


def run_demo(
    settings: Settings, seconds: float | None, *, json_out: bool, picture: Path | None = None
) -> int:
    """Play the story; 0 when the books balance.

    Args:
        settings: Where the data goes (``data_dir/demo``, made anew) and which API port is wanted.
        seconds: End after so long; None = ``DEMO_SECONDS``, or stay up on a terminal.
        json_out: Nothing is shown, one JSON line at the end.
        picture: Write the last picture here, as SVG.
    """
    seconds = seconds if seconds is not None else demo_seconds()
    console = Console(stderr=True)
    shown = console.is_terminal and sys.stdout.isatty() and not json_out
    if seconds is None and not shown:
        seconds = STORY_S
    short = seconds is not None and seconds <= SHORT_S
    form = Form(report_s=2.0, answer_s=10.0) if short else Form(report_s=5.0, answer_s=15.0)
    home = settings.data_dir / "demo"
    with hold_lock(settings.data_dir / "demo.lock"):
        shutil.rmtree(home, ignore_errors=True)
        stage = Stage(_demo_settings(settings, home, form), form, seconds, picture)
        set_up_logs(settings.log, part="demo", secrets_dir=home / "secrets", stream=_log(home))
        try:
            with hold_lock(home / "run" / "up.lock"):
                figures = asyncio.run(_play(stage, console, shown=shown))
        except BaseException:
            sys.stderr.write(f"the demo failed; its log and its parts' logs: {home}\n")
            raise
    faults = faults_of(figures)
    sys.stdout.write(json.dumps(figures | {"balanced": not faults}) + "\n")
    for fault in faults:
        sys.stderr.write(f"the books do not balance: {fault}\n")
    return EXIT_UNBALANCED if faults else 0


def _log(home: Path) -> Any:  # noqa: ANN401 - a text stream, open for the process's life
    home.mkdir(parents=True, exist_ok=True)
    return (home / "demo.log").open("a", encoding="utf-8")


def _demo_settings(settings: Settings, home: Path, form: Form) -> Settings:
    """The user's settings with a folder, ports and people of the demo's own."""
    values = settings.model_dump(mode="json")
    values["data_dir"] = str(home)
    if settings.broker.kind == "external":
        values["broker"] |= {"kind": "auto", "host": "127.0.0.1"}
    values["broker"]["port"] = 0
    values["api"]["port"] = settings.api.port if _is_free(settings) else 0
    values["detection"]["still_s"] = 2 * form.report_s
    values["dispatch"]["allow_hosts"] = ["127.0.0.1"]
    values["dispatch"]["webhooks"] = {
        name: {"url": f"http://127.0.0.1:{_free_port()}/", "key_file": ""}
        for name in ("owner", "police")
    }
    return Settings.model_validate(values)


def _is_free(settings: Settings) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.api.host, settings.api.port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _play(stage: Stage, console: Console, *, shown: bool) -> dict[str, Any]:
    """Set the stage, play, and count."""
    prepared = prepare(stage.settings)
    stage.settings = prepared.settings
    with console.status("registering a synthetic city ...") if shown else _silence():
        await _register(stage)
    supervisor = Supervisor(
        stage.settings,
        build_parts(stage.settings, prepared.settings_file),
        output_dir=stage.folder / "logs",
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await supervisor.start()
        await _start_people(stage)
        with console.status("starting every part ...") if shown else _silence():
            await supervisor.wait_ready(60.0)
        return await _perform(stage, supervisor, console, stop, shown=shown)
    finally:
        for helper in stage.helpers:
            await end(helper, within_s=3.0)
        await supervisor.stop()


@contextlib.contextmanager
def _silence() -> Any:  # noqa: ANN401 - stands in for a status line
    yield


async def _register(stage: Stage) -> None:
    """Register the simulator's city; write the devices' secrets and everybody's tokens."""
    city = await _output("registry", "city", "--seed", str(SEED))
    wanted = msgspec.json.decode(city, type=Wanted)
    engine = open_migrated(stage.settings)
    registered = register(Registry(engine, wall_ms), wanted)
    write_private(stage.folder / "devices.json", json.dumps(registered.secrets).encode())
    owners = {vehicle.owner_id for vehicle in wanted.vehicles}
    tokens = {owner: _token(engine, "owner", owner) for owner in sorted(owners)}
    by_vehicle = {vehicle.id: tokens[vehicle.owner_id] for vehicle in wanted.vehicles}
    write_private(stage.folder / "owners.token", json.dumps(by_vehicle).encode())
    write_private(stage.folder / "desk.token", _token(engine, "officer", None).encode())
    engine.dispose()


def _token(engine: Any, role: str, owner_id: str | None) -> str:  # noqa: ANN401 - an engine
    token, token_id = new_token(), new_token_id()
    TokenQueries(engine).add(
        token_id=token_id,
        token_hash=token.hash,
        name=f"demo {role}",
        role=role,
        areas=("",) if owner_id is None else (),
        owner_id=owner_id,
        expires_ms=None,
        audit=(wall_ms(), "demo", "admin", "token_made", f"token:{token_id}", ""),
    )
    return token.plain


async def _start_people(stage: Stage) -> None:
    """The owners' gateway and the police desk, each a process of its own."""
    behaviour = stage.folder / "behaviour.json"
    for name, module, extra in (
        ("owner", "owner_gateway", ("--behaviour", str(behaviour))),
        ("police", "police_desk", ("--ack-after", "2")),
    ):
        target = stage.settings.dispatch.webhooks[name]
        key = ensure_secret(secrets_dir(stage.settings), f"webhook_{name}.key")
        del key  # made here at the latest; the process reads the file itself
        token = "owners.token" if name == "owner" else "desk.token"
        await _start(
            stage,
            f"simulators.{module}",
            *("--port", target.url.rsplit(":", 1)[1].strip("/")),
            *("--key-file", str(secrets_dir(stage.settings) / f"webhook_{name}.key")),
            *("--state", str(stage.folder / f"{name}.jsonl")),
            *("--api", stage.api_url, "--token-file", str(stage.folder / token), "--json"),
            *extra,
        )


async def _perform(
    stage: Stage, supervisor: Supervisor, console: Console, stop: asyncio.Event, *, shown: bool
) -> dict[str, Any]:
    """Let the city live, watch it, and give the final figures."""
    token = ensure_secret(secrets_dir(stage.settings), "admin_token").value
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=stage.api_url, headers=headers, trust_env=False, timeout=10.0
    ) as client:
        listener = asyncio.create_task(follow(client, stage.story.hear))
        city = await _start_city(stage)
        began_s = monotonic_s()
        live = Live(console=console, refresh_per_second=4) if shown else None
        with live or _silence():
            while not stop.is_set():
                seconds = monotonic_s() - began_s
                await _look(client, stage, supervisor)
                if live is not None:
                    live.update(_picture(stage, seconds))
                if city.returncode is not None:
                    break
                if stage.picture is not None:
                    _draw(stage, seconds)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 0.5)
        await end(city, within_s=SETTLE_S)
        await _settle(client, stage, supervisor)
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener
    sent = msgspec.json.decode((stage.folder / "sent.json").read_bytes())
    totals = book_totals(stage.lines)
    return {
        "made": sent["made"],
        "received": totals["received"],
        "accepted": totals["accepted"],
        "duplicate": totals["duplicate"],
        "quarantined": totals["quarantined"],
        "wills": totals["wills"],
        "refused": sent["refused"] + sent["pending"],
        "gaps": totals["gaps"],
        "projected": totals["projected"],
        "thinned": totals["thinned"],
        **stage.story.score(),
    }


async def _start_city(stage: Stage) -> Process:
    broker = stage.settings.broker
    seconds = stage.length_s or 0.0
    return await _start(
        stage,
        "simulators",
        "city",
        *("--host", broker.host, "--port", str(broker.port), "--root", broker.root),
        *("--seed", str(SEED), "--report-s", str(stage.form.report_s)),
        *("--seconds", str(seconds), "--story-s", str(STORY_S)),
        *("--answer-s", str(stage.form.answer_s)),
        *("--credentials", str(stage.folder / "devices.json")),
        *("--truth", str(stage.folder / "truth.jsonl")),
        *("--behaviour", str(stage.folder / "behaviour.json")),
        *("--status", str(stage.folder / "sent.json"), "--json"),
    )


async def _look(client: httpx.AsyncClient, stage: Stage, supervisor: Supervisor) -> None:
    """Read the books, the parts and the truth as far as it is written."""
    with contextlib.suppress(httpx.TransportError):
        answer = await client.get("/v1/books")
        if answer.is_success:
            stage.lines = answer.json()["lines"]
    waiting = supervisor.waiting_for()
    stage.parts = {name: waiting.get(name, "") for name in supervisor.restarts}
    process = stage.folder / "run" / "process.json"
    if process.exists():
        metrics = msgspec.json.decode(process.read_bytes())["metrics"]
        stage.presence = {
            name.removeprefix("devices_"): int(value)
            for name, value in metrics.items()
            if name.startswith("devices_")
        }
    truth = stage.folder / "truth.jsonl"
    if truth.exists() and not stage.story.truths:
        lines = truth.read_bytes().splitlines()
        truths = [msgspec.json.decode(line, type=Truth) for line in lines]
        stage.story.truths = {truth.vehicle: truth for truth in truths}


def _picture(stage: Stage, seconds: float) -> Any:  # noqa: ANN401 - a rich renderable
    totals = book_totals(stage.lines)
    kind = choose_kind(stage.settings.broker)
    broker = f"{kind.value} on {stage.settings.broker.host}:{stage.settings.broker.port}"
    if kind is BrokerKind.EMBEDDED:
        broker += " - for trying out only: install mosquitto for real use"
    return render(
        seconds=seconds,
        length_s=stage.length_s,
        rate=totals["received"] / max(seconds, 1.0),
        totals=totals,
        presence=stage.presence,
        parts=stage.parts,
        timeline=stage.story.timeline(stage.settings.timezone),
        docs_url=f"{stage.api_url}/docs",
        broker=broker,
    )


def _draw(stage: Stage, seconds: float) -> None:
    """Write the picture of this moment as SVG; the last one stays."""
    canvas = Console(record=True, width=118, file=io.StringIO(), force_terminal=True)
    canvas.print(_picture(stage, seconds))
    canvas.save_svg(str(stage.picture), title="parkguard demo")


async def _settle(client: httpx.AsyncClient, stage: Stage, supervisor: Supervisor) -> None:
    """Wait until the last record is stored, or ``SETTLE_S`` went by."""
    began_s = monotonic_s()
    sent = msgspec.json.decode((stage.folder / "sent.json").read_bytes())
    while monotonic_s() - began_s < SETTLE_S:
        await _look(client, stage, supervisor)
        totals = book_totals(stage.lines)
        stored = totals["projected"] + totals["thinned"]
        whole = totals["received"] + sent["refused"] + totals["gaps"] >= sent["made"]
        if whole and stored == totals["accepted"]:
            return
        await asyncio.sleep(0.3)


async def _start(stage: Stage, module: str, *arguments: str) -> Process:
    """Start one simulator as a process that ends with us; its words go to a log file."""
    folder = stage.folder / "logs"
    folder.mkdir(exist_ok=True)
    with (folder / f"{module.rsplit('.', 1)[-1]}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *die_with_parent((sys.executable, "-m", module, *arguments)), stdout=log, stderr=log
        )
    stage.helpers.append(process)
    return process


async def _output(*arguments: str) -> bytes:
    """What a short simulator command prints.

    Raises:
        RuntimeError: It failed; with what it said.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, said = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"simulators {' '.join(arguments)}: {said.decode()[-500:]}")
    return out
