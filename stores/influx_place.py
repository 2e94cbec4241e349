"""Where InfluxDB is, and which rows go where in it: one policy or bucket for a class of data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override


class InfluxVersion(StrEnum):
    """Generation of the server; the ways to log in, to set up and to erase differ."""

    V1 = "1"
    V2 = "2"
    V3 = "3"


class DataClass(StrEnum):
    """What is kept equally long. The name of a retention policy (1.x) or part of a bucket's."""

    TRACK = "track"
    HEALTH = "health"
    MONEY = "money"


DATA_CLASS: Mapping[str, DataClass] = {
    "fix": DataClass.TRACK,
    "event": DataClass.TRACK,
    "charger": DataClass.HEALTH,
    "camera": DataClass.HEALTH,
    "state": DataClass.HEALTH,
    "info": DataClass.HEALTH,
    "ack": DataClass.HEALTH,
    "session": DataClass.MONEY,
    "coin": DataClass.MONEY,
}
"""Class of each measurement: positions are personal, coins and sessions are accounts."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InfluxPlace:
    """How InfluxDB is reached.

    Attributes:
        url: http(s) address with port, without a path.
        version: Generation of the server.
        secret: Password (1.x) or token (2.x, 3.x). Never logged.
        bucket: Database of 1.x; first part of the names of buckets (2.x) and databases (3.x).
        user: User of 1.x; "" otherwise.
        org: Organization of 2.x; "" otherwise.
        timeout_s: A request may take so long, seconds.
    """

    url: str
    version: InfluxVersion
    secret: str
    bucket: str
    user: str = ""
    org: str = ""
    timeout_s: float = 10.0

    @override
    def __repr__(self) -> str:
        """Without the secret."""
        return f"InfluxPlace(url={self.url!r}, version={self.version.value!r})"

    def name(self, kind: DataClass) -> str:
        """Name of a bucket: ``db/rp``, which 1.x, 2.x and 3.x all read as database and policy."""
        return f"{self.bucket}/{kind.value}"
