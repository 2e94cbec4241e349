"""Registering devices in bulk: files in, secrets out, the registry changed through its store."""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from alerts.routing import grid_shape
from api.roles import Role
from devices.control import REGISTERED_MAX
from devices.ids import canonical_id, canonical_plate, folded
from devices.model import AdminState, DeviceClass, Grid, Profile, Site, Vehicle
from devices.registration_faults import RegistryError
from parkguard.passwords import hash_password, new_secret
from parkguard.private_files import write_private
from stores.queries import AuditRow
from stores.registry import Registry
from stores.registry_devices import NewDevice

FAULTS_SHOWN = 20


class RegistrationError(Exception):
    """Something cannot be registered; one line a fault, each with its place in the file."""


class DeviceEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device as a file names it; secrets are never in it.

    Attributes:
        profile: None keeps the one that a known device has; ``{}`` takes it away.
    """

    id: str
    cls: DeviceClass
    vehicle_id: str | None = None
    site_id: str | None = None
    area: str = ""
    model: str = ""
    interval_s: int = 0
    admin: AdminState = AdminState.ACTIVE
    profile: Profile | None = None
    vendor: str = ""
    name: str = ""
    lat_deg: float | None = None
    lon_deg: float | None = None


class Places(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parking sites and patrol grids."""

    sites: list[Site] = []
    grids: list[Grid] = []


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a registry file may hold."""

    places: Places = Places()
    vehicles: list[Vehicle] = []
    devices: list[DeviceEntry] = []


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        added: Devices that got a new secret.
        kept: Devices that were known and keep theirs.
        held: Messages in quarantine that will be run again: they were of unknown devices.
        left: ... and those that are for another call (``Registry.run_held``).
        secrets: New secrets by device id, in clear: shown or written once, stored nowhere else.
    """

    added: int
    kept: int
    vehicles: int
    sites: int
    grids: int
    held: int
    left: int
    secrets: dict[str, str]


def read_wanted(path: Path) -> Wanted:
    """Read ``.json`` (places, vehicles, devices), ``.jsonl`` or ``.csv`` (devices only).

    Raises:
        RegistrationError: The file cannot be read; every faulty line is named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise RegistrationError(f"{path}: {exc}") from exc
    if path.suffix == ".json":
        try:
            return msgspec.json.decode(text, type=Wanted)
        except msgspec.DecodeError as exc:
            raise RegistrationError(f"{path}: {exc}") from exc
    if path.suffix == ".csv":
        rows: Iterable[tuple[int, object]] = (
            (number, _nested({key: value for key, value in row.items() if value}))
            for number, row in enumerate(csv.DictReader(text.splitlines()), start=2)
        )
        return Wanted(devices=_convert_all(path, rows))
    lines = (
        (number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()
    )
    return Wanted(devices=_convert_all(path, lines))


def register(
    registry: Registry,
    wanted: Wanted,
    *,
    renew: Callable[[str], bool] = lambda _device_id: False,
    keep_secrets: Callable[[dict[str, str]], None] = lambda _secrets: None,
    on_progress: Callable[[int], None] = lambda _count: None,
) -> Registered:
    """Add or replace everything wanted. Idempotent: a known device keeps its secret.

    What is held of the devices as unknown is run again, oldest first. Both are written to the
    audit, in the name of ``registry.by``.

    Args:
        registry: The store.
        wanted: What to register.
        renew: Whether a known device gets a new secret all the same.
        keep_secrets: Called with all new secrets before anything is stored, so that a crash
            loses none that count.
        on_progress: Called with the number of devices just stored.

    Raises:
        RegistrationError: An id, area or profile is not allowed; nothing of its chunk of 1,000 was
            stored.
    """
    try:
        for grid in wanted.places.grids:
            grid_shape(grid)
    except ValueError as exc:
        raise RegistrationError(str(exc)) from exc
    wanted = _in_one_form(registry, wanted)
    hashes = registry.secret_hashes_of([entry.id for entry in wanted.devices])
    secrets = {
        entry.id: new_secret()
        for entry in wanted.devices
        if entry.id not in hashes or renew(entry.id)
    }
    keep_secrets(secrets)
    try:
        if wanted.places.sites or wanted.places.grids:
            registry.add_places(wanted.places.sites, wanted.places.grids)
        registry.add_vehicles(wanted.vehicles)
    except RegistryError as exc:
        raise RegistrationError("\n".join(exc.faults[:FAULTS_SHOWN])) from exc
    held = left = 0
    for start in range(0, len(wanted.devices), REGISTERED_MAX):
        chunk = wanted.devices[start : start + REGISTERED_MAX]
        fresh = {
            entry.id: hash_password(secrets[entry.id]) for entry in chunk if entry.id in secrets
        }
        devices = [
            NewDevice(
                **msgspec.structs.asdict(entry), secret_hash=fresh.get(entry.id) or hashes[entry.id]
            )
            for entry in chunk
        ]
        new = [entry.id for entry in chunk if entry.id not in hashes]
        audit = [_audit(registry, "devices_added", f"device:{device_id}") for device_id in new]
        names = ",".join(entry.id for entry in chunk)
        adopt = _audit(registry, "quarantine_replayed", f"devices:{names}")
        try:
            found = registry.add_devices(devices, audit, adopt=adopt).held
        except RegistryError as exc:
            raise RegistrationError("\n".join(exc.faults[:FAULTS_SHOWN])) from exc
        held, left = held + found.queued, left + found.left
        on_progress(len(chunk))
    return Registered(
        added=len(secrets),
        kept=len({entry.id for entry in wanted.devices} - set(secrets)),
        vehicles=len(wanted.vehicles),
        sites=len(wanted.places.sites),
        grids=len(wanted.places.grids),
        held=held,
        left=left,
        secrets=secrets,
    )


def _in_one_form(registry: Registry, wanted: Wanted) -> Wanted:
    """Ids and plates however they were typed; vehicles that are registered keep their ids."""
    named = {each.vehicle_id for each in wanted.devices if each.vehicle_id is not None}
    typed = {each: folded(each) for each in named | {each.id for each in wanted.vehicles}}
    known = registry.vehicle_ids(typed.values())
    form = {name: each if each in known else canonical_id(each) for name, each in typed.items()}
    return msgspec.structs.replace(
        wanted,
        vehicles=[
            msgspec.structs.replace(each, id=form[each.id], plate=canonical_plate(each.plate))
            for each in wanted.vehicles
        ],
        devices=[
            msgspec.structs.replace(
                each,
                id=canonical_id(each.id),
                vehicle_id=None if each.vehicle_id is None else form[each.vehicle_id],
            )
            for each in wanted.devices
        ],
    )


def _audit(registry: Registry, action: str, target: str) -> AuditRow:
    return (registry.now_ms(), registry.by, Role.ADMIN.value, action, target, "")


def add_credentials(path: Path, secrets: dict[str, str]) -> None:
    """Put secrets into a JSON file ``{"device id": "secret"}`` (0600), beside those in it.

    Raises:
        RegistrationError: The file is there and holds something else.
    """
    known: dict[str, str] = {}
    if path.exists():
        try:
            known = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except msgspec.DecodeError as exc:
            raise RegistrationError(f"{path} is no credentials file ({exc}): name another") from exc
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, msgspec.json.format(msgspec.json.encode(known | secrets), indent=1))


def profile_of(row: Mapping[str, str]) -> Profile:
    """Read a profile from flat text: its fields by name, ``foreign.ADAPTER``, coins by blanks.

    Raises:
        msgspec.ValidationError: A value that is not allowed, with its place.
    """
    nested = _nested(dict(row)).get("profile", {})
    return msgspec.convert(nested, Profile, strict=False)


def _nested(row: dict[str, str]) -> dict[str, object]:
    """Put the columns of a profile where the profile is."""
    flat: dict[str, object] = {}
    profile: dict[str, object] = {}
    foreign: dict[str, str] = {}
    for name, value in row.items():
        head, _, adapter = name.partition(".")
        if head == "foreign" and adapter:
            foreign[adapter] = value
        elif name == "coins_fen":
            profile[name] = value.split()
        elif name in Profile.__struct_fields__:
            profile[name] = value
        else:
            flat[name] = value
    if foreign:
        profile["foreign"] = foreign
    return flat | ({"profile": profile} if profile else {})


def _convert_all(path: Path, rows: Iterable[tuple[int, object]]) -> list[DeviceEntry]:
    entries: list[DeviceEntry] = []
    faults: list[str] = []
    for number, row in rows:
        try:
            if isinstance(row, str):
                entries.append(msgspec.json.decode(row, type=DeviceEntry))
            else:
                entries.append(msgspec.convert(row, DeviceEntry, strict=False))
        except msgspec.DecodeError as exc:
            faults.append(f"{path}:{number}: {exc}")
    if faults:
        more = f"\n... and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        raise RegistrationError("\n".join(faults[:FAULTS_SHOWN]) + more)
    return entries
