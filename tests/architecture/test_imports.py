"""Which package may import which, as pyproject.toml says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_import_contracts_are_kept() -> None:
    """Dependencies point one way, the core is pure, simulators meet us on the wire alone."""
    program = str(Path(sys.executable).parent / "lint-imports")

    checked = subprocess.run(  # noqa: S603 - our own linter
        [program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout[-3_000:] + checked.stderr[-1_000:]
    assert "0 broken" in checked.stdout
