"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True)


def _counted(name: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(name, kind, autoincrement=True, nullable=False)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable, autoincrement=False)


def _number(name: str, *, nullable: bool = True) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_run_id_training_jobs"
    return sa.ForeignKeyConstraint(["run_id"], ["training_jobs.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "store_info",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        _text("uuid"),
        sa.Column("created_at", _MOMENT, nullable=False),
        _text("host", nullable=True),
        sa.Column("host_seen_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_store_info"),
    )
    op.create_table(
        "training_jobs",
        _counted("number"),
        _text("id"),
        _text("name"),
        _text("state"),
        _text("state_before_lost", nullable=True),
        _text("framework"),
        _text("executor"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        _whole("revision"),
        _whole("attempt"),
        _text("resume"),
        sa.Column("exact", sa.Boolean, nullable=False),
        sa.Column("rebuildable", sa.Boolean, nullable=False),
        _whole("epochs"),
        _whole("epoch"),
        _whole("step"),
        _whole("steps_per_epoch"),
        _text("phase"),
        _number("steps_per_second"),
        _number("train_seconds", nullable=False),
        _number("learning_rate"),
        _text("best_metric", nullable=True),
        _text("best_mode", nullable=True),
        _number("best_value"),
        _whole("best_epoch", nullable=True),
        _whole("best_step", nullable=True),
        _text("error_type", nullable=True),
        _text("error_message", nullable=True),
        _text("error_traceback", nullable=True),
        _whole("error_step", nullable=True),
        _text("folder"),
        _text("host"),
        sa.Column("spec", _JSON, nullable=False),
        sa.Column("environment", _JSON, nullable=False),
        sa.Column("signature", _JSON),
        sa.PrimaryKeyConstraint("number", name="pk_training_jobs"),
        sa.UniqueConstraint("id", name="uq_training_jobs_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_training_jobs_name", "training_jobs", ["name"])
    op.create_index("ix_training_jobs_state", "training_jobs", ["state"])
    op.create_table(
        "training_attempts",
        _text("run_id"),
        _whole("number"),
        _text("executor"),
        _text("host"),
        _text("boot_id"),
        _whole("pid"),
        _number("process_started", nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("heartbeat_at", _MOMENT, nullable=False),
        _whole("resumed_from_step", nullable=True),
        sa.Column("environment", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_training_attempts"),
        _of_run("training_attempts"),
    )
    op.create_table(
        "training_metrics",
        _text("run_id"),
        _whole("epoch"),
        _text("metric"),
        _whole("step"),
        _number("value"),
        sa.PrimaryKeyConstraint("run_id", "epoch", "metric", name="pk_training_metrics"),
        _of_run("training_metrics"),
    )
    op.create_table(
        "training_curves",
        _text("run_id"),
        _text("name"),
        _whole("first_step"),
        _whole("count"),
        _number("minimum"),
        _whole("minimum_step"),
        _number("maximum"),
        _whole("maximum_step"),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", "first_step", name="pk_training_curves"),
        _of_run("training_curves"),
    )
    op.create_table(
        "training_controls",
        _counted("id"),
        _text("run_id"),
        _text("kind"),
        sa.Column("arguments", _JSON, nullable=False),
        _text("requested_by"),
        sa.Column("requested_at", _MOMENT, nullable=False),
        _text("status"),
        sa.Column("finished_at", _MOMENT),
        _whole("step", nullable=True),
        _text("outcome", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_training_controls"),
        _of_run("training_controls"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_training_controls_run_id", "training_controls", ["run_id"])
    waiting = sa.text("status = 'requested'")
    op.create_index(
        "ix_training_controls_waiting",
        "training_controls",
        ["run_id", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "training_events",
        _counted("id"),
        _text("run_id"),
        sa.Column("at", _MOMENT, nullable=False),
        _text("kind"),
        _text("message"),
        _whole("step", nullable=True),
        sa.Column("data", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_events"),
        _of_run("training_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_training_events_run_id", "training_events", ["run_id", "id"])
    op.create_table(
        "training_checkpoints",
        _text("run_id"),
        _whole("step"),
        _whole("epoch"),
        _text("kinds"),
        sa.Column("metrics", _JSON, nullable=False),
        _text("digest"),
        _text("path"),
        _whole("bytes"),
        sa.Column("created_at", _MOMENT, nullable=False),
        _whole("attempt"),
        sa.PrimaryKeyConstraint("run_id", "step", name="pk_training_checkpoints"),
        _of_run("training_checkpoints"),
    )
    op.create_table(
        "validation_results",
        _text("run_id"),
        _whole("epoch"),
        _whole("step"),
        sa.Column("confusion", _JSON),
        sa.Column("labels", _JSON, nullable=False),
        sa.Column("examples", sa.LargeBinary),
        sa.PrimaryKeyConstraint("run_id", "epoch", name="pk_validation_results"),
        _of_run("validation_results"),
    )
    op.create_table(
        "artifacts",
        _counted("id"),
        _text("run_id"),
        _text("name"),
        _text("kind"),
        _text("path"),
        _whole("bytes"),
        _text("digest"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_artifacts"),
        _of_run("artifacts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifacts_run_id", "artifacts", ["run_id"])
    op.execute(
        """
CREATE VIEW training_metrics_wide AS
SELECT
    run_id,
    epoch,
    MAX(step) AS step,
    MAX(CASE WHEN metric = 'train_loss' THEN value END) AS loss,
    MAX(CASE WHEN metric = 'train_accuracy' THEN value END) AS accuracy,
    MAX(CASE WHEN metric = 'val_loss' THEN value END) AS val_loss,
    MAX(CASE WHEN metric = 'val_accuracy' THEN value END) AS val_accuracy,
    MAX(CASE WHEN metric = 'learning_rate' THEN value END) AS learning_rate
FROM training_metrics
GROUP BY run_id, epoch
"""
    )


def downgrade() -> None:
    """Remove everything."""
    op.execute("DROP VIEW training_metrics_wide")
    for table in (
        "artifacts",
        "validation_results",
        "training_checkpoints",
        "training_events",
        "training_controls",
        "training_curves",
        "training_metrics",
        "training_attempts",
        "training_jobs",
        "store_info",
    ):
        op.drop_table(table)
