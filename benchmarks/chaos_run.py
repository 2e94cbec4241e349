"""One run of chaos: devices publish, thieves steal, everything is broken, healed and counted."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos_books import Verdict, judge, times
from benchmarks.chaos_count import Said, count, read_journal, read_made
from benchmarks.chaos_desk import Desk
from benchmarks.chaos_facts import Pace
from benchmarks.chaos_plan import Fault, draw_faults
from benchmarks.chaos_play import Player
from benchmarks.chaos_town import ChaosTown, Site, open_site
from benchmarks.rig import machine, wait_for
from parkguard.children import die_with_parent
from parkguard.parts import PART_NAMES
from stores.schema import feed, outbox

DRAIN_S = 60.0
"""Devices wait so long for the broker's last acknowledgements."""
HANDS = 12
"""Faults at once, at most."""
START_S = 60.0
"""Devices start and log in within this."""
UNDERWAY = 5
"""Records of a device that wait for their receipt in good times, at most: one a second."""
SETTLE_S = 120.0
"""After the last record everything is stored and everybody is told within this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is run.

    Attributes:
        seconds: Length of the time with faults.
        seed: Of the faults and of what devices say.
        lead_s: Before the first fault: anchors are learnt and some thefts happen in quiet.
        tail_s: After the last fault devices go on: a loss at its end shows as a gap only then.
        devices: Trackers that trust the broker's acknowledgement.
        trackers: ... and that keep records until the platform's receipt.
        rate: Fixes a second of the former together.
        thefts: So many of the former are stolen.
        embedded: SQLite for both stores.
    """

    seconds: float
    seed: int
    devices: int = 60
    trackers: int = 20
    rate: float = 120.0
    thefts: int = 36
    lead_s: float = 30.0
    tail_s: float = 12.0
    embedded: bool = False

    @property
    def length_s(self) -> float:
        """Of the load, seconds."""
        return self.lead_s + self.seconds + self.tail_s


Show = Callable[[float, str], None]
"""Takes (seconds of the load so far, what happens)."""


def run(
    options: Options, folder: Path, show: Show, faults: Sequence[Fault] | None = None
) -> Verdict:
    """Play one run; everything is stopped when this returns.

    Args:
        options: What is run.
        folder: A fresh one, for all files.
        show: Told how far it is.
        faults: Instead of those that the seed draws.

    Raises:
        ProgramMissing: A server is not installed.
        TimeoutError: Something does not come back after all faults healed.
    """
    with (
        open_site(
            folder,
            devices=options.devices,
            trackers=options.trackers,
            seed=options.seed,
            embedded=options.embedded,
        ) as site,
        ThreadPoolExecutor(max_workers=HANDS) as hands,
    ):
        town = site.town
        desk = Desk(town.client_of(site.paths["desk"].port))
        player = Player(site, hands)
        desk.open()
        try:
            load = _start_load(options, site)
            city = town.live_on(site.paths["devices"].port)
            everybody = options.devices + options.trackers
            wait_for(
                lambda: town.books()["accepted"] >= everybody,
                within_s=START_S,
                what=f"every device speaks; logs in {folder}",
            )
            began_s = time.monotonic()
            _pass(began_s, options.lead_s, show, "quiet")
            if faults is None:
                faults = draw_faults(options.seed, seconds=options.seconds, servers=site.servers)
            player.play(
                faults,
                tell=lambda at_s, fault: show(
                    options.lead_s + at_s, f"{fault.kind} {fault.victim} {fault.lasts_s:.1f} s"
                ),
            )
            _pass(began_s, options.length_s, show, "calm again")
            sent = _end_load(load)
            settled_s = wait_for(
                lambda: town.is_ready(*PART_NAMES),
                within_s=SETTLE_S,
                what=f"every part ready; logs in {folder}",
            )
            settled_s += wait_for(
                lambda: city.sent()["unreceipted"] <= UNDERWAY * options.trackers,
                within_s=SETTLE_S,
                what=f"receipts reach the devices again; logs in {folder}",
            )
            city.end()
            settled_s += wait_for(
                lambda: _is_settled(town, desk, folder / "made.csv"),
                within_s=SETTLE_S,
                what=f"everything stored and told; logs in {folder}",
            )
            said = Said(
                notices=town.asked("owner", "notices")["notices"],
                cases=town.asked("police", "cases")["cases"],
                keepers=city.sent(),
                pace=Pace(start_ms=sent["start_ms"], interval_s=options.devices / options.rate),
                broker_killed_ms=[each.struck_ms for each in player.played if each.kills_broker],
            )
        finally:
            desk.close()
        for part in ("up", "broker"):
            town.parts[part].end()
        verdict = judge(count(town, desk, said, folder / "made.csv"))
    played = Counter(f"{each.fault.kind} {each.fault.victim}" for each in player.played)
    verdict.figures.update(
        seed=options.seed,
        machine=machine(),
        faults=len(player.played),
        faults_left_out=[f"{each.kind} {each.victim}" for each in player.left_out],
        faults_by=dict(sorted(played.items())),
        settled_s=round(settled_s, 1),
        resent=sent["resent"],
        reconnects=sent["reconnects"],
        fix_to_notice=times(desk.steps, player.played),
    )
    return verdict


def _start_load(options: Options, site: Site) -> "subprocess.Popen[bytes]":
    town = site.town
    command = [
        *(sys.executable, "-m", "simulators", "load", "--json", "--seed", str(options.seed)),
        *("--devices", str(options.devices), "--rate", str(options.rate)),
        *("--seconds", str(options.length_s), "--thefts", str(options.thefts)),
        *("--drain-s", str(DRAIN_S), "--port", str(site.paths["devices"].port)),
        *("--credentials", str(town.credentials), "--truth", str(town.truth)),
        *("--made", str(town.folder / "made.csv")),
    ]
    with (town.folder / "load.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            die_with_parent(command), stdout=subprocess.PIPE, stderr=log
        )


def _end_load(load: "subprocess.Popen[bytes]") -> dict[str, Any]:
    out, _ = load.communicate(timeout=DRAIN_S + SETTLE_S)
    if load.returncode != 0:
        raise TimeoutError(f"the devices ended with {load.returncode}: {out.decode()}")
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary


def _pass(began_s: float, until_s: float, show: Show, words: str) -> None:
    while (now_s := time.monotonic() - began_s) < until_s:
        show(now_s, words)
        time.sleep(min(0.5, until_s - now_s))


def _is_settled(town: ChaosTown, desk: Desk, made_file: Path) -> bool:
    """Every device's last record is in the journal, both readers and the desk are at its end."""
    made, _ = read_made(made_file)
    journal = read_journal(town.settings.data_dir / "journal").fixes
    arrived = all(max(made[device]) in journal.get(device, ()) for device in made)
    if not arrived or not town.is_quiet():
        return False
    due = any(row["state"] == "due" for row in town.rows(outbox))
    newest = max((row["id"] for row in town.rows(feed)), default=0)
    return not due and newest <= max(desk.numbers, default=0)
