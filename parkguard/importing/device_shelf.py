"""Devices: trackers, chargers, cameras, gateways. New ones get a secret, once, in a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from api.roles import Role
from devices.crs import Crs
from devices.ids import canonical_id, device_id_fault
from devices.model import PLAIN, AdminState, Device, DeviceClass, Profile
from devices.models import Model
from devices.registration_faults import (
    ADAPTERS,
    Claim,
    faults_beside_ids,
    registered_ids,
)
from parkguard.importing.fresh_secrets import FreshSecrets
from parkguard.importing.kinds import CLASS_OF, CellError, Fault, Kind
from parkguard.importing.places import place_of
from parkguard.importing.shelf import (
    Gather,
    Given,
    Judged,
    Parsed,
    Put,
    State,
    forms_of,
    key_of,
    named_in,
    reference,
)
from parkguard.importing.shelves import PROFILE_COLUMNS, audit_of, profile_of
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.registry_lookup import RegistryLookup

SAID = ("name", "model", "vendor", "interval_s", "admin")
"""Columns that are fields of a device as they stand."""
_ADAPTER_OF = {f"foreign.{adapter}": adapter for adapter in ADAPTERS}
"""Columns of foreign ids, and the adapter of each."""
_OF_PROFILE = frozenset({*PROFILE_COLUMNS, "gateway", *_ADAPTER_OF})
_COMPARED = tuple(name for name in Device.__struct_fields__ if name != "slot")


@dataclass(frozen=True, slots=True)
class _Around:
    """What rows of a chunk name: registered devices, areas, models, holders of foreign ids."""

    devices: Mapping[str, Device]
    vehicles: Mapping[str, str]
    sites: Mapping[str, str]
    models: Mapping[str, Model]
    holders: Mapping[Claim, str]


class Devices:
    """Devices of one kind of file."""

    def __init__(
        self,
        engine: sa.Engine,
        registry: Registry,
        kind: Kind,
        crs: Crs,
        *,
        fresh: FreshSecrets,
        keep_secrets: Callable[[Mapping[str, str]], None],
    ) -> None:
        """Write through ``registry``; ``keep_secrets`` of ``fresh`` before that, for good."""
        self._lookup, self._registry, self._crs = RegistryLookup(engine), registry, crs
        self._cls, self._fresh, self._keep = CLASS_OF.get(kind), fresh, keep_secrets

    def judge(self, rows: Sequence[Parsed]) -> list[Judged | Fault]:
        """As ``Shelf``."""
        known = self._lookup.devices(forms_of(rows))
        models = named_in(rows, "model") | {device.model for device in known.values()}
        around = _Around(
            devices=known,
            vehicles=self._lookup.vehicle_areas(named_in(rows, "vehicle_id")),
            sites=self._lookup.site_areas(named_in(rows, "site_id")),
            models=self._lookup.models(models),
            holders=self._lookup.holders(_claims_in(rows)),
        )
        found: list[Judged | Fault] = []
        good: list[tuple[int, NewDevice]] = []
        for row in rows:
            gather = Gather(row.row.number)
            device = self._device(row, around, gather)
            if gather.faults:
                found += gather.faults
            else:
                good.append((gather.number, device))
        ready = self._lookup.speaking([device for _, device in good], known)
        return found + [
            _judged(number, device, known) for (number, _), device in zip(good, ready, strict=True)
        ]

    def _device(self, row: Parsed, around: _Around, gather: Gather) -> NewDevice:
        """The device of a row; what it says counts only without faults."""
        given = row.given
        device_id = key_of(row.typed, around.devices)
        before = around.devices.get(device_id)
        cls = self._cls or DeviceClass(str(given["class"]))
        fields = {name: given[name] for name in SAID if name in given}
        with gather:
            _check(device_id, before, cls, given)
        with gather:
            _check_model(around.models, given, before, cls)
        for name, areas, hint in (
            ("vehicle_id", around.vehicles, "import vehicles first"),
            ("site_id", around.sites, "import sites first"),
        ):
            if name in given:
                with gather:
                    fields[name] = reference(given, name, areas, hint)
        with gather:
            fields |= self._place(row, cls)
        with gather:
            fields["profile"] = profile = _profile(device_id, given, before)
            _check_claims(device_id, profile, around.holders)
        base = _new_of(before) if before else NewDevice(id=device_id, cls=cls, secret_hash="")
        device = msgspec.structs.replace(base, **fields)
        area = _area(given, device, around, before)
        return device if area == device.area else msgspec.structs.replace(device, area=area)

    def _place(self, row: Parsed, cls: DeviceClass) -> dict[str, object]:
        place = place_of(row.row, row.given, self._crs)
        if place is None:
            says = "lat" in row.given or row.row.geometry is not None
            return {"lat_deg": None, "lon_deg": None} if says else {}
        if cls is DeviceClass.TRACKER:
            raise CellError("lat", "a tracker says itself where it is: leave it empty")
        return {"lat_deg": place[0], "lon_deg": place[1]}

    def put(self, judged: Sequence[Judged], *, note: str) -> Put:
        """As ``Shelf``; secrets are kept before anything is written."""
        new = [one.value for one in judged if isinstance(one.value, NewDevice)]
        hashes = self._registry.secret_hashes_of([device.id for device in new])
        without = [device.id for device in new if device.id not in hashes]
        secrets = dict(zip(without, self._fresh.take(len(without)), strict=True))
        if secrets:
            self._keep({name: secret.clear for name, secret in secrets.items()})
        hashes |= {name: secret.hashed for name, secret in secrets.items()}
        ready = [msgspec.structs.replace(device, secret_hash=hashes[device.id]) for device in new]
        now_ms, by = self._registry.now_ms(), self._registry.by
        run = (now_ms, by, Role.ADMIN.value, "quarantine_replayed", note[:128], "")
        held = self._registry.add_devices(ready, [audit_of(self._registry, note)], adopt=run).held
        return Put(held=held.queued, left=held.left, secrets=len(secrets))


def _check(device_id: str, before: Device | None, cls: DeviceClass, given: Given) -> None:
    if before is None:
        if fault := device_id_fault(device_id):
            raise CellError("id", fault)
        return
    if before.cls is not cls:
        raise CellError("id", f"is registered as {before.cls}: a device keeps its class")
    if before.admin is AdminState.RETIRED and "admin" not in given:
        words = "is retired: a column admin with active takes it back into service"
        raise CellError("id", words)


def _check_model(
    models: Mapping[str, Model], given: Given, before: Device | None, cls: DeviceClass
) -> None:
    model = models.get(str(given.get("model", before.model if before else "")))
    if model is not None and model.cls is not cls:
        raise CellError("model", f"is a model of class {model.cls}: mend one of them")


def _profile(device_id: str, given: Given, before: Device | None) -> Profile | None:
    """The profile of a row that speaks of one, else None: it stays."""
    if _OF_PROFILE.isdisjoint(given):
        return None
    profile = profile_of(given, before.profile if before else PLAIN)
    if "gateway" in given:
        gateway = canonical_id(str(given["gateway"]))
        profile = msgspec.structs.replace(profile, gateway=gateway)
    said = _foreign_in(given)
    foreign = {adapter: named for adapter, named in (profile.foreign | said).items() if named}
    ids, wrong = registered_ids(foreign)
    for adapter, words in wrong.items():
        raise CellError(f"foreign.{adapter}", words)
    profile = msgspec.structs.replace(profile, foreign=ids)
    for fault in faults_beside_ids(device_id, profile):
        raise CellError("", fault)
    return profile


def _claims_in(rows: Sequence[Parsed]) -> set[Claim]:
    """Foreign ids that rows name, in the form in which they arrive."""
    claims: set[Claim] = set()
    for row in rows:
        named = {adapter: each for adapter, each in _foreign_in(row.given).items() if each}
        if named:
            claims.update(registered_ids(named)[0].items())
    return claims


def _foreign_in(given: Given) -> dict[str, str]:
    """Foreign ids by adapter as a row has them; "" = an empty cell."""
    return {
        _ADAPTER_OF[column]: str(cell) for column, cell in given.items() if column in _ADAPTER_OF
    }


def _check_claims(device_id: str, profile: Profile | None, holders: Mapping[Claim, str]) -> None:
    for claim in profile.foreign.items() if profile else ():
        holder = holders.get(claim, device_id)
        if holder != device_id:
            words = f"is {holder}'s already: revoke that device or take the id off it first"
            raise CellError(f"foreign.{claim[0]}", words)


def _area(given: Given, device: NewDevice, around: _Around, before: Device | None) -> str:
    """As given, else as it was, else that of its vehicle or site."""
    if given.get("area"):
        return str(given["area"])
    if before is not None and "area" not in given:
        return before.area
    of_vehicle = around.vehicles.get(device.vehicle_id or "", "")
    return of_vehicle or around.sites.get(device.site_id or "", "")


def _new_of(device: Device) -> NewDevice:
    """A registered device as it would be registered again."""
    fields = {name: getattr(device, name) for name in _COMPARED if name != "profile"}
    return NewDevice(**fields, secret_hash="", profile=None)


def _judged(number: int, device: NewDevice, known: Mapping[str, Device]) -> Judged:
    before = known.get(device.id)
    state = State.NEW
    if before is not None:
        same = all(
            getattr(before, name) == getattr(device, name)
            for name in _COMPARED
            if name != "profile"
        )
        state = State.SAME if same and before.profile == device.profile else State.CHANGED
    claims = (device.profile or PLAIN).foreign.items()
    once = (("id", device.id), *((f"foreign.{adapter}", named) for adapter, named in claims))
    return Judged(number, device, state, once)
