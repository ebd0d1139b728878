"""Long lists of runs: quickly filtered and ordered, and followed by what changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LISTED = ["state", "name", "framework", "executor", "host", "best_mode", "best_value", "id"]
_LATEST = """
INSERT INTO training_latest_metrics (run_id, metric, epoch, value)
SELECT run_id, metric, epoch, value FROM training_metrics AS one
WHERE epoch = (SELECT MAX(epoch) FROM training_metrics WHERE run_id = one.run_id AND metric = one.metric)
"""


def upgrade() -> None:
    """Make indexes, and tables for the last value of each metric and for what was deleted."""
    op.create_index("ix_training_jobs_updated_at", "training_jobs", ["updated_at"])
    op.create_index("ix_training_jobs_listed", "training_jobs", _LISTED)
    op.create_index("ix_training_metrics_metric", "training_metrics", ["run_id", "metric", "epoch"])
    op.create_table(
        "deleted_runs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_deleted_runs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deleted_runs_deleted_at", "deleted_runs", ["deleted_at"])
    op.create_table(
        "training_latest_metrics",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Double),
        sa.PrimaryKeyConstraint("run_id", "metric", name="pk_training_latest_metrics"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_jobs.id"],
            name="fk_training_latest_metrics_run_id_training_jobs",
            ondelete="CASCADE",
        ),
    )
    op.execute(_LATEST)
    op.create_index("ix_training_latest_metrics_value", "training_latest_metrics", ["metric", "value", "run_id"])


def downgrade() -> None:
    """Remove them; nothing is lost but which runs were deleted."""
    op.drop_table("training_latest_metrics")
    op.drop_table("deleted_runs")
    op.drop_index("ix_training_metrics_metric", "training_metrics")
    op.drop_index("ix_training_jobs_listed", "training_jobs")
    op.drop_index("ix_training_jobs_updated_at", "training_jobs")
