"""The tables and the view, under names people look for when they open the database themselves.

Every table but ``store_info`` and ``deleted_runs`` hangs on ``training_jobs`` and goes with its run. A change here
needs a migration beside it and a new :data:`HEAD`; a test holds both ways of making a store to the same schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, MetaData, Table

from dltrainer_jupyter.store.columns import Json, Measured, Number, UtcDateTime, Whole, Words

HEAD = "0005"
"""The migration that leads to these tables."""
VERSION_TABLE = "dltrainer_alembic_version"
"""Not alembic's default name: other programs (MLflow is one) keep theirs there, perhaps in the same database."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)


def _counted(name: str) -> Column[int]:
    """Make a key that the database counts up; SQLite does that for its INTEGER only."""
    return Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)


def _run(*, primary_key: bool = False) -> Column[str]:
    target = ForeignKey("training_jobs.id", ondelete="CASCADE")
    return Column("run_id", sa.Text, target, primary_key=primary_key, nullable=False)


store_info = Table(
    "store_info",
    metadata,
    Column("id", sa.Integer, primary_key=True, autoincrement=False),
    Column("uuid", sa.Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Only on a network file system, where one host at a time may use the store.
    Column("host", Words),
    Column("host_seen_at", UtcDateTime),
)

training_jobs = Table(
    "training_jobs",
    metadata,
    _counted("number"),
    Column("id", sa.Text, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("state", sa.Text, nullable=False),
    # Where a lost run goes back to if its trainer turns out to be alive; NULL if the trainer itself gave it up.
    Column("state_before_lost", sa.Text),
    Column("framework", sa.Text, nullable=False),
    Column("executor", sa.Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # Bumped by every write that concerns the run: the one number watchers poll.
    Column("revision", Whole, nullable=False),
    Column("attempt", Whole, nullable=False),
    Column("resume", sa.Text, nullable=False),
    Column("exact", sa.Boolean, nullable=False),
    Column("rebuildable", sa.Boolean, nullable=False),
    Column("epochs", Whole, nullable=False),
    Column("epoch", Whole, nullable=False),
    Column("step", Whole, nullable=False),
    Column("steps_per_epoch", Whole, nullable=False),
    Column("phase", sa.Text, nullable=False),
    Column("steps_per_second", Number),
    Column("train_seconds", Number, nullable=False),
    Column("learning_rate", Number),
    Column("best_metric", Words),
    Column("best_mode", sa.Text),
    Column("best_value", Number),
    Column("best_epoch", Whole),
    Column("best_step", Whole),
    Column("error_type", Words),
    Column("error_message", Words),
    Column("error_traceback", Words),
    Column("error_step", Whole),
    Column("folder", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("spec", Json, nullable=False),
    Column("environment", Json, nullable=False),
    Column("signature", Json),
    Index("ix_training_jobs_name", "name"),
    Index("ix_training_jobs_state", "state"),
    # Who follows the list asks for what was written to since.
    Index("ix_training_jobs_updated_at", "updated_at"),
    # All that filters, counts and orders look at: the rows themselves, each with a specification, take long to read.
    Index(
        "ix_training_jobs_listed",
        "state",
        "name",
        "framework",
        "executor",
        "host",
        "best_mode",
        "best_value",
        "id",
    ),
    # Numbers of deleted runs, controls and events are never given out again.
    sqlite_autoincrement=True,
)

deleted_runs = Table(
    "deleted_runs",
    metadata,
    _counted("number"),
    Column("id", sa.Text, nullable=False),
    Column("deleted_at", UtcDateTime, nullable=False),
    # Who shows a list asks which of its runs are gone.
    Index("ix_deleted_runs_deleted_at", "deleted_at"),
    sqlite_autoincrement=True,
)

training_attempts = Table(
    "training_attempts",
    metadata,
    _run(primary_key=True),
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("executor", sa.Text, nullable=False),
    Column("host", Words, nullable=False),
    Column("boot_id", sa.Text, nullable=False),
    Column("pid", Whole, nullable=False),
    Column("process_started", Number, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("resumed_from_step", Whole),
    Column("environment", Json, nullable=False),
)

training_metrics = Table(
    "training_metrics",
    metadata,
    _run(primary_key=True),
    Column("epoch", Whole, primary_key=True, autoincrement=False),
    Column("metric", sa.Text, primary_key=True),
    Column("step", Whole, nullable=False),
    # NULL is NaN: a row is there only where something was measured.
    Column("value", Measured),
    # A metric's own course, without all the others of its epochs.
    Index("ix_training_metrics_metric", "run_id", "metric", "epoch"),
)

# The last value of each metric, by which runs are chosen from a list: what a run is known by while it trains.
training_latest_metrics = Table(
    "training_latest_metrics",
    metadata,
    _run(primary_key=True),
    Column("metric", sa.Text, primary_key=True),
    Column("epoch", Whole, nullable=False),
    # NULL is NaN.
    Column("value", Measured),
    Index("ix_training_latest_metrics_value", "metric", "value", "run_id"),
)

training_curves = Table(
    "training_curves",
    metadata,
    _run(primary_key=True),
    Column("name", sa.Text, primary_key=True),
    Column("first_step", Whole, primary_key=True, autoincrement=False),
    Column("count", Whole, nullable=False),
    # NULL where the block holds nothing but NaN.
    Column("minimum", Measured),
    Column("maximum", Measured),
    # Consecutive steps' values, little-endian 32-bit floats.
    Column("packed", sa.LargeBinary, nullable=False),
)

training_curve_levels = Table(
    "training_curve_levels",
    metadata,
    _run(primary_key=True),
    Column("name", sa.Text, primary_key=True),
    # 1 is made of blocks, each further one of rows of the one below.
    Column("level", Whole, primary_key=True, autoincrement=False),
    Column("first_step", Whole, primary_key=True, autoincrement=False),
    Column("last_step", Whole, nullable=False),
    # Extremes of consecutive buckets of values: step of the least and of the greatest, then both, little-endian.
    Column("packed", sa.LargeBinary, nullable=False),
)

training_controls = Table(
    "training_controls",
    metadata,
    _counted("id"),
    _run(),
    Column("kind", sa.Text, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("requested_by", Words, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("status", sa.Text, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("step", Whole),
    Column("outcome", Words),
    Index("ix_training_controls_run_id", "run_id"),
    sqlite_autoincrement=True,
)
# Trainers ask for these twenty times a second: the index holds nothing but what waits.
_WAITING = sa.text("status = 'requested'")
Index(
    "ix_training_controls_waiting",
    training_controls.c.run_id,
    training_controls.c.id,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)

training_events = Table(
    "training_events",
    metadata,
    _counted("id"),
    _run(),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", sa.Text, nullable=False),
    Column("message", Words, nullable=False),
    Column("step", Whole),
    Column("data", Json, nullable=False),
    Index("ix_training_events_run_id", "run_id", "id"),
    sqlite_autoincrement=True,
)

training_checkpoints = Table(
    "training_checkpoints",
    metadata,
    _run(primary_key=True),
    Column("step", Whole, primary_key=True, autoincrement=False),
    Column("epoch", Whole, nullable=False),
    # Sorted, with commas between: "best,last".
    Column("kinds", sa.Text, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("digest", sa.Text, nullable=False),
    Column("path", Words, nullable=False),
    Column("bytes", Whole, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempt", Whole, nullable=False),
)

validation_results = Table(
    "validation_results",
    metadata,
    _run(primary_key=True),
    Column("epoch", Whole, primary_key=True, autoincrement=False),
    Column("step", Whole, nullable=False),
    Column("confusion", Json),
    Column("labels", Json, nullable=False),
    # Columns about single examples, as NumPy's compressed archive.
    Column("examples", sa.LargeBinary),
    # What an examiner says of the whole set.
    Column("summary", Json),
)

# Checkpoints measured on whole data sets.
test_runs = Table(
    "test_runs",
    metadata,
    _counted("id"),
    _run(),
    Column("name", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("checkpoint_step", Whole, nullable=False),
    Column("checkpoint_epoch", Whole, nullable=False),
    Column("digest", sa.Text, nullable=False),
    Column("count", Whole, nullable=False),
    Column("seconds", Number),
    Column("metrics", Json, nullable=False),
    Column("labels", Json, nullable=False),
    Column("confusion", Json),
    Column("summary", Json),
    Column("examples", sa.LargeBinary, nullable=False),
    Index("ix_test_runs_run_id", "run_id"),
    sqlite_autoincrement=True,
)

artifacts = Table(
    "artifacts",
    metadata,
    _counted("id"),
    _run(),
    Column("name", Words, nullable=False),
    Column("kind", sa.Text, nullable=False),
    Column("path", Words, nullable=False),
    Column("bytes", Whole, nullable=False),
    Column("digest", sa.Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("data", Json, nullable=False),
    Index("ix_artifacts_run_id", "run_id"),
    sqlite_autoincrement=True,
)

# A tracker's copy of a run, and how far it is.
training_tracking = Table(
    "training_tracking",
    metadata,
    _run(primary_key=True),
    Column("name", sa.Text, primary_key=True),
    Column("type", sa.Text, nullable=False),
    Column("state", sa.Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("key", Words),
    Column("url", Words),
    Column("message", Words),
    # How far it was sent: everything up to and including these.
    Column("step", Whole, nullable=False),
    Column("epoch", Whole, nullable=False),
    Column("event", Whole, nullable=False),
    # What was about to be sent, and what else the relay remembers: it may die before it hears that it arrived.
    Column("memory", Json, nullable=False),
    # Who sends just now, and until when nobody else does.
    Column("holder", sa.Text),
    Column("held_until", UtcDateTime),
)

# How the values of a model's arrays were distributed at the end of an epoch.
training_histograms = Table(
    "training_histograms",
    metadata,
    _run(primary_key=True),
    Column("epoch", Whole, primary_key=True, autoincrement=False),
    Column("kind", sa.Text, primary_key=True),
    # A layer may be called anything.
    Column("name", Words, primary_key=True),
    Column("step", Whole, nullable=False),
    # Bounds of the buckets, little-endian 64-bit floats, and how many values lie in each, 64-bit integers.
    Column("edges", sa.LargeBinary, nullable=False),
    Column("counts", sa.LargeBinary, nullable=False),
)

# What a model is made of: layers or operations in the order of its forward pass.
model_graphs = Table(
    "model_graphs",
    metadata,
    _run(primary_key=True),
    Column("nodes", Json, nullable=False),
)

WIDE_VIEW = """
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
sa.event.listen(metadata, "after_create", sa.DDL(WIDE_VIEW))  # type: ignore[no-untyped-call]
