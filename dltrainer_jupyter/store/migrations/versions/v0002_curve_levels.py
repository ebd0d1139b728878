"""Levels of curves, for looks from afar, in place of the steps at which each block has its extremes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; its rows follow from the curves, so whoever upgrades makes them."""
    op.drop_column("training_curves", "minimum_step")
    op.drop_column("training_curves", "maximum_step")
    op.create_table(
        "training_curve_levels",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("level", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("first_step", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", "level", "first_step", name="pk_training_curve_levels"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["training_jobs.id"],
            name="fk_training_curve_levels_run_id_training_jobs",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Remove it; nothing is lost that the curves don't hold. At which steps blocks have their extremes is not told."""
    op.drop_table("training_curve_levels")
    for name in ("minimum_step", "maximum_step"):
        op.add_column("training_curves", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
