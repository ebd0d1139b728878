"""Files larger than the memory that a process may take are trained on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BLOCK = 5_000
BUDGET = 200 * 2**20
"""Bytes of its own that a process may take beyond what its imports take; pages of files don't count, nor are kept."""

CHILD = """
import json, sys, threading
from dltrainer_jupyter import tal

def own():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon"))

kind, path, small, lazy = sys.argv[1:]
settings = {"model": {"type": "mlp", "hidden": [16]}, "epochs": 1, "batch_size": 2048, "executor": "inline",
            "threads": 1, "verbose": False}
target = {} if kind == "npz" else {"target": "kind"}

def train(path):
    data = {"type": kind, "path": path, "lazy": lazy, "standardize": True, **target}
    run = tal.train(**settings, data=data)
    return [run.state, run.step, str(run.error)]

train(small)
before, highest, over = own(), [0], threading.Event()

def watch():
    while not over.wait(0.01):
        highest[0] = max(highest[0], own())

thread = threading.Thread(target=watch)
thread.start()
told = train(path)
over.set()
thread.join()
print(json.dumps([*told, highest[0] - before]))
"""


def rows(columns: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(BLOCK, columns)).astype(np.float32), rng.integers(0, 3, BLOCK)


def csv(path: Path, columns: int, blocks: int) -> None:
    x, y = rows(columns)
    text = "\n".join(",".join(f"{value:.4f}" for value in row) + f",{kind}" for row, kind in zip(x, y, strict=True))
    with path.open("w") as file:
        file.write(",".join(f"c{at}" for at in range(columns)) + ",kind\n")
        for _ in range(blocks):
            file.write(text + "\n")


def parquet(path: Path, columns: int, blocks: int) -> None:
    """Write a single group of rows, which can't be read a group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = [rows(columns, seed % 50) for seed in range(blocks)]
    table = {f"c{at}": np.concatenate([x[:, at] for x, _ in parts]) for at in range(columns)}
    table["kind"] = np.concatenate([y for _, y in parts])
    pq.write_table(pa.table(table), path, row_group_size=blocks * BLOCK, use_dictionary=False)


def npz(path: Path, columns: int, blocks: int) -> None:
    x, y = rows(columns)
    np.savez(path, x=np.tile(x, (blocks, 1)), y=np.tile(y, blocks))


@pytest.mark.parametrize(("write", "columns", "blocks"), [(csv, 200, 60), (parquet, 100, 200), (npz, 200, 100)])
def test_a_file_larger_than_the_memory_is_trained_on(write: Any, columns: int, blocks: int, tmp_path: Path) -> None:
    path, small = (tmp_path / f"{name}.{write.__name__}" for name in ("large", "small"))
    write(path, columns, blocks)
    write(small, columns, 1)
    assert path.stat().st_size > BUDGET * 1.9
    command = [sys.executable, "-c", CHILD, write.__name__, str(path), str(small), "always"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)
    assert said.returncode == 0, said.stderr[-2000:]
    state, step, error, taken = json.loads(said.stdout.splitlines()[-1])
    assert state == "completed", error
    assert step == -(-round(blocks * BLOCK * 0.8) // 2048)
    assert taken < BUDGET
