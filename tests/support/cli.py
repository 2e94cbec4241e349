"""The command line as a shell starts it."""

import pytest

from parkguard.cli import main


def exit_of(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run ``parkguard`` with ``words``: the code with which it ends."""
    monkeypatch.setattr("sys.argv", ["parkguard", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
