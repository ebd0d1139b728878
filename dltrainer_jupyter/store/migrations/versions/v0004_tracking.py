"""Copies of runs at trackers, and what is measured of models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    moment = sa.DateTime(timezone=True)
    _make(
        "training_tracking",
        ["name"],
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("event", sa.BigInteger, nullable=False),
        sa.Column("memory", sa.JSON, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", moment),
    )
    _make(
        "training_histograms",
        ["epoch", "kind", "name"],
        sa.Column("epoch", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("edges", sa.LargeBinary, nullable=False),
        sa.Column("counts", sa.LargeBinary, nullable=False),
    )
    _make("model_graphs", [], sa.Column("nodes", sa.JSON, nullable=False))


def _make(name: str, key: list[str], *columns: sa.Column[object]) -> None:
    """Make a table that hangs on ``training_jobs``."""
    op.create_table(
        name,
        sa.Column("run_id", sa.Text, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("run_id", *key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_jobs.id"], name=f"fk_{name}_run_id_training_jobs", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Remove them; the copies stay where they are, but nobody knows any more how far they go."""
    for name in ("model_graphs", "training_histograms", "training_tracking"):
        op.drop_table(name)
