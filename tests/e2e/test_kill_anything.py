"""Killing every part around alerts and deliveries: nothing lost unseen, nobody told twice."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from parkguard.parts import PART_NAMES
from stores.journal_reading import SqliteJournalReader
from stores.schema import alerts, feed, incidents, outbox
from support.broker import wait_until
from support.machine import missing_mosquitto
from support.town import Town

pytestmark = [pytest.mark.broker, pytest.mark.long]
BOUND_S = 60.0
"""Any moment of the story comes within this, or is missing."""
MOMENTS = (
    *(("alerts", 1, "process"), ("told", 1, "dispatch"), ("alerts", 2, "ingest")),
    *(("incidents", 1, "dispatch"), ("cases", 1, "api"), ("told", 3, "mosquitto")),
    *(("incidents", 2, "process"), ("cases", 2, "project"), ("incidents", 3, "broker")),
    *(("cases", 3, "dispatch"), ("cases", 3, "process"), ("cases", 3, "ingest")),
)
"""What has happened how often, and who is killed in this moment."""
NUMBERED = frozenset({"trk/fix", "chg/status"})
"""Channels whose records carry a sequence number; only of these can a loss be seen."""


@pytest.mark.promise(2, 6, 12)
@pytest.mark.fault(12)
def test_killing_any_part_around_an_alert_loses_nothing_unseen_and_tells_nobody_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three thefts, twelve kills: one incident, one case, one notice each; the books balance."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Town(tmp_path, settings={"dispatch": {"retry_first_s": 0.2}}) as town:
        town.up()
        town.open_offices()
        city = town.live(seconds=180, answer_s=2.0)

        for name, count, victim in MOMENTS:
            wait_until(
                lambda name=name, count=count: _happened(town)[name] >= count,  # type: ignore[misc]
                within_s=BOUND_S,
                what=f"{count} {name}, for the end of {victim}; so far {_happened(town)}",
            )
            if victim == "mosquitto":
                town.kill_mosquitto()
            else:
                town.kill(victim)
        town.wait_ready(*PART_NAMES)
        city.end()
        wait_until(lambda: _is_settled(town), within_s=30, what="everything is stored")
        sent, books, seen = city.sent(), town.books(), _distinct(town)
        cases, notices = town.asked("police", "cases")["cases"], town.asked("owner", "notices")
        told = [row for row in town.rows(outbox) if row["kind"] == "owner_notice"]
        opened, truths = town.rows(incidents), town.truths()
        open_rows = [row for row in town.rows(outbox) if row["state"] != "sent"]
        feed_ids = [row["id"] for row in town.rows(feed)]

    stolen = {vehicle for vehicle, is_stolen in truths.items() if is_stolen}
    lost = {name: made - seen[name] for name, made in sent["by_channel"].items()}
    lost["trk/fix"] -= sent["refused"]  # of the intruder
    again = [n for case in cases for n in case["notices"] if n["deliveries"] > 1]
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\nkills {Counter(victim for *_, victim in MOMENTS)}, thefts {len(stolen)}, "
            f"incidents {len(opened)}, cases {len(cases)}, owners told {len(told)}, made "
            f"{sent['made']}, lost in the broker {lost}, repeats collapsed {len(again)}, {books}"
        )
    assert {row["vehicle_id"] for row in opened} == stolen
    assert len(opened) == len(stolen) == 3
    _assert_told_once(opened, cases, notices["notices"], told)
    assert open_rows == []
    assert feed_ids == list(range(1, len(feed_ids) + 1))
    assert books["received"] == books["accepted"] + books["duplicate"] + books["quarantined"]
    assert books["accepted"] == books["projected"] + books["thinned"]
    assert sum(lost[name] for name in NUMBERED) == books["gaps"]
    assert books["received"] - books["duplicate"] - books["wills"] == sum(seen.values())


def _happened(town: Town) -> Counter[str]:
    """How far the story is."""
    opened = town.rows(incidents)
    return Counter(
        alerts=len(town.rows(alerts)),
        told=sum(
            row["kind"] == "owner_notice" and row["state"] == "sent" for row in town.rows(outbox)
        ),
        incidents=len(opened),
        cases=sum(row["case_number"] is not None for row in opened),
    )


def _assert_told_once(
    opened: list[dict[str, Any]],
    cases: list[dict[str, Any]],
    notices: list[dict[str, Any]],
    told: list[dict[str, Any]],
) -> None:
    """One case at the desk per incident, one notice to an owner per alert."""
    assert sorted(case["incident"] for case in cases) == sorted(row["id"] for row in opened)
    assert {row["case_number"] for row in opened} == {str(case["case"]) for case in cases}
    for case in cases:
        assert [n["action"] for n in case["notices"]].count("opened") == 1
    assert len({notice["alert"] for notice in notices}) == len(notices) == len(told)
    assert {row["alert_id"] for row in opened} <= {notice["alert"] for notice in notices}


def _is_settled(town: Town) -> bool:
    """Nothing is on its way, nothing is due."""
    return town.is_quiet() and all(row["state"] != "due" for row in town.rows(outbox))


def _distinct(town: Town) -> Counter[str]:
    """Different records in the journal by channel, counted without our decoder; no wills."""
    reader = SqliteJournalReader(town.settings.data_dir / "journal")
    found: set[tuple[str, ...]] = set()
    seq = 0
    while entries := reader.read(seq, 5_000):
        seq = entries[-1].seq
        for entry in entries:
            if entry.topic:
                *_, cls, device, channel = entry.topic.split("/")
                said = json.loads(entry.payload)
                if said.get("state") != "lost":
                    key = said.get("seq") or said.get("ev_id") or entry.payload.decode()
                    found.add((f"{cls}/{channel}", device, str(said.get("boot")), str(key)))
    reader.close()
    return Counter(channel for channel, *_ in found)
