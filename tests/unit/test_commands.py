"""Commands to devices: queued, sent, answered, over; never two of a kind at once."""

import msgspec
import pytest

from devices.admission import Admission
from devices.command import Command, CommandKind, CommandState, Order, command_id
from devices.commands import Commands, CommandsState, Told, Wish
from devices.control import RegisterDevices, RevokeDevice, SendCommand
from devices.downlink_policy import DownlinkPolicy
from devices.errors import StoreError
from devices.readings import CommandAck
from devices.words import AckResult
from support.factories import (
    ROOT,
    a_control,
    a_device,
    a_fix,
    a_record,
    a_registry,
    a_tick,
    at_ms,
)
from support.fakes import REFUSED
from support.plant import ProcessorPlant

LOCATE = Order(kind=CommandKind.LOCATE)
FAST = Order(kind=CommandKind.INTERVAL, every_s=5, for_s=180)
OWN = Order(kind=CommandKind.INTERVAL)
WHO = a_device(1).id


class Desk:
    """Commands of one registry, a tick a second."""

    def __init__(self, policy: DownlinkPolicy | None = None) -> None:
        self.policy = policy or DownlinkPolicy()
        self.admission = Admission(ROOT, registry=a_registry(trackers=2))
        self.commands = Commands(self.admission, self.policy)
        self.now_s = 0.0
        self.told = Told([], [], [])

    def ask(self, order: Order = LOCATE, *, by: str = "system") -> str:
        """Wish for a command; gives its id."""
        self.commands.wish(Wish(device_id=WHO, order=order, at_ms=at_ms(self.now_s), by=by))
        return command_id(WHO, order, at_ms(self.now_s), by)

    def tick(self, seconds: int = 1) -> None:
        """Let time pass."""
        for _ in range(seconds):
            self.now_s += 1
            told = self.commands.tick(
                elapsed_ms=round(self.now_s * 1000), wall_ms=at_ms(self.now_s)
            )
            self.told.changes.extend(told.changes)
            self.told.downlinks.extend(told.downlinks)
            self.told.unanswered.extend(told.unanswered)

    def ack(self, cmd_id: str, result: AckResult = AckResult.DONE) -> None:
        """The device answers."""
        said = CommandAck(t_ms=at_ms(self.now_s), cmd_id=cmd_id, result=result, detail="well")
        self.commands.records([a_record(said, device=a_device(1), at_s=self.now_s)])

    def hear(self) -> None:
        """The device says something else."""
        self.commands.records([a_record(a_fix(self.now_s), device=a_device(1), at_s=self.now_s)])

    def restart(self) -> None:
        """Go on from a checkpoint."""
        blob = msgspec.msgpack.encode(self.commands.dump())
        self.commands = Commands(self.admission, self.policy)
        self.commands.load(msgspec.msgpack.decode(blob, type=CommandsState))

    @property
    def states(self) -> list[str]:
        """The states that were stored, in order."""
        return [change.state.value for change in self.told.changes]

    @property
    def sent(self) -> list[str]:
        """Kinds of what was sent, in order."""
        return [str(downlink.message.type) for downlink in self.told.downlinks]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("result", "end"),
    [
        (AckResult.DONE, "done"),
        (AckResult.REFUSED, "refused"),
        (AckResult.FAILED, "failed"),
        (AckResult.EXPIRED, "expired"),
    ],
)
def test_an_answer_ends_a_command(result: AckResult, end: str) -> None:
    """Stored as queued and as sent, then as the device said; nothing is open any more."""
    desk = Desk()
    cmd_id = desk.ask()
    desk.tick()

    desk.ack(cmd_id, result)
    desk.tick()

    assert desk.states == ["queued", "sent", end]
    assert desk.told.changes[-1].detail == "well"
    assert not desk.commands.waits


def test_pending_is_no_end() -> None:
    """The device has it and works on it: the deadline still counts."""
    desk = Desk()
    cmd_id = desk.ask()
    desk.tick()

    desk.ack(cmd_id, AckResult.PENDING)
    desk.tick(61)

    assert desk.states == ["queued", "sent", "expired"]


def test_a_message_says_what_and_until_when() -> None:
    """docs/wire.md: an interval, for how long, and the end of the request."""
    desk = Desk()
    cmd_id = desk.ask(FAST)

    desk.tick()

    (downlink,) = desk.told.downlinks
    assert downlink.topic(ROOT) == f"{ROOT}/dn/trk/{WHO}/cmd"
    assert msgspec.json.decode(msgspec.json.encode(downlink.message)) == {
        "v": 1,
        "cmd_id": cmd_id,
        "type": "interval",
        "every_s": 5.0,
        "for_s": 180.0,
        "until": at_ms(61),
    }


def test_one_of_a_kind_at_a_time_and_the_newest_of_those_that_wait() -> None:
    """Back to its own interval waits for the answer; one that waits is replaced by a newer one."""
    desk = Desk()
    first = desk.ask(FAST)
    desk.tick()
    desk.ask(OWN)
    desk.tick()
    newest = desk.ask(OWN)
    desk.tick()
    assert desk.sent == ["interval"]
    assert desk.states == ["queued", "sent", "queued", "replaced", "queued"]

    desk.ack(first)
    desk.tick()

    assert desk.sent == ["interval", "interval"]
    assert desk.told.changes[-1].cmd_id == newest


def test_kinds_do_not_wait_for_each_other() -> None:
    """Locate is sent beside an interval that has no answer yet."""
    desk = Desk()
    desk.ask(FAST)
    desk.ask(LOCATE)

    desk.tick()

    assert desk.sent == ["interval", "locate"]


def test_said_again_only_when_the_device_is_heard() -> None:
    """A device that sleeps hears nothing; one that speaks and does not answer did not hear it."""
    desk = Desk()
    desk.ask(Order(kind=CommandKind.LOCATE, deadline_s=600))
    desk.tick(100)
    assert len(desk.sent) == 1

    desk.hear()
    desk.tick()
    assert len(desk.sent) == 2
    desk.hear()
    desk.tick(29)
    assert len(desk.sent) == 2  # twice the first wait

    desk.tick(2)
    for _ in range(300):
        desk.hear()
        desk.tick()

    assert len(desk.sent) == DownlinkPolicy().command_sends


def test_an_unanswered_question_is_told_once_and_not_put_again_soon() -> None:
    """The second silence in a row is told to nobody, and the wait doubles."""
    desk = Desk()
    desk.ask()
    desk.tick(62)
    assert desk.told.unanswered == [WHO]

    desk.ask()
    desk.tick()
    assert len(desk.sent) == 1  # backed off

    desk.tick(600)
    desk.ask()
    desk.tick(62)
    assert (len(desk.sent), desk.told.unanswered) == (2, [WHO])
    desk.tick(601)
    desk.ask()
    desk.tick()
    assert len(desk.sent) == 2  # twice the first back-off


def test_people_are_not_held_back() -> None:
    """An operator may ask a silent device at once, and the answer ends the back-off."""
    desk = Desk()
    desk.ask()
    desk.tick(62)
    cmd_id = desk.ask(by="li")
    desk.tick()
    assert len(desk.sent) == 2

    desk.ack(cmd_id)
    desk.tick()
    desk.ask()
    desk.tick()

    assert len(desk.sent) == 3


def test_a_retired_device_is_sent_nothing() -> None:
    """What was open runs into its deadline."""
    desk = Desk()
    desk.ask(FAST)
    desk.tick()
    desk.ask(OWN)
    desk.admission.registry.apply(RevokeDevice(at_ms=0, device_id=WHO))
    desk.commands.forget(WHO)

    desk.tick(100)
    desk.ask()
    desk.tick(3)

    assert (desk.sent, desk.states[-1]) == (["interval"], "expired")
    assert not desk.commands.waits


def test_a_restart_between_question_and_answer_changes_nothing() -> None:
    """Open commands, wishes and back-off are in the checkpoint."""
    plain, restarted = Desk(), Desk()
    for desk in (plain, restarted):
        cmd_id = desk.ask(FAST)
        desk.tick()
        desk.ask(LOCATE)
        if desk is restarted:
            desk.restart()
        desk.tick(5)
        desk.ack(cmd_id)
        if desk is restarted:
            desk.restart()
        desk.tick(80)
        desk.ask(LOCATE)
        desk.tick()

    assert plain.told == restarted.told


def test_the_same_words_give_the_same_id() -> None:
    """A replay names a command as the live run did; another time, another name."""
    assert command_id(WHO, LOCATE, 5, "li") == command_id(WHO, LOCATE, 5, "li")
    assert command_id(WHO, LOCATE, 5, "li") != command_id(WHO, LOCATE, 6, "li")
    assert command_id(WHO, FAST, 5, "li") != command_id(WHO, OWN, 5, "li")


def test_a_state_is_open_or_an_end() -> None:
    """Only what is queued or sent may still be answered."""
    assert [s for s in CommandState if s.is_open] == [CommandState.QUEUED, CommandState.SENT]
    assert Command.__struct_fields__[0] == "cmd_id"


LOCATE_BY_LI = SendCommand(at_ms=at_ms(1), by="li", device_id=WHO, order=LOCATE)
COMMANDED = [
    a_control(RegisterDevices(at_ms=0, devices=[a_device(1)]), seq=1),
    a_control(LOCATE_BY_LI, at_s=1, seq=2),
    a_tick(2, seq=3),
]
"""A device is registered and commanded; the tick decides."""


def test_nothing_is_said_that_is_not_stored() -> None:
    """The commit fails: no word leaves; it is tried again: the word leaves after it, once."""
    plant = ProcessorPlant(COMMANDED)
    plant.ledger.fail_next(REFUSED)
    plant.processor.step(COMMANDED)
    with pytest.raises(StoreError):
        plant.processor.commit()
    assert plant.devices.said == []

    plant.processor.commit()

    (said,) = plant.devices.said
    assert said.message.cmd_id == command_id(WHO, LOCATE, at_ms(1), "li")  # type: ignore[union-attr]
    assert plant.ledger.books["command", "sent"] == 1


def test_a_processor_that_starts_again_does_not_say_it_again() -> None:
    """What was committed before is run again for the state alone."""
    plant = ProcessorPlant(COMMANDED)
    plant.processor.step(COMMANDED)
    plant.processor.commit()

    plant.start()

    assert len(plant.devices.said) == 1
