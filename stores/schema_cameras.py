"""Tables of cameras, written by the processor alone."""

import sqlalchemy as sa

from stores.schema_metadata import metadata

camera_channels = sa.Table(  # what is wrong with each channel of a camera, as last heard
    "camera_channels",
    metadata,
    sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("causes", sa.BigInteger, nullable=False),  # bits of devices.causes.Cause
    sa.Column("since_ms", sa.BigInteger, nullable=False),  # since when it is all right, or not
)
