"""A file to rows: CSV by line, GeoJSON as a whole. The encoding is found out and told.

CSV is read as it stands on the disk, so that a million rows need no memory; twice gives the same.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec
from typing_extensions import override

from parkguard.importing.columns import PLACED, named
from parkguard.importing.kinds import DRAWN_KINDS, Fault, ImportRefused, Kind, Raw

GEOJSON_BYTES_MAX = 256 * 1_048_576
"""A GeoJSON is in memory as a whole, at about ten times its size."""
CELL_MAX = 1_048_576
"""Longest cell, an outline of 10,000 corners has 400 KB."""
_BLOCK = 1_048_576
_DELIMITERS = (",", ";", "\t")
_GEOJSON = frozenset({".geojson", ".json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file whose header has been understood.

    Attributes:
        encoding: ``utf-8``, ``utf-8-sig`` or ``gb18030``.
        columns: Our name of each column, "" = passed over; of GeoJSON none.
        headers: What it calls them, by our name.
        faults: Of the header.
        size: Bytes.
    """

    path: Path
    kind: Kind
    encoding: str
    size: int
    is_geojson: bool = False
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    @property
    def needs_crs(self) -> bool:
        """Whether coordinates stand in it."""
        return self.is_geojson or not PLACED.isdisjoint(self.columns)

    def rows(self, on_progress: Callable[[int], None] = lambda _bytes: None) -> Iterator[Raw]:
        """Every row in order; an empty one is passed over. Says how many bytes were read."""
        if self.is_geojson:
            yield from _features(self, on_progress)
            return
        with self.path.open("rb") as file:
            counted = io.BufferedReader(_Counted(file, on_progress), _BLOCK)
            text = io.TextIOWrapper(counted, encoding=self.encoding, newline="")
            yield from _lines(self, text)


class _Counted(io.RawIOBase):
    """A binary file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], on_progress: Callable[[int], None]) -> None:
        self._file, self._tell = file, on_progress

    @override
    def readable(self) -> bool:
        """It is."""
        return True

    @override
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; gives how much of it."""
        found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        self._tell(len(found))
        return len(found)


def open_source(path: Path, kind: Kind) -> Source:
    """Look at a file: which encoding, which columns.

    Raises:
        ImportRefused: It cannot be read at all; says why and what to do.
    """
    try:
        size = path.stat().st_size
        encoding = _encoding_of(path)
    except OSError as exc:
        raise ImportRefused(f"{path}: {exc.strerror or exc}") from exc
    if path.suffix.lower() in _GEOJSON:
        if kind not in DRAWN_KINDS:
            raise ImportRefused(f"{path}: {kind} have no place: bring them as CSV")
        if size > GEOJSON_BYTES_MAX:
            raise ImportRefused(f"{path}: over {GEOJSON_BYTES_MAX >> 20} MiB: cut it in parts")
        return Source(path=path, kind=kind, encoding=encoding, size=size, is_geojson=True)
    csv.field_size_limit(CELL_MAX)
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(CELL_MAX)
    if not first.strip():
        raise ImportRefused(
            f"{path}: is empty: `parkguard import --template {kind}` shows a header"
        )
    delimiter = max(_DELIMITERS, key=first.count)
    headers = next(csv.reader([first], delimiter=delimiter))
    names, faults = named(kind, headers)
    return Source(
        path=path,
        kind=kind,
        encoding=encoding,
        size=size,
        delimiter=delimiter,
        columns=tuple(names),
        headers={name: header for name, header in zip(names, headers, strict=True) if name},
        faults=tuple(Fault(1, header, words) for header, words in faults),
    )


def _encoding_of(path: Path) -> str:
    """UTF-8 when all of it is, else GB18030 when all of it is.

    Raises:
        ImportRefused: Neither; says where UTF-8 ends.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportRefused(f"{path}: is UTF-16 (Excel's Unicode text): save it as CSV UTF-8")
    if head.startswith(b"PK\x03\x04"):
        raise ImportRefused(f"{path}: is a workbook (.xlsx): save the sheet as CSV UTF-8")
    bad_at = _bad_at(path, "utf-8")
    if bad_at is None:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if _bad_at(path, "gb18030") is None:
        return "gb18030"
    raise ImportRefused(
        f"{path}: is neither UTF-8 nor GB18030 (byte {bad_at}): save it as CSV UTF-8"
    )


def _bad_at(path: Path, encoding: str) -> int | None:
    """Where a file is not text of this encoding; None: it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as exc:
                return done + exc.start
            if not block:
                return None
            done += len(block)


def _lines(source: Source, text: io.TextIOWrapper) -> Iterator[Raw]:
    columns, width = source.columns, len(source.columns)
    picked = [(k, name) for k, name in enumerate(columns) if name]
    reader = csv.reader(text, delimiter=source.delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            yield Raw(number, {}, fault=f"is no CSV ({exc}): look at its quotation marks")
            continue
        if number == 1 or not any(cells):
            continue
        if len(cells) < width or any(cells[width:]):
            words = f"has {len(cells)} cells, the header has {width}: quote cells with a comma"
            yield Raw(number, {}, fault=words)
            continue
        yield Raw(number, {name: cells[k].strip() for k, name in picked})


def _features(source: Source, on_progress: Callable[[int], None]) -> Iterator[Raw]:
    """Features as rows: properties by their names, the place beside them.

    Raises:
        ImportRefused: It is no GeoJSON.
    """
    try:
        text = source.path.read_bytes().decode(source.encoding)
        document = msgspec.json.decode(text)
    except (OSError, ValueError, RecursionError) as exc:
        raise ImportRefused(f"{source.path}: is no JSON: {exc}") from exc
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise ImportRefused(f'{source.path}: is no GeoJSON: a FeatureCollection has "features"')
    for number, feature in enumerate(features, start=1):
        on_progress(source.size // len(features))
        yield _feature(source.kind, number, feature)


def _feature(kind: Kind, number: int, feature: object) -> Raw:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Raw(number, {}, fault='is no Feature: its "type" says so')
    properties, geometry = feature.get("properties") or {}, feature.get("geometry")
    if not isinstance(properties, dict) or not isinstance(geometry, dict | None):
        return Raw(number, {}, fault='"properties" and "geometry" are objects')
    said = dict(properties)
    if feature.get("id") is not None:
        said.setdefault("id", feature["id"])
    names, faults = named(kind, [str(key) for key in said])
    if faults:
        header, words = faults[0]
        return Raw(number, {}, fault=f"{header}: {words}")
    cells = {name: _text(value) for name, value in zip(names, said.values(), strict=True) if name}
    return Raw(number, cells, geometry=geometry)


def _text(value: object) -> str:
    """A property as it would stand in a cell."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()
