"""What an answer of InfluxDB to a write means. Pure.

Answers of 1.6.7 were recorded from the server. Those of 2.x and 3.x are as documented
(docs.influxdata.com, "Troubleshoot issues writing data" and the write API of each, read 2026-11).
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from devices.errors import StoreError
from devices.refused import StoreReason
from stores.influx_place import InfluxPlace, InfluxVersion

NO_CONTENT, BAD_REQUEST, TOO_LARGE, UNPROCESSABLE = 204, 400, 413, 422
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY, UNAVAILABLE = 401, 403, 404, 429, 503
LONGEST_WAIT_S = 600.0
"""A ``Retry-After`` beyond this is cut: a city does not wait a day for a typing error."""

_UNPARSED = re.compile(r"unable to parse '(.*?)': ([^\n]*)", re.DOTALL)
_EXPIRED = re.compile(r"points? (?:beyond|outside).*?retention.*?dropped=(\d+)", re.DOTALL)
_LIMIT = re.compile(r"limit (?:exceeded|reached)|exceeds? .{0,40}limit", re.IGNORECASE)


class Answer(NamedTuple):
    """An answer as it came."""

    status: int
    body: str
    headers: Mapping[str, str]


class Named(NamedTuple):
    """A line that an answer names.

    Attributes:
        place: Its place in the request, from 0.
        said: The server's words.
    """

    place: int
    said: str


class Refusal(NamedTuple):
    """A 400 or 422.

    Attributes:
        named: Lines it names; none when it says only that there are some.
        expired: Lines it dropped for their age; then all the others are stored.
        said: The server's words, at most 200 characters.
    """

    named: tuple[Named, ...]
    expired: int
    said: str

    @property
    def is_limit(self) -> bool:
        """Whether a limit of the server was met: no line is bad, it takes no more devices."""
        return _LIMIT.search(self.said) is not None


class _NamedLine(msgspec.Struct):
    line_number: int = 0
    error_message: str = ""


class _Said(msgspec.Struct):
    """What 1.x, 2.x and 3.x may say."""

    error: str = ""
    message: str = ""
    data: list[_NamedLine] | _NamedLine | None = None


def reason_of(said: str) -> StoreReason:
    """Why a line is refused, from the server's words about it."""
    is_type = "conflict" in said or "column type" in said
    return StoreReason.CONFLICT if is_type else StoreReason.LINE


def refusal(body: str, lines: Sequence[str]) -> Refusal | None:
    """Read a 400 or 422: 1.x and 2.x repeat the bad lines, 3.x gives their numbers.

    None = these are no words of InfluxDB, so they say nothing about a line.
    """
    try:
        said = msgspec.json.decode(body, type=_Said)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    text = said.error or said.message
    if not text:
        return None
    if said.data is not None:
        told = said.data if isinstance(said.data, list) else [said.data]
        text = ": ".join([text, *[line.error_message for line in told[:1]]])
        return Refusal(_by_number(told, lines), 0, text[:200])
    places = {line: place for place, line in enumerate(lines)}
    named = {
        places[match[1]]: match[2][:200] for match in _UNPARSED.finditer(text) if match[1] in places
    }
    if named:  # before anything else is read out of the text: it repeats what devices wrote
        return Refusal(tuple(Named(*item) for item in sorted(named.items())), 0, text[:200])
    expired = _EXPIRED.search(text)
    return Refusal((), int(expired[1]) if expired else 0, text[:200])


def _by_number(told: Sequence[_NamedLine], lines: Sequence[str]) -> tuple[Named, ...]:
    """Lines by number, from 1; a text with a line break in it makes numbers meaningless."""
    if any("\n" in line for line in lines):
        return ()
    named = {line.line_number - 1: line.error_message[:200] for line in told}
    return tuple(Named(*item) for item in sorted(named.items()) if 0 <= item[0] < len(lines))


def trouble(place: InfluxPlace, answer: Answer, *, bucket: str) -> StoreError:
    """Any other answer: nothing is dropped, it may pass, and the text says what to do."""
    status, said = answer.status, _words(answer.body)
    head = f"InfluxDB at {place.url} says {status}"
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return _passing(f"{head} ({said}): {_login_help(place, status, bucket)}")
    if status == NOT_FOUND or "retention policy not found" in said or "database not found" in said:
        return _passing(
            f"{head} for {bucket} ({said}): run `parkguard stores init`, "
            f"and check telemetry.influx.url, .version ({place.version.value}), .bucket and .org"
        )
    if status in {TOO_MANY, UNAVAILABLE}:
        return _passing(f"{head} ({said}): it has too much to do", _retry_after_s(answer.headers))
    if "no space left" in said:
        return _passing(f"{head} ({said}): free space there, then restart it (1.x forgets to)")
    if status < BAD_REQUEST:
        return _passing(f"{head} where 204 is due: is telemetry.influx.url an InfluxDB?")
    return _passing(f"{head} ({said}): see its log")


def at_limit(place: InfluxPlace, said: str) -> StoreError:
    """The server takes no more devices. Debian's configuration of 1.6 stops at 100,000."""
    return _passing(
        f"InfluxDB at {place.url} is at a limit ({said}): in influxdb.conf set "
        'index-version = "tsi1", or max-values-per-tag and max-series-per-database to 0'
    )


def unreachable(place: InfluxPlace, what: str) -> StoreError:
    """No answer: ``what`` happened, "" = nothing within the timeout."""
    if not what:
        return _passing(
            f"InfluxDB at {place.url} did not answer within {place.timeout_s:g} s: "
            "has it too much to do, is telemetry.influx.url right?"
        )
    return _passing(
        f"InfluxDB at {place.url} cannot be reached ({what}): "
        "is it running, is telemetry.influx.url right?"
    )


def _login_help(place: InfluxPlace, status: int, bucket: str) -> str:
    is_first = place.version is InfluxVersion.V1
    if status == FORBIDDEN and is_first:
        return f'as an admin, GRANT ALL ON "{place.bucket}" TO "{place.user}"'
    if status == FORBIDDEN:
        return f"give the token the right to read and write {bucket}"
    what = "telemetry.influx.user and the password" if is_first else "the token"
    return f"check {what} in telemetry.influx.secret_file; they are read at the next start"


def _passing(text: str, retry_after_s: float | None = None) -> StoreError:
    return StoreError(text, may_pass=True, retry_after_s=retry_after_s)


def _words(body: str) -> str:
    """The server's own words on one line, short."""
    try:
        said = msgspec.json.decode(body, type=_Said)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return "no words of InfluxDB"
    return " ".join((said.error or said.message).split())[:200]


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds of ``Retry-After``; a date or nonsense is as if it was not there."""
    try:
        told = float(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return min(told, LONGEST_WAIT_S) if told > 0 else None
