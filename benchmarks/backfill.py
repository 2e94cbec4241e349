"""Back-fill beside live traffic: 200,000 buffered fixes of 1,000 vehicles arrive at once.

    python -m benchmarks.backfill [--rate 500] [--seconds 60] [--quick] [--json]

Two runs of the same live load, one alone (the control) and one with the back-fill in its middle:
live fix to stream p50 and p99 of both (the first words of 200 thefts), their ratio, when all was
worked off, how many late
alerts came and whether they say so, and whether the books balance. The late vehicles' simulator
gives way to everything else (``nice``): in life a thousand vehicles bring their own processors.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
from typing_extensions import override

from benchmarks.rig import Rig, machine, platform, wait_for
from parkguard.demo_story import FROM_FIX, Story, book_totals, quantiles
from parkguard.demo_stream import follow

AGE_S = 21_600.0
LATE_THEFTS = 20
LATE_S = 600.0
"""An alert is late when its cause is older (decisions.md 12)."""
LATE_WITHIN_S = 330.0
"""What was kept waits its turn for up to 300 s (``devices.backlog``)."""
GIVES_WAY = 15
"""Niceness of the late vehicles' simulator. Ours."""
QUICK = {"rate": 300.0, "seconds": 15.0, "devices": 200, "fixes": 50, "thefts": 40}
SETTINGS = {"PARKGUARD_DETECTION__STILL_S": "4"}


class Heard(Story):
    """What came over the stream: live alerts with their delay, late ones apart, each by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.late: set[str] = set()
        self.raised: Counter[str] = Counter()

    @override
    def hear(self, event: str, data: Mapping[str, Any], arrived_ms: int) -> None:
        """Take one event."""
        late = event == "alert" and float(data["body"].get("late_s") or 0.0) > LATE_S
        if event == "alert" and data["action"] in FROM_FIX:
            self.raised[f"{data['body']['alert_id']} {data['action']}"] += 1
        if late:
            self.late.add(data["body"]["alert_id"])
        else:
            super().hear(event, data, arrived_ms)


def simulator(rig: Rig, name: str, *words: str) -> list[str]:
    """The command line of a simulator against the rig's broker."""
    return [
        *(sys.executable, "-m", "simulators", name, "--json", "--port", str(rig.broker_port)),
        *("--credentials", str(rig.credentials), *words),
    ]


async def held(rig: Rig, arguments: argparse.Namespace) -> asyncio.subprocess.Process:
    """The back-fill, made and connected, before the live load: making it costs 10 s of a core."""
    late = await asyncio.create_subprocess_exec(
        *("nice", "-n", str(GIVES_WAY)),
        *simulator(
            rig,
            "backfill",
            *("--devices", str(arguments.devices), "--first", str(arguments.devices + 1)),
            *("--fixes", str(arguments.fixes), "--age-s", str(AGE_S)),
            *("--thefts", str(LATE_THEFTS), "--hold"),
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert late.stdout is not None  # noqa: S101 - tells the type
    await late.stdout.readline()
    return late


async def play(rig: Rig, arguments: argparse.Namespace, *, backfill: bool) -> tuple[int, Heard]:
    """Run the live load and perhaps the back-fill in its middle; records made, what was heard."""
    heard, made = Heard(), 0
    devices = str(arguments.devices)
    late = await held(rig, arguments) if backfill else None
    async with httpx.AsyncClient(**rig.client()) as client:
        listener = asyncio.create_task(follow(client, heard.hear))
        live = await asyncio.create_subprocess_exec(
            *simulator(
                rig,
                "load",
                *("--devices", devices, "--rate", str(arguments.rate)),
                *("--seconds", str(arguments.seconds), "--thefts", str(arguments.thefts)),
            ),
            stdout=subprocess.PIPE,
        )
        if late is not None:
            await asyncio.sleep(arguments.seconds / 3)
            out, _ = await late.communicate(b"\n")
            made += int(json.loads(out)["made"])
        out, _ = await live.communicate()
        made += int(json.loads(out.splitlines()[-1])["made"])
        if backfill:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LATE_WITHIN_S):
                    while len(heard.late) < LATE_THEFTS:  # noqa: ASYNC110 - the story has no event
                        await asyncio.sleep(0.5)
        listener.cancel()
    return made, heard


def run(arguments: argparse.Namespace, *, backfill: bool) -> dict[str, Any]:
    """One run on a fresh platform."""
    with platform(("load", "--devices", str(2 * arguments.devices)), SETTINGS) as rig:
        made, heard = asyncio.run(play(rig, arguments, backfill=backfill))
        drained_s = wait_for(lambda: rig.is_stored(made), within_s=400, what="everything projected")
        totals = book_totals(rig.books())
    return {
        "made": made,
        "live_fix_to_stream_ms": quantiles(heard.fix_to_stream_ms),
        "live_alerts": len(heard.fix_to_stream_ms),
        "late_alerts": len(heard.late),
        "told_twice": sum(count > 1 for count in heard.raised.values()),
        "drained_after_s": round(drained_s, 1),
        "books": totals,
        "balanced": totals["received"] == made
        and totals["duplicate"] == 0
        and totals["accepted"] == totals["projected"] + totals["thinned"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0, help="live messages a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--devices", type=int, default=1000, help="live ones, and as many late")
    parser.add_argument("--fixes", type=int, default=200, help="buffered fixes of each")
    parser.add_argument("--thefts", type=int, default=200, help="live ones: their alerts are timed")
    parser.add_argument("--quick", action="store_true", help="200 devices, 50 fixes, 15 s")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.quick:
        vars(arguments).update(QUICK)
    control, late = run(arguments, backfill=False), run(arguments, backfill=True)
    p99 = [figures["live_fix_to_stream_ms"]["p99"] for figures in (control, late)]
    figures = {
        "machine": machine(),
        "control": control,
        "backfill": late,
        "live_p99_ratio": round(p99[1] / p99[0], 2),
    }
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:16s} {value}")
    if not (control["balanced"] and late["balanced"]):
        sys.exit("the books do not balance")


if __name__ == "__main__":
    main()
