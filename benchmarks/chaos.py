"""A minute, or an hour, of chaos: everything is killed, stopped and cut; the books must balance.

    python -m benchmarks.chaos [--seconds 60] [--seed N] [--embedded] [--json]

Simulated trackers publish and thieves steal while broker, receiver, processor, projector,
dispatcher, API, InfluxDB and PostgreSQL die (SIGKILL), stand still (SIGSTOP) and lose each other,
at random from the seed; now and then the power fails for all of them. Then everything heals,
settles and is counted. Exit code 1: a promise broke; lines that begin with ``broken`` say which.
"""

import argparse
import json
import random
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from parkguard.children import ProgramMissing
from parkguard.demo_choice import DemoRecords, DemoStore, DemoStores
from parkguard.demo_stores import check_installed
from simulators.cli_options import progress_bar

BIG_SEED = 1_000_000
SERVERS = DemoStores(telemetry=DemoStore.INFLUX, records=DemoRecords.POSTGRES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the faults")
    parser.add_argument("--seed", type=int, help="of faults and devices; default: a fresh one")
    parser.add_argument("--devices", type=int, default=60)
    parser.add_argument("--rate", type=float, default=120.0, help="fixes a second, all together")
    parser.add_argument("--thefts", type=int, default=36)
    parser.add_argument("--embedded", action="store_true", help="SQLite for both stores")
    parser.add_argument("--keep", type=Path, help="use this new folder and keep it, for its logs")
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    return parser.parse_args()


def main() -> None:
    """Play one run and print its books."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what runs is ended, too
    sys.path.append(str(Path(__file__).parents[1] / "tests"))  # servers and proxies of the tests
    from benchmarks.chaos_run import Options, run  # noqa: PLC0415 - needs that path

    seed = arguments.seed
    if seed is None:
        seed = random.SystemRandom().randrange(1, BIG_SEED)
    options = Options(
        seconds=arguments.seconds,
        seed=seed,
        devices=arguments.devices,
        rate=arguments.rate,
        thefts=arguments.thefts,
        embedded=arguments.embedded,
    )
    try:
        if not options.embedded:
            check_installed(SERVERS)
    except ProgramMissing as exc:
        sys.exit(str(exc))
    if not arguments.json:
        print(f"seed {options.seed}", flush=True)
    with (
        TemporaryDirectory(prefix="parkguard-chaos-") as temporary,
        progress_bar(total=options.length_s, as_json=arguments.json) as bar,
    ):
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        verdict = run(options, folder, bar.show)
    if arguments.json:
        print(json.dumps(verdict.figures | {"broken": verdict.broken}))
    else:
        for name, value in verdict.figures.items():
            print(f"{name:22s} {value}")
        for line in verdict.broken:
            print(f"broken: {line}")
    sys.exit(bool(verdict.broken))


if __name__ == "__main__":
    main()
