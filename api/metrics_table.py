"""Every metric by name (without ``parkguard_``) and what it means; docs/api.md lists them.

A name that a part reports and that is not here is exposed all the same, without words.
"""

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "part_ready": "1 when a part says that it is ready and said so lately.",
    "part_status_age_seconds": "Age of a part's status file.",
    "books_total": "Records counted, by reader, name and reason.",
    "broker_users": "Users in the broker's password file.",
    "ingest_messages_total": "Messages taken from the broker since the start.",
    "ingest_commits_total": "Group commits of the journal.",
    "ingest_commit_seconds_sum": "Time spent in them, seconds.",
    "ingest_queue": "Messages taken and not yet acknowledged.",
    "ingest_reconnects_total": "Times the broker had to be connected again.",
    "ingest_broker_silences_total": "Times the broker was connected but silent.",
    "process_entries_total": "Journal entries judged since the start.",
    "process_lag_entries": "Journal entries not judged yet.",
    "process_open_alerts": "Alerts that have not ended.",
    "process_open_gaps": "Holes in the numbering of devices' records.",
    "process_unusable_places": "Fences and grids of no use to anybody; the log says why.",
    "devices_unknown": "Devices registered but never heard.",
    "devices_online": "Devices that are online.",
    "devices_late": "Devices that are late.",
    "devices_offline": "Devices that are offline.",
    "devices_sleeping": "Devices asleep within their promise.",
    "project_rows_total": "Rows given to the telemetry store since the start.",
    "project_unstored_total": "Rows that the telemetry store did not take, since the start.",
    "project_lag_entries": "Journal entries not projected yet.",
    "dispatch_pending_feed": "Notices that wait for the feed.",
    "dispatch_pending_webhook": "Notices that wait for a webhook.",
    "dispatch_pending_mqtt": "Notices that wait for MQTT.",
    "dispatch_oldest_s": "Age of the oldest notice that waits, seconds.",
    "dispatch_attempts_total": "Tellings tried.",
    "dispatch_sent_total": "Tellings that arrived.",
    "dispatch_feed_total": "Events numbered into the feed.",
    "dispatch_rejected_total": "Notices that a receiver did not take.",
    "dispatch_undelivered_total": "Notices given up.",
    "dispatch_targets_lost": "Targets that fail again and again.",
    "dispatch_delay_p50_s": "Receive time of the cause to arrival, median, seconds.",
    "dispatch_delay_max_s": "The same, longest.",
    "dispatch_feed_delay_p50_s": "Receive time of the cause to the feed, median, seconds.",
    "dispatch_feed_delay_max_s": "The same, longest.",
    "api_streams": "Readers of the stream now.",
    "api_streams_cut_total": "Readers cut because they lagged.",
    "api_streams_revoked_total": "Streams ended because their token ended.",
    "api_feed_head": "Newest feed number this process has given out.",
    "api_feed_read_age_seconds": "Since the feed was last read.",
    "api_names_refused": "Metric names in status files that are no Prometheus names.",
}
"""Name -> help."""

UNDOCUMENTED = "Not described yet."
