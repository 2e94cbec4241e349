"""What all tables of the records database share."""

import sqlalchemy as sa

metadata = sa.MetaData()

big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A counter that the database gives."""
