"""The command: exit codes, outputs, standard input, errors that say what to do."""

import io
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from parkguard.cli import app
from parkguard.cli_shared import ago_ms
from support.cli import exit_of
from support.factories import at_ms
from support.replay_files import encoded, expect, fix, theft

GOOD = [*theft(), expect("alert", vehicle="v-1", level=1)]
BAD = [*theft(), expect("no_alert", vehicle="v-1"), expect("presence", device="x", value="late")]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _file(name: str, lines: Iterable[Mapping[str, object]]) -> str:
    Path(name).write_bytes(b"".join(encoded(lines)))
    return name


def _call(*words: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["replay", *words], input=given)


def _json(done: Result) -> Any:  # noqa: ANN401 - whatever the command prints
    return json.loads(done.stdout)


def test_run_that_meets_everything_ends_well() -> None:
    """Exit 0 and a line for people."""
    done = _call(_file("ride.jsonl", GOOD))

    assert done.exit_code == 0, done.output
    assert "32 messages, 0 records in quarantine, 1 alerts, 0 misses" in done.stderr
    assert done.stdout == ""


def test_every_miss_is_a_line_and_exit_1() -> None:
    """With file and line number."""
    done = _call(_file("ride.jsonl", BAD))

    assert done.exit_code == 1
    misses = [line for line in done.stderr.splitlines() if line.startswith("ride.jsonl:")]
    assert [miss.split(":")[1] for miss in misses] == ["34", "35"]


def test_malformed_line_is_exit_2_with_its_number() -> None:
    """Nothing is skipped."""
    Path("ride.jsonl").write_bytes(b"".join(encoded(GOOD[:3])) + b'{"kind":"mqtt"}\n')

    done = _call("ride.jsonl", "--alerts", "alerts.jsonl")

    assert done.exit_code == 2
    assert done.stderr.startswith("ride.jsonl:4: ")
    assert Path("alerts.jsonl").read_bytes() == b""


def test_payload_that_is_none_is_exit_2() -> None:
    """Also where it is only seen in the run."""
    line = {"kind": "mqtt", "recv_t": at_ms(400), "topic": "a", "payload_b64": "*"}

    done = _call(_file("ride.jsonl", [*GOOD, line]))

    assert (done.exit_code, done.stderr.split(": ", maxsplit=1)[0]) == (2, "ride.jsonl:35")


def test_standard_input_is_a_file() -> None:
    """Its name is -."""
    assert _call("-", given=b"".join(encoded(GOOD))).exit_code == 0

    done = _call("-", given=b"".join(encoded(BAD)))
    assert done.exit_code == 1
    assert "\n-:34: " in "\n" + done.stderr


def test_outputs_are_the_same_bytes_twice() -> None:
    """Alerts, state and JSON."""
    ride = _file("ride.jsonl", GOOD)

    def outputs(k: int) -> tuple[bytes, bytes, str]:
        alerts, state = f"alerts{k}.jsonl", f"state{k}.jsonl"
        done = _call(ride, "--alerts", alerts, "--state", state, "--score", "--json")
        return Path(alerts).read_bytes(), Path(state).read_bytes(), done.stdout

    first, second = outputs(1), outputs(2)

    assert first == second
    assert b'"level":2' in first[0]
    assert first[1].endswith(b'"accepted":32,"duplicate":0,"quarantined":0}\n')


def test_output_may_be_standard_output() -> None:
    """For a pipe; the summary goes to standard error."""
    done = _call(_file("ride.jsonl", GOOD), "--alerts", "-")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["vehicle"] for line in lines} == {"v-1"}


def test_json_is_one_object() -> None:
    """Totals and misses; the score when it was asked for."""
    truth = {"kind": "truth", "vehicle": "v-1", "from": at_ms(0), "to": at_ms(400)}
    stolen = truth | {"state": "theft", "onset": at_ms(201)}
    ride = _file("ride.jsonl", [stolen, *BAD])

    plain, scored = _json(_call(ride, "--json")), _json(_call(ride, "--json", "--score"))

    assert (plain["messages"], plain["alerts"], len(plain["misses"])) == (32, 1, 2)
    assert plain["totals"]["received"] == 32
    assert "score" not in plain
    assert scored["score"]["thefts"] == 1
    assert scored["score"]["owner_notice"]["detected"] == 1


def test_score_is_a_table() -> None:
    """For people."""
    done = _call(_file("ride.jsonl", GOOD), "--score")

    assert "vehicle-days" in done.stdout
    assert "police-ready" in done.stdout.replace("\n", " ")


def test_every_file_is_a_run_of_its_own() -> None:
    """Alerts of one do not reach the other; misses name theirs."""
    one, two = _file("one.jsonl", GOOD), _file("two.jsonl", [*GOOD[:1], fix(0), *BAD[-1:]])

    done = _call(one, two, "--json")

    assert done.exit_code == 1
    assert _json(done)["messages"] == 33
    assert [miss.split(":")[0] for miss in _json(done)["misses"]] == ["two.jsonl"]


def test_setting_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken, and a wrong one is exit 2 with the nearest names."""
    ride = _file("ride.jsonl", GOOD)

    limits = ("owner_rate=1e-300", "police_rate=1e-300", "slow_s=1e9")
    words = [word for limit in limits for word in ("--set", f"detection.{limit}")]
    assert _call(ride, *words).exit_code == 1
    assert exit_of(monkeypatch, "replay", ride, "--set", "detection.police_rte=1") == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name the files to replay, or --from-journal"),
        (("a.jsonl", "--from-journal"), 2, "one of the two"),
        (("none.jsonl",), 2, "none.jsonl: No such file"),
        ((".",), 2, ".: Is a directory"),
        (("--from-journal", "--since", "soon"), 2, "such as 30d, 12h, 90m"),
        (("--from-journal", "--since", "1w"), 2, "such as 30d, 12h, 90m"),
        (("--from-journal",), 1, "there is no journal below var"),
        (("--from-journal", "--since", "90min"), 1, "there is no journal below var"),
        (("ride.jsonl", "--alerts", "no/such/place"), 2, "cannot write no/such/place"),
    ],
)
def test_errors_say_what_to_do(
    words: tuple[str, ...],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And leave with the right code."""
    _file("ride.jsonl", GOOD)

    assert exit_of(monkeypatch, "replay", *words) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "length_ms"),
    [
        ("30d", 2_592_000_000),
        ("12h", 43_200_000),
        ("90m", 5_400_000),
        ("90min", 5_400_000),
        (" 1.5h ", 5_400_000),
        ("0m", 0),
        ("1w", None),
        ("-1h", None),
        ("1", None),
        ("", None),
        ("٣h", None),
    ],
)
def test_length_of_time_up_to_now(text: str, length_ms: int | None) -> None:
    """One form for all commands."""
    assert ago_ms(text) == length_ms


def test_notes_reach_standard_error() -> None:
    """What had no effect is said."""
    answer = {"kind": "side", "recv_t": at_ms(0), "type": "arm", "vehicle": "v-9"}

    done = _call(_file("ride.jsonl", [answer, *GOOD]))

    assert "ride.jsonl:1: side arm: there is no vehicle v-9" in done.stderr


def test_help_has_examples() -> None:
    """For files and for the journal."""
    text = " ".join(_call("--help").stdout.split())

    assert "--from-journal" in text
    assert "parkguard replay ride.jsonl" in text


def test_other_commands_do_not_load_the_core() -> None:
    """A part starts without any command's libraries; so does a command without the others'."""
    code = "import sys, parkguard.cli, parkguard.cli_replay; print(*sorted(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("parkguard.cli_")} == {
        "parkguard.cli_lazy",
        "parkguard.cli_replay",
        "parkguard.cli_shared",
    }
    assert loaded.isdisjoint(
        {"parkguard.replay.run", "alerts.pipeline", "stores.journal_reading", "fastapi"}
    )


def test_bar_is_for_terminals_only() -> None:
    """A file of many lines says nothing but its summary into a pipe."""
    lines = [*theft()[:1], *(fix(k / 50, seq=k) for k in range(600))]

    done = _call(_file("long.jsonl", lines))

    assert done.exit_code == 0
    assert len(done.stderr.splitlines()) == 1
    assert io.StringIO(done.stderr).readline().startswith("600 messages")
