"""Telemetry as Parquet: one file a measurement and day, in folders as Hive names them.

``{folder}/fix/day=2026-11-28/part-0.parquet``. A file appears whole or not at all, mode 0600:
it is written under a name that no reader looks for, forced to the disk, then renamed. This is the
only file that knows pyarrow.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from devices.telemetry import MEASUREMENTS, Row

GROUP_ROWS = 122_880
"""Rows of a row group: DuckDB's own size; a device's rows lie side by side, so few are read."""
BATCH_ROWS = 8_192
"""Rows kept as Python values before they become columns: bounds the memory."""

_TYPES = {"float": pa.float64(), "int": pa.int64(), "str": pa.string()}
_KEY = [("device", pa.string()), ("time", pa.timestamp("ms", tz="UTC")), ("seq", pa.int64())]
_RISING = ("time", "seq")
"""Columns that are stored as differences, which are small."""
_FILE = "part-0.parquet"


def day_path(folder: Path, measurement: str, day: str) -> Path:
    """Where the rows of one measurement and day stand."""
    return folder / measurement / f"day={day}" / _FILE


def schema_of(measurement: str) -> pa.Schema:
    """Columns of a file: the key, then those of ``MEASUREMENTS``."""
    fields = MEASUREMENTS[measurement].items()
    return pa.schema([*_KEY, *((name, _TYPES[kind]) for name, kind in fields)])


def sweep(folder: Path) -> None:
    """Delete what a killed export left below the folder; only while none runs there."""
    for left in folder.glob(f"*/day=*/.{_FILE}.*"):
        left.unlink(missing_ok=True)


class DayFile:
    """The rows of one measurement and day on their way into a file."""

    def __init__(self, path: Path, measurement: str) -> None:
        """Open nothing before the first rows are written."""
        self.rows = 0
        self._fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        self._path = path
        self._schema = schema_of(measurement)
        self._waiting: list[Row] = []
        self._batches: list[pa.RecordBatch] = []
        self._file: IO[bytes] | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows; they must come device after device, ascending by time and seq.

        Raises:
            OSError: The folder cannot be written, or the disk is full.
        """
        self.rows += len(rows)
        self._waiting += rows
        if len(self._waiting) >= BATCH_ROWS:
            self._pack()
        if sum(batch.num_rows for batch in self._batches) >= GROUP_ROWS:
            self._write()

    def settle(self) -> int:
        """Put the file in its place, or delete the one there when no row came; its bytes.

        Raises:
            OSError: It could not be written; the file of before is as it was.
        """
        if not self.rows:
            self._path.unlink(missing_ok=True)
            return 0
        if self._waiting:
            self._pack()
        self._write()
        assert self._file is not None  # noqa: S101 - there are rows, so it is open
        assert self._writer is not None  # noqa: S101
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        size = os.fstat(self._file.fileno()).st_size
        self._fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return size

    def drop(self) -> None:
        """Let go of the file; what is not settled is deleted."""
        self._fresh.unlink(missing_ok=True)
        if self._writer is not None and self._writer.is_open:
            with suppress(OSError):  # a full disk: it has been said, and this file is no more
                self._writer.close()
            self._writer.is_open = False
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def _pack(self) -> None:
        _, device_ids, t_ms, seqs, fields = zip(*self._waiting, strict=True)
        values = [device_ids, t_ms, seqs, *zip(*fields, strict=True)]
        arrays = [
            pa.array(value, type=field.type)
            for value, field in zip(values, self._schema, strict=True)
        ]
        self._batches.append(pa.record_batch(arrays, schema=self._schema))
        self._waiting = []

    def _write(self) -> None:
        """The packed rows as row groups."""
        if not self._batches:
            return
        if self._writer is None:
            self._open()
        assert self._writer is not None  # noqa: S101 - just opened
        table = pa.Table.from_batches(self._batches, schema=self._schema)
        self._writer.write_table(table, row_group_size=max(GROUP_ROWS, table.num_rows))
        self._batches = []

    def _open(self) -> None:
        for folder in reversed(list(self._path.parents)[:3]):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        names = self._schema.names
        self._writer = pq.ParquetWriter(
            self._file,
            self._schema,
            compression="zstd",
            use_dictionary=[name for name in names if name not in _RISING],
            column_encoding=dict.fromkeys(_RISING, "DELTA_BINARY_PACKED"),
            sorting_columns=[pq.SortingColumn(names.index(n)) for n in ("device", "time", "seq")],
        )


@contextmanager
def day_file(path: Path, measurement: str) -> Iterator[DayFile]:
    """A file for rows; one that is not settled when the block ends never was."""
    file = DayFile(path, measurement)
    try:
        yield file
    finally:
        file.drop()
