"""The desk's map in Chromium with 100,000 sites known: marks drawn, time to rest, long tasks.

    python -m benchmarks.screens_map [--sites 100000] [--runs 5] [--quick] [--json]

One platform (``parkguard up``); the sites come in by ``POST /v1/places``; a desk's person looks at
``/app/desk`` in Debian's Chromium, headless, at 1440 x 900. Each run is a fresh profile: the map is
opened, then glides through ``VIEWS``, a pan and four zooms. Each time it has come to rest the marks
in view are counted by ``queryRenderedFeatures``, outside the trace. ``layer`` is the answer of
``/v1/maps/sites``: packed bytes, ms of the first (packs it) and of a later one.

Tasks are those of ``benchmarks.browser``. WebGL is drawn by software here, so everything is
measured twice: as it is, and with the two drawing calls of WebGL replaced by nothing (``no
drawing``): there the tasks are what our page and MapLibre compute. ``--sites 0`` says what of that
does not come of the sites. Fails when more than 2,000 marks are drawn, or the median run of ``no
drawing`` has a task above 50 ms.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from benchmarks.browser import (
    LONG_MS,
    NO_DRAWING,
    Look,
    add_person,
    chromium,
    middle,
    person,
    say,
    task_figures,
    traced,
    window,
)
from benchmarks.rig import Rig, machine, platform, wait_for
from benchmarks.telling import told

DESK = Look(1440, 900)
MARKS_MAX = 2_000
"""Marks drawn in one view at most. Source: issue 8."""
MAP = "document.querySelector('[data-ready=true]')?.cityMap"
RESTS = (
    f"() => {{ const m = {MAP}; return !!m && !!m.getLayer('dot') && m.loaded()"
    " && !m.isMoving() && m.areTilesLoaded(); }"
)
"""Whether all layers are there (``dot`` is the last), nothing moves and nothing is loaded."""
VIEWS = ((117.23, 31.82, 10), (117.28, 31.80, 12), (117.23, 31.83, 13), (117.24, 31.82, 15),
         (117.2401, 31.8201, 18), (117.3, 31.8, 9))  # fmt: skip
"""Longitude, latitude, zoom."""
CHARACTERS = [chr(0x4E00 + 29 * k) for k in range(600)]
"""Names are made of so many: each is drawn when a label first needs it."""
MIDDLES = ((31.82, 117.23), (31.79, 117.31), (31.86, 117.29), (31.74, 117.2), (31.6, 117.87))
WHO = "bench"
PART = 1_000


def places(count: int) -> Iterator[dict[str, Any]]:
    """Sites round the middles of a city, in parts that one call takes."""
    chance = random.Random(1)  # noqa: S311 - where they stand
    for start in range(0, count, PART):
        sites = []
        for number in range(start, min(start + PART, count)):
            lat_deg, lon_deg = chance.choice(MIDDLES)
            sites.append({
                "id": f"site-{number:06d}",
                "name": "".join(chance.choices(CHARACTERS, k=3)) + f"{number % 7}号门",
                "area": "340104001",
                "lat_deg": round(lat_deg + chance.gauss(0, 0.03), 6),
                "lon_deg": round(lon_deg + chance.gauss(0, 0.035), 6),
            })  # fmt: skip
        yield {"sites": sites}


def fill(rig: Rig, sites: int) -> dict[str, Any]:
    """Register sites and a person; say how the layer answers."""
    add_person(rig, WHO, "desk")
    took_ms: list[float] = []
    packed = 0
    with httpx.Client(**rig.client()) as client:
        for part in places(sites):
            client.post("/v1/places", json=part).raise_for_status()
        for _ in range(4):
            began = time.perf_counter()
            with client.stream("GET", "/v1/maps/sites") as answer:
                packed = sum(len(raw) for raw in answer.iter_raw())
            took_ms.append(round(1000 * (time.perf_counter() - began), 1))
    wait_for(
        lambda: rig.status("process")["process_lag_entries"] == 0, within_s=120, what="caught up"
    )
    return {"packed_bytes": packed, "first_ms": took_ms[0], "later_ms": min(took_ms[1:])}


def come_to_rest(page: Page, *, within_s: float = 120.0) -> None:
    """Wait until nothing moves and nothing is being loaded."""
    deadline = time.monotonic() + within_s
    while not page.evaluate(RESTS):
        if time.monotonic() > deadline:
            raise TimeoutError("the map did not come to rest")
        page.wait_for_timeout(50)


def go(page: Page, view: tuple[float, float, int]) -> None:
    """Glide to a view and wait until the map rests."""
    page.evaluate(
        f"([lon, lat, zoom]) => {{ {MAP}.easeTo({{center: [lon, lat], zoom, duration: 400}}); }}",
        list(view),
    )
    page.wait_for_timeout(450)
    come_to_rest(page)


def marks_in_view(page: Page) -> list[int]:
    """How many marks are drawn in each view."""
    drawn = []
    for view in VIEWS:
        go(page, view)
        drawn.append(int(page.evaluate(f"() => {MAP}.queryRenderedFeatures().length")))
    return drawn


def run(browser: Browser, url: str, *, draws: bool, counts: bool) -> dict[str, Any]:
    """Open the desk's map in a fresh profile and move it; tasks in ms, time to rest in s."""
    context = person(browser, url, DESK, WHO)
    page = window(context, DESK)
    if not draws:
        page.add_init_script(NO_DRAWING)
    took_s: list[float] = []

    def opening() -> None:
        began = time.monotonic()
        page.goto(f"{url}/app/desk")
        come_to_rest(page)
        took_s.append(time.monotonic() - began)

    def moving() -> None:
        for view in VIEWS:
            go(page, view)

    opened, moved = traced(browser, page, opening), traced(browser, page, moving)
    drawn = marks_in_view(page) if counts else None
    context.close()
    return {"rest_s": took_s[0], "opening": opened, "moving": moved, "marks": drawn}


def look(browser: Browser, url: str, runs: int, *, draws: bool) -> dict[str, Any]:
    """All runs of one kind; figures by name."""
    found = []
    for number in range(runs):
        found.append(run(browser, url, draws=draws, counts=number == 0))
        say(f"{'as it is' if draws else 'no drawing'}: run {number + 1} of {runs}")
    return {
        "rest_s": middle(one["rest_s"] for one in found),
        "opening": task_figures([one["opening"] for one in found]),
        "moving": task_figures([one["moving"] for one in found]),
        "marks_in_view": found[0]["marks"],
        "load": round(os.getloadavg()[0], 1),
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything; figures by name."""
    with platform(("load", "--devices", "10")) as rig:
        say(f"{arguments.sites} sites go in")
        layer = fill(rig, arguments.sites)
        with chromium() as browser:
            still = look(browser, rig.api_url, arguments.runs, draws=False)
            drawn = look(browser, rig.api_url, arguments.runs, draws=True)
    return {
        "machine": machine(),
        "sites": arguments.sites,
        "runs": arguments.runs,
        "layer": layer,
        "no drawing": still,
        "as it is": drawn,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sites", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="5,000 sites, one run")
    figures = told(parser, measure, quick={"sites": 5_000, "runs": 1})
    still = figures["no drawing"]
    if max(still["marks_in_view"]) > MARKS_MAX:
        sys.exit(f"more than {MARKS_MAX} marks in a view")
    if max(still[part]["longest_ms"] for part in ("opening", "moving")) > LONG_MS:
        sys.exit(f"a task above {LONG_MS:.0f} ms")


if __name__ == "__main__":
    main()
