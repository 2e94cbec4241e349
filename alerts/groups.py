"""What happens to many vehicles at once is no theft of each: jammed areas, dark sites, spoofing.

Claims are gathered while records are taken and judged at ticks alone, in the order of slots: so
no vehicle's record touches another's before the tick, and batches change nothing. A witness that
the group explains counts nothing, an alert that was raised before its neighbours spoke is merged.
"""

import math
from itertools import islice

import msgspec
import numpy as np

from alerts import merging
from alerts.areas import Areas, OpenArea, area_reason
from alerts.detection.anchor import ARMED
from alerts.detection.signs import Sign
from alerts.detection.statistic import Fixes, Moved
from alerts.model import Effects
from alerts.neighbours import Claim, Neighbours, apart_m
from alerts.open_alert import Cause
from alerts.scope import Scope
from alerts.sites import Sites
from alerts.witness_policy import WitnessPolicy
from devices.admitted import Record
from devices.control import DeskVerdict
from devices.entry import Entry
from devices.geo import M_PER_DEG_LAT, distance_m

KEPT_MS = 1_800_000
"""A claim is remembered for so long: an unanswered alert lasts no longer (policy.expire_s)."""
JUDGED_A_TICK = 300
"""Claims of a kind that are judged in one second: some 50 ms of CPU, and live records wait."""
SPARE = 3
"""Claims that move alike are sought up to so many above a group: each is judged itself, and several
trackers may be on one vehicle."""
TICK_MS = 2_000
"""Ticks are at most so far apart (``parkguard.replay.ticking``)."""
ALIKE_SHARE = 0.25
"""Displacements that differ by less than this share of them are alike: vehicles of one ferry are
heard some seconds apart. Ours."""
_WHY = {Sign.JAMMING: "area_jamming", Sign.POWER_CUT: "site_power_loss"}


class GroupsState(msgspec.Struct):
    """For checkpoints."""

    jammed: list[Claim] = []
    cut: list[Claim] = []
    moving: list[Claim] = []
    fresh: dict[int, list[int]] = {}
    areas: list[OpenArea] = []
    dark_until: dict[str, int] = {}


class Groups:
    """Claims of many vehicles, and the area incidents they make.

    Attributes:
        moving: Armed vehicles away from where they were parked, with the newest place of each.
    """

    def __init__(
        self, policy: WitnessPolicy, sites: Sites, state: GroupsState | None = None
    ) -> None:
        """Start with nothing claimed, or from a checkpoint."""
        state = state or GroupsState()
        self._policy = policy
        self._sites = sites
        self._quiet_ms = round(policy.area_quiet_s * 1000)
        self._jammed = Neighbours(policy.jammed_m, state.jammed)
        self._cut = Neighbours(policy.power_m, state.cut)
        self.moving = Neighbours(policy.alike_m, state.moving)
        self._fresh = {sign: dict.fromkeys(state.fresh.get(sign, [])) for sign in _JUDGED}
        self._areas = Areas(list(state.areas))
        self._dark_until = dict(state.dark_until)

    @property
    def waits(self) -> bool:
        """Whether ticks have something to judge."""
        return any(self._fresh.values()) or bool(self._areas.open)

    @property
    def fresh_moves(self) -> list[int]:
        """Slots that moved and are judged at the next tick."""
        return [claim.slot for claim in self._due(Sign.ALIKE)]

    def _due(self, sign: Sign) -> list[Claim]:
        """What is judged now, the oldest first; of very many the rest waits for the next tick."""
        fresh, claims = self._fresh[sign], self._index(sign).claims
        for slot in [slot for slot in fresh if slot not in claims]:
            del fresh[slot]
        due = [claims[slot] for slot in fresh]
        return sorted(due, key=lambda claim: (claim.at_ms, claim.slot))[:JUDGED_A_TICK]

    # -- gathering --------------------------------------------------------------------------

    def witnessed(self, record: Record, sign: Sign, scope: Scope) -> None:
        """One tracker says that it is jammed, or that its power was cut."""
        if sign not in _WHY:
            return
        cause = scope.cause_of(record, 0.0)
        device = record.device
        if cause.lat_deg is None or cause.lon_deg is None or device.vehicle_id is None:
            return
        index = self._jammed if sign is Sign.JAMMING else self._cut
        index.put(
            Claim(
                slot=device.slot,
                vehicle_id=device.vehicle_id,
                lat_deg=cause.lat_deg,
                lon_deg=cause.lon_deg,
                at_ms=cause.elapsed_ms,
                t_ms=cause.t_ms,
                site_id=self._sites.site_of(device, cause.lat_deg, cause.lon_deg),
            )
        )
        self._fresh[sign][device.slot] = None

    def site_went_dark(self, site_id: str, now_ms: int) -> None:
        """A charger says that its site lost the mains."""
        self._dark_until[site_id] = now_ms + round(self._policy.mains_s * 1000)
        since_ms = now_ms - round(self._policy.mains_s * 1000)
        self._fresh[Sign.POWER_CUT] |= {
            slot: None
            for slot, claim in self._cut.claims.items()
            if claim.site_id == site_id and claim.at_ms >= since_ms
        }

    def fixes(self, records: list[Record], fixes: Fixes, moved: Moved, scope: Scope) -> None:
        """Who is away from where it was parked; held leaps count, too: many at once are telling."""
        anchors, policy = scope.watch.anchors, scope.policy
        away = moved.moved_m > np.maximum(policy.owner_min_m, policy.owner_sigmas * moved.sigma_m)
        if self.moving.claims:
            for slot in self.moving.claims.keys() & set(fixes.slot[moved.scored & ~away].tolist()):
                self.moving.drop(slot)
        if not away.any():
            return
        slots = fixes.slot
        away &= (anchors.mode[slots] == ARMED) & (fixes.t_ms >= anchors.last_t[slots])
        for k in np.flatnonzero(away).tolist():
            self._moves(records[k], fixes, k, scope)

    def _moves(self, record: Record, fixes: Fixes, k: int, scope: Scope) -> None:
        device, now_ms = record.device, record.entry.elapsed_ms
        anchors, slot = scope.watch.anchors, record.device.slot
        explained = scope.watch.evidence.expires[[Sign.TICKET, Sign.PHONE_NEAR], slot] > now_ms
        if device.vehicle_id is None or explained.any():
            return
        home_lat, home_lon = scope.watch.home(slot)
        east_deg_m = M_PER_DEG_LAT * math.cos(math.radians(home_lat))
        lat, lon, t_ms = float(fixes.lat_deg[k]), float(fixes.lon_deg[k]), int(fixes.t_ms[k])
        before = self.moving.claims.get(slot)
        claim = Claim(
            slot=slot,
            vehicle_id=device.vehicle_id,
            lat_deg=lat,
            lon_deg=lon,
            at_ms=now_ms,
            t_ms=t_ms,
            since_ms=t_ms if before is None else before.since_ms,
            east_m=(lon - home_lon) * east_deg_m,
            north_m=(lat - home_lat) * M_PER_DEG_LAT,
            home_lat_deg=home_lat,
            home_lon_deg=home_lon,
            left_ms=int(anchors.quiet_t[slot]),
            stood_ms=now_ms,
            stood_lat_deg=lat,
            stood_lon_deg=lon,
        )
        if before is not None:
            stood = (before.stood_lat_deg, before.stood_lon_deg)
            stands = distance_m(*stood, lat, lon) <= self._policy.alike_apart_m
            claim = msgspec.structs.replace(
                claim,
                stood_ms=before.stood_ms if stands else now_ms,
                stood_lat_deg=stood[0] if stands else lat,
                stood_lon_deg=stood[1] if stands else lon,
                from_lat_deg=before.lat_deg,
                from_lon_deg=before.lon_deg,
                from_t_ms=before.t_ms,
            )
        self.moving.put(claim)
        if now_ms - claim.stood_ms <= self._policy.alike_s * 1000:
            self._fresh[Sign.ALIKE][slot] = None

    # -- judging ----------------------------------------------------------------------------

    def tick(self, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Judge what is new, and end what is over."""
        if not self.waits:
            return
        for sign, fresh in self._fresh.items():
            index = self._index(sign)
            for claim in self._due(sign):
                self._judge(sign, claim, entry=entry, scope=scope, effects=effects)
                fresh.pop(claim.slot)
            index.prune(entry.elapsed_ms - KEPT_MS)
        self._hold_alike(entry.elapsed_ms, scope)
        for area in self._areas.tick(_cause(entry), self._quiet_ms, effects):
            if area.code == "moves_alike":
                _settle_anew(area, entry, scope)

    def dismiss(self, said: DeskVerdict, entry: Entry, scope: Scope, effects: Effects) -> None:
        """The desk dismissed an area incident: what it discounted counts again, from now on."""
        area = self._areas.dismiss(said.alert_id, _cause(entry)._replace(by=said.by), effects)
        if area is None:
            return
        sign = next((one for one, code in _WHY.items() if code == area.code), Sign.ALIKE)
        evidence, index = scope.watch.evidence, self._index(sign)
        for slot in area.members:
            index.drop(slot)
            if sign is Sign.ALIKE:
                evidence.hold(slot, sign, 0)
            else:
                evidence.discounts.get(slot, {}).pop(sign, None)

    def _hold_alike(self, now_ms: int, scope: Scope) -> None:
        """Every member is excused as long as its area incident lasts."""
        for area in self._areas.open:
            if area.code == "moves_alike" and area.grown_ms == now_ms:
                for slot in area.members:
                    scope.watch.evidence.hold(slot, Sign.ALIKE, now_ms + self._quiet_ms + TICK_MS)

    def _index(self, sign: Sign) -> Neighbours:
        if sign is Sign.ALIKE:
            return self.moving
        return self._jammed if sign is Sign.JAMMING else self._cut

    def _judge(
        self, sign: Sign, claim: Claim, *, entry: Entry, scope: Scope, effects: Effects
    ) -> None:
        group = self._group(sign, claim)
        if group is None:
            return
        members = [claim, *group]
        now = _cause(entry)
        place = now._replace(lat_deg=claim.lat_deg, lon_deg=claim.lon_deg)
        code = _WHY.get(sign, "moves_alike")
        area = self._areas.join(
            code,
            sorted(member.slot for member in members),
            onset_ms=min(member.t_ms for member in members),
            cause=scope.placed(place),
        )
        because, evidence = area_reason(code, len(area.members)), scope.watch.evidence
        for member in members:
            vehicle_id = member.vehicle_id
            if sign is Sign.ALIKE:
                merging.merge(vehicle_id, because, now, scope=scope, effects=effects)
                continue
            evidence.discount(member.slot, sign, code, int(evidence.expires[sign, member.slot]))
            merging.discounted(
                vehicle_id, sign, because=because, cause=now, scope=scope, effects=effects
            )

    def _group(self, sign: Sign, claim: Claim) -> list[Claim] | None:
        """The others that make it a group with ``claim``; None = there is no group."""
        policy = self._policy
        if sign is Sign.JAMMING:
            others = list(self._jammed.near(claim, round(policy.jammed_s * 1000)))
            return others if _vehicles(others) + 1 >= policy.jammed_vehicles else None
        if sign is Sign.ALIKE:
            near = self.moving.near(claim, round(policy.alike_s * 1000))
            alike = (other for other in near if self._alike(claim, other))
            others = list(islice(alike, policy.alike_vehicles + SPARE))
            return others if _vehicles(others) + 1 >= policy.alike_vehicles else None
        others = list(self._cut.near(claim, round(policy.power_s * 1000)))
        if _vehicles(others) >= policy.power_neighbours:
            return others
        return self._at_its_site(claim)

    def _at_its_site(self, claim: Claim) -> list[Claim] | None:
        """Power cuts at one site; None when it did not go dark."""
        if not claim.site_id:
            return None
        within_ms = round(self._policy.power_site_s * 1000)
        others = [
            other
            for other in self._cut.claims.values()
            if other.site_id == claim.site_id
            and other.slot != claim.slot
            and abs(other.at_ms - claim.at_ms) <= within_ms
        ]
        many = _vehicles(others) + 1 >= self._policy.power_site_vehicles
        return others if many or self._is_dark(claim) else None

    def _is_dark(self, claim: Claim) -> bool:
        """Whether its site lost the mains no longer before, or just after, by a charger's word."""
        until_ms = self._dark_until.get(claim.site_id)
        lasts_ms = round(self._policy.mains_s * 1000)
        return until_ms is not None and until_ms - 2 * lasts_ms <= claim.at_ms <= until_ms

    def _alike(self, one: Claim, other: Claim) -> bool:
        """Both left at once, and went the same way or came to the same place."""
        policy = self._policy
        apart_ms = max(one.left_ms, other.left_ms) - min(one.since_ms, other.since_ms)
        if apart_ms > policy.alike_s * 1000:
            return False
        far_m = max(math.hypot(one.east_m, one.north_m), math.hypot(other.east_m, other.north_m))
        differ_m = math.hypot(one.east_m - other.east_m, one.north_m - other.north_m)
        same_way = differ_m <= max(policy.alike_apart_m, ALIKE_SHARE * far_m)
        return same_way or apart_m(one, other) <= policy.alike_apart_m

    def dump(self) -> GroupsState:
        """State for a checkpoint."""
        return GroupsState(
            jammed=list(self._jammed.claims.values()),
            cut=list(self._cut.claims.values()),
            moving=list(self.moving.claims.values()),
            fresh={int(sign): list(slots) for sign, slots in self._fresh.items() if slots},
            areas=self._areas.open,
            dark_until=self._dark_until,
        )


_JUDGED = (Sign.JAMMING, Sign.POWER_CUT, Sign.ALIKE)


def _vehicles(claims: list[Claim]) -> int:
    return len({claim.vehicle_id for claim in claims})


def _cause(entry: Entry) -> Cause:
    return Cause(t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=entry.elapsed_ms)


def _settle_anew(area: OpenArea, entry: Entry, scope: Scope) -> None:
    """Whoever is still away when it is over is watched from where it rests now."""
    for slot in sorted(area.members):
        scope.watch.evidence.hold(slot, Sign.ALIKE, 0)
        armed = scope.watch.anchors.mode[slot] == ARMED
        if armed and scope.watch.moved_m(slot) > scope.policy.owner_min_m:
            scope.watch.settle_anew(slot, entry.recv_ms)
