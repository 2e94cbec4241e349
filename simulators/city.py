"""A run: devices act on their planned time, the fleet sends what they say."""

import asyncio
import contextlib
import math
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import msgspec

from simulators.cameras import Ailment, Camera
from simulators.chargers import Charger, StationPlan, Wire
from simulators.clock import steady_s, wall_ms
from simulators.connection import Broker
from simulators.duty import Duty, Rhythm
from simulators.fleet import Fleet
from simulators.gps_noise import GpsNoise, draw_profile
from simulators.keeping import Command
from simulators.outgoing import Actor, Identity, Outgoing, ToWall, boot_id, generator
from simulators.playing import Stage
from simulators.scenarios import Act
from simulators.sender_books import Summary
from simulators.vehicles import Habits, Surroundings, Tracker
from simulators.world import CITY, ORIGIN, World

CHARGER_REPORTS, CAMERA_REPORTS = 6, 3
"""A charger reports every 60 s and a camera every 30 s when a tracker does every 10 s."""
RIDE_GAP_S, SHAKE_GAP_S = 1_800.0, 1_800.0
"""An ordinary vehicle is ridden and touched twice an hour: busier than life, for a short show."""
STUCK_RELAY_PORT = 3
INTRUDER = "trk-intruder"
INTRUDER_RECORDS = 5
CONNECT_WITHIN_S = 4.0
FLUSH_S = 15.0
"""Time for the last records at the end of a run, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPlan:
    """How the devices of a city behave.

    Attributes:
        report_s: Reporting interval of trackers; chargers and cameras follow in proportion.
        heartbeat_s: Parked trackers sleep and report once per this; 0 = they never sleep.
        commands: Trackers can be asked.
        deaf: Share of them that does not answer all the same, [0, 1].
    """

    report_s: float
    heartbeat_s: float = 0.0
    commands: bool = False
    deaf: float = 0.0
    wire: Wire = Wire.FIRST


def build_actors(
    world: World, plan: CityPlan, *, acts: Iterable[Act], start_ms: int, to_wall: ToWall
) -> list[Actor]:
    """Make every device of a city; one seed and one start give one sequence of messages."""
    scripts = {act.vehicle.vehicle_id: act.script for act in acts}
    around = Surroundings(frame=ORIGIN, box=CITY, to_wall=to_wall, report_s=plan.report_s)
    habits = Habits(ride_gap_s=RIDE_GAP_S, shake_gap_s=SHAKE_GAP_S, from_s=2.0 * plan.report_s)
    actors: list[Actor] = []
    for vehicle in world.vehicles:
        rng = generator(world.seed, vehicle.device_id)
        actors.append(
            Tracker(
                Identity(
                    device_id=vehicle.device_id,
                    cls="trk",
                    boot=boot_id(vehicle.device_id, start_ms),
                    next_s=plan.heartbeat_s or plan.report_s,
                ),
                around,
                start=(vehicle.east_m, vehicle.north_m),
                noise=GpsNoise(draw_profile(rng), rng.spawn(1)[0]),
                rng=rng,
                habits=habits,
                script=scripts.get(vehicle.vehicle_id),
                duty=_duty(world.seed, vehicle.device_id, plan),
            )
        )
    status_s = CHARGER_REPORTS * plan.report_s
    for number, installed in enumerate(world.chargers):
        actors.append(
            Charger(
                Identity(
                    device_id=installed.device_id,
                    cls="chg",
                    boot=boot_id(installed.device_id, start_ms),
                    next_s=status_s,
                ),
                StationPlan(
                    status_s=status_s,
                    arrival_gap_s=600.0,
                    wire=plan.wire,
                    broken_port=STUCK_RELAY_PORT if number == 0 else 0,
                ),
                to_wall=to_wall,
                rng=generator(world.seed, installed.device_id),
            )
        )
    beat_s = CAMERA_REPORTS * plan.report_s
    ailments = (Ailment.FROZEN, Ailment.SILENT)
    for number, installed in enumerate(world.cameras):
        actors.append(
            Camera(
                Identity(
                    device_id=installed.device_id,
                    cls="cam",
                    boot=boot_id(installed.device_id, start_ms),
                    next_s=beat_s,
                ),
                to_wall=to_wall,
                rng=generator(world.seed, installed.device_id),
                ailment=ailments[number] if number < len(ailments) else Ailment.NONE,
                ails_from_s=1.5 * beat_s,
            )
        )
    return actors


def _duty(seed: int, device_id: str, plan: CityPlan) -> Duty | None:
    """The rhythm of a tracker that sleeps or can be asked; None = it reports on and on."""
    if not (plan.heartbeat_s or plan.commands):
        return None
    rng = generator(seed, device_id, "duty")
    deaf = bool(rng.uniform() < plan.deaf)
    rhythm = Rhythm(
        report_s=plan.report_s,
        heartbeat_s=plan.heartbeat_s,
        takes_commands=plan.commands,
        deaf=deaf,
    )
    return Duty(rhythm, rng)


def play(actors: Iterable[Actor], *, until_s: float) -> Iterator[tuple[float, Outgoing]]:
    """Let devices act in the order of their times, without waiting.

    Yields:
        (seconds since the start, message), ascending, all before ``until_s``.
    """
    stage = Stage(actors)
    while (due_s := stage.due_s) < until_s:
        for record in stage.act():
            yield due_s, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Intruder:
    """A device that the broker does not know, and what it would like to say."""

    identity: Identity
    records: tuple[Outgoing, ...]


def build_intruder(seed: int, plan: CityPlan, *, start_ms: int, to_wall: ToWall) -> Intruder:
    """Make a tracker that nobody registered, with five fixes."""
    rng = generator(seed, INTRUDER)
    tracker = Tracker(
        Identity(
            device_id=INTRUDER,
            cls="trk",
            boot=boot_id(INTRUDER, start_ms),
            next_s=plan.report_s,
        ),
        Surroundings(frame=ORIGIN, box=CITY, to_wall=to_wall, report_s=plan.report_s),
        start=(0.0, 0.0),
        noise=GpsNoise(draw_profile(rng), rng.spawn(1)[0]),
        rng=rng,
        habits=Habits(ride_gap_s=math.inf, shake_gap_s=math.inf, from_s=0.0),
    )
    said = (record for _ in range(INTRUDER_RECORDS) for record in tracker.act())
    return Intruder(identity=tracker.identity, records=tuple(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What every run on the wire needs.

    Attributes:
        secrets: Device id -> password; None = the broker takes anybody.
        seconds: Length of the run; infinity = until it is told to stop.
        status_file: Rewritten every second with the sender's books; None = nowhere.
        receipts: Trackers keep what they said until the platform's receipt.
        commands: Trackers listen to commands.
    """

    broker: Broker
    secrets: Mapping[str, str] | None
    seed: int
    seconds: float
    status_file: Path | None = None
    receipts: bool = False
    commands: bool = False


async def run_actors(
    actors: list[Actor],
    options: RunOptions,
    *,
    start_steady_s: float,
    intruder: Intruder | None = None,
    progress: Callable[[float, Summary], None],
) -> Summary:
    """Publish what ``actors`` say, in real time, until the end or SIGINT or SIGTERM.

    Args:
        actors: Their zero is ``start_steady_s`` on the steady clock.
        options: Where to and how long.
        start_steady_s: When the run started.
        intruder: Comes with a wrong password; only where devices have passwords.
        progress: Told about once a second: seconds since the start, books.

    Raises:
        LookupError: A device has no secret.
    """
    stage, stop, stir = Stage(actors), asyncio.Event(), asyncio.Event()

    def hear(device_id: str, command: Command) -> None:
        stage.hear(device_id, command, steady_s() - start_steady_s)
        stir.set()

    secrets = options.secrets
    if intruder is not None and secrets is not None:
        secrets = {**secrets, intruder.identity.device_id: token_urlsafe()}
    fleet = Fleet(
        options.broker,
        secrets=secrets,
        seed=options.seed,
        now_ms=wall_ms,
        receipts=options.receipts,
        hear=hear if options.commands else None,
    )
    with _stopped_by_signals(stop, stir):
        for actor in actors:
            fleet.join(actor.identity, connect_within_s=CONNECT_WITHIN_S)
        if intruder is not None and secrets is not None:
            fleet.join(intruder.identity, connect_within_s=CONNECT_WITHIN_S)
            for record in intruder.records:
                fleet.offer(record)
        clock = asyncio.create_task(_say_progress(fleet, options, start_steady_s, progress))
        await _play(stage, fleet, options, start_steady_s, stop=stop, stir=stir, watch=clock)
        await fleet.leave(within_s=FLUSH_S)
        clock.cancel()
        await asyncio.gather(clock, return_exceptions=True)
    summary = fleet.summary()
    _write_status(options.status_file, summary)
    return summary


async def _play(
    stage: Stage,
    fleet: Fleet,
    options: RunOptions,
    start_steady_s: float,
    *,
    stop: asyncio.Event,
    stir: asyncio.Event,
    watch: asyncio.Task[None],
) -> None:
    """Let devices act in their time until the end or the stop; commands change whose turn it is.

    ``watch`` is looked at before each turn: it raises what it died of.
    """
    while not stop.is_set():
        moment_s = min(stage.due_s, options.seconds)
        if await _until(start_steady_s + moment_s, stir):
            stir.clear()
            continue
        if watch.done():
            await watch
        if moment_s >= options.seconds:
            return
        for record in stage.act():
            fleet.offer(record)


async def _until(moment_s: float, stir: asyncio.Event) -> bool:
    """Wait for a moment of the steady clock; whether something came in between."""
    left_s = moment_s - steady_s()
    if left_s > 0.0 and not stir.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stir.wait(), None if math.isinf(left_s) else left_s)
    return stir.is_set()


async def _say_progress(
    fleet: Fleet,
    options: RunOptions,
    start_steady_s: float,
    progress: Callable[[float, Summary], None],
) -> None:
    while True:
        fleet.raise_bugs()
        summary = fleet.summary()
        progress(steady_s() - start_steady_s, summary)
        _write_status(options.status_file, summary)
        await asyncio.sleep(1.0)


def _write_status(path: Path | None, summary: Summary) -> None:
    """Replace the file in one step."""
    if path is not None:
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(summary))
        fresh.rename(path)


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event, stir: asyncio.Event) -> Iterator[None]:
    def end() -> None:
        stop.set()
        stir.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
