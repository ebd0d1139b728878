"""What alembic runs to bring a store up to date, on the connection and in the transaction it is handed.

To write a new migration after a change in ``tables.py`` (and then set its ``HEAD``)::

    alembic -c dltrainer_jupyter/store/migrations/alembic.ini upgrade head
    alembic -c dltrainer_jupyter/store/migrations/alembic.ini revision --autogenerate -m "what it does"
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlalchemy.types import TypeDecorator

from dltrainer_jupyter.store.tables import VERSION_TABLE, metadata


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write a migration with the database's types: it must not change when ours do."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def _migrate(connection: sa.Connection) -> None:
    # SQLite changes a table by making it anew.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        render_as_batch=True,
        render_item=_plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


_given = context.config.attributes.get("connection")
if _given is not None:
    _migrate(_given)
else:
    with sa.create_engine(context.config.get_main_option("sqlalchemy.url", "")).begin() as _own:
        _migrate(_own)
