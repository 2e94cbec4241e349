"""Telemetry in InfluxDB 1.x, 2.x or 3.x. Writes by influxdb-client, reads by InfluxQL.

Laws. Nothing counts as stored before 204. This file never waits and never tries again: it says
what is wrong, and the projector, whose offset stays, comes back with the same rows. Writing a row
again changes nothing. LatestState never comes from here (decisions.md 6).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from typing_extensions import override

from devices.errors import StoreError
from devices.refused import PartialWrite, RefusedRow, StoreReason
from devices.telemetry import Row
from stores.influx_answers import (
    BAD_REQUEST,
    NO_CONTENT,
    TOO_LARGE,
    UNPROCESSABLE,
    Answer,
    Refusal,
    at_limit,
    reason_of,
    refusal,
    trouble,
    unreachable,
)
from stores.influx_lines import LineWriter, point_ns
from stores.influx_place import DATA_CLASS, DataClass, InfluxPlace, InfluxVersion
from stores.influx_reads import InfluxReads
from stores.influx_setup import erase
from stores.telemetry_rows import check_rows

LINES_MAX = 5_000
"""Lines a request. Source: architecture.md, measured facts."""
REFUSED_MAX = 100
"""A server that refuses more lines of one write has another schema, or is no InfluxDB: then the
projector waits for people, and nothing is set aside line by line."""
FEW = 10
"""So many refused rows in a row may be bad rows; more with nothing taken are a bad store."""


class InfluxTelemetry(InfluxReads):
    """Writes and reads rows. One thread writes, any number read."""

    def __init__(self, place: InfluxPlace) -> None:
        """Connect at the first use."""
        super().__init__(place)
        self._place = place
        self._writer = LineWriter()
        is_basic = place.version is InfluxVersion.V1
        self._client = InfluxDBClient(
            url=place.url,
            token=f"{place.user}:{place.secret}" if is_basic else place.secret,
            org=place.org or "-",
            timeout=round(place.timeout_s * 1000),
            auth_basic=is_basic,
        )
        self._in_a_row = 0
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, rows: Sequence[Row]) -> None:
        """Store rows; the server said 204 for each of them when this returns.

        The same row again changes nothing. Of two rows with one key in a batch the first stays;
        another one later would take its place (SQLite keeps the first).

        Raises:
            PartialWrite: Everything is stored but what it names.
            StoreError: Nothing is known to be stored; writing again is harmless.
            ValueError: A row that the core must never send; nothing was sent.
        """
        check_rows(rows)
        batch = _Batch()
        kept = batch.without_doubles(self._writer.lines(rows), rows)
        by_class: dict[DataClass, list[tuple[str, Row]]] = {kind: [] for kind in DataClass}
        for pair in kept:
            by_class[DATA_CLASS[pair[1].measurement]].append(pair)
        for kind, pairs in by_class.items():
            for start in range(0, len(pairs), LINES_MAX):
                self._store(self._place.name(kind), pairs[start : start + LINES_MAX], batch)
        self._end(len(rows), batch)

    def _end(self, size: int, batch: "_Batch") -> None:
        """Say what was left out of ``size`` rows, if anything.

        Raises:
            PartialWrite: Something was.
            StoreError: Nothing was taken, of this batch and those just before.
        """
        taken = size - len(batch.refused) - batch.expired
        self._in_a_row = 0 if taken or batch.expired else self._in_a_row + len(batch.refused)
        if self._in_a_row > FEW:
            raise _other_schema(batch.refused[-1].said)
        if batch.refused or batch.expired:
            raise PartialWrite(batch.refused, expired=batch.expired)

    def _store(self, bucket: str, pairs: list[tuple[str, Row]], batch: "_Batch") -> None:
        """Send, and send again without what is refused, until all the rest is stored."""
        waiting = [pairs]
        while waiting:
            some = waiting.pop()
            lines = [line for line, _ in some]
            answer = self._post(bucket, lines)
            if answer.status == NO_CONTENT:
                continue
            if answer.status == TOO_LARGE:
                if len(some) == 1:
                    batch.refuse(some[0][1], StoreReason.TOO_LARGE, "longer than it takes")
                else:
                    waiting += _halves(some)
            elif answer.status in {BAD_REQUEST, UNPROCESSABLE} and (
                found := refusal(answer.body, lines)
            ):
                waiting += self._refused(some, found, batch)
            else:
                raise trouble(self._place, answer, bucket=bucket)

    def _refused(
        self, pairs: list[tuple[str, Row]], found: Refusal, batch: "_Batch"
    ) -> list[list[tuple[str, Row]]]:
        """Set aside what is named, or look for it; what is to be sent again."""
        if found.named:
            bad = {named.place: named.said for named in found.named}
            for place, said in bad.items():
                batch.refuse(pairs[place][1], reason_of(said), said)
            rest = [pair for place, pair in enumerate(pairs) if place not in bad]
            return [rest] if rest else []
        if found.is_limit:
            raise at_limit(self._place, found.said)
        if found.expired:
            batch.expired += found.expired
            return []
        if len(pairs) == 1:
            batch.refuse(pairs[0][1], reason_of(found.said), found.said)
            return []
        return _halves(pairs)

    def _post(self, bucket: str, lines: list[str]) -> Answer:
        """One request and its answer, whatever it is."""
        body = "\n".join(lines).encode()
        with _unreachable(self._place):
            try:
                self._write_api.write(
                    bucket=bucket,
                    record=body,
                    write_precision=WritePrecision.NS,  # type: ignore[arg-type]  # a str in truth
                )
            except ApiException as exc:
                return Answer(int(exc.status or 0), str(exc.body or ""), dict(exc.headers or {}))
        last = self._client.api_client.last_response
        return Answer(int(last.status), "", {})

    def erase(self, device_id: str) -> None:
        """Take every row of one device out; harmless when there is none.

        Raises:
            StoreError: It was not done, or this generation cannot do it.
        """
        erase(self._place, device_id)

    @override
    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._write_api.close()  # type: ignore[no-untyped-call]
        self._client.close()  # type: ignore[no-untyped-call]


class _Batch:
    """What one write leaves out."""

    def __init__(self) -> None:
        self.refused: list[RefusedRow] = []
        self.expired = 0
        self._by_store = 0

    def refuse(self, row: Row, reason: StoreReason, said: str) -> None:
        """Leave a row out.

        Raises:
            StoreError: They are too many: something is wrong with the store, not with the rows.
        """
        self.refused.append(RefusedRow(row, reason, said[:200]))
        if reason is not StoreReason.COLLISION:  # a device's doing, not the store's
            self._by_store += 1
        if self._by_store > REFUSED_MAX:
            raise _other_schema(said)

    def without_doubles(self, lines: list[str], rows: Sequence[Row]) -> list[tuple[str, Row]]:
        """The first of every point; another row on the same point would overwrite it."""
        pairs = list(zip(lines, rows, strict=True))
        points = [(row.measurement, row.device_id, point_ns(row)) for row in rows]
        if len(set(points)) == len(points):
            return pairs
        first: dict[tuple[str, str, int], Row] = {}
        kept = []
        for point, pair in zip(points, pairs, strict=True):
            row = pair[1]
            if point not in first:
                first[point] = row
                kept.append(pair)
            elif first[point].seq != row.seq:
                said = f"seq {row.seq} shares a point with seq {first[point].seq}"
                self.refuse(row, StoreReason.COLLISION, said)
        return kept


def _other_schema(said: str) -> StoreError:
    return StoreError(
        f"InfluxDB refuses row after row ({said[:200]}): the bucket holds columns of another "
        "program or type; give telemetry.influx.bucket another name, `parkguard stores init`",
        may_pass=True,
    )


def _halves(pairs: list[tuple[str, Row]]) -> list[list[tuple[str, Row]]]:
    middle = len(pairs) // 2
    return [pairs[middle:], pairs[:middle]]


@contextmanager
def _unreachable(place: InfluxPlace) -> Iterator[None]:
    try:
        yield
    except (urllib3.exceptions.HTTPError, UnicodeDecodeError, OSError) as exc:
        is_late = isinstance(exc, urllib3.exceptions.TimeoutError) and not isinstance(
            exc, urllib3.exceptions.NewConnectionError
        )
        raise unreachable(place, "" if is_late else type(exc).__name__) from exc
