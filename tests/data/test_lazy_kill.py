"""kill -9 while rows are brought to the disk, and while they are trained on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.fetching import cache_folder
from dltrainer_jupyter.loop.parts import load_data
from tests.chaos.forked import PRELOADED
from tests.chaos.killing import carry_out, cases, undisturbed
from tests.chaos.trainers import Trainers
from tests.data import tables

CHILD = """
import os, signal, sys
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files import conversion, csv_table
from dltrainer_jupyter.loop.parts import load_data

csv_table._VALUES_TOGETHER = 60
add, seen = conversion._Pass.add, []

def killed(self, frame):
    add(self, frame)
    seen.append(frame)
    if len(seen) == 3:
        self._writer._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

conversion._Pass.add = killed
load_data(RunSpec.model_validate_json(sys.argv[1]), {})
"""


def test_rows_of_a_process_that_was_killed_are_brought_anew(tmp_path: Path) -> None:
    data = {"type": "csv", "path": str(tables.csv(tmp_path)), "target": "kind", "lazy": True}
    spec = RunSpec(model="mlp", data=data, validation=False)
    done = subprocess.run([sys.executable, "-c", CHILD, spec.model_dump_json()], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = (it for it in cache_folder("rows").iterdir() if it.is_dir())
    assert left.suffix == ".part"
    assert (left / "rows.npy").stat().st_size > 128
    assert len(load_data(spec, {}).train) == 60
    (entry,) = (it for it in cache_folder("rows").iterdir() if it.is_dir())
    assert (entry / "whole.json").is_file()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_trainer_of_rows_on_the_disk_is_killed_and_resumed_to_the_bit(tmp_path: Path) -> None:
    digits = load_digits(as_frame=True).frame
    digits["colour"] = np.array(["red", "blue"])[np.arange(len(digits)) % 2]
    digits.to_csv(tmp_path / "digits.csv", index=False)
    data = {"type": "csv", "path": str(tmp_path / "digits.csv"), "target": "target", "drop": "colour", "lazy": True}
    place = Trainers("pytorch", forked=tuple(PRELOADED), data=data, augmentation=[], epochs=12)
    expected = undisturbed(place)
    (case,) = (case for case in cases(1, 0, 0) if case.name == "random step")
    result = carry_out(case, place, expected)
    assert result.killed
    assert result.differs == []
