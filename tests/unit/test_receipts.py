"""Who is told what is stored, when, and never more than is true."""

from collections import Counter

import msgspec
import pytest

from devices.admission import Admission
from devices.downlink import Downlink, ReceiptMessage, ResendMessage, command_id
from devices.downlink_policy import DownlinkPolicy
from devices.downlinks import Downlinks, DownlinksState
from devices.entry import Entry
from support.factories import ELAPSED0_MS, ROOT, a_device, a_registry, an_entry, at_ms, fix_bytes

POLICY = DownlinkPolicy(
    receipt_s=60.0, resend_after_s=3.0, resend_again_s=60.0, resend_asks=2, resend_ranges=2
)


class Town:
    """Two trackers and what is said to them. Seconds after the start everywhere."""

    def __init__(self) -> None:
        self.admission = Admission(ROOT, registry=a_registry(trackers=2))
        self.downlinks = Downlinks(self.admission, POLICY)

    def hear(self, *entries: Entry) -> None:
        """Admit entries and let them be answered."""
        admitted = self.admission.admit(list(entries), Counter())
        self.downlinks.take(admitted, entries[-1].elapsed_ms)

    def say(self, at_s: float) -> list[Downlink]:
        """What is due."""
        elapsed_ms = ELAPSED0_MS + round(at_s * 1000)
        return self.downlinks.tick(
            elapsed_ms=elapsed_ms, wall_ms=at_ms(at_s), waits=lambda _: False
        )

    def restarted(self) -> "Town":
        """What a new process makes of the checkpoint of this moment."""
        town = Town()
        said = msgspec.msgpack.encode(self.downlinks.dump())
        town.admission.load(self.admission.dump())
        town.downlinks.load(msgspec.msgpack.decode(said, type=DownlinksState))
        return town


def info(at_s: float = 0.0, *, receipts: bool = True, caps: tuple[str, ...] = ("resend",)) -> Entry:
    body = {"v": 1, "t": at_ms(at_s), "receipts": receipts, "caps": caps}
    return an_entry(msgspec.json.encode(body), at_s=at_s, channel="info")


def state(word: str, at_s: float, reason: str = "") -> Entry:
    body = {"v": 1, "state": word, "t": at_ms(at_s), "boot": "b1", "reason": reason}
    return an_entry(msgspec.json.encode(body), at_s=at_s, channel="state")


def fix(seq: int, at_s: float, *, device: int = 1, boot: str = "b1") -> Entry:
    payload = fix_bytes(at_s, seq=seq, boot=boot)
    return an_entry(payload, at_s=at_s, device=a_device(device))


def ack(cmd_id: str, result: str, at_s: float) -> Entry:
    body = {"v": 1, "t": at_ms(at_s), "cmd_id": cmd_id, "result": result}
    return an_entry(msgspec.json.encode(body), at_s=at_s, channel="ack")


def marks(said: list[Downlink]) -> list[tuple[str, int, int]]:
    """The receipts as (boot, from, upto)."""
    messages = [each.message for each in said if isinstance(each.message, ReceiptMessage)]
    return [(message.boot, message.first, message.upto) for message in messages]


def asked(said: list[Downlink]) -> list[tuple[str, int, int]]:
    """The requests to send again as (boot, from, to)."""
    messages = [each.message for each in said if isinstance(each.message, ResendMessage)]
    return [(message.boot, message.first, message.last) for message in messages]


def test_only_who_asks_gets_receipts() -> None:
    """Opt-in by ``info``; another device of the same city hears nothing."""
    town = Town()
    town.hear(info(), fix(5, 1.0), fix(5, 1.0, device=2))

    said = town.say(2.0)

    assert {each.device.id for each in said} == {a_device(1).id}
    assert said[0].topic(ROOT) == f"pg/v1/dn/trk/{a_device(1).id}/receipt"
    assert msgspec.json.decode(msgspec.json.encode(said[0].message)) == {
        "v": 1,
        "boot": "b1",
        "from": 5,
        "upto": 5,
    }


def test_at_most_one_a_minute_and_every_record_gets_one() -> None:
    """Coalesced; the last record of a device that falls silent is told too."""
    town = Town()
    town.hear(info(), fix(1, 1.0))
    first = town.say(1.0)
    town.hear(*(fix(seq, float(seq)) for seq in range(2, 20)))

    assert marks(first) == [("b1", 1, 1)]
    assert town.say(60.9) == []
    assert marks(town.say(61.0)) == [("b1", 1, 19)]
    assert town.say(500.0) == []


@pytest.mark.parametrize("word", ["online", "sleeping", "disconnected"])
def test_a_device_that_comes_or_leaves_is_told_at_once(word: str) -> None:
    """It decides now what it sends again, or whether it may forget; a will is nobody's word."""
    town = Town()
    town.hear(info(), fix(1, 1.0))
    town.say(1.0)
    town.hear(fix(2, 2.0), state(word, 3.0))

    assert marks(town.say(3.0)) == [("b1", 1, 2)]
    town.hear(state("lost", 4.0))
    assert town.say(4.0) == []


def test_a_repeated_record_gets_its_receipt_again() -> None:
    """The first receipt was lost: QoS 0."""
    town = Town()
    town.hear(info(), fix(1, 1.0))
    town.say(1.0)
    town.hear(fix(1, 1.0)._replace(elapsed_ms=ELAPSED0_MS + 70_000))

    assert marks(town.say(70.0)) == [("b1", 1, 1)]


def test_a_receipt_never_covers_a_hole() -> None:
    """The mark stands before the first missing number and goes on when it comes."""
    town = Town()
    town.hear(info(), fix(1, 1.0), fix(2, 2.0), fix(5, 5.0))

    assert marks(town.say(5.0)) == [("b1", 1, 2)]
    town.hear(fix(3, 70.0), fix(4, 70.0))
    assert marks(town.say(70.0)) == [("b1", 1, 5)]


def test_what_is_in_quarantine_is_stored() -> None:
    """A device must not send for ever what will be refused for ever."""
    town = Town()
    refused = an_entry(
        b'{"v":1,"boot":"b1","seq":2,"t":"never","pos":{"lat":"x","lon":1,"src":"gnss"}}', at_s=2.0
    )
    town.hear(info(), fix(1, 1.0), refused, fix(3, 3.0))

    assert marks(town.say(4.0)) == [("b1", 1, 3)]
    assert asked(town.say(10.0)) == []


def test_every_boot_has_its_own_mark() -> None:
    """A tracker that lost power still holds records of before."""
    town = Town()
    town.hear(info(), fix(7, 1.0), fix(8, 2.0), fix(1, 3.0, boot="b2"), state("online", 3.0))

    assert marks(town.say(4.0)) == [("b1", 7, 8), ("b2", 1, 1)]


def test_a_gap_is_asked_for_and_then_left_alone() -> None:
    """After three seconds, again with longer waits, so often as the policy says; then silence."""
    town = Town()
    town.hear(info(receipts=False))
    town.hear(fix(1, 1.0), fix(4, 2.0), fix(6, 2.0), fix(8, 2.0))

    assert asked(town.say(4.9)) == []
    assert asked(town.say(5.0)) == [("b1", 2, 3), ("b1", 5, 5)]  # at most two at once
    assert asked(town.say(64.0)) == []
    assert asked(town.say(65.0)) == [("b1", 2, 3), ("b1", 5, 5)]
    assert asked(town.say(100_000.0)) == []
    town.hear(state("online", 100_001.0))
    assert asked(town.say(100_004.0)) == [("b1", 2, 3), ("b1", 5, 5)]


def test_a_device_that_answers_is_asked_for_the_rest() -> None:
    """Numbers that come are no silence."""
    town = Town()
    town.hear(info(), fix(1, 1.0), fix(4, 2.0))
    town.say(5.0)
    town.say(65.0)
    town.hear(fix(2, 66.0))

    assert asked(town.say(365.0)) == [("b1", 3, 3)]
    town.hear(fix(3, 366.0))
    assert asked(town.say(100_000.0)) == []


def test_who_cannot_send_again_is_not_asked() -> None:
    """No capability, no request; the gap stays in the books."""
    town = Town()
    town.hear(info(caps=()), fix(1, 1.0), fix(4, 2.0))

    assert asked(town.say(10.0)) == []
    assert town.admission.gaps == 2


@pytest.mark.parametrize("result", ["failed", "refused"])
def test_what_a_device_no_longer_has_is_forgone(result: str) -> None:
    """The mark passes over it and nobody asks again; it stays a gap."""
    town = Town()
    town.hear(info(), fix(1, 1.0), fix(4, 2.0))
    (request,) = [each.message for each in town.say(5.0) if each.channel == "cmd"]
    assert isinstance(request, ResendMessage)
    town.hear(ack(request.cmd_id, result, 6.0), fix(5, 7.0))

    assert request.cmd_id == command_id(("b1", 2, 3))
    assert marks(town.say(70.0)) == [("b1", 1, 5)]
    assert asked(town.say(100_000.0)) == []
    assert town.admission.gaps == 2


def test_a_device_forgoes_only_what_is_missing_of_its_own() -> None:
    """An answer to a question that nobody asked changes nothing."""
    town = Town()
    town.hear(info(), fix(1, 1.0), fix(4, 2.0), ack(command_id(("b1", 1, 9)), "failed", 3.0))

    assert asked(town.say(5.0)) == [("b1", 2, 3)]


def test_a_restart_goes_on_where_it_was() -> None:
    """What is owed and what was asked survive in the checkpoint."""
    town, straight = Town(), Town()
    for each in (town, straight):
        each.hear(info(), fix(1, 1.0), fix(4, 2.0))
        each.say(5.0)
        each.hear(fix(5, 6.0))
    town = town.restarted()

    for at_s in (10.0, 64.0, 65.0, 66.0, 400.0):
        assert town.say(at_s) == straight.say(at_s)


def test_a_device_that_no_longer_wants_is_left_alone() -> None:
    """``info`` may take it back; a retired device hears nothing."""
    town = Town()
    town.hear(info(), fix(1, 1.0), fix(4, 2.0), info(2.5, receipts=False, caps=()))

    assert town.say(1_000.0) == []


def test_a_device_that_connects_twice_in_one_moment_is_asked_once() -> None:
    """And when its gap closed meanwhile nobody is asked, and nothing breaks."""
    twice = (state("online", 3.0, "power_on"), state("online", 3.0, "reconnected"))
    asking, closed = Town(), Town()
    for town in (asking, closed):
        town.hear(info())
        town.hear(fix(1, 1.0), fix(3, 2.0), *twice)
    closed.hear(fix(2, 4.0))

    assert asked(asking.say(6.0)) == [("b1", 2, 2)]
    assert asked(closed.say(6.0)) == []
