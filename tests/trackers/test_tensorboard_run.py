"""A real run, its relay and TensorBoard's reader."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tensorboard.plugins.hparams.api_pb2 import STATUS_SUCCESS

from dltrainer_jupyter import tal
from dltrainer_jupyter.executors.process import search_path
from dltrainer_jupyter.store import Store
from tests.trackers.event_files import read, series, status, tags, tensors
from tests.waiting import until

SCRIPT = """
import sys
from dltrainer_jupyter import tal

run = tal.train(model="mlp", data="digits", epochs=2000, verbose=False, executor="thread",
                checkpoint={"every_seconds": 0.2}, track=["tensorboard"])
print(run.id, flush=True)
sys.stdin.read()
"""


def kill_relay(run_id: str) -> int:
    found = [it for it in psutil.process_iter(["cmdline"]) if is_relay(it.info["cmdline"] or [], run_id)]
    for process in found:
        process.kill()
        process.wait(60)
    return len(found)


def is_relay(words: list[str], run_id: str) -> bool:
    return "dltrainer_jupyter.relay" in words and run_id in words


@pytest.mark.slow
def test_trainer_and_relay_are_killed_and_the_resumed_run_goes_on_in_its_folder(home) -> None:
    command, pipes = [sys.executable, "-c", SCRIPT], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": search_path()}, **pipes) as script:
        assert script.stdout is not None
        store = Store.open(tal.settings.store)
        run_id = script.stdout.readline().decode().strip()
        until(lambda: any(it.step > 100 for it in store.tracking(run_id)) and len(store.checkpoints(run_id)) > 1, 90)
        assert kill_relay(run_id) == 1
        script.kill()
        script.wait()
    run = tal.get(run_id)
    first = store.tracking(run_id)[0]
    assert first.key is not None
    before = sorted(Path(first.key).iterdir())
    run.resume(executor="thread")
    # Until a trainer has claimed it, its row tells how far the one before was, and stopping would only withdraw it.
    until(lambda: run.state == "running" and run.step > first.step + 200, 60)
    run.stop()
    run.wait(60)
    until(lambda: [it.state for it in run.store.tracking(run_id)] == ["delivered"], 180)
    assert run.store.tracking(run_id)[0].key == first.key
    assert set(before) < set(Path(first.key).iterdir())

    found = read(first.key)
    steps, values = run.store.curve_values(run_id, "train_loss")
    assert steps.tolist() == list(range(1, run.step + 1))
    assert series(found)["step/train_loss"] == list(zip(steps.tolist(), values.astype(float).tolist(), strict=True))
    ends = [row.step for row in run.store.epochs(run_id)]
    assert [step for step, _ in series(found)["val_loss"]] == ends
    assert [epoch for _, epoch in series(found)["epoch"]] == list(range(1, len(ends) + 1))
    for tag in tags(found, "histograms"):
        assert [step for step, _, _ in tensors(found, tag)] == ends
    assert len(found.Graph().node) > 3
    assert status(found) == STATUS_SUCCESS
