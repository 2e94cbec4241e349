"""Every metric by name (without ``parkguard_``) and what it means; docs/api.md lists them.

A name that a part reports and that is not here is exposed all the same, without words.
"""

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "part_ready": "1 when a part says that it is ready and said so lately, by part.",
    "part_status_age_seconds": "Age of a part's status file, by part.",
    "books_total": "Records counted, by reader, name and reason (decisions.md, The books).",
    "api_streams": "Readers of the stream now.",
    "api_streams_cut_total": "Readers cut because they lagged.",
    "api_streams_revoked_total": "Streams ended because their token ended.",
    "api_feed_head": "Newest feed number this process has given out.",
    "api_feed_read_age_seconds": "Since the feed was last read.",
    "api_names_refused": "Metric names in status files that are no Prometheus names.",
}
"""Name -> help."""

UNDOCUMENTED = "Not described yet."
