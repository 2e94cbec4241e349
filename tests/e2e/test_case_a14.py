"""Case A-14, a device that speaks before it is registered.

Kind: what was once judged unknown is judged anew with every message. Fixed by keeping no
"unknown" answers at all (``devices.senders.known_device`` asks the registry each time), by
bringing every registration to both readers through the journal (decisions.md 1), and before the
messages that waited for us at the broker (``ingest.receiver``).
"""

from collections.abc import Iterator

import pytest

from support.bad_input_run import BEHIND, KEEP_ALL, Outside, fix_now
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
NEWCOMER, BYSTANDER, ABSENT, FLOODER, ADOPTED = (f"eb-{k:04d}" for k in range(995, 1000))
KEPT = 10
"""Rows of quarantine that one device may fill in a day here."""
FLOOD = 50


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A platform on a broker that lets strangers in; each test has its own."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Outside(
        tmp_path_factory.mktemp("a14"),
        strangers=(NEWCOMER, BYSTANDER, ABSENT, FLOODER, ADOPTED),
        settings=KEEP_ALL | {"quarantine": {"rows_per_device_day": KEPT}},
    ) as city:
        city.run(*BEHIND, "api")
        yield city


def test_a14_a_stranger_is_taken_from_its_registration_on_without_a_restart(
    city: Outside,
) -> None:
    """A-14: seen in quarantine, registered by the API, taken by both readers from then on."""
    before = city.pids()
    _say(city, NEWCOMER, 1, 2, 3)
    _say(city, BYSTANDER, 1, 2, 3)
    held = _held(city, NEWCOMER)
    _register(city, NEWCOMER)
    city.settle_controls()

    _say(city, NEWCOMER, 4)
    _say(city, BYSTANDER, 4)

    assert held == _held(city, NEWCOMER) == ["unknown_device"] * 3
    assert _held(city, BYSTANDER) == ["unknown_device"] * 4
    assert city.numbers(NEWCOMER) == [4]
    assert city.numbers(BYSTANDER) == []
    assert city.pids() == before


def test_a14_who_was_registered_while_we_were_away_is_no_stranger(city: Outside) -> None:
    """A-14 is a kind: messages wait at the broker, the registration waits in the records."""
    assert city.parts["ingest"].end() == 0
    _register(city, ABSENT)
    received = city.books()["received"]
    for seq in (1, 2, 3):
        city.say(ABSENT, f"pg/v1/up/trk/{ABSENT}/fix", fix_now(seq))

    city.run("ingest")
    city.settle(received + 3)

    assert city.numbers(ABSENT) == [1, 2, 3]
    assert _held(city, ABSENT) == []


def test_a14_strangers_cannot_fill_the_quarantine(city: Outside) -> None:
    """A-14: what is past the bound of one device is counted and not kept; others have theirs."""
    refused = city.quarantined()["unknown_device"]

    _say(city, FLOODER, *range(FLOOD))
    with city.client() as client:
        reasons = client.get("/v1/quarantine/reasons").json()

    assert len(_held(city, FLOODER)) == KEPT
    assert reasons["not_kept"] == [{"reason": "unknown_device", "count": FLOOD - KEPT}]
    assert city.quarantined() == {"unknown_device": refused + FLOOD}


def test_a14_an_adopted_stranger_keeps_what_it_said_before(city: Outside) -> None:
    """A-14: adopting runs the held messages again, through the processor and the projector."""
    before, refused = city.pids(), city.quarantined()["unknown_device"]
    _say(city, ADOPTED, 1, 2, 3)
    with city.client() as client:
        answer = client.post("/v1/quarantine/adopt", json={"device": {"id": ADOPTED, "cls": "trk"}})
    city.settle_controls()

    _say(city, ADOPTED, 4)

    assert answer.status_code == 201, answer.text
    assert answer.json()["held"]["queued"] == 3
    assert city.numbers(ADOPTED) == [1, 2, 3, 4]
    assert city.quarantined() == {"unknown_device": refused}
    assert city.pids() == before


def _say(city: Outside, stranger: str, *numbers: int) -> None:
    received = city.books()["received"]
    for number in numbers:
        city.say(stranger, f"pg/v1/up/trk/{stranger}/fix", fix_now(number))
    city.settle(received + len(numbers))


def _register(city: Outside, stranger: str) -> None:
    with city.client() as client:
        body = {"devices": [{"id": stranger, "cls": "trk"}], "adopt": False}
        answer = client.post("/v1/devices", json=body)
    assert answer.status_code == 201, answer.text


def _held(city: Outside, stranger: str) -> list[str]:
    """Reasons of what is in quarantine of a device."""
    with city.client() as client:
        page = client.get("/v1/quarantine", params={"device": stranger}).json()
    return [row["reason"] for row in page["quarantine"]]
