"""Run as a process: write the same number into all columns of two of twenty rows, in turn.

Until standard input is closed.
"""

import select
import sys
from itertools import count
from pathlib import Path

import numpy as np

from stores.latest_state import LatestStateFile

ROUNDS = 200
"""Rounds between two looks at standard input."""


def main() -> None:
    """Write until told to end."""
    file = LatestStateFile.create_or_open(Path(sys.argv[1]), writable=True)
    pairs = [np.array([k, k + 10]) for k in range(10)]
    sys.stdout.write("writing\n")
    sys.stdout.flush()
    for number in count():
        if number % ROUNDS == 0 and select.select([sys.stdin], [], [], 0)[0]:
            return
        slots = pairs[number % 10]
        file.rows["version"][slots] += 1
        for column in ("lat_deg", "recv_ms", "fix_t_ms", "lon_deg"):
            file.rows[column][slots] = number
        file.rows["version"][slots] += 1


if __name__ == "__main__":
    main()
