"""Prometheus text from the status files of all parts and the books."""

import re
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from api.metrics_table import METRICS, UNDOCUMENTED
from api.system_rows import BookCount, PartStatus
from api.system_schemas import ReadyOut

PREFIX = "parkguard_"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)

Family = CounterMetricFamily | GaugeMetricFamily


class _Snapshot(Collector):
    """What was found at one moment, as metric families."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    @override
    def collect(self) -> Iterator[Metric]:
        yield from self._families


def render(
    statuses: Mapping[str, PartStatus], ready: ReadyOut, books: Sequence[BookCount]
) -> bytes:
    """Write all metrics. A name that ends in ``_total`` is a counter, every other a gauge."""
    families = _part_families(statuses)
    part_ready = _family("part_ready", ["part"])
    age = _family("part_status_age_seconds", ["part"])
    for part in ready.parts:
        part_ready.add_metric([part.part], float(part.ready))
        if part.age_s is not None:
            age.add_metric([part.part], part.age_s)
    counts = _family("books_total", ["reader", "name", "reason"])
    for line in books:
        counts.add_metric([line.reader, line.name, line.reason], line.count)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot([part_ready, age, counts, *families]))
    return generate_latest(registry)


def _part_families(statuses: Mapping[str, PartStatus]) -> list[Family]:
    families: dict[str, Family] = {}
    refused = 0
    for part, status in sorted(statuses.items()):
        for name, value in sorted(status.metrics.items()):
            if not _NAME.fullmatch(name):
                refused += 1
                continue
            family = families.setdefault(name, _family(name, ["part"]))
            family.add_metric([part], value)
    problem = _family("api_names_refused", [])
    problem.add_metric([], refused)
    return [*families.values(), problem]


def _family(name: str, labels: Sequence[str]) -> Family:
    words = METRICS.get(name, UNDOCUMENTED)
    if name.endswith("_total"):
        return CounterMetricFamily(PREFIX + name.removesuffix("_total"), words, labels=labels)
    return GaugeMetricFamily(PREFIX + name, words, labels=labels)
