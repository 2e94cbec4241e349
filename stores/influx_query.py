"""InfluxQL over ``/query``: the one language that InfluxDB 1.x, 2.x and 3.x share.

Values are bound in WHERE; names are our own. 2.x finds a bucket named ``db/rp`` without a mapping.
"""

from collections.abc import Mapping, Sequence

import httpx
import msgspec

from devices.errors import StoreError
from stores.influx_answers import BAD_REQUEST, NOT_FOUND, Answer, trouble, unreachable
from stores.influx_lines import Value
from stores.influx_place import DataClass, InfluxPlace, InfluxVersion


class _Series(msgspec.Struct):
    columns: list[str]
    tags: dict[str, str] = {}
    values: list[list[Value | bool]] = []
    partial: bool = False


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""
    partial: bool = False


class _Answer(msgspec.Struct):
    results: list[_Result] = []


class InfluxQuery:
    """Asks one server. Any number of threads."""

    def __init__(self, place: InfluxPlace) -> None:
        """Connect at the first question."""
        self._place = place
        is_basic = place.version is InfluxVersion.V1
        self._http = httpx.Client(
            base_url=place.url,
            auth=(place.user, place.secret) if is_basic else None,
            headers={} if is_basic else {"Authorization": f"Token {place.secret}"},
            timeout=place.timeout_s,
            trust_env=False,
        )

    def select(
        self, kind: DataClass, query: str, bound: Mapping[str, str | int], columns: Sequence[str]
    ) -> list[list[Value | bool]]:
        """Rows of one statement, values in the order of ``columns``; ``time`` in nanoseconds.

        Raises:
            StoreError: No answer, or another than rows.
        """
        result = self._ask(kind, query, bound)
        if not result.series:
            return []
        (series,) = result.series
        return self._rows(series, result, columns)

    def by_tag(
        self,
        kind: DataClass,
        query: str,
        bound: Mapping[str, str | int],
        columns: Sequence[str],
        *,
        tag: str,
    ) -> dict[str, list[list[Value | bool]]]:
        """Rows as ``select`` gives them, by the value of the tag that the statement groups by.

        Raises:
            StoreError: No answer, or another than rows.
        """
        result = self._ask(kind, query, bound)
        return {
            series.tags.get(tag, ""): self._rows(series, result, columns)
            for series in result.series
        }

    def _ask(self, kind: DataClass, query: str, bound: Mapping[str, str | int]) -> _Result:
        asked = {
            "db": self._place.bucket,
            "rp": kind.value,
            "epoch": "ns",
            "q": query,
            "params": msgspec.json.encode(bound).decode(),
        }
        answer = self.send("GET", "/query", params=asked, bucket=self._place.name(kind))
        return _first(self._place, answer)

    def _rows(
        self, series: _Series, result: _Result, columns: Sequence[str]
    ) -> list[list[Value | bool]]:
        if series.partial or result.partial:
            raise StoreError(
                f"InfluxDB at {self._place.url} cut an answer: set max-row-limit = 0 there",
                may_pass=True,
            )
        if series.columns == list(columns):
            return series.values
        order = [series.columns.index(column) for column in columns]
        return [[row[place] for place in order] for row in series.values]

    def tell(self, statement: str) -> list[list[Value | bool]]:
        """Run a statement of 1.x that changes or shows the server's own matters.

        Raises:
            StoreError: It was not done.
        """
        asked = {"db": self._place.bucket, "q": statement}
        answer = self.send("POST", "/query", data=asked, bucket=self._place.bucket)
        result = _first(self._place, answer)
        return [row for series in result.series for row in series.values]

    def send(
        self,
        method: str,
        path: str,
        *,
        bucket: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        json: object = None,
        passing: frozenset[int] = frozenset(),
    ) -> httpx.Response:
        """One request.

        Args:
            method: Of HTTP.
            path: Below the server's address.
            bucket: What it is about, for the error.
            params: Query parameters.
            data: A form.
            json: A JSON body.
            passing: Codes besides 200 to 299 that are an answer, too.

        Raises:
            StoreError: No answer, or another code.
        """
        place = self._place
        try:
            answer = self._http.request(method, path, params=params, data=data, json=json)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            is_late = isinstance(exc, httpx.TimeoutException)
            raise unreachable(place, "" if is_late else type(exc).__name__) from exc
        if not answer.is_success and answer.status_code not in passing:
            said = Answer(answer.status_code, answer.text, answer.headers)
            raise trouble(place, said, bucket=bucket)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _first(place: InfluxPlace, answer: httpx.Response) -> _Result:
    """The result of the one statement."""
    try:
        results = msgspec.json.decode(answer.content, type=_Answer).results
    except msgspec.DecodeError as exc:
        raise StoreError(
            f"{place.url} answers a query with no JSON of InfluxDB: is telemetry.influx.url right?",
            may_pass=True,
        ) from exc
    result = results[0] if results else _Result()
    if result.error:
        status = NOT_FOUND if "not found" in result.error else BAD_REQUEST
        body = msgspec.json.encode({"error": result.error}).decode()
        raise trouble(place, Answer(status, body, {}), bucket=place.bucket)
    return result
