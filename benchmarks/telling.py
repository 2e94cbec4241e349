"""How a benchmark of a whole platform is called and tells its figures."""

import argparse
import json
from collections.abc import Callable, Mapping
from typing import Any


def told(
    parser: argparse.ArgumentParser,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
    *,
    quick: Mapping[str, Any],
) -> dict[str, Any]:
    """Measure what the command line asks for and print it, one line a figure or ``--json``.

    Args:
        parser: Of the benchmark's own options, ``--quick`` among them.
        measure: Gives figures by name.
        quick: Options that ``--quick`` sets.

    Returns:
        The figures.
    """
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.quick:
        vars(arguments).update(quick)
    figures = measure(arguments)
    if arguments.json:
        print(json.dumps(figures))
        return figures
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}s} {value}")
    return figures
