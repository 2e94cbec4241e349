"""Vehicles, owners, models, sites and grids."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from api.roles import Role
from devices.crs import Crs
from devices.model import PLAIN, DeviceClass, Grid, Profile, Site, Vehicle
from devices.models import Model
from devices.owners import Owner
from devices.registration_faults import profile_faults
from parkguard.importing.kinds import CellError, Fault
from parkguard.importing.places import middle, outline_of, place_of
from parkguard.importing.shelf import (
    Given,
    Judged,
    Parsed,
    Put,
    forms_of,
    judge_each,
    key_of,
    named_in,
    new_id,
)
from stores.owners import Owners
from stores.queries import AuditRow
from stores.registry import Registry
from stores.registry_lookup import RegistryLookup

GRID_ID_DIGITS = 14
PROFILE_COLUMNS = {
    "speed_unit": "speed_unit",
    "reports_crs": "crs",
    "decimal": "decimal",
    "meter_wrap_wh": "meter_wrap_wh",
    "coins_fen": "coins_fen",
}
"""Columns of a profile, and its fields."""


def profile_of(given: Given, before: Profile) -> Profile:
    """A profile with the fields that a row names.

    Raises:
        CellError: A decimal point that is none.
    """
    if given.get("decimal", ".") not in {".", ","}:
        raise CellError("decimal", "is a point or a comma")
    named = {field: given[name] for name, field in PROFILE_COLUMNS.items() if name in given}
    return msgspec.structs.replace(before, **named) if named else before


class Vehicles:
    """Vehicles; the processor hears of each chunk."""

    def __init__(self, engine: sa.Engine, registry: Registry) -> None:
        """Write through ``registry``."""
        self._lookup, self._owners = RegistryLookup(engine), Owners(engine)
        self._registry = registry

    def judge(self, rows: Sequence[Parsed]) -> list[Judged | Fault]:
        """As ``Shelf``."""
        known = self._lookup.vehicles(forms_of(rows))
        owners = self._owners.by_id(named_in(rows, "owner_id"))

        def make(row: Parsed) -> tuple[str, object | None, object]:
            key = new_id(row.typed, known)
            before = known.get(key)
            fields = {name: value for name, value in row.given.items() if name != "id"}
            owner = fields.get("owner_id")
            if owner and (before is None or before.owner_id != owner):
                fields["owner_id"] = key_of(str(owner), owners)
            return key, before, msgspec.structs.replace(before or Vehicle(id=key), **fields)

        return judge_each(rows, make)

    def put(self, judged: Sequence[Judged], *, note: str) -> Put:
        """As ``Shelf``."""
        new = [one.value for one in judged if isinstance(one.value, Vehicle)]
        self._registry.add_vehicles(new, [audit_of(self._registry, note)])
        return Put()


class Sites:
    """Parking sites, by points or outlines."""

    def __init__(self, engine: sa.Engine, registry: Registry, crs: Crs) -> None:
        """``crs`` is the file's."""
        self._lookup, self._registry, self._crs = RegistryLookup(engine), registry, crs

    def judge(self, rows: Sequence[Parsed]) -> list[Judged | Fault]:
        """As ``Shelf``."""
        known = self._lookup.sites(forms_of(rows))

        def make(row: Parsed) -> tuple[str, object | None, object]:
            key = new_id(row.typed, known)
            return key, known.get(key), self._site(row, known.get(key) or Site(id=key))

        return judge_each(rows, make)

    def _site(self, row: Parsed, before: Site) -> Site:
        given = row.given
        fields = {name: given[name] for name in ("name", "area", "site_class") if name in given}
        outline = outline_of(row.row, given, self._crs)
        place = place_of(row.row, given, self._crs)
        if outline is not None:
            fields["geometry"] = outline
            place = place or middle(outline)
        elif "geometry" in given:
            fields["geometry"] = None
        if place is not None:
            fields["lat_deg"], fields["lon_deg"] = place
        elif not (before.lat_deg or before.lon_deg):
            raise CellError("lat", "a site needs lat and lon, or an outline")
        return msgspec.structs.replace(before, **fields)

    def put(self, judged: Sequence[Judged], *, note: str) -> Put:
        """As ``Shelf``."""
        new = [one.value for one in judged if isinstance(one.value, Site)]
        self._registry.add_places(new, [], [audit_of(self._registry, note)])
        return Put()


class Grids:
    """Patrol grids: an outline each, their id is their area."""

    def __init__(self, engine: sa.Engine, registry: Registry, crs: Crs) -> None:
        """``crs`` is the file's."""
        self._lookup, self._registry, self._crs = RegistryLookup(engine), registry, crs

    def judge(self, rows: Sequence[Parsed]) -> list[Judged | Fault]:
        """As ``Shelf``."""
        known = self._lookup.grids([row.typed for row in rows])

        def make(row: Parsed) -> tuple[str, object | None, object]:
            before = known.get(row.typed)
            return row.typed, before, self._grid(row, before)

        return judge_each(rows, make)

    def _grid(self, row: Parsed, before: Grid | None) -> Grid:
        if len(row.typed) != GRID_ID_DIGITS:
            raise CellError("id", f"a grid's id has {GRID_ID_DIGITS} digits")
        outline = outline_of(row.row, row.given, self._crs)
        if outline is None and before is None:
            raise CellError("geometry", "a grid needs an outline (Polygon)")
        return Grid(
            id=row.typed,
            name=str(row.given.get("name", before.name if before else "")),
            geometry=outline or (before.geometry if before else {}),
        )

    def put(self, judged: Sequence[Judged], *, note: str) -> Put:
        """As ``Shelf``."""
        new = [one.value for one in judged if isinstance(one.value, Grid)]
        self._registry.add_places([], new, [audit_of(self._registry, note)])
        return Put()


class People:
    """Owners: rows of the database, nothing for the processor (docs/registry.md, Owners)."""

    def __init__(self, engine: sa.Engine, registry: Registry) -> None:
        """``registry`` says who does it and when."""
        self._owners, self._registry = Owners(engine), registry

    def judge(self, rows: Sequence[Parsed]) -> list[Judged | Fault]:
        """As ``Shelf``."""
        known = self._owners.by_id(forms_of(rows))

        def make(row: Parsed) -> tuple[str, object | None, object]:
            key = new_id(row.typed, known)
            fields = {name: value for name, value in row.given.items() if name != "id"}
            if "consent_at" in fields:
                fields["consent_ms"] = fields.pop("consent_at")
            before = known.get(key)
            return key, before, msgspec.structs.replace(before or Owner(id=key), **fields)

        return judge_each(rows, make)

    def put(self, judged: Sequence[Judged], *, note: str) -> Put:
        """As ``Shelf``."""
        new = [one.value for one in judged if isinstance(one.value, Owner)]
        audit = [audit_of(self._registry, note)]
        self._owners.put(new, now_ms=self._registry.now_ms(), audit=audit)
        return Put()


class Models:
    """Models; every device that names one speaks so afterwards."""

    def __init__(self, engine: sa.Engine, registry: Registry) -> None:
        """Write through ``registry``."""
        self._lookup, self._registry = RegistryLookup(engine), registry

    def judge(self, rows: Sequence[Parsed]) -> list[Judged | Fault]:
        """As ``Shelf``."""
        known = self._lookup.models([row.typed for row in rows])

        def make(row: Parsed) -> tuple[str, object | None, object]:
            before = known.get(row.typed)
            return row.typed, before, _model(row, before)

        return judge_each(rows, make)

    def put(self, judged: Sequence[Judged], *, note: str) -> Put:
        """As ``Shelf``; each model in transactions of its own."""
        for one in judged:
            if isinstance(one.value, Model):
                self._registry.save_model(one.value, [audit_of(self._registry, note)])
        return Put()


def _model(row: Parsed, before: Model | None) -> Model:
    cls = DeviceClass(str(row.given["class"]))
    if before is not None and before.cls is not cls:
        raise CellError("class", f"is {before.cls} already: name it otherwise")
    profile = profile_of(row.given, before.profile if before else PLAIN)
    for fault in profile_faults(row.typed, profile):
        raise CellError("", fault)
    vendor = str(row.given.get("vendor", before.vendor if before else ""))
    return Model(id=row.typed, cls=cls, vendor=vendor, profile=profile)


def audit_of(registry: Registry, note: str) -> AuditRow:
    """One row of the audit for a chunk."""
    return (registry.now_ms(), registry.by, Role.ADMIN.value, "registry_imported", note[:128], "")
