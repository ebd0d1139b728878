"""What a loss of power may take back, and what it may not."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_samples import checkpoint, claimed, new_run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_checkpoint_row_is_in_the_database_itself(tmp_path: Path) -> None:
    # Files of the checkpoint are synced before its row; a row that is only in the log might not outlive a power cut.
    store = Store.open(f"sqlite:///{tmp_path / 'runs.db'}")
    attempt = claimed(store, new_run(store))
    attempt.commit_checkpoint(checkpoint(attempt, 4, "last"))
    shutil.copy(tmp_path / "runs.db", tmp_path / "after-power-cut.db")
    left = sqlite3.connect(tmp_path / "after-power-cut.db")
    steps = left.execute("SELECT step FROM training_checkpoints").fetchall()
    left.close()
    store.close()
    assert steps == [(4,)]
