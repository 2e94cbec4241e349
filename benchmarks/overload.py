"""Overload: ten times the city's rush hour for five minutes; does it stay bounded and come back?

    python -m benchmarks.overload [--rate 15300] [--seconds 300] [--quick] [--json]

Three loads one after the other on one platform: the rush hour (1,530/s), ten times as much, and,
a minute after that, the rush hour again. Prints memory of every part at most, how far each reader
was behind at most and when it had caught up, what readiness said, fix to stream of the first and
the last load, and whether every message made is stored.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import time
from functools import partial
from typing import Any

import httpx
from typing_extensions import override

from benchmarks.rig import Rig, machine, platform, wait_for
from benchmarks.telling import told
from parkguard.demo_story import Story, book_totals, quantiles
from parkguard.demo_stream import follow

RUSH = 1530.0
"""Messages a second of 100,000 e-bikes at rush hour. Source: architecture.md, Speed."""
RUSH_S = 30.0
RECOVER_S = 60.0
QUICK = {"rate": 6000.0, "seconds": 20.0, "devices": 600}
DRAIN_S = 1800.0
LAGS = {"process": "process_lag_entries", "project": "project_lag_entries"}


class Watch(threading.Thread):
    """Looks once a second at memory, lags and readiness.

    Attributes:
        rss_mb: Of every part, at most.
        lag: Of every reader, at most, entries.
        queue: Messages that waited in the receiver, at most.
        behind: Words of readiness while it was not ready.
    """

    def __init__(self, rig: Rig) -> None:
        super().__init__(daemon=True)
        self._rig, self._over = rig, threading.Event()
        self.rss_mb: dict[str, float] = {}
        self.lag = dict.fromkeys(LAGS, 0.0)
        self.queue = 0.0
        self.behind: set[str] = set()

    @override
    def run(self) -> None:
        """Look until told to stop."""
        with httpx.Client(**self._rig.client()) as client:
            while not self._over.wait(1.0):
                for part, now in self._rig.rss_mb().items():
                    self.rss_mb[part] = max(self.rss_mb.get(part, 0.0), now)
                for part, name in LAGS.items():
                    self.lag[part] = max(self.lag[part], self._rig.status(part).get(name, 0.0))
                self.queue = max(self.queue, self._rig.status("ingest").get("ingest_queue", 0.0))
                try:
                    parts = client.get("/readyz").json()["parts"]
                except httpx.HTTPError:
                    self.behind.add("api: no answer")
                    continue
                self.behind |= {
                    f"{part['name']}: {part['reason']}" for part in parts if not part["ready"]
                }

    def stop(self) -> None:
        """End, and wait for it."""
        self._over.set()
        self.join()


async def load(
    rig: Rig, *, rate: float, seconds: float, devices: int, first: int = 1, thefts: int = 0
) -> tuple[int, Story]:
    """One load beside a follower of the stream: records made, what was heard."""
    story = Story()
    async with httpx.AsyncClient(**rig.client()) as client:
        listener = asyncio.create_task(follow(client, story.hear))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", "load", "--json"),
            *("--devices", str(devices), "--rate", str(rate), "--seconds", str(seconds)),
            *("--first", str(first), "--thefts", str(thefts)),
            *("--port", str(rig.broker_port), "--credentials", str(rig.credentials)),
            stdout=subprocess.PIPE,
        )
        out, _ = await process.communicate()
        await asyncio.sleep(2.0)
        listener.cancel()
    return int(json.loads(out.splitlines()[-1])["made"]), story


def lags(rig: Rig) -> dict[str, float]:
    """How far each reader is behind now, entries."""
    return {part: rig.status(part).get(name, 0.0) for part, name in LAGS.items()}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All three loads; every figure by name."""
    settings = {"PARKGUARD_DETECTION__STILL_S": "4"}
    devices = arguments.devices
    with platform(("load", "--devices", str(2 * devices)), settings) as rig:
        rush = partial(load, rate=RUSH, seconds=RUSH_S, devices=devices, thefts=40)
        made_before, before = asyncio.run(rush(rig))
        watch = Watch(rig)
        watch.start()
        cpu, began = rig.cpu_s(), time.monotonic()
        made_over, _ = asyncio.run(
            load(rig, rate=arguments.rate, seconds=arguments.seconds, devices=devices)
        )
        loaded_s = time.monotonic() - began
        behind = lags(rig)
        ended = time.monotonic()
        judged_s = wait_for(lambda: lags(rig)["process"] < RUSH, within_s=DRAIN_S, what="judged")
        time.sleep(max(0.0, RECOVER_S - (time.monotonic() - ended)))
        made_after, after = asyncio.run(rush(rig, first=devices + 1))
        made = made_before + made_over + made_after
        wait_for(lambda: rig.is_stored(made), within_s=DRAIN_S, what="everything projected")
        drained_s = time.monotonic() - ended
        cpu = {part: now - cpu[part] for part, now in rig.cpu_s().items()}
        watch.stop()
        totals = book_totals(rig.books())
    return {
        "machine": machine(),
        "asked_per_s": arguments.rate,
        "made_per_s": round(made_over / loaded_s),
        "made": made,
        "behind_at_the_end": behind,
        "behind_at_most": watch.lag,
        "queue_at_most": watch.queue,
        "judged_after_s": round(judged_s, 1),
        "projected_after_s": round(drained_s, 1),
        "cpu_us_per_message": {p: round(s * 1e6 / (made - made_before), 1) for p, s in cpu.items()},
        "rss_mb_at_most": {part: round(value) for part, value in watch.rss_mb.items()},
        "not_ready": sorted(watch.behind),
        "fix_to_stream_before_ms": quantiles(before.fix_to_stream_ms),
        "fix_to_stream_after_ms": quantiles(after.fix_to_stream_ms),
        "books": totals,
        "balanced": totals["received"] - totals["duplicate"] == made
        and totals["gaps"] == 0
        and totals["accepted"] == totals["projected"] + totals["thinned"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=10 * RUSH, help="messages a second")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="6,000/s for 20 s")
    figures = told(parser, measure, quick=QUICK)
    if not figures["balanced"]:
        sys.exit("the books do not balance")


if __name__ == "__main__":
    main()
