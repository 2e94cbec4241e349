"""Ingest to projected under load, with broker and load on the same machine.

    python -m benchmarks.ingest [--rate 2000] [--seconds 60] [--devices 1000] [--quick] [--json]

Prints CPU µs per message and process, fix to stream p50 and p99, and whether the books balance.
The baseline in the same run is ``json.loads`` of a fix, in CPU µs.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import httpx

from benchmarks.core import cpu_us, fixes
from benchmarks.rig import Rig, machine, platform, wait_for
from benchmarks.telling import told
from parkguard.demo_story import Story, book_totals, quantiles
from parkguard.demo_stream import follow

DRAIN_S = 60.0
QUICK = {"rate": 1000.0, "seconds": 12.0, "devices": 300, "thefts": 6}


async def run_load(rig: Rig, arguments: argparse.Namespace) -> tuple[dict[str, Any], Story]:
    """Run the load generator beside a follower of the stream; its summary and what was heard."""
    story = Story()
    async with httpx.AsyncClient(**rig.client()) as client:
        listener = asyncio.create_task(follow(client, story.hear))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", "load", "--json"),
            *("--devices", str(arguments.devices), "--rate", str(arguments.rate)),
            *("--seconds", str(arguments.seconds), "--thefts", str(arguments.thefts)),
            *("--port", str(rig.broker_port), "--credentials", str(rig.credentials)),
            stdout=subprocess.PIPE,
        )
        out, _ = await process.communicate()
        await asyncio.sleep(1.0)
        listener.cancel()
    return json.loads(out.splitlines()[-1]), story


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """One run; every figure by name."""
    registry = ("load", "--devices", str(arguments.devices))
    settings = {"PARKGUARD_DETECTION__STILL_S": "4"}
    with platform(registry, settings) as rig:
        before, began = rig.cpu_s(), time.monotonic()
        sent, story = asyncio.run(run_load(rig, arguments))
        made = int(sent["made"])
        drained_s = wait_for(
            lambda: rig.is_stored(made), within_s=DRAIN_S, what="everything projected"
        )
        wall_s = time.monotonic() - began
        after, memory = rig.cpu_s(), rig.rss_mb()
        totals = book_totals(rig.books())
    payloads = [entry.payload for entry in fixes(5000)]
    baseline = cpu_us(lambda: [json.loads(payload) for payload in payloads], 5000)
    per_message = {part: (after[part] - before[part]) * 1e6 / made for part in after}
    ours = sum(value for part, value in per_message.items() if part != "broker")
    return {
        "machine": machine(),
        "rate": arguments.rate,
        "made": made,
        "seconds": round(wall_s, 1),
        "drained_after_s": round(drained_s, 1),
        "cpu_us_per_message": {part: round(value, 1) for part, value in per_message.items()},
        "ours_us": round(ours, 1),
        "load_us": sent["cpu_us_per_message"],
        "json_loads_us": round(baseline, 2),
        "ours_to_json_loads": round(ours / baseline, 1),
        "rss_mb": {part: round(value) for part, value in memory.items()},
        "fix_to_stream_ms": quantiles(story.fix_to_stream_ms),
        "alerts_heard": len(story.fix_to_stream_ms),
        "books": totals,
        "balanced": totals["received"] - totals["duplicate"] == made
        and totals["accepted"] == totals["projected"] + totals["thinned"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=2000.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--thefts", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="12 s at 1,000/s, for CI")
    figures = told(parser, measure, quick=QUICK)
    if not figures["balanced"]:
        sys.exit("the books do not balance")


if __name__ == "__main__":
    main()
