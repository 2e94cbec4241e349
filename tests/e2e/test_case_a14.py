"""Case A-14, a device that speaks before it is registered.

Kind: what was once judged unknown is judged anew with every message. Fixed by keeping no
"unknown" answers at all (``devices.senders.known_device`` asks the registry each time) and by
bringing every registration to both readers through the journal (decisions.md 1).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bad_input_run import BEHIND, KEEP_ALL, Outside, fix_now
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
STRANGER, OTHER = "eb-0999", "eb-1000"
KEPT = 10
"""Rows of quarantine that one device may fill in a day here."""
FLOOD = 50


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Outside]:
    """Three messages of each of two strangers were refused."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Outside(
        tmp_path,
        strangers=(STRANGER, OTHER),
        settings=KEEP_ALL | {"quarantine": {"rows_per_device_day": KEPT}},
    ) as city:
        city.run(*BEHIND, "api")
        for seq in (1, 2, 3):
            _say(city, STRANGER, seq)
            _say(city, OTHER, seq)
        city.settle(6)
        yield city


def test_a14_a_stranger_is_taken_from_its_registration_on_without_a_restart(
    city: Outside,
) -> None:
    """A-14: seen in quarantine, registered by the API, taken by both readers from then on."""
    before = city.pids()
    with city.client() as client:
        held = client.get("/v1/quarantine", params={"device": STRANGER}).json()
        made = client.post(
            "/v1/devices", json={"devices": [{"id": STRANGER, "cls": "trk"}], "adopt": False}
        )
    city.settle_controls()

    _say(city, STRANGER, 4)
    _say(city, OTHER, 4)
    city.settle(8)

    assert [row["reason"] for row in held["quarantine"]] == ["unknown_device"] * 3
    assert made.status_code == 201, made.text
    assert city.numbers(STRANGER) == [4]
    assert city.numbers(OTHER) == []
    assert city.quarantined() == {"unknown_device": 7}
    assert city.pids() == before


def test_a14_an_adopted_stranger_keeps_what_it_said_before(city: Outside) -> None:
    """A-14: adopting runs the held messages again, through the processor and the projector."""
    before = city.pids()
    with city.client() as client:
        answer = client.post(
            "/v1/quarantine/adopt", json={"device": {"id": STRANGER, "cls": "trk"}}
        )
    city.settle_controls()

    _say(city, STRANGER, 4)
    city.settle(7)

    assert answer.status_code == 201, answer.text
    assert answer.json()["held"]["queued"] == 3
    assert city.numbers(STRANGER) == [1, 2, 3, 4]
    assert city.quarantined() == {"unknown_device": 3}
    assert city.pids() == before


def test_a14_strangers_cannot_fill_the_quarantine(city: Outside) -> None:
    """A-14: what is past the bound of one device is counted and not kept; others have theirs."""
    for seq in range(4, FLOOD):
        _say(city, OTHER, seq)
    city.settle(FLOOD + 2)
    with city.client() as client:
        reasons = client.get("/v1/quarantine/reasons").json()

    [unknown] = reasons["reasons"]
    assert (unknown["rows"], unknown["devices"]) == (KEPT + 3, 2)
    assert reasons["not_kept"] == [{"reason": "unknown_device", "count": FLOOD - 1 - KEPT}]
    assert city.quarantined() == {"unknown_device": FLOOD + 2}


def _say(city: Outside, stranger: str, seq: int) -> None:
    city.say(stranger, f"pg/v1/up/trk/{stranger}/fix", fix_now(seq))
