"""The platform that the pages are measured on: a town that lived for a while, cases, people."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import DEVNULL, run
from typing import Any

import httpx

from benchmarks.browser import add_person
from benchmarks.rig import Rig, platform, wait_for

SIZE = ("--trackers", "30", "--chargers", "4", "--cameras", "4")
LIVES_S = 30
"""The town reports so long before anybody looks, s; its thefts happen in it."""
CASES = 12
"""Vehicles reported stolen: open cases beside those of the town's own thefts."""
PEOPLE = {"officer": "officer", "desk": "desk", "chief": "admin"}
"""Name -> role."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to see.

    Attributes:
        rig: The platform.
        card: Id of the open case with the longest trail.
        counts: How many cases, trail points, alerts, for the page of figures.
    """

    rig: Rig
    card: str
    counts: dict[str, int]


@contextmanager
def town() -> Iterator[Shown]:
    """Start it, let it live, report vehicles stolen; nothing moves while somebody looks."""
    with platform(("city", *SIZE)) as rig:
        for name, role in PEOPLE.items():
            add_person(rig, name, role)
        live(rig)
        with httpx.Client(**rig.client()) as client:
            vehicles = json.loads((rig.folder / "registry.json").read_bytes())["vehicles"]
            for vehicle in vehicles[-CASES:]:
                client.post(f"/v1/vehicles/{vehicle['id']}/report-stolen").raise_for_status()
            wait_for(lambda: len(_cases(client)) >= CASES, within_s=30, what="cases")
            yield _shown(rig, client)


def live(rig: Rig) -> None:
    """Every device is a client of its own for ``LIVES_S``."""
    began = time.monotonic()
    done = run(  # noqa: S603 - our own command
        [
            *(sys.executable, "-m", "simulators", "city", *SIZE, "--seconds", str(LIVES_S)),
            *("--report-s", "1", "--port", str(rig.broker_port), "--json"),
            *("--credentials", str(rig.credentials), "--no-intruder"),
        ],
        stdout=DEVNULL,
        check=False,
    )
    if done.returncode != 0 or time.monotonic() - began < LIVES_S:
        raise RuntimeError(f"the town did not live: {done.returncode}")


def _shown(rig: Rig, client: httpx.Client) -> Shown:
    cards = [client.get(f"/v1/incidents/{case['id']}/card").json() for case in _cases(client)]
    longest = max(cards, key=lambda card: len(card["trail"]))
    counts = {
        "cases": len(cards),
        "trail points of the card": len(longest["trail"]),
        "cameras of the card": len(longest["cameras"]),
        "waiting alerts": len(_got(client, "/v1/alerts?waiting=true&level=2&limit=200", "alerts")),
        "devices": len(_got(client, "/v1/devices?limit=50", "devices")),
    }
    return Shown(rig, longest["incident"]["id"], counts)


def _cases(client: httpx.Client) -> list[dict[str, Any]]:
    return _got(client, "/v1/incidents?open=true&limit=200", "incidents")


def _got(client: httpx.Client, address: str, key: str) -> list[dict[str, Any]]:
    answer = client.get(address).raise_for_status()
    found: list[dict[str, Any]] = answer.json()[key]
    return found
