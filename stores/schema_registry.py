"""Tables of the registry; ``stores.schema`` has them with all others and says what they share."""

import sqlalchemy as sa

from stores.schema_metadata import big, metadata

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("slot", big, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("cls", sa.String(3), nullable=False),
    sa.Column("vehicle_id", sa.String(64), index=True),
    sa.Column("site_id", sa.String(64), index=True),
    sa.Column("area", sa.String(14), nullable=False, server_default=""),
    sa.Column("model", sa.String(64), nullable=False, server_default=""),
    sa.Column("interval_s", sa.Integer, nullable=False, server_default="0"),
    sa.Column("admin", sa.String(16), nullable=False, server_default="active"),
    sa.Column("secret_hash", sa.String(200), nullable=False),
    sa.Column("registered_ms", sa.BigInteger, nullable=False),
    sa.Column("profile", sa.Text, nullable=False, server_default="{}"),  # devices.model.Profile
    sa.Column("vendor", sa.String(64), nullable=False, server_default=""),
    sa.Column("name", sa.String(128), nullable=False, server_default=""),
    sa.Column("lat_deg", sa.Float),  # where it was put up; NULL = where its site is
    sa.Column("lon_deg", sa.Float),
    sa.Column("bound_ms", sa.BigInteger, nullable=False, server_default="0"),  # 0 = since ever
    sqlite_autoincrement=True,
)
sa.Index("devices_by_model", devices.c.model, devices.c.slot)

foreign_ids = sa.Table(  # whose an id in a foreign adapter is; retired devices hold none
    "foreign_ids",
    metadata,
    sa.Column("adapter", sa.String(32), primary_key=True),
    sa.Column("foreign_id", sa.String(64), primary_key=True),
    sa.Column("device_id", sa.String(64), nullable=False, index=True),
)

vehicles = sa.Table(
    "vehicles",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("owner_id", sa.String(64), nullable=False, index=True),
    sa.Column("area", sa.String(14), nullable=False, server_default=""),
    sa.Column("body", sa.Text, nullable=False),  # devices.model.Vehicle as JSON
)

sites = sa.Table(
    "sites",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("area", sa.String(14), nullable=False, server_default=""),
    sa.Column("body", sa.Text, nullable=False),
)

grids = sa.Table(
    "grids",
    metadata,
    sa.Column("id", sa.String(14), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)

fences = sa.Table(
    "fences",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)

device_history = sa.Table(  # what a device was bound to before; `devices` says what it is now
    "device_history",
    metadata,
    sa.Column("id", big, primary_key=True, autoincrement=True),
    sa.Column("device_id", sa.String(64), nullable=False, index=True),
    sa.Column("vehicle_id", sa.String(64), index=True),
    sa.Column("site_id", sa.String(64)),
    sa.Column("area", sa.String(14), nullable=False),
    sa.Column("from_ms", sa.BigInteger, nullable=False),  # 0 = since ever
    sa.Column("to_ms", sa.BigInteger, nullable=False),
    sa.Column("ended", sa.String(16), nullable=False),  # devices.bindings.Ended
    sa.Column("why", sa.String(200), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sqlite_autoincrement=True,
)

models = sa.Table(  # how every device of a model speaks (devices.model.Profile as JSON)
    "models",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("cls", sa.String(3), nullable=False),
    sa.Column("vendor", sa.String(64), nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
)

owners = sa.Table(  # personal data: never in a control row, so never in the journal
    "owners",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("phone", sa.String(32), nullable=False),
    sa.Column("consent", sa.Text, nullable=False),  # JSON list of purposes
    sa.Column("consent_ref", sa.String(64), nullable=False),  # where the signed form is
    sa.Column("consent_ms", sa.BigInteger),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
)
