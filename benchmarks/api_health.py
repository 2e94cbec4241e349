"""The API's health answers while the platform takes messages: latency, and CPU per request.

    python -m benchmarks.api_health [--devices 100000] [--rate 2000] [--seconds 30] [--quick]

One platform (``parkguard up``) with so many devices, of which 2,000 send ``--rate`` fixes a
second. Beside it ``GET /v1/devices/{id}/health`` 300 times a second with the tokens of 20 people,
then pages of 100 filtered by presence and district, the worst first, and the summary, 10 a second
each. ``first_ms`` is the slowest of the answers before that, in which the API reads the devices
that were just registered. CPU is that of the API's process less what it takes without requests.
``load`` is the machine's load average at the end of each. ``--json`` prints one line.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks.http_load import Answered, fire, get_request, quantile_ms
from benchmarks.rig import Rig, command, cpu_of, machine, platform, wait_for
from benchmarks.telling import told

SENDERS = 2_000
HEALTH_PER_S = 300.0
LISTS_PER_S = 10.0
IDLE_S = 8.0
PEOPLE = 20
DISTRICTS = (
    "340102",
    "340103",
    "340104",
    "340111",
    "340121",
    "340122",
    "340123",
    "340124",
    "340181",
)
LISTS = {
    "page of 100 by state and district": "/v1/devices?presence=unknown&district={district}",
    "page of 100, worst first": "/v1/devices?sort=worst&district={district}",
    "summary of a district": "/v1/devices/summary?district={district}",
    "summary of the city": "/v1/devices/summary",
}
QUICK = {"devices": 10_000, "seconds": 5.0}


def add_others(rig: Rig, count: int) -> None:
    """Register cameras and chargers of all districts that never say a word."""
    lines = ["id,cls,area"]
    for k in range(count):
        cls, district = ("cam", "chg")[k % 2], DISTRICTS[k % len(DISTRICTS)]
        lines.append(f"{cls}-{k:07d},{cls},{district}001{k % 50:03d}01")
    wanted = rig.folder / "others.csv"
    wanted.write_text("\n".join(lines))
    command(
        *("parkguard", "devices", "add", "--file", str(wanted)),
        *("--credentials", str(rig.folder / "others.json")),
        environment=rig.environment,
    )
    wait_for(
        lambda: rig.status("process").get("devices_unknown", 0) >= count,
        within_s=120,
        what="the processor knows all devices",
    )


def tokens_of(rig: Rig) -> list[str]:
    """Operators of the whole city."""
    with httpx.Client(**rig.client()) as client:
        return [
            client.post(
                "/v1/tokens", json={"name": f"op-{k}", "role": "operator", "areas": [""]}
            ).json()["token"]
            for k in range(PEOPLE)
        ]


def run(
    rig: Rig, requests: Sequence[bytes], *, per_s: float, idle_us_per_s: float
) -> dict[str, Any]:
    """Send requests and say how it went."""
    port = int(rig.api_url.rpartition(":")[2])
    cpu_s, began = cpu_of(rig.pids["api"]), time.monotonic()
    answered = asyncio.run(fire(port, requests, per_s=per_s))
    took_s = time.monotonic() - began
    cpu_us = (cpu_of(rig.pids["api"]) - cpu_s) * 1e6 - idle_us_per_s * took_s
    return {
        "requests": len(answered),
        "per_s": round(len(answered) / took_s, 1),
        "p50_ms": quantile_ms(answered, 0.5),
        "p99_ms": quantile_ms(answered, 0.99),
        "max_ms": quantile_ms(answered, 1.0),
        "cpu_us": round(cpu_us / len(answered)),
        "bytes": round(sum(len(one.body) for one in answered) / len(answered)),
        "not_200": _others(answered),
        "load": round(os.getloadavg()[0], 1),
    }


def _others(answered: Sequence[Answered]) -> dict[int, int]:
    wrong = [one.status for one in answered if one.status != httpx.codes.OK]
    return {status: wrong.count(status) for status in set(wrong)}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything; figures by name."""
    chance = random.Random(7)  # noqa: S311 - which device is asked about
    with platform(("load", "--devices", str(SENDERS))) as rig:
        add_others(rig, arguments.devices - SENDERS)
        people = tokens_of(rig)
        senders = list(json.loads(rig.credentials.read_bytes()))
        load = subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "simulators", "load", "--json"),
                *("--devices", str(SENDERS), "--rate", str(arguments.rate), "--seconds", "3600"),
                *("--port", str(rig.broker_port), "--credentials", str(rig.credentials)),
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: _received(rig) > 2 * SENDERS, within_s=180, what="messages come")
            cpu_s = cpu_of(rig.pids["api"])
            time.sleep(IDLE_S)
            idle_us_per_s = (cpu_of(rig.pids["api"]) - cpu_s) * 1e6 / IDLE_S
            health = [
                get_request(f"/v1/devices/{chance.choice(senders)}/health", chance.choice(people))
                for _ in range(round(HEALTH_PER_S * arguments.seconds))
            ]
            port = int(rig.api_url.rpartition(":")[2])
            first = asyncio.run(fire(port, health[:30], per_s=10.0))  # it reads the new devices
            before, began = _received(rig), time.monotonic()
            figures = {"health": run(rig, health, per_s=HEALTH_PER_S, idle_us_per_s=idle_us_per_s)}
            taken_per_s = (_received(rig) - before) / (time.monotonic() - began)
            for name, path in LISTS.items():
                asked = [
                    get_request(
                        path.format(district=chance.choice(DISTRICTS)), chance.choice(people)
                    )
                    for _ in range(round(LISTS_PER_S * arguments.seconds))
                ]
                figures[name] = run(rig, asked, per_s=LISTS_PER_S, idle_us_per_s=idle_us_per_s)
            rss_mb = rig.rss_mb()["api"]
        finally:
            load.terminate()
            load.wait(30)
    return {
        "machine": machine(),
        "devices": arguments.devices,
        "taken_per_s": round(taken_per_s),
        "api_idle_cpu_us_per_s": round(idle_us_per_s),
        "api_rss_mb": round(rss_mb),
        "first_ms": quantile_ms(first, 1.0),
        **figures,
    }


def _received(rig: Rig) -> float:
    return rig.status("ingest").get("ingest_messages_total", 0.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=2000.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--quick", action="store_true", help="10,000 devices, 5 s")
    told(parser, measure, quick=QUICK)


if __name__ == "__main__":
    main()
