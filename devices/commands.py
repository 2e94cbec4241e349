"""Commands to devices: at most one of a kind in flight per device, with deadline and answer.

Part of the processor's core: no clock, no network. What comes in (orders, answers, signs of life)
is gathered and decided at the next tick, so that batches give what one by one would. A word that is
lost is said again when the device is heard: nobody can tell a device that sleeps.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from devices.admission import Admission
from devices.admitted import Record
from devices.command import (
    Command,
    CommandChange,
    CommandKind,
    CommandState,
    Order,
    command_id,
)
from devices.downlink import Downlink
from devices.downlink_policy import DownlinkPolicy
from devices.model import AdminState, Device
from devices.readings import CommandAck
from devices.words import AckResult

SYSTEM = "system"
"""``by`` of what the platform asks by itself."""
DETAIL_CHARS = 200
"""Of a device's own words on its answer so many are kept. Our choice."""
_ENDS = {
    AckResult.DONE: CommandState.DONE,
    AckResult.REFUSED: CommandState.REFUSED,
    AckResult.FAILED: CommandState.FAILED,
    AckResult.EXPIRED: CommandState.EXPIRED,
}
"""``pending`` is missing: the device has it and works on it."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants a command sent; it is decided at the next tick."""

    device_id: str
    order: Order
    at_ms: int
    by: str = SYSTEM
    why: str = ""


class Answer(msgspec.Struct, frozen=True):
    """A device's ``ack`` that waits for the next tick."""

    device_id: str
    cmd_id: str
    result: AckResult
    detail: str


class Silence(msgspec.Struct):
    """A kind of command that a device left unanswered so often in a row.

    Until ``until_ms`` (steady clock) we do not ask it again by ourselves.
    """

    times: int
    until_ms: int


class CommandsState(msgspec.Struct):
    """For checkpoints; ``silent`` by device and kind."""

    open: dict[str, list[Command]] = {}
    wishes: list[Wish] = []
    answers: list[Answer] = []
    heard: list[str] = []
    silent: dict[str, dict[str, Silence]] = {}


class Told(NamedTuple):
    """What a tick gave: changes to store, what to send once they are stored, and first silences.

    ``unanswered`` has the devices that let a question of ours pass for the first time.
    """

    changes: list[CommandChange]
    downlinks: list[Downlink]
    unanswered: list[str]


class Commands:
    """All commands that are open, by device."""

    def __init__(self, admission: Admission, policy: DownlinkPolicy) -> None:
        """Start with none; the registry is that of ``admission``."""
        self._admission = admission
        self._policy = policy
        self._open: dict[str, list[Command]] = {}
        self._wishes: list[Wish] = []
        self._answers: list[Answer] = []
        self._heard: set[str] = set()
        self._silent: dict[str, dict[str, Silence]] = {}

    @property
    def waits(self) -> bool:
        """Whether a tick has something to decide."""
        return bool(self._open or self._wishes)

    @property
    def open_count(self) -> int:
        """Commands without an end."""
        return sum(map(len, self._open.values()))

    def wish(self, wish: Wish) -> None:
        """Ask for a command."""
        self._wishes.append(wish)

    def records(self, records: Iterable[Record]) -> None:
        """Answers and signs of life; costs nothing while no command is open."""
        if not self._open:
            return
        for record in records:
            device_id, reading = record.device.id, record.reading
            if device_id in self._open:
                self._heard.add(device_id)
                if isinstance(reading, CommandAck):
                    detail = reading.detail[:DETAIL_CHARS]
                    said = Answer(device_id, reading.cmd_id, reading.result, detail)
                    self._answers.append(said)

    def tick(self, *, elapsed_ms: int, wall_ms: int) -> Told:
        """Decide what came in, end what is over, send what may be sent."""
        told = Told([], [], [])
        if not (self._open or self._wishes):
            return told
        for answer in self._answers:
            self._answer(answer, wall_ms, told)
        self._answers.clear()
        self._expire(elapsed_ms, wall_ms, told)
        for wish in self._wishes:
            self._take(wish, elapsed_ms, wall_ms, told)
        self._wishes.clear()
        for device_id, commands in self._open.items():
            self._send(commands, elapsed_ms, wall_ms, told, heard=device_id in self._heard)
        return told

    # -- the steps of a tick ----------------------------------------------------------------

    def _answer(self, answer: Answer, wall_ms: int, told: Told) -> None:
        for command in self._open.get(answer.device_id, []):
            if command.cmd_id != answer.cmd_id or command.state is not CommandState.SENT:
                continue
            command.detail, command.held = answer.detail, True
            silent = self._silent.get(answer.device_id)
            if silent is not None:
                silent.pop(command.order.kind, None)
            end = _ENDS.get(answer.result)
            if end is not None:
                self._end(command, end, wall_ms, told)
            return

    def _expire(self, elapsed_ms: int, wall_ms: int, told: Told) -> None:
        over = [c for commands in self._open.values() for c in commands if c.due_ms <= elapsed_ms]
        for command in over:
            if command.sends and command.by == SYSTEM:
                self._note_silence(command, elapsed_ms, told)
            self._end(command, CommandState.EXPIRED, wall_ms, told)

    def _note_silence(self, command: Command, elapsed_ms: int, told: Told) -> None:
        """Wait longer with every question in a row that nobody answered."""
        silent = self._silent.setdefault(command.device_id, {})
        known = silent.get(command.order.kind)
        times = 1 if known is None else known.times + 1
        wait_ms = int(self._policy.command_backoff_s * 1000) * 2 ** min(times - 1, 6)
        silent[command.order.kind] = Silence(times, elapsed_ms + wait_ms)
        if times == 1 and command.device_id not in told.unanswered:
            told.unanswered.append(command.device_id)

    def _take(self, wish: Wish, elapsed_ms: int, wall_ms: int, told: Told) -> None:
        device = self._present(wish.device_id)
        if device is None:
            return
        kind, order = wish.order.kind, wish.order
        if wish.by == SYSTEM:
            known = self._silent.get(device.id, {}).get(kind)
            if known is not None and elapsed_ms < known.until_ms:
                return
        commands = self._open.setdefault(device.id, [])
        cmd_id = command_id(device.id, order, wish.at_ms, wish.by)
        if any(command.cmd_id == cmd_id for command in commands):
            return
        for waiting in [c for c in commands if c.order.kind is kind and not c.sends]:
            self._end(waiting, CommandState.REPLACED, wall_ms, told)
        deadline_ms = int(order.deadline_s * 1000)
        command = Command(
            cmd_id=cmd_id,
            device_id=device.id,
            slot=device.slot,
            order=order,
            by=wish.by,
            why=wish.why,
            asked_ms=wish.at_ms,
            due_ms=elapsed_ms + deadline_ms,
            until_ms=wall_ms + deadline_ms,
        )
        self._open.setdefault(device.id, []).append(command)
        told.changes.append(_change(command, wall_ms))

    def _send(
        self, commands: list[Command], elapsed_ms: int, wall_ms: int, told: Told, *, heard: bool
    ) -> None:
        """The first of each kind, and again when the device was heard and did not answer."""
        taken = set[CommandKind]()
        for command in commands:
            kind = command.order.kind
            if kind in taken:
                continue
            taken.add(kind)
            wait_ms = self._policy.command_again_s * 1000 * 2 ** (command.sends - 1)
            again = heard and not command.held and elapsed_ms - command.sent_ms >= wait_ms
            if command.sends and not (again and command.sends < self._policy.command_sends):
                continue
            device = self._present(command.device_id)
            if device is None:
                continue
            command.state, command.sent_ms = CommandState.SENT, elapsed_ms
            command.sends += 1
            command.version += 1
            told.changes.append(_change(command, wall_ms))
            told.downlinks.append(Downlink(device, command.message()))
            self._heard.discard(command.device_id)

    def _end(self, command: Command, state: CommandState, wall_ms: int, told: Told) -> None:
        left = [c for c in self._open[command.device_id] if c is not command]
        if left:
            self._open[command.device_id] = left
        else:
            del self._open[command.device_id]
            self._heard.discard(command.device_id)
        command.state = state
        command.version += 1
        told.changes.append(_change(command, wall_ms))

    def forget(self, device_id: str) -> None:
        """A device was retired: its commands run into their deadlines, none is sent again."""
        self._silent.pop(device_id, None)

    def _present(self, device_id: str) -> Device | None:
        """A device that is not retired."""
        device = self._admission.registry.devices.get(device_id)
        return None if device is None or device.admin is AdminState.RETIRED else device

    # -- checkpoints ------------------------------------------------------------------------

    def dump(self) -> CommandsState:
        """State for a checkpoint."""
        return CommandsState(
            open=self._open,
            wishes=self._wishes,
            answers=self._answers,
            heard=sorted(self._heard),
            silent=self._silent,
        )

    def load(self, state: CommandsState) -> None:
        """Take the state of a checkpoint."""
        self._open = state.open
        self._wishes = list(state.wishes)
        self._answers = list(state.answers)
        self._heard = set(state.heard)
        self._silent = state.silent


def _change(command: Command, wall_ms: int) -> CommandChange:
    return CommandChange(
        cmd_id=command.cmd_id,
        device_id=command.device_id,
        order=command.order,
        by=command.by,
        why=command.why,
        asked_ms=command.asked_ms,
        until_ms=command.until_ms,
        state=command.state,
        at_ms=wall_ms,
        sends=command.sends,
        detail=command.detail,
        version=command.version,
    )
