"""`parkguard wire`: schemas, and what would become of a payload."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from devices.schemas import PAYLOADS, schema_of
from parkguard.cli import app

GOOD = {"boot": "a", "seq": 1, "pos": {"lat": 31.8, "lon": 117.2}}
BAD = {"boot": "a", "seq": 2, "pos": {"lat": 931, "lon": 117.2}}


def _run(*arguments: str, payload: str = "") -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["wire", *arguments], input=payload)
    return result.exit_code, json.loads(result.stdout)


def test_schema_of_one_channel_is_the_published_one() -> None:
    """What people hand to those who make devices."""
    assert _run("schema", "fix", "--json") == (0, schema_of("fix"))


def test_schemas_of_all_channels_are_written(tmp_path: Path) -> None:
    """As they stand in docs/schemas."""
    CliRunner().invoke(app, ["wire", "schema", "--out", str(tmp_path)], catch_exceptions=False)

    written = {path.name.removesuffix(".schema.json") for path in tmp_path.iterdir()}
    assert written == set(PAYLOADS)


def test_unknown_channel_names_those_that_are() -> None:
    """A typing error is told with what is right."""
    result = CliRunner().invoke(app, ["wire", "schema", "fixx"])

    assert result.exit_code == 2
    assert "batch" in result.output


@pytest.mark.parametrize(
    ("topic", "payload", "taken", "refused"),
    [
        ("pg/v1/up/trk/trk-1/fix", GOOD, ["trk-1"], []),
        ("pg/v1/up/trk/trk-1/fix", BAD, [], [(-1, "range")]),
        ("pg/v1/up/trk/trk-1/batch", {"fixes": [GOOD, BAD]}, ["trk-1"], [(1, "range")]),
        ("pg/v1/up/trk/trk-1/nonsense", GOOD, [], [(-1, "channel")]),
        ("somewhere/else", GOOD, [], [(-1, "topic")]),
        (
            "pg/v1/up/gw/gw-1/multi",
            {
                "items": [
                    {"class": "trk", "id": "trk-1", "channel": "fix", "msg": BAD},
                    {"class": "trk", "id": "trk-2", "channel": "fix", "msg": GOOD},
                    {"class": "bus", "id": "x", "channel": "fix", "msg": GOOD},
                ]
            },
            ["trk-2"],
            [(0, "range"), (2, "topic")],
        ),
    ],
)
def test_try_says_what_would_become_of_a_payload(
    topic: str, payload: object, taken: list[str], refused: list[tuple[int, str]]
) -> None:
    """Every element, a gateway's children too; exit 1 when one is refused."""
    code, said = _run("try", topic, "--json", payload=json.dumps(payload))

    assert [reading["device"] for reading in said["readings"]] == taken
    assert sorted((one["item"], one["reason"]) for one in said["refused"]) == refused
    assert code == int(bool(refused))
