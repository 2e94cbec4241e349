"""One run: the lines of one file, taken one by one in their order, and what was expected."""

from collections.abc import Iterable
from itertools import islice

from devices.control import HELD_MAX, Requeue
from devices.model import AdminState
from devices.registration_faults import RegistryError
from parkguard.replay import ticking
from parkguard.replay.enrolment import Enrolment
from parkguard.replay.expecting import miss_of, note_of
from parkguard.replay.lines import (
    AnyLine,
    Expect,
    FenceFields,
    FenceLine,
    Mqtt,
    Side,
    Truth,
)
from parkguard.replay.reading import LineError, payload_of
from parkguard.replay.sides import controls_of
from parkguard.replay.state import SeenWorld
from parkguard.replay.timeline import Timeline
from parkguard.settings import Settings


class Replay:
    """A run of one file. Feed it lines in order, then ``finish``.

    Attributes:
        timeline: The live pipeline and its clock.
        enrolment: What the file registered.
        truths: For the score.
        misses: What was expected and not seen, one line each.
        notes: What was taken and had no effect, one line each.
    """

    def __init__(
        self, settings: Settings, *, name: str = "-", ahead: ticking.Ahead = ticking.ahead_ms
    ) -> None:
        """Name the file for messages; ``ahead`` as in ``Timeline``."""
        self._name = name
        self.timeline = Timeline(settings, ahead=ahead)
        self.enrolment = Enrolment()
        self.truths: list[Truth] = []
        self.misses: list[str] = []
        self.notes: list[str] = []
        self._expects: list[tuple[int, Expect]] = []
        self._named: list[tuple[int, str, str]] = []

    def feed(self, numbered: Iterable[tuple[int, AnyLine]]) -> None:
        """Run lines.

        Raises:
            LineError: A line whose payload, or whose device, cannot be taken.
        """
        for number, line in numbered:
            if type(line) is Mqtt:
                self._mqtt(number, line)
                continue
            try:
                self._other(number, line)
            except RegistryError as exc:
                raise LineError(self._name, number, "; ".join(exc.faults)) from exc

    def finish(self) -> None:
        """Let the clock come to the last ``recv_t`` and check what is expected at the end.

        Raises:
            BooksError: The totals do not balance.
        """
        self._enrol()
        self.timeline.finish()
        for number, expect in self._expects:
            self._check(number, expect)
        self._note_unknown()
        self.timeline.observed.totals()

    def world(self) -> SeenWorld:
        """What there is to see at this moment."""
        timeline = self.timeline
        pipeline, rows = timeline.seen()
        return SeenWorld(
            pipeline,
            rows,
            observed=timeline.observed,
            clock=timeline.clock,
            enrolment=self.enrolment,
        )

    # -- lines --------------------------------------------------------------------------

    def _mqtt(self, number: int, line: Mqtt) -> None:
        try:
            payload = payload_of(line)
        except ValueError as exc:
            raise LineError(self._name, number, str(exc)) from exc
        recv_t = line.recv_t
        if self.enrolment.pending:
            self._arrive(recv_t)
        self.timeline.receive(recv_t, line.topic, payload, retain=line.retain, dup=line.dup)

    def _other(self, number: int, line: AnyLine) -> None:
        match line:
            case Side():
                self._arrive(line.recv_t)
                self._side(number, line)
            case Truth():
                self.truths.append(line)
                self._named.append((number, "truth", line.vehicle))
            case Expect(recv_t=None):
                self._expects.append((number, line))
            case Expect():
                self._arrive(line.recv_t or 0)
                self._check(number, line)
            case FenceLine():
                self._fence(number, line)
            case _:
                self.enrolment.take(line)

    def _side(self, number: int, line: Side) -> None:
        match line.type:
            case "tick":
                pass
            case "clock_step":
                self.timeline.step_clock(line.seconds or 0.0)
            case "restart":
                self.timeline.restart(line.down_s or 0.0)
            case "register":
                self._register(line)
            case "fence" if line.fence is not None:
                self._fence(number, line.fence)
                self._enrol()
            case _:
                self.timeline.step()
                acts, note = controls_of(
                    line, self.timeline.pipeline, at_ms=self.timeline.clock.wall_ms
                )
                self.timeline.act(acts)
                self._note(number, note)

    def _fence(self, number: int, fields: FenceFields) -> None:
        self._note(number, self.enrolment.fence(fields))
        if fields.vehicle is not None:
            self._named.append((number, "fence", fields.vehicle))

    def _register(self, line: Side) -> None:
        """Register a device and run its held messages, as adopting it through the API does."""
        if line.device is None:
            return
        device = self.enrolment.device(line.device)
        self._enrol()
        self.timeline.step()
        if device.admin is AdminState.RETIRED:
            return  # as when it is registered so: its messages would only be refused again
        held = iter(self.timeline.observed.held_of(device.names))
        while messages := list(islice(held, HELD_MAX)):
            self.timeline.act([Requeue(at_ms=self.timeline.clock.wall_ms, messages=messages)])
            self.timeline.step()

    def _arrive(self, recv_t: int) -> None:
        """Let time pass; what the file registered before this line is known by then."""
        if self.enrolment.pending:
            self.timeline.begin(recv_t)
            self._enrol()
        self.timeline.arrive(recv_t)

    def _enrol(self) -> None:
        self.timeline.switch_on(self.enrolment.adapters)
        self.timeline.act(self.enrolment.controls(self.timeline.clock.wall_ms))

    def _check(self, number: int, expect: Expect) -> None:
        world = self.world()
        miss = miss_of(expect, world)
        if miss:
            self.misses.append(f"{self._name}:{number}: {miss}")
        else:
            self._note(number, note_of(expect, world))

    def _note_unknown(self) -> None:
        """A truth or a fence of a vehicle that never was says nothing: a typing error, perhaps."""
        world = self.world()
        for number, kind, vehicle_id in self._named:
            missing = world.missing(device_id=None, vehicle_id=vehicle_id)
            self._note(number, f"{kind}: {missing}" if missing else "")

    def _note(self, number: int, note: str) -> None:
        if note:
            self.notes.append(f"{self._name}:{number}: {note}")
