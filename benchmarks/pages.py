"""The pages: what a browser loads and how soon something is seen.

    python -m benchmarks.pages [--loads 9] [--json]

Each load is a fresh browser profile (nothing cached), logged in as an admin, on a platform with
ten parked trackers; the second figure is the same page opened again. Sizes are of the files by
gzip, as the API sends them. Software rendering and the server share the machine's cores.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from api.pages import read_pages
from benchmarks.rig import Rig, machine, platform

LIMIT_KB = 400.0
"""All scripts and styles without the map library, by gzip. Source: issue 8, item 8."""
MAP_LIBRARY = ("assets/engine-", "assets/worker-")
"""Chunks that hold MapLibre and its worker (web/src/map/engine.ts, worker.ts)."""
PAGES = {
    "login": "/app/login",
    "patrol": "/app/patrol",
    "desk": "/app/desk",
    "health": "/app/staff/health",
}
WHO = "bench"
PAINTS = """() => new Promise((done) => {
  const paints = Object.fromEntries(
    performance.getEntriesByType("paint").map((one) => [one.name, one.startTime]));
  let largest = null;
  new PerformanceObserver((list) => { largest = list.getEntries().at(-1).startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  const files = performance.getEntriesByType("resource")
    .map((one) => [one.name, one.encodedBodySize]);
  setTimeout(() => done({ first: paints["first-contentful-paint"], largest, files }), 50);
})"""
SETTLED_MS = 1500.0
"""So long after the load event a page is looked at, ms."""


def sizes_kb() -> dict[str, float]:
    """Gzip sizes, kB: everything without the map library, the library, the styles in it."""
    totals = {"scripts": 0.0, "styles": 0.0, "map library": 0.0}
    for name, page in read_pages().items():
        if not name.startswith("assets/") or page.packed is None:
            continue
        kind = "styles" if name.endswith(".css") else "scripts"
        totals["map library" if name.startswith(MAP_LIBRARY) else kind] += len(page.packed) / 1000
    return totals | {"without the map library": totals["scripts"] + totals["styles"]}


def measure(rig: Rig, loads: int) -> dict[str, dict[str, float]]:
    """Medians by page."""
    password = _add_user(rig)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        found = {name: _page(browser, rig, path, password, loads) for name, path in PAGES.items()}
        browser.close()
    return found


def _add_user(rig: Rig) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parkguard", "users", "add", WHO, "--role", "admin", "--area", "",
         "--generate", "--json"],
        env=dict(rig.environment),
        capture_output=True,
        check=True,
    )  # fmt: skip
    return str(json.loads(done.stdout)["password"])


def _page(browser: Browser, rig: Rig, path: str, password: str, loads: int) -> dict[str, float]:
    cold: list[Mapping[str, Any]] = []
    warm: list[Mapping[str, Any]] = []
    for _ in range(loads):
        context = browser.new_context(viewport={"width": 390, "height": 844})
        if path != PAGES["login"]:
            _log_in(context, rig, password)
        page = context.new_page()
        for kept in (cold, warm):
            page.goto(f"{rig.api_url}{path}", wait_until="load")
            page.wait_for_timeout(SETTLED_MS)
            kept.append(page.evaluate(PAINTS))
        context.close()
    files = [(name, size) for name, size in cold[0]["files"] if "/app/" in name]
    return {
        "first_ms": statistics.median(one["first"] for one in cold),
        "largest_ms": statistics.median(one["largest"] for one in cold),
        "again_first_ms": statistics.median(one["first"] for one in warm),
        "files": len(files),
        "kb": sum(size for _, size in files) / 1000,
    }


def _log_in(context: BrowserContext, rig: Rig, password: str) -> None:
    answer = context.request.post(
        f"{rig.api_url}/v1/session",
        data={"name": WHO, "password": password},
        headers={"Origin": rig.api_url},
    )
    if not answer.ok:
        raise RuntimeError(f"no session: {answer.text()}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--loads", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    sizes = sizes_kb()
    with platform(("city", "--trackers", "10", "--chargers", "2", "--cameras", "2")) as rig:
        pages = measure(rig, chosen.loads)
    if chosen.json:
        print(json.dumps({"machine": machine(), "sizes_kb": sizes, "pages": pages}))
    else:
        print(machine())
        for name, size in sizes.items():
            print(f"{name:>26} {size:7.1f} kB gzip")
        print(f"{'page':>8} {'first':>8} {'largest':>8} {'again':>8} {'files':>6} {'kB':>7}")
        for name, one in pages.items():
            print(
                f"{name:>8} {one['first_ms']:5.0f} ms {one['largest_ms']:5.0f} ms "
                f"{one['again_first_ms']:5.0f} ms {one['files']:6.0f} {one['kb']:7.1f}"
            )
    if sizes["without the map library"] > LIMIT_KB:
        sys.exit(f"larger than {LIMIT_KB:.0f} kB")


if __name__ == "__main__":
    main()
