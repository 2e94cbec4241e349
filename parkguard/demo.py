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
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.live import Live

from parkguard.broker import BrokerKind, choose_kind
from parkguard.children import end
from parkguard.clock import monotonic_s
from parkguard.demo_choice import DemoStores
from parkguard.demo_screen import render
from parkguard.demo_stage import STORY_S, Form, Stage, register_city, start_city, start_people
from parkguard.demo_stores import check_installed, open_stores
from parkguard.demo_story import Truth, book_totals, faults_of, has_caught_up
from parkguard.demo_stream import follow
from parkguard.first_start import prepare, secrets_dir
from parkguard.locks import hold_lock
from parkguard.logs import set_up_logs
from parkguard.parts import build_parts
from parkguard.ports import free_ports
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings, demo_seconds
from parkguard.supervisor import Supervisor

SHORT_S = 90.0
"""A run up to this length uses the short form: 2 s reporting, owners answer after 10 s."""
SETTLE_S = 20.0
"""After the devices fell silent: time for the last records to be stored, seconds."""
EXIT_UNBALANCED = 1


def run_demo(
    settings: Settings,
    seconds: float | None,
    stores: DemoStores,
    *,
    json_out: bool,
    picture: Path | None = None,
) -> int:
    """Play the story; 0 when the books balance.

    Args:
        settings: Where the data goes (``data_dir/demo``, made anew) and which API port is wanted.
            The stores they name are left alone.
        seconds: End after so long; None = ``DEMO_SECONDS``, or stay up on a terminal.
        stores: Files, or servers that the demo starts and ends.
        json_out: Nothing is shown, one JSON line at the end.
        picture: Write the last picture here, as SVG.

    Raises:
        ProgramMissing: A wanted server is not installed; nothing was touched.
        ServerNotStarted: One does not come up.
    """
    check_installed(stores)
    seconds = seconds if seconds is not None else demo_seconds()
    console = Console(stderr=True)
    shown = console.is_terminal and sys.stdout.isatty() and not json_out
    if seconds is None and not shown:
        seconds = STORY_S
    short = seconds is not None and seconds <= SHORT_S
    form = Form(report_s=2.0, answer_s=6.0) if short else Form(report_s=5.0, answer_s=15.0)
    home = settings.data_dir / "demo"
    with hold_lock(settings.data_dir / "demo.lock"):
        shutil.rmtree(home, ignore_errors=True)
        ours = _demo_settings(settings, home, form)
        set_up_logs(settings.log, part="demo", secrets_dir=home / "secrets", stream=_log(home))
        try:
            with hold_lock(home / "run" / "up.lock"), contextlib.ExitStack() as servers:
                with console.status("opening the stores ...") if shown else _silence():
                    used, words = servers.enter_context(open_stores(ours, stores))
                stage = Stage(used, form, seconds, picture, stores=words)
                figures = asyncio.run(_play(stage, console, shown=shown))
        except BaseException:
            sys.stderr.write(f"the demo failed; its log and its parts' logs: {home}\n")
            raise
    faults = faults_of(figures)
    kinds = {"store": stores.telemetry.value, "records": stores.records.value}
    sys.stdout.write(json.dumps(figures | kinds | {"balanced": not faults}) + "\n")
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
        name: {"url": f"http://127.0.0.1:{port}/", "key_file": ""}
        for name, port in zip(("owner", "police"), free_ports(2), strict=True)
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


async def _play(stage: Stage, console: Console, *, shown: bool) -> dict[str, Any]:
    """Set the stage, play, and count."""
    prepared = prepare(stage.settings)
    stage.settings = prepared.settings
    with console.status("registering a synthetic city ...") if shown else _silence():
        await register_city(stage)
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
        await start_people(stage)
        with console.status("starting every part ...") if shown else _silence():
            await supervisor.wait_ready(60.0)
        if not shown:
            where = secrets_dir(stage.settings)
            sys.stderr.write(f"pages: {stage.pages_url} · passwords: {where}/login_*\n")
        return await _perform(stage, supervisor, console, stop, shown=shown)
    finally:
        for helper in stage.helpers:
            await end(helper, within_s=3.0)
        await supervisor.stop()


@contextlib.contextmanager
def _silence() -> Any:  # noqa: ANN401 - stands in for a status line
    yield


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
        city = await start_city(stage)
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
        "unstored": totals["unstored"],
        **stage.story.score(),
    }


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
        pages_url=stage.pages_url,
        logins=[(login.name, login.password) for login in stage.logins],
        broker=broker,
        stores=stage.stores,
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
        whole = totals["received"] + sent["refused"] + totals["gaps"] >= sent["made"]
        if whole and has_caught_up(totals):
            return
        await asyncio.sleep(0.3)
