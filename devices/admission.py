"""From journal entries to accepted records: identity, decode, clock, duplicates.

One code for both readers: the processor and the projector run it apart and agree, because the
journal is all it looks at.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache, partial

import msgspec

from devices import control, wire
from devices.admitted import Admitted, Books, Refusal, Run, as_record, count, in_measured_order
from devices.clocks import LATE_MS, PLAIN_CLOCK, ZONE_MS, ZONE_SLACK_MS, ClockState, learn
from devices.control import AnyControl, Requeue
from devices.entry import RETAIN, Entry, EntryKind
from devices.errors import WireError, WireReason
from devices.fix_lane import decode_fix
from devices.foreign.adapter import Adapter, Foreign, ForeignRefused
from devices.model import AdminState, Device, foreign_name
from devices.readings import AnyReading, Fix, StateReport
from devices.registry import Registry, RegistrySnapshot
from devices.seen import Seen, SeenState, Taken
from devices.senders import OF_THE_SENDER, child_of, foreign_device, known_device, refuse_retained
from devices.topics import CHANNELS, Topic, named_in, parse_topic, topic_of
from devices.words import DeviceState, Flag

_NEW, _DUPLICATE = Taken.NEW, Taken.DUPLICATE
_CONFLICT, _BACK = Taken.CONFLICT, Taken.BACK
_set = msgspec.structs.force_setattr
_MQTT = int(EntryKind.MQTT)
_RETIRED = AdminState.RETIRED
_NO_TIME = int(Flag.NO_TIME)
_NO_CLOCK = int(Flag.NO_TIME | Flag.FUTURE)


class AdmissionState(msgspec.Struct):
    """For checkpoints: one element per device slot that was heard."""

    registry: RegistrySnapshot
    seen: list[tuple[int, SeenState]]
    clocks: list[tuple[int, ClockState]]
    gaps: int


class Admission:
    """Admits entries in journal order. Holds the registry and what was seen of each device."""

    def __init__(
        self, root: str, *, registry: Registry | None = None, adapters: Sequence[Adapter] = ()
    ) -> None:
        """Start with nothing seen.

        Args:
            root: The first levels of every topic of ours.
            registry: What is registered already.
            adapters: Readers of foreign topics that are switched on.
        """
        self._root = root
        self._up = f"{root}/up"
        self._adapters = tuple(adapters)
        self.registry = registry or Registry()
        self._seen: defaultdict[int, Seen] = defaultdict(Seen)
        self._clocks: dict[int, ClockState] = {}
        self.gaps = 0

    def admit(self, entries: list[Entry], books: Books) -> Admitted:
        """Admit a run of MQTT entries and count every record into ``books``.

        A batch counts one record an item; a message that cannot be opened counts one.
        """
        admitted = Admitted([], [], [], set(), set())
        run = Run(admitted, books)
        for run.entry in entries:
            self._admit_one(run)
        count(admitted, books)
        return admitted

    def control(self, entry: Entry, books: Books) -> AnyControl | Refusal:
        """Decode a control entry and apply it to the registry."""
        try:
            decoded = control.decode(entry.payload)
        except msgspec.DecodeError as exc:
            books["control_refused", ""] += 1
            detail = str(exc)[:200]
            return Refusal(entry, -1, "", WireReason.CONTROL, detail, entry.payload)
        self.registry.apply(decoded)
        return decoded

    def requeue(self, requeue: Requeue, entry: Entry, books: Books) -> Admitted:
        """Run held messages again, as of their own receive times; the books move them.

        What is refused anew gets running item numbers: the rows of one control entry differ.
        """
        admitted = Admitted([], [], [], set(), set())
        run = Run(admitted, books, entry.recv_ms)
        for held in requeue.messages:
            run.entry = entry._replace(
                kind=_MQTT,
                recv_ms=held.recv_ms,
                flags=RETAIN if held.retained else 0,
                topic=held.topic,
                payload=held.payload,
            )
            books["quarantined", held.reason] -= 1
            books["received", ""] -= 1
            self._admit_one(run)
        count(admitted, books)
        renumbered = [refusal._replace(item=k) for k, refusal in enumerate(admitted.refusals)]
        return admitted._replace(refusals=renumbered)

    # -- one message ------------------------------------------------------------------------

    def _admit_one(self, run: Run) -> None:
        entry, device_id = run.entry, ""
        try:
            adapter = self._adapter_of(entry.topic) if self._adapters else None
            if adapter is not None:
                self._admit_foreign(adapter, run)
                return
            channel, device = self._sender(entry.topic)
            device_id = device.id
            if channel == "fix":
                self._admit_fix(device, run)
                return
            topic = Topic(device.cls, device_id, channel)
            if topic.channel == "multi":
                self._admit_multi(device, topic, run)
            else:
                self._admit_payload(device, topic, entry.payload, run)
        except WireError as exc:
            run.refuse(-1, device_id or named_in(entry.topic, self._root), exc, entry.payload)

    def _adapter_of(self, topic: str) -> Adapter | None:
        if topic.startswith(self._up + "/"):
            return None
        return next((adapter for adapter in self._adapters if adapter.owns(topic)), None)

    def _sender(self, text: str) -> tuple[str, Device]:
        """Channel and registered device of a topic: most are known words and a known id.

        Raises:
            WireError: With the reason ``parse_topic`` or ``known_device`` gives.
        """
        words = text.rsplit("/", 3)
        if len(words) == 4 and words[0] == self._up:  # noqa: PLR2004 - ROOT/up, class, id, channel
            _, cls, device_id, channel = words
            device = self.registry.devices.get(device_id)
            if (
                device is not None
                and device.cls == cls
                and device.admin is not _RETIRED
                and channel in CHANNELS[device.cls]
            ):
                return channel, device
        topic = parse_topic(text, self._root)
        return topic.channel, known_device(self.registry, topic)

    def _admit_fix(self, device: Device, run: Run) -> None:
        """One fix, the message there is most of."""
        entry, clock = run.entry, self._clocks.get(device.slot, PLAIN_CLOCK)
        if entry.flags & RETAIN:
            raise WireError(WireReason.RETAINED, "fix may not be retained")
        try:
            fix = decode_fix(
                device.id, entry.payload, entry.recv_ms, device.profile, clock.offset_ms
            )
        except WireError as exc:
            self._hold(device, exc.number, run)
            raise
        if self._take(device, fix, run) is _CONFLICT:
            raise _conflict(fix)

    def _admit_payload(
        self,
        device: Device,
        topic: Topic,
        payload: bytes,
        run: Run,
        held: Callable[[bytes], bytes] = bytes,
    ) -> None:
        """Decode and take the records of one message in our own words.

        ``held`` makes of a part of it what is kept when that part is refused.
        """
        clock = self._clocks.get(device.slot, PLAIN_CLOCK)
        try:
            decoded = wire.decode(
                topic,
                payload,
                recv_ms=run.entry.recv_ms,
                retained=bool(run.entry.flags & RETAIN),
                profile=device.profile,
                offset_ms=clock.offset_ms,
            )
        except WireError as exc:
            self._hold(device, exc.number, run)
            raise
        for item in decoded.refused:
            self._hold(device, item.error.number, run)
            run.refuse(item.item, device.id, item.error, held(item.payload))
        for k, reading in enumerate(decoded.readings):
            if self._take(device, reading, run) is _CONFLICT:
                index, own = decoded.own_message(k, payload)
                run.refuse(index, device.id, _conflict(reading), held(own))

    def _take(self, device: Device, reading: AnyReading, run: Run) -> Taken:
        """One decoded record: new, a duplicate, or a number that was taken by another."""
        slot, seq, t_ms = device.slot, reading.seq, reading.t_ms
        entry = run.entry
        if run.now_ms:
            _mark(reading, run.now_ms)
        seen = self._seen[slot]
        if seq is None or reading.key:
            taken = _NEW if seen.take_key(reading.key) else _DUPLICATE
        else:
            timed = 0 if reading.flags & _NO_CLOCK else t_ms
            taken, change = seen.take(reading.boot, seq, timed, _content(reading))
            if change:
                self._count_gaps(device, change, run)
        if taken is not _NEW:
            if taken is _DUPLICATE:
                run.admitted.duplicates.append(device.id)
            if taken is not _BACK:
                return taken
            _set(reading, "flags", int(reading.flags | Flag.SEQ_BACK))
        clock = self._clocks.get(slot)
        if clock is not None or abs(t_ms - entry.recv_ms) > ZONE_SLACK_MS:
            self._clocks[slot] = learn(clock or PLAIN_CLOCK, t_ms, entry.recv_ms, reading.flags)
        if type(reading) is StateReport and reading.state is DeviceState.LOST:
            run.books["wills", ""] += 1  # the broker made it, not the device
        if self.registry.rebound:
            device = self.registry.bound_at(device, t_ms)
        run.admitted.records.append(as_record((entry, device, reading)))
        return taken

    def _hold(self, device: Device, number: tuple[str, int] | None, run: Run) -> None:
        """What is refused with a number is held, not lost."""
        if number is not None:
            self._count_gaps(device, self._seen[device.slot].hold(*number), run)

    def _count_gaps(self, device: Device, change: int, run: Run) -> None:
        self.gaps += change
        run.admitted.gapped.add(device.id)

    # -- many devices in one message --------------------------------------------------------

    def _admit_multi(self, gateway: Device, topic: Topic, run: Run) -> None:
        """A gateway speaks for its children, and only for them."""
        begin, retained = len(run.admitted.records), bool(run.entry.flags & RETAIN)
        children, refused = wire.open_multi(topic, run.entry.payload, retained=retained)
        for item in refused:
            run.refuse(item.item, gateway.id, item.error, item.payload)
        for child in children:
            try:
                device = child_of(gateway, self.registry, child.topic)
                self._admit_payload(device, child.topic, child.payload, run, child.holding)
            except WireError as exc:
                held = child.holding(child.payload)
                run.refuse(child.item, child.topic.device_id, exc, held)
        in_measured_order(run.admitted.records, begin)

    def _admit_foreign(self, adapter: Adapter, run: Run) -> None:
        """A foreign payload: each of its messages belongs to the device of its id map."""
        entry, strangers, begin = run.entry, set[int](), len(run.admitted.records)
        parts = cache(partial(adapter.parts, entry.topic, entry.payload))

        def refuse(said: Foreign | ForeignRefused, error: WireError) -> None:
            if error.reason in OF_THE_SENDER:
                if said.item in strangers:
                    return  # a report and its alarms are one part, and are held once
                strangers.add(said.item)
            alone = parts() if said.item >= 0 else []
            held = alone[said.item] if alone else entry.payload
            who = self._name_of(adapter.name, said.foreign_id)
            run.refuse(said.item, who, error, held)

        model_of = partial(self._model_of, adapter.name)
        for said in adapter.read(entry.topic, entry.payload, entry.recv_ms, model_of):
            if isinstance(said, ForeignRefused):
                refuse(said, WireError(said.reason, said.detail))
                continue
            try:
                refuse_retained(said, retained=bool(entry.flags & RETAIN))
                device = foreign_device(self.registry, adapter.name, said)
                reading = wire.decode_fields(
                    topic_of(device.cls, device.id, said.channel),
                    said.message,
                    recv_ms=entry.recv_ms,
                    profile=device.profile,
                    offset_ms=self.clock_offset_ms(device.slot),
                )
                _set(reading, "flags", reading.flags | said.flags)
                if self._take(device, reading, run) is _CONFLICT:
                    refuse(said, _conflict(reading))
            except WireError as exc:
                refuse(said, exc)
        in_measured_order(run.admitted.records, begin)

    def _name_of(self, adapter: str, foreign_id: str) -> str:
        """A registered device's own id; a stranger's name in the adapter, no id of ours."""
        device = self.registry.by_foreign_id(adapter, foreign_id)
        if device is not None:
            return device.id
        return foreign_name(adapter, foreign_id) if foreign_id else ""

    def _model_of(self, adapter: str, foreign_id: str) -> str:
        device = self.registry.by_foreign_id(adapter, foreign_id)
        return device.model if device is not None else ""

    # -- for others -------------------------------------------------------------------------

    def clock_offset_ms(self, slot: int) -> int:
        """The learnt offset of a device's clock, ms; 0 = none."""
        return self._clocks.get(slot, PLAIN_CLOCK).offset_ms

    def batch_topic(self, device: Device) -> str:
        """Where a device sends what it kept."""
        return f"{self._up}/{device.cls}/{device.id}/batch"

    def seen(self, slot: int) -> Seen:
        """What was seen of one device."""
        return self._seen[slot]

    def dump(self) -> AdmissionState:
        """State for a checkpoint."""
        return AdmissionState(
            registry=self.registry.snapshot(),
            seen=[(slot, seen.dump()) for slot, seen in self._seen.items()],
            clocks=list(self._clocks.items()),
            gaps=self.gaps,
        )

    def load(self, state: AdmissionState) -> None:
        """Take the state of a checkpoint."""
        self.registry = Registry(state.registry)
        self._seen = defaultdict(Seen, {slot: Seen.load(dumped) for slot, dumped in state.seen})
        self._clocks = dict(state.clocks)
        self.gaps = state.gaps


def _conflict(reading: AnyReading) -> WireError:
    detail = f"number {reading.seq} of boot {reading.boot} was taken by another record"
    return WireError(WireReason.CONFLICT, detail)


def _content(reading: AnyReading) -> int:
    """A fingerprint of what a numbered record says, the same in every process."""
    t_ms = 0 if reading.flags & _NO_TIME else reading.t_ms % ZONE_MS  # whatever was learnt
    if type(reading) is Fix:
        return hash((t_ms, reading.pos.lat or 0.0, reading.pos.lon or 0.0))
    return t_ms


def _mark(reading: AnyReading, now_ms: int) -> None:
    """A record that was held: old now, whatever it was then."""
    flags = reading.flags | Flag.REQUEUED
    if now_ms - reading.t_ms > LATE_MS:
        flags |= Flag.LATE
    _set(reading, "flags", int(flags))


def split_runs(entries: list[Entry]) -> list[list[Entry]]:
    """Cut entries into runs: MQTT entries together, every control and tick alone."""
    runs, begin = [], 0
    for k, entry in enumerate(entries):
        if entry.kind != _MQTT:
            if begin < k:
                runs.append(entries[begin:k])
            runs.append([entry])
            begin = k + 1
    if begin < len(entries):
        runs.append(entries[begin:])
    return runs
