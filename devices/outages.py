"""Many devices gone at once are one outage of what they have in common, and one piece of news.

A device's silence began when its first missing report was due (a will: when it came). Those of a
scope whose silence began within one window are a loss; its share is that of the devices whose
silence would show by now: a sleeper that is not due is neither gone nor there. The most specific
scope that explains a loss wins. All judged at ticks; times are of the listening clock.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.presence import Presence, PresenceArrays, PresencePolicy, Said
from devices.scopes import ScopeKind, Scopes

Slots = NDArray[np.int64]
EXPLAINS = 0.8
"""A scope explains the loss of a wider one when it has so large a share of it. Our choice."""
WILL_LATE_MS = 600_000
"""A will of a loss may come so much later: after one and a half keep-alives, which devices set to
minutes. Our choice."""
_Scope = tuple[ScopeKind, int]
_NOBODY = np.zeros(0, np.int64)
_LAST = np.iinfo(np.int64).max


class OutageState(msgspec.Struct):
    """For checkpoints: members are int64 slots."""

    scope: str
    began_ms: int
    seen_elapsed_ms: int
    total: int
    members: bytes
    site_id: str
    area: str


class OutagesState(msgspec.Struct):
    """For checkpoints; ``pending`` has when each scope was first seen: listening, steady clock."""

    open: list[OutageState] = []
    pending: dict[str, tuple[int, int]] = {}
    recent: list[tuple[int, int]] = []
    held: bytes = b""


@dataclass(slots=True)
class Outage:
    """One loss that was told.

    Attributes:
        began_ms: When the first silence of it began.
        seen_elapsed_ms: Steady clock when it was first seen: its name.
        total: How many devices ever were members.
        members: Those that are still gone.
        site_id, area: Where, as it was told.
    """

    kind: ScopeKind
    number: int
    scope: str
    began_ms: int
    seen_elapsed_ms: int
    total: int
    members: Slots
    site_id: str = ""
    area: str = ""


class _Loss(NamedTuple):
    """A scope that lost enough; ``fresh`` are in no outage yet."""

    kind: ScopeKind
    number: int
    began_ms: int
    fresh: Slots


class Turn(NamedTuple):
    """What a tick changed: outages that were told, that are over, and who is in one no more."""

    opened: list[Outage]
    over: list[tuple[Outage, Slots]]
    joined: Slots
    left: Slots


class Outages:
    """All scopes of one partition.

    Attributes:
        member: By slot: part of an outage that was told.
        held: Slots that may be part of one that is not told yet.
    """

    def __init__(self, policy: PresencePolicy) -> None:
        """Start with nothing lost."""
        self._policy = policy
        self._window_ms = round(policy.outage_s * 1000)
        self._settle_ms = round(policy.outage_settle_s * 1000)
        self._open: list[Outage] = []
        self._pending: dict[str, tuple[int, int]] = {}
        self._recent: list[tuple[int, Slots]] = []
        self.held = _NOBODY
        self.scopes = Scopes()
        self.member = np.zeros(0, np.bool_)

    @property
    def waits(self) -> bool:
        """Whether a loss is about to be told."""
        return bool(self._pending)

    @property
    def busy(self) -> bool:
        """Whether a tick without a change of presence has something to do."""
        return bool(self._open or self._pending or self._recent)

    def grow(self, size: int) -> None:
        """Make room for ``size`` slots."""
        member = np.zeros(size, np.bool_)
        member[: len(self.member)] = self.member
        self.member = member
        self.scopes.grow(size)

    def step(
        self,
        *,
        now_ms: int,
        elapsed_ms: int,
        gone: Slots,
        arrays: PresenceArrays,
        active: NDArray[np.bool_],
    ) -> Turn:
        """One tick.

        Args:
            now_ms: The listening clock.
            elapsed_ms: The steady clock.
            gone: Active slots that became offline now.
            arrays: Of all slots, assessed.
            active: By slot: registered and in service.
        """
        left, over = self._follow(arrays, active)
        joined = self._join(gone, arrays)
        fresh = gone[~self.member[gone]]
        if len(fresh):
            self._recent.append((now_ms, fresh))
        keep_ms = now_ms - self._window_ms - self._settle_ms
        self._recent = [(at_ms, slots) for at_ms, slots in self._recent if at_ms >= keep_ms]
        opened: list[Outage] = []
        if len(fresh) or self._is_due(now_ms):
            losses = self._losses(arrays, active)
            opened = self._decide(losses, now_ms, elapsed_ms)
            joined = np.concatenate([joined, *(outage.members for outage in opened)])
            waiting = [loss.fresh[~self.member[loss.fresh]] for loss in losses]
            self.held = np.unique(np.concatenate([_NOBODY, *waiting]))
        return Turn(opened, over, joined, left)

    def _is_due(self, now_ms: int) -> bool:
        """Whether a loss was seen long enough ago to be told."""
        return any(now_ms - at_ms >= self._settle_ms for at_ms, _ in self._pending.values())

    # -- outages that were told -----------------------------------------------------------------

    def _follow(
        self, arrays: PresenceArrays, active: NDArray[np.bool_]
    ) -> tuple[Slots, list[tuple[Outage, Slots]]]:
        """Who is back; an outage is over when most are."""
        left: list[Slots] = []
        over: list[tuple[Outage, Slots]] = []
        for outage in self._open:
            members = outage.members
            gone = (arrays.presence[members] == Presence.OFFLINE) & active[members]
            if not gone.all():
                left.append(members[~gone])
                outage.total -= int((~active[members]).sum())
                outage.members = members[gone]
            if 2 * len(outage.members) < outage.total or not len(outage.members):
                over.append((outage, outage.members))
                left.append(outage.members)
        if not left:
            return _NOBODY, over
        self._open = [outage for outage in self._open if all(outage is not o for o, _ in over)]
        slots = np.concatenate(left)
        self.member[slots] = False
        return slots, over

    def _join(self, gone: Slots, arrays: PresenceArrays) -> Slots:
        """Who is gone since an outage that was told: it was not heard after that began."""
        joined = [_NOBODY]
        for outage in sorted(self._open, key=lambda outage: (outage.kind, outage.scope)):
            if not len(gone):
                break
            end_ms = outage.began_ms + self._window_ms
            heard_ms, lost = arrays.heard_ms[gone], arrays.said[gone] == Said.LOST
            before = (heard_ms <= end_ms) | (lost & (heard_ms <= end_ms + WILL_LATE_MS))
            inside = before & (self.scopes.of(outage.kind)[gone] == outage.number)
            new = gone[inside]
            outage.members = np.concatenate([outage.members, new])
            outage.total += len(new)
            self.member[new] = True
            joined.append(new)
            gone = gone[~inside]
        return np.concatenate(joined)

    # -- losses that were not told yet ----------------------------------------------------------

    def _losses(self, arrays: PresenceArrays, active: NDArray[np.bool_]) -> list[_Loss]:
        """Scopes that lost enough, the most specific first."""
        recent = np.unique(np.concatenate([_NOBODY, *(slots for _, slots in self._recent)]))
        away = arrays.presence == Presence.OFFLINE
        away &= active
        recent = recent[away[recent] & ~self.member[recent]]
        gone = np.flatnonzero(away)
        there = active & ~away
        there &= (arrays.said != Said.LOST) & (arrays.said != Said.DISCONNECTED)
        losses: list[_Loss] = []
        for kind in ScopeKind:
            losses += self._losses_of(kind, recent, gone, there=there, arrays=arrays)
        return losses

    def _losses_of(
        self,
        kind: ScopeKind,
        recent: Slots,
        gone: Slots,
        *,
        there: NDArray[np.bool_],
        arrays: PresenceArrays,
    ) -> list[_Loss]:
        of, count = self.scopes.of(kind), self.scopes.count(kind)
        newest_ms = np.full(count, -1, np.int64)
        np.maximum.at(newest_ms, of[recent], _silent_since(arrays, recent))
        newest_ms[0] = -1  # no scope
        gone = gone[newest_ms[of[gone]] >= 0]
        since_ms = _silent_since(arrays, gone)
        alike = newest_ms[of[gone]] - since_ms
        near = (alike >= 0) & (alike <= self._window_ms)
        gone, since_ms = gone[near], since_ms[near]
        lost = np.bincount(of[gone], minlength=count)
        least = int(self._policy.outage_min)
        if not (lost >= least).any():
            return []
        began_ms = np.full(count, _LAST, np.int64)
        np.minimum.at(began_ms, of[gone], since_ms)
        began_ms[lost < least] = _LAST
        alive = of[there & (arrays.heard_ms > began_ms[of])]
        of_all = lost + np.bincount(alive, minlength=count)
        fresh = gone[~self.member[gone]]
        new = np.bincount(of[fresh], minlength=count)
        enough = (lost >= least) & (new >= least) & (lost >= self._policy.outage_share * of_all)
        if not enough.any():
            return []
        fresh = fresh[enough[of[fresh]]]
        fresh = fresh[np.argsort(of[fresh], kind="stable")]
        numbers = np.flatnonzero(enough)
        ends = np.cumsum(new[numbers])[:-1]
        return [
            _Loss(kind, number, int(began_ms[number]), its)
            for number, its in zip(numbers.tolist(), np.split(fresh, ends), strict=True)
        ]

    def _decide(self, losses: list[_Loss], now_ms: int, elapsed_ms: int) -> list[Outage]:
        """Tell what was seen long enough ago, by the most specific scope that explains it."""
        seen: dict[str, tuple[int, int]] = {}
        for loss in losses:
            scope = self.scopes.name(loss.kind, loss.number)
            seen[scope] = self._pending.get(scope, (now_ms, elapsed_ms))
        self._pending = seen
        opened: list[Outage] = []
        names = {
            (loss.kind, loss.number): self.scopes.name(loss.kind, loss.number) for loss in losses
        }
        for loss, inside in self._explained(losses):
            first = min(seen[names[one]] for one in inside)
            if now_ms - first[0] < self._settle_ms:
                continue
            members = loss.fresh[~self.member[loss.fresh]]
            if not len(members):
                continue
            self.member[members] = True
            opened.append(
                Outage(
                    kind=loss.kind,
                    number=loss.number,
                    scope=names[loss.kind, loss.number],
                    began_ms=loss.began_ms,
                    seen_elapsed_ms=first[1],
                    total=len(members),
                    members=members,
                )
            )
            for one in inside:
                self._pending.pop(names[one], None)
        self._open += opened
        return opened

    def _explained(self, losses: list[_Loss]) -> list[tuple[_Loss, list[_Scope]]]:
        """Losses that stand for others, each with those it stands for, itself among them."""
        by_scope = {(loss.kind, loss.number): loss for loss in losses}
        left = dict(
            sorted(by_scope.items(), key=lambda item: (-item[0][0], self.scopes.name(*item[0])))
        )
        chosen: list[tuple[_Loss, list[_Scope]]] = []
        while left:
            scope, loss = next(iter(left.items()))
            del left[scope]
            parts = self._parts(loss, left.keys())
            if max(parts.values(), default=0) >= EXPLAINS * len(loss.fresh):
                continue  # a narrower one explains it
            inside = [one for one, share in parts.items() if 2 * share >= len(by_scope[one].fresh)]
            for one in inside:
                del left[one]
            chosen.append((loss, [scope, *inside]))
        return chosen

    def _parts(self, loss: _Loss, among: Collection[_Scope]) -> dict[_Scope, int]:
        """How many of a loss are of each narrower scope."""
        parts: dict[_Scope, int] = {}
        for kind in ScopeKind:
            if kind < loss.kind:
                shares = np.bincount(self.scopes.of(kind)[loss.fresh])
                for number in np.flatnonzero(shares).tolist():
                    if (kind, number) in among:
                        parts[kind, number] = int(shares[number])
        return parts

    # -- checkpoints ----------------------------------------------------------------------------

    def dump(self) -> OutagesState:
        """State for a checkpoint; ``scopes`` has its own."""
        return OutagesState(
            open=[
                OutageState(
                    scope=outage.scope,
                    began_ms=outage.began_ms,
                    seen_elapsed_ms=outage.seen_elapsed_ms,
                    total=outage.total,
                    members=outage.members.tobytes(),
                    site_id=outage.site_id,
                    area=outage.area,
                )
                for outage in self._open
            ],
            pending=dict(self._pending),
            held=self.held.tobytes(),
            recent=[(at_ms, slot) for at_ms, slots in self._recent for slot in slots.tolist()],
        )

    def load(self, state: OutagesState, scopes: Scopes, size: int) -> None:
        """Take the state of a checkpoint."""
        self.scopes = scopes
        self.member = np.zeros(size, np.bool_)
        self._open = []
        for told in state.open:
            kind, number = scopes.find(told.scope)
            members = np.frombuffer(told.members, np.int64).copy()
            self.member[members] = True
            self._open.append(
                Outage(
                    kind=kind,
                    number=number,
                    scope=told.scope,
                    began_ms=told.began_ms,
                    seen_elapsed_ms=told.seen_elapsed_ms,
                    total=told.total,
                    members=members,
                    site_id=told.site_id,
                    area=told.area,
                )
            )
        self._pending = dict(state.pending)
        self.held = np.frombuffer(state.held, np.int64).copy()
        recent: dict[int, list[int]] = {}
        for at_ms, slot in state.recent:
            recent.setdefault(at_ms, []).append(slot)
        self._recent = [(at_ms, np.array(slots, np.int64)) for at_ms, slots in recent.items()]


def _silent_since(arrays: PresenceArrays, slots: Slots) -> Slots:
    """When the silence of these slots began: their first missing report, or their will."""
    heard_ms, said = arrays.heard_ms[slots], arrays.said[slots]
    left = (said == Said.LOST) | (said == Said.DISCONNECTED)
    due_ms: Slots = np.where(left, heard_ms, heard_ms + arrays.interval_ms[slots])
    return due_ms
