"""Case A-27, an empty message.

Kind: a message without content stops nobody. Fixed by ``devices.encoding.open_payload``
(``empty``, counted like every refusal) and by a network thread that only appends to a queue
(``ingest.source``); a cleared retained message is gone and comes at no restart.
"""

from pathlib import Path

import pytest

from parkguard.status_files import read_all
from support.bad_input_run import BEHIND, KEEP_ALL, Outside, fix_now
from support.machine import missing_mosquitto

pytestmark = pytest.mark.broker
DEVICE = "trk-load-000001"
UP = f"pg/v1/up/trk/{DEVICE}"
CHANNELS = ("fix", "batch", "event", "state", "info", "ack")


def test_a27_empty_messages_with_and_without_retain_stop_nothing(tmp_path: Path) -> None:
    """A-27: each is ``empty``, the next message is taken, the connection stays as it is."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Outside(tmp_path, settings=KEEP_ALL) as city:
        city.run(*BEHIND)
        before = city.pids()
        city.say(DEVICE, f"{UP}/state", b'{"v":1,"state":"online"}', retain=True)
        for number, channel in enumerate(CHANNELS):
            for step, retain in enumerate((False, True)):
                city.say(DEVICE, f"{UP}/{channel}", b"", retain=retain)
                city.say(DEVICE, f"{UP}/fix", fix_now(2 * number + step))
        sent = 1 + 4 * len(CHANNELS)
        city.settle(sent)
        status = read_all(city.settings.data_dir / "run")["ingest"]
        same = city.pids()

        city.restart("ingest")
        city.say(DEVICE, f"{UP}/fix", fix_now(2 * len(CHANNELS)))
        city.settle(sent + 1)

        assert city.quarantined() == {"empty": 2 * len(CHANNELS)}
        assert city.numbers(DEVICE) == list(range(2 * len(CHANNELS) + 1))
        assert city.books()["received"] == sent + 1  # the cleared state did not come again
        assert same == before
        assert status.ready
        assert status.metrics["ingest_reconnects_total"] == 0
