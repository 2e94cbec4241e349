"""The records database (SQLAlchemy Core), the same on SQLite and PostgreSQL.

Alembic revisions in ``stores/migrations`` create it; a test holds both equal.
Times are integers: milliseconds UTC. JSON columns are text written by msgspec.

On PostgreSQL ``audit`` and ``outbox`` are partitioned by month (``stores.records_months``). A
unique constraint of a partitioned table holds its partition key: primary keys are (id, time) there,
ids are unique by their sequence, and the keys of notices are unique in a table of their own.
"""

import sqlalchemy as sa

from stores.schema_cameras import camera_channels
from stores.schema_charging import charger_days, charger_now
from stores.schema_metadata import big as _big
from stores.schema_metadata import metadata
from stores.schema_registry import (
    device_history,
    devices,
    fences,
    foreign_ids,
    grids,
    models,
    owners,
    sites,
    vehicles,
)
from stores.schema_taps import taps
from stores.schema_users import users

__all__ = (  # tables of a file of their own, asked for here like all others
    "camera_channels",
    "charger_days",
    "charger_now",
    "device_history",
    "devices",
    "fences",
    "foreign_ids",
    "grids",
    "metadata",
    "models",
    "owners",
    "sites",
    "taps",
    "users",
    "vehicles",
)

_held_name = sa.String(97).with_variant(sa.String(64), "sqlite")
"""``ADAPTER:ID`` of a stranger. SQLite holds any width, and its column stays as it was made: to
declare another one it would copy the table (devices.topics.HELD_NAME_CHARS)."""

control = sa.Table(
    "control",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False, server_default=""),  # REQUEUE: goes in time
    sqlite_autoincrement=True,
)
REQUEUE = "requeue"
"""Kind of the control rows that hold raw messages of the quarantine."""
PHONE = "phone_at"
"""Kind of the control rows that hold where an owner's phone was; gone within hours."""
sa.Index(
    "control_requeued",
    control.c.at_ms,
    sqlite_where=control.c.kind == REQUEUE,
    postgresql_where=control.c.kind == REQUEUE,
)
sa.Index(
    "control_phones",
    control.c.at_ms,
    sqlite_where=control.c.kind == PHONE,
    postgresql_where=control.c.kind == PHONE,
)

health_log = sa.Table(  # every change of a device's presence, causes or admin state
    "health_log",
    metadata,
    sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),  # of the journal entry
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("presence", sa.SmallInteger, nullable=False),  # devices.presence.Presence
    sa.Column("causes", sa.BigInteger, nullable=False),  # bits of devices.causes.Cause
    sa.Column("admin", sa.String(16), nullable=False),
)
sa.Index("health_log_by_time", health_log.c.at_ms)

reader_offsets = sa.Table(
    "reader_offsets",
    metadata,
    sa.Column("reader", sa.String(32), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("recv_ms", sa.BigInteger, nullable=False),
)

books = sa.Table(
    "books",
    metadata,
    sa.Column("reader", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),  # received accepted duplicate ...
    sa.Column("reason", sa.String(32), primary_key=True),  # "" or a quarantine reason
    sa.Column("count", sa.BigInteger, nullable=False),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("item", sa.Integer, nullable=False),  # -1 = the whole message
    sa.Column("recv_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("device_id", _held_name, nullable=False, index=True),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("code_version", sa.String(32), nullable=False),
    sa.Column("retained", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("bytes", sa.Integer, nullable=False, server_default="0"),  # of the payload
    sa.Column("stored_ms", sa.BigInteger, nullable=False, server_default="0"),  # row written
    sa.Column("queued_ms", sa.BigInteger),  # somebody asked to run it again
    sa.Column("replayed_ms", sa.BigInteger),  # the processor did
    sa.Column("replay_by", sa.Text),
    sa.Column("runnable", sa.Boolean, nullable=False, server_default=sa.true()),  # a whole message
    sa.UniqueConstraint("seq", "item"),
    sqlite_autoincrement=True,
)
sa.Index(  # counting by reason reads no payload
    "quarantine_by_reason",
    quarantine.c.reason,
    quarantine.c.recv_ms,
    quarantine.c.device_id,
    quarantine.c.bytes,
    quarantine.c.queued_ms,
    quarantine.c.replayed_ms,
    quarantine.c.runnable,
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("vehicle_id", sa.String(64), nullable=False, index=True),
    sa.Column("device_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("onset_ms", sa.BigInteger, nullable=False),
    sa.Column("raised_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("lat_deg", sa.Float),
    sa.Column("lon_deg", sa.Float),
    sa.Column("acc_m", sa.Float),
    sa.Column("moved_m", sa.Float, nullable=False),
    sa.Column("late_s", sa.Float, nullable=False),
    sa.Column("grid", sa.String(14), nullable=False),
    sa.Column("area", sa.String(14), nullable=False),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

alert_log = sa.Table(
    "alert_log",
    metadata,
    sa.Column("alert_id", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),  # receive time of the cause
    sa.Column("t_ms", sa.BigInteger, nullable=False),  # time of the measurement
    sa.Column("moved_m", sa.Float, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("alert_id", sa.String(32), nullable=False, unique=True),
    sa.Column("vehicle_id", sa.String(64), nullable=False, index=True),
    sa.Column("device_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("outcome", sa.String(32)),
    sa.Column("grid", sa.String(14), nullable=False),
    sa.Column("area", sa.String(14), nullable=False, index=True),
    sa.Column("onset_ms", sa.BigInteger, nullable=False),
    sa.Column("opened_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("lat_deg", sa.Float),
    sa.Column("lon_deg", sa.Float),
    sa.Column("acc_m", sa.Float),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("case_number", sa.String(64)),
    sa.Column("assignee", sa.String(64)),
    sa.Column("version", sa.Integer, nullable=False),
)
sa.Index(
    "one_open_incident_per_vehicle_and_kind",
    incidents.c.vehicle_id,
    incidents.c.kind,
    unique=True,
    sqlite_where=incidents.c.state != "closed",
    postgresql_where=incidents.c.state != "closed",
)

incident_log = sa.Table(
    "incident_log",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=True),
    sa.Column("incident_id", sa.String(32), nullable=False, index=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("from_state", sa.String(16), nullable=False),
    sa.Column("to_state", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("tapped_ms", sa.BigInteger),  # on a phone that was offline; null = at_ms
    sqlite_autoincrement=True,
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(160), nullable=False),  # unique by outbox_keys
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("receiver", sa.String(80), nullable=False),
    sa.Column("audience", sa.String(16), nullable=False),
    sa.Column("area", sa.String(14), nullable=False),
    sa.Column("alert_id", sa.String(32), nullable=False, index=True),
    sa.Column("incident_id", sa.String(32), index=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("caused_recv_ms", sa.BigInteger, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("due_ms", sa.BigInteger, nullable=False),
    sa.Column("deadline_ms", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # due sent undelivered rejected
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("sent_ms", sa.BigInteger),
    sa.Column("answer", sa.Text),
    sa.Column("last_error", sa.Text),
    sa.UniqueConstraint("key").ddl_if(dialect="sqlite"),  # of 0001; to drop it copies the table
    sqlite_autoincrement=True,
)
sa.Index("outbox_due", outbox.c.state, outbox.c.channel, outbox.c.due_ms)

outbox_keys = sa.Table(  # every key that was given: what makes a notice one, however often it comes
    "outbox_keys",
    metadata,
    sa.Column("key", sa.String(160), primary_key=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False, index=True),
)

feed = sa.Table(
    "feed",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=False),  # numbered by the dispatcher
    sa.Column("outbox_id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("audience", sa.String(16), nullable=False),
    sa.Column("area", sa.String(14), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("caused_recv_ms", sa.BigInteger, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256 of the token, hex
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("areas", sa.Text, nullable=False),  # JSON list of area prefixes; [""] = city wide
    sa.Column("owner_id", sa.String(64)),  # role owner: whose vehicles
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger),
    sa.Column("revoked_ms", sa.BigInteger),
    sa.Column("user_name", sa.String(64), index=True),  # whose session it is; null: a token
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("object", sa.String(128), nullable=False),
    sa.Column("purpose", sa.String(32), nullable=False),
    sqlite_autoincrement=True,
)

alert_outcomes = sa.Table(  # what people said an alert was: one row an alert (alerts.outcomes)
    "alert_outcomes",
    metadata,
    sa.Column("alert_id", sa.String(32), primary_key=True),
    sa.Column("vehicle_id", sa.String(64), nullable=False),
    sa.Column("device_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("rule", sa.String(64), nullable=False),  # kind:reason that raised it
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("site", sa.String(64), nullable=False),
    sa.Column("area", sa.String(14), nullable=False),
    sa.Column("raised_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("labelled_ms", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
)

demotions = sa.Table(  # the newest demotion of each tracker, and of each rule at a site
    "demotions",
    metadata,
    sa.Column("subject", sa.String(160), primary_key=True),  # device:ID, rule:KIND:REASON@SITE
    sa.Column("area", sa.String(14), nullable=False),
    sa.Column("false_alarms", sa.Integer, nullable=False),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("lifted_ms", sa.BigInteger, nullable=False),  # 0 = nobody lifted it
    sa.Column("by", sa.String(64), nullable=False),
)

shadow_runs = sa.Table(  # a candidate's settings, beside the live ones since a moment
    "shadow_runs",
    metadata,
    sa.Column("started_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("candidate", sa.Text, nullable=False),  # JSON
    sa.Column("seen_ms", sa.BigInteger, nullable=False),  # receive time of what it saw last
    sa.Column("failure", sa.Text, nullable=False),  # why it ended, "" = it runs
)

shadow_alerts = sa.Table(  # what the candidate would have sent; nobody was told
    "shadow_alerts",
    metadata,
    sa.Column("started_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("alert_id", sa.String(32), primary_key=True),
    sa.Column("vehicle_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("area", sa.String(14), nullable=False),
    sa.Column("raised_ms", sa.BigInteger, nullable=False),
    sa.Column("ready_ms", sa.BigInteger),
    sa.Column("incident_ms", sa.BigInteger),
)

commands = sa.Table(  # to devices, with what became of each (devices.command)
    "commands",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("device_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("every_s", sa.Float, nullable=False),
    sa.Column("for_s", sa.Float, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("why", sa.String(16), nullable=False),
    sa.Column("asked_ms", sa.BigInteger, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False, index=True),
    sa.Column("sends", sa.Integer, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)
sa.Index("commands_by_device", commands.c.device_id, commands.c.asked_ms, commands.c.id)
