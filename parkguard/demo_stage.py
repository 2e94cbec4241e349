"""The demo's stage: the city is registered, owners, desk and devices run as processes."""

import asyncio
import json
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from api.tokens import new_token, new_token_id
from parkguard.children import die_with_parent
from parkguard.clock import wall_ms
from parkguard.demo_people import Login, let_people_in
from parkguard.demo_story import Story
from parkguard.first_start import secrets_dir
from parkguard.private_files import write_private
from parkguard.records import open_migrated
from parkguard.registration import Wanted, register
from parkguard.secret_files import ensure_secret
from parkguard.settings import Settings
from stores.queries_tokens import TokenQueries
from stores.registry import Registry

STORY_S = 120.0
"""Length of the story, seconds; a run without a terminal is so long."""
SEED = 1


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
    stores: str = ""
    story: Story = field(default_factory=Story)
    helpers: list[Process] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    presence: dict[str, int] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the demo's own files are."""
        return self.settings.data_dir

    @property
    def api_url(self) -> str:
        """Root of the API."""
        return f"http://{self.settings.api.host}:{self.settings.api.port}"

    @property
    def pages_url(self) -> str:
        """Where people log in."""
        return f"{self.api_url}/app/"


async def register_city(stage: Stage) -> None:
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
    stage.logins = let_people_in(engine, stage.settings)
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


async def start_people(stage: Stage) -> None:
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


async def start_city(stage: Stage) -> Process:
    """Let every device of the city live as a client of its own."""
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
