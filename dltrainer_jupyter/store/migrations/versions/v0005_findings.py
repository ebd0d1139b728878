"""What validations find beyond numbers, and test runs."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for both."""
    # SQLite would write a column that is added behind the constraints; made anew, the table is as a new store has it.
    made_anew: Literal["always", "never"] = "always" if op.get_context().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("validation_results", recreate=made_anew) as table:
        table.add_column(sa.Column("summary", sa.JSON))
    counted = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "test_runs",
        sa.Column("id", counted, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checkpoint_step", sa.BigInteger, nullable=False),
        sa.Column("checkpoint_epoch", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("confusion", sa.JSON),
        sa.Column("summary", sa.JSON),
        sa.Column("examples", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_test_runs"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_jobs.id"], name="fk_test_runs_run_id_training_jobs", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_test_runs_run_id", "test_runs", ["run_id"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("test_runs")
    with op.batch_alter_table("validation_results") as table:
        table.drop_column("summary")
