"""Alembic's entry: runs on the connection that ``stores.records`` hands over."""

from alembic import context

from stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
