"""``parkguard quarantine``: read by people, done by machines, on the records database itself."""

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from alerts.ports import QuarantineRow
from devices import control as wire
from devices.control import RegisterDevices, Requeue
from parkguard import cli_quarantine_text as texts
from parkguard.cli import app
from parkguard.cli_shared import CommandError
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.settings import Settings
from stores import quarantine_replay
from stores.processing import RecordsProcessLedger
from stores.quarantine import put_refusals
from stores.records import writing
from stores.schema import audit, control, foreign_ids, quarantine
from support.stores_records import a_commit, a_refusal, rows_of

HOUR_MS = 3_600_000


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The records database of this folder, with three refusals in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    mask = os.umask(0o077)
    engine = open_migrated(Settings.model_validate({"data_dir": tmp_path / "var"}))
    now_ms = wall_ms()
    hold(
        engine,
        a_refusal(1, recv_ms=now_ms - 50 * HOUR_MS, reason="version", payload=b'{"v": 2}'),
        an_unknown(2, now_ms - 3 * HOUR_MS),
        a_refusal(3, 5, recv_ms=now_ms - 1_000, payload=bytes(range(40)), detail="[red]x[/red]"),
    )
    yield engine
    engine.dispose()
    os.umask(mask)


def an_unknown(seq: int, recv_ms: int) -> QuarantineRow:
    """A message of eb-0999, which nobody registered."""
    return a_refusal(
        seq,
        recv_ms=recv_ms,
        device_id="eb-0999",
        topic="pg/v1/up/trk/eb-0999/fix",
        reason="unknown_device",
        payload="plate 皖A1".encode(),
    )


def hold(engine: sa.Engine, *rows: QuarantineRow) -> None:
    """Put refusals in."""
    with writing(engine) as connection:
        put_refusals(connection, rows, code_version="0.1.0", now_ms=wall_ms())


def run(*words: str, typed: str = "") -> Result:
    """Call it, or ``devices`` where that is said; a bug is raised."""
    group = [] if words[0] == "devices" else ["quarantine"]
    return CliRunner().invoke(app, [*group, *words], catch_exceptions=False, input=typed)


def call_json(*words: str) -> Any:  # noqa: ANN401 - whatever the command prints
    """Call it for a machine."""
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def heard(engine: sa.Engine) -> list[wire.AnyControl]:
    """What the processor is told."""
    return [wire.decode(row["body"]) for row in rows_of(engine, control)]


@pytest.mark.usefixtures("engine")
def test_list_is_newest_first_and_says_what_to_do() -> None:
    """Ages, elements, whole words in brackets; a hint in two languages for each reason."""
    said = run("list").stdout

    assert said.index("utf8") < said.index("eb-0999") < said.index("2 d")
    assert "[5]" in "".join(said.split())
    assert "[red]x[/red]" in "".join(said.split())
    assert "怎么办" in said


@pytest.mark.usefixtures("engine")
def test_list_is_filtered() -> None:
    """By reason, device, age, number; payloads are never in it."""

    def seqs(*words: str) -> list[int]:
        return [row["seq"] for row in call_json("list", *words)]

    assert seqs() == [3, 2, 1]
    assert seqs("--reason", "version") == [1]
    assert seqs("--device", "eb-0999") == [2]
    assert seqs("--since", "2h") == [3]
    assert seqs("--since", "3d", "--limit", "2") == [3, 2]
    assert seqs("--since", "2020-01-01") == [3, 2, 1]
    assert "payload" not in call_json("list")[0]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    "words",
    [("list", "--since", "yesterday"), ("list", "--reason", "no"), ("replay",), ("show", "x")],
)
def test_wrong_words_are_refused(words: tuple[str, ...]) -> None:
    """Exit code 2, and nothing happens."""
    assert run(*words).exit_code == 2


def test_show_prints_text_as_text_and_bytes_as_hex(engine: sa.Engine) -> None:
    """With both times, the reason's hint, and what became of it."""
    text, raw = run("show", "2").stdout, run("show", "3").stdout

    assert "plate 皖A1" in text
    assert "Asia/Shanghai" in text
    assert "+08:00" in text
    assert "register it" in text
    assert "00000000  00 01 02 03" in raw
    assert "00000020  20 21 22 23 24 25 26 27" in raw
    assert "element 5 of it" in raw
    machine = call_json("show", "3")
    assert (machine["payload_base64"][:8], machine["payload_text"]) == ("AAECAwQF", None)
    with pytest.raises(CommandError, match="no row 99"):
        run("show", "99")
    assert rows_of(engine, control) == []


def test_replay_asks_and_says_how_many(engine: sa.Engine) -> None:
    """No is no; yes queues them with the audit; what is queued is not asked again."""
    refused = run("replay", "--reason", "version", typed="n\n")
    before = rows_of(engine, control)
    done = run("replay", "--reason", "version", typed="y\n")
    again = run("replay", "--reason", "version")

    assert (refused.exit_code, done.exit_code, again.exit_code) == (1, 0, 0)
    assert "1 messages" in refused.output
    assert before == []
    assert "nothing is held" in again.output
    [entry] = heard(engine)
    assert isinstance(entry, Requeue)
    assert [held.payload for held in entry.messages] == [b'{"v": 2}']
    assert [(row["by"], row["object"]) for row in rows_of(engine, audit)] == [
        ("cli", "quarantine:reason=version")
    ]
    assert [row["state"] for row in states()] == ["held", "held", "queued"]


def states() -> list[dict[str, str]]:
    """What became of each row, newest first."""
    return [
        {"state": "replayed" if row["replayed_ms"] else "queued" if row["queued_ms"] else "held"}
        for row in call_json("list")
    ]


def test_replay_of_thousands_goes_in_steps_and_ends(engine: sa.Engine) -> None:
    """All that were there, once; what is refused anew meanwhile is not taken again."""
    hold(engine, *(a_refusal(10 + k, reason="type") for k in range(1201)))

    done = call_json("replay", "--reason", "type", "--yes")
    rows = [held.row for one in heard(engine) if isinstance(one, Requeue) for held in one.messages]

    assert done == {"queued": 1201, "left": 0}
    assert rows == list(range(4, 1205))
    assert call_json("replay", "--reason", "type", "--yes")["queued"] == 0


def test_replay_of_some(engine: sa.Engine) -> None:
    """By id, or the oldest so many; a machine must say that it means it."""
    with pytest.raises(CommandError, match="--yes"):
        run("replay", "--id", "1", "--json")
    with pytest.raises(CommandError, match="control"):
        run("replay", "--reason", "control")

    assert call_json("replay", "--since", "9d", "--limit", "1", "--yes")["queued"] == 1
    assert call_json("replay", "--id", "1", "--id", "3", "--yes")["queued"] == 1
    rows = [held.row for one in heard(engine) if isinstance(one, Requeue) for held in one.messages]
    assert rows == [1, 3]


def test_adopt_registers_and_runs_what_is_held(engine: sa.Engine) -> None:
    """The class is read from its topics; the vehicle is made; the secret is shown once."""
    done = call_json("adopt", "eb-0999", "--vehicle", "ah-1", "--foreign", "jt808=0139")

    assert (done["added"], done["held"], done["left"]) == (1, 1, 0)
    assert list(done["secrets"]) == ["eb-0999"]
    entries = heard(engine)
    assert [type(one).__name__ for one in entries] == [
        "RegisterVehicles",
        "RegisterDevices",
        "Requeue",
    ]
    assert isinstance(entries[1], RegisterDevices)
    assert entries[1].devices[0].profile.foreign == {"jt808": "000000000139"}
    assert [(row["action"], row["object"]) for row in rows_of(engine, audit)] == [
        ("devices_added", "device:eb-0999"),
        ("quarantine_replayed", "devices:eb-0999"),
    ]


def test_adopt_of_a_registered_device_runs_what_is_held_by_all_its_names(
    engine: sa.Engine,
) -> None:
    """One way for known and unknown; it keeps everything, so that options are refused."""
    call_json("adopt", "eb-0999", "--foreign", "jt808=0139")
    stranger = dataclasses.replace(
        an_unknown(51, wall_ms()), device_id="jt808:000000000139", topic="jt808/c/0139/up"
    )
    hold(engine, an_unknown(50, wall_ms()), stranger)

    with pytest.raises(CommandError, match="no options"):
        run("adopt", "eb-0999", "--class", "trk")
    again = call_json("adopt", "eb-0999")

    assert (again["added"], again["held"], again["left"], again["secrets"]) == (0, 2, 0, {})
    assert [len(one.messages) for one in heard(engine) if isinstance(one, Requeue)] == [1, 2]


@pytest.mark.parametrize("is_known", [False, True])
def test_adopt_goes_on_until_nothing_is_left(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    """However many messages one call may run."""
    monkeypatch.setattr(quarantine_replay, "ASKED_MAX", 2)
    if is_known:
        call_json("devices", "add", "--id", "eb-0999", "--cls", "trk")
    hold(engine, *(an_unknown(50 + k, wall_ms()) for k in range(6)))

    done = call_json("adopt", "eb-0999")

    assert (done["held"], done["left"]) == (6 if is_known else 7, 0)


def test_adopt_of_a_retired_device_says_what_to_do(engine: sa.Engine) -> None:
    """What it sends would be refused again."""
    call_json("adopt", "eb-0999")
    call_json("devices", "revoke", "eb-0999")
    hold(engine, an_unknown(50, wall_ms()))

    with pytest.raises(CommandError, match="retired"):
        run("adopt", "eb-0999")


def test_added_device_brings_what_was_held_of_it(engine: sa.Engine) -> None:
    """``devices add`` adopts as well, says how many, and both stand in the audit."""
    done = call_json("devices", "add", "--id", "eb-0999", "--cls", "trk")
    call_json("devices", "add", "--id", "eb-0999", "--cls", "trk", "--model", "x2")

    assert (done["held"], done["left"]) == (1, 0)
    assert [(row["by"], row["role"], row["action"]) for row in rows_of(engine, audit)] == [
        ("cli", "admin", "devices_added"),
        ("cli", "admin", "quarantine_replayed"),
    ]


def test_what_is_left_is_said_with_what_to_do(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the commands that make one call: ``devices add``, and ``replay`` with a limit."""
    monkeypatch.setattr(quarantine_replay, "ASKED_MAX", 2)
    hold(engine, *(an_unknown(50 + k, wall_ms()) for k in range(6)))

    words = ("--id", "eb-0999", "--cls", "trk", "--credentials", str(tmp_path / "c.json"))
    added = CliRunner().invoke(app, ["devices", "add", *words])
    some = run("replay", "--reason", "unknown_device", "--limit", "1", "--yes")

    assert "5 held messages are left: `parkguard quarantine adopt ID`" in added.stderr
    assert "1 messages will be run again by the processor, 4 are left" in some.stderr


def test_device_that_is_added_again_keeps_its_profile(tmp_path: Path, engine: sa.Engine) -> None:
    """A change of its vehicle does not take its foreign ids away; a file may."""
    call_json("adopt", "eb-0999", "--foreign", "jt808=0139")
    call_json("devices", "add", "--id", "eb-0999", "--cls", "trk", "--vehicle", "ah-7")
    kept = call_json("devices", "list")
    plain = tmp_path / "plain.jsonl"
    plain.write_text('{"id": "eb-0999", "cls": "trk", "profile": {}}\n')
    call_json("devices", "add", "--file", str(plain))

    assert [(one["vehicle_id"], one["profile"]) for one in kept] == [
        ("ah-7", {"foreign": {"jt808": "000000000139"}})
    ]
    assert "foreign" not in call_json("devices", "list")[0]["profile"]
    assert rows_of(engine, foreign_ids) == []


def test_list_shows_whose_stranger_it_is(engine: sa.Engine) -> None:
    """By its name in the adapter, which is also how it is asked for."""
    hold(engine, dataclasses.replace(an_unknown(50, wall_ms()), device_id="jt808:013912345678"))

    assert "jt808:013912345678" in run("list").stdout
    assert [row["seq"] for row in call_json("list", "--device", "jt808:013912345678")] == [50]


def test_adopt_needs_a_class_that_is_known(engine: sa.Engine, tmp_path: Path) -> None:
    """Nothing held says one, or it is given; the secret may go to a file."""
    with pytest.raises(CommandError, match="--class"):
        run("adopt", "trk-7")

    done = run("adopt", "trk-7", "--class", "trk", "--credentials", str(tmp_path / "c.json"))

    assert done.exit_code == 0
    assert "trk-7" in json.loads((tmp_path / "c.json").read_text())
    assert len(heard(engine)) == 1


def test_state_of_a_row_that_was_run(engine: sa.Engine) -> None:
    """Who asked, and when it was run."""
    call_json("replay", "--id", "1", "--yes")
    RecordsProcessLedger(engine, "0.1.0", now_ms=wall_ms).commit(a_commit(9, requeued=[1]))

    said = run("show", "1").stdout

    assert "replayed" in said
    assert "by cli" in said
    assert rows_of(engine, quarantine)[0]["replayed_ms"] is not None


@pytest.mark.parametrize(
    ("gone_ms", "words"),
    [(0, "0 s"), (-5, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (HOUR_MS, "1 h"), (9e8, "10 d")],
)
def test_age_is_one_number(gone_ms: float, words: str) -> None:
    """In the largest unit that fits."""
    assert texts.age(0, int(gone_ms)) == words


def test_long_payloads_are_cut_on_the_screen() -> None:
    """Text and hex, and they say by how much."""
    assert texts.payload_lines(b"x" * 20_000)[-1] == "... 3616 characters more: --json has them"
    assert texts.payload_lines(b"\xff" * 5_000)[-1] == "... 904 bytes more: --json has them"
    assert texts.payload_lines(b"") == ["(empty)"]
