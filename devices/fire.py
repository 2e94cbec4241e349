"""Smoke, short circuits and heat: told at the record that says so, whatever else goes on. Pure.

One episode a device: it begins with the first sign, and is over when every sign was taken back
and stayed so for ``clear_s``. Silence takes nothing back: a station that burns says no more.
Nothing here asks for outages, maintenance, demotions or sites.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from devices.admitted import Record
from devices.causes import Cause
from devices.entry import RETAIN, Entry
from devices.fire_signs import Said, said_of
from devices.health_events import HealthEvent
from devices.model import Device
from devices.readings import AnyReading, ChargerStatus, Fix, Flag

FIRE_CAUSES = int(Cause.SMOKE | Cause.SHORT_CIRCUIT | Cause.BATTERY_HOT)
"""The causes noted here while an episode lasts; a port's heat is ``devices.chargers``'."""

_PAST = int(Flag.LATE | Flag.BACKFILL | Flag.RETAINED | Flag.REQUEUED)
_NO_TIME = int(Flag.FUTURE | Flag.NO_TIME)
_LATE_MS = 600_000
"""Older is late. Source: decisions.md 12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirePolicy:
    """The fire path: what ends an episode, and who is told. A webhook is named without colon.

    Attributes:
        clear_s: Over when every sign was taken back for so long, seconds. Our choice: smoke
            comes and goes in a draught, and a port's heat about its bound.
        lapse_s: An event that nothing can take back ends when its device was heard again so
            long after it, seconds. Our choice: ten heartbeats of a wired tracker.
        receivers: Webhooks that are told at once, each by itself.
        escalate_to: Webhooks told one after the other while nobody acknowledged.
        escalate_s: The first of them so long after the fire was told, the next as long after it,
            seconds. Source: incidents.md, Escalation ("no ack after 60 s").
    """

    clear_s: float = 300.0
    lapse_s: float = 1800.0
    receivers: tuple[str, ...] = ("fire",)
    escalate_to: tuple[str, ...] = ("police",)
    escalate_s: float = 60.0


class FireKind(StrEnum):
    """Kinds of ``HealthEvent`` made here."""

    FIRE = "fire"
    FIRE_OVER = "fire_over"


class FireWord(msgspec.Struct, frozen=True, kw_only=True):
    """An episode begins, grows by a cause or a port, or is over.

    Attributes:
        event: Kind, key, device, and all its causes so far.
        device: As it was registered then; its admin state is told, and silences nothing.
        onset_ms: Time of its first sign, ms UTC.
        t_ms: Time of this one, ms UTC.
        ports: Where, ascending; empty = the station or vehicle as a whole.
        late_s: How old this sign was when it came, seconds; 0 = it is of now.
        retained: It is the last word that the broker kept: it holds unless a newer one says no.
        passed: A newer word took it back before it came.
        fresh: It begins the episode.
    """

    event: HealthEvent
    device: Device
    onset_ms: int
    t_ms: int
    ports: tuple[int, ...] = ()
    late_s: float = 0.0
    retained: bool = False
    passed: bool = False
    fresh: bool = False


class Sign(msgspec.Struct):
    """One sign of an episode: when it was said, by its own time and by the steady clock."""

    t_ms: int
    elapsed_ms: int
    on: bool


class Episode(msgspec.Struct):
    """A device that told of fire.

    Attributes:
        signs: By cause and port (None = the whole).
        clear_ms: Steady clock since which no sign stands, -1 = one does.
    """

    key: str
    device: Device
    onset_ms: int
    signs: dict[str, Sign]
    causes: int
    ports: set[int]
    clear_ms: int = -1


class FireState(msgspec.Struct):
    """For checkpoints: episodes, what they ended as, and who said that there is no smoke."""

    open: dict[int, Episode] = {}
    ended: dict[int, tuple[int, int]] = {}
    calm: dict[int, int] = {}


class FireWatch:
    """Episodes by slot."""

    def __init__(self, policy: FirePolicy) -> None:
        """Nothing burns."""
        self._clear_ms = round(policy.clear_s * 1000)
        self._lapse_ms = round(policy.lapse_s * 1000)
        self._state = FireState()
        self._words: list[FireWord] = []
        self._touched: set[int] = set()

    @property
    def waits(self) -> bool:
        """Whether ticks have something to decide."""
        return bool(self._state.open)

    def records(self, records: list[Record]) -> None:
        """Take accepted records in journal order."""
        open_ = self._state.open
        for record in records:
            reading, burns = record.reading, record.device.slot in open_
            if type(reading) is Fix and not burns:
                continue
            said = said_of(reading, record.device)
            if said:
                self._take(record, said)
            if burns:
                self._heard(record, said)

    def _take(self, record: Record, said: list[Said]) -> None:
        """What one record says of fire; a status that says no smoke is remembered."""
        entry, device, reading = record
        t_ms = _time_of(reading, entry)
        past = bool(reading.flags & _PAST or entry.flags & RETAIN)
        for cause, port, on in said:
            if on:
                self._burns(record, cause, port, t_ms=t_ms, past=past)
            else:
                self._says_no(device.slot, cause, port, t_ms=t_ms, past=past)

    def _burns(
        self, record: Record, cause: Cause, port: int | None, *, t_ms: int, past: bool
    ) -> None:
        entry, device, _ = record
        slot, state = device.slot, self._state
        passed = past and t_ms < state.calm.get(slot, 0)
        episode = state.open.get(slot)
        fresh = episode is None
        if episode is None:
            began_ms, over_ms = state.ended.get(slot, (0, -1))
            if past and began_ms <= t_ms <= over_ms:
                return  # it was told when it was new
            episode = state.open[slot] = Episode(
                key=f"{FireKind.FIRE}:{device.id}:{t_ms}",
                device=device,
                onset_ms=t_ms,
                signs={},
                causes=0,
                ports=set(),
            )
        name = _name(cause, port)
        before = episode.signs.get(name)
        if before is None or not past or t_ms >= before.t_ms:
            on = not passed
            episode.signs[name] = Sign(t_ms=t_ms, elapsed_ms=entry.elapsed_ms, on=on)
        news = (
            fresh or not episode.causes & cause or (port is not None and port not in episode.ports)
        )
        episode.device = device
        episode.causes |= int(cause)
        if port is not None:
            episode.ports.add(port)
        self._settle(episode, entry.elapsed_ms)
        self._touched.add(slot)
        if news:
            self._tell(episode, entry, t_ms=t_ms, past=past, passed=passed, fresh=fresh)

    def _says_no(self, slot: int, cause: Cause, port: int | None, *, t_ms: int, past: bool) -> None:
        if cause is Cause.SMOKE:
            calm = self._state.calm
            calm[slot] = max(t_ms, calm.get(slot, 0)) if past else t_ms
        episode = self._state.open.get(slot)
        sign = None if episode is None else episode.signs.get(_name(cause, port))
        if sign is not None and (not past or t_ms > sign.t_ms):
            sign.on = False

    def _heard(self, record: Record, said: list[Said]) -> None:
        """An open episode's device spoke: what its status does not repeat, and what lapsed."""
        entry, device, reading = record
        episode = self._state.open.get(device.slot)
        if episode is None:
            return
        now_ms = entry.elapsed_ms
        past = bool(reading.flags & _PAST or entry.flags & RETAIN)
        if isinstance(reading, ChargerStatus):
            t_ms = _time_of(reading, entry)
            repeated = {_name(cause, port) for cause, port, on in said if on}
            for name, sign in episode.signs.items():
                of_status = not name.startswith(Cause.SMOKE.code)
                if of_status and name not in repeated and (not past or t_ms > sign.t_ms):
                    sign.on = False
        if not past:
            for sign in episode.signs.values():
                if now_ms - sign.elapsed_ms >= self._lapse_ms:
                    sign.on = False
        self._settle(episode, now_ms)

    def _settle(self, episode: Episode, now_ms: int) -> None:
        if any(sign.on for sign in episode.signs.values()):
            episode.clear_ms = -1
        elif episode.clear_ms < 0:
            episode.clear_ms = now_ms

    def tick(self, entry: Entry) -> None:
        """End what stood clear for long enough."""
        state = self._state
        for slot, episode in list(state.open.items()):
            if 0 <= episode.clear_ms <= entry.elapsed_ms - self._clear_ms:
                del state.open[slot]
                last_ms = max(sign.t_ms for sign in episode.signs.values())
                state.ended[slot] = (episode.onset_ms, last_ms)
                self._touched.add(slot)
                event = _health_event(FireKind.FIRE_OVER, episode, entry)
                self._words.append(
                    FireWord(
                        event=event,
                        device=episode.device,
                        onset_ms=episode.onset_ms,
                        t_ms=entry.recv_ms,
                        ports=tuple(sorted(episode.ports)),
                    )
                )

    def _tell(
        self, episode: Episode, entry: Entry, *, t_ms: int, past: bool, passed: bool, fresh: bool
    ) -> None:
        age_ms = entry.recv_ms - t_ms
        self._words.append(
            FireWord(
                event=_health_event(FireKind.FIRE, episode, entry),
                device=episode.device,
                onset_ms=episode.onset_ms,
                t_ms=t_ms,
                ports=tuple(sorted(episode.ports)),
                late_s=age_ms / 1000 if past and age_ms > _LATE_MS else 0.0,
                retained=bool(entry.flags & RETAIN),
                passed=passed,
                fresh=fresh,
            )
        )

    def take_words(self) -> list[FireWord]:
        """What there is to tell since the last call, in order."""
        words, self._words = self._words, []
        return words

    def take_causes(self) -> dict[int, int]:
        """Bits of ``FIRE_CAUSES`` of the slots where they changed since the last call."""
        causes = {}
        for slot in sorted(self._touched):
            episode = self._state.open.get(slot)
            causes[slot] = 0 if episode is None else episode.causes & FIRE_CAUSES
        self._touched.clear()
        return causes

    def dump(self) -> FireState:
        """State for a checkpoint."""
        return self._state

    def load(self, state: FireState) -> None:
        """Take the state of a checkpoint."""
        self._state = state
        self._touched = set(state.open)


def _time_of(reading: AnyReading, entry: Entry) -> int:
    return entry.recv_ms if reading.flags & _NO_TIME else reading.t_ms


def _name(cause: Cause, port: int | None) -> str:
    """One sign's name; smoke is of the whole station, wherever it was noticed."""
    return cause.code if port is None or cause is Cause.SMOKE else f"{cause.code}:{port}"


def _health_event(kind: FireKind, episode: Episode, entry: Entry) -> HealthEvent:
    device = episode.device
    return HealthEvent(
        kind=kind,
        key=episode.key,
        device_id=device.id,
        site_id=device.site_id or "",
        area=device.area,
        at_ms=entry.recv_ms,
        elapsed_ms=entry.elapsed_ms,
        causes=episode.causes,
    )
