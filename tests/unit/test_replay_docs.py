"""docs/replay.md is the public form: its examples run, its names are all there are."""

import re
import shlex
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from typer.testing import CliRunner

from parkguard.cli import app
from parkguard.replay.lines import NEEDS, AnyLine

PAGE = (Path(__file__).parents[2] / "docs" / "replay.md").read_text()
EXAMPLES = re.findall(
    r"```jsonl\n(.*?)```\n\nSaved as `([\w.]+)`:\n\n```sh\n(.*?)\n```", PAGE, re.DOTALL
)
WORDS = set(re.findall(r"[A-Za-z0-9_]+", PAGE))


@pytest.mark.parametrize(("text", "name", "command"), EXAMPLES, ids=lambda text: text[:20])
def test_example_runs(
    text: str, name: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands there, and everything it expects is seen."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)
    program, *words = shlex.split(command)

    done = CliRunner().invoke(app, words)

    assert program == "parkguard"
    assert done.exit_code == 0, done.output


def test_there_are_examples() -> None:
    """At least two."""
    assert len(EXAMPLES) >= 2


def test_every_kind_and_field_stands_there() -> None:
    """As it is written in a file."""
    kinds = get_args(AnyLine)
    fields = {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}

    assert {str(kind.__struct_config__.tag) for kind in kinds} - WORDS == set()
    assert fields - WORDS == set()
    assert NEEDS.keys() - WORDS == set()
