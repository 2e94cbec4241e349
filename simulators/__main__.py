"""``python -m simulators`` is ``parkguard-sim``."""

from simulators.cli import main

main()
