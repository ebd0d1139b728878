"""``dltrain train`` and ``dltrain resume``, mostly as people run them: as a process."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading

import pytest
import torch

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import FAILED, INTERRUPTED, WRONG, commands, training
from dltrainer_jupyter.cli.progress import Lines
from tests.waiting import until

PATIENCE = 60
COMMAND = [sys.executable, "-m", "dltrainer_jupyter.cli"]
WIDE = {"COLUMNS": "140", "TERM": "xterm"}

DOCUMENT = {
    "id", "name", "state", "framework", "epoch", "step", "resume", "exact", "attempts", "train_seconds",
    "steps_per_second", "metrics", "checkpoints", "error",
}  # fmt: skip


def strict(text: str):
    def refused(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refused)


def is_training(name: str) -> bool:
    run = tal.get(name)
    assert run.state in {"pending", "running"}, run.error
    return run.step > 0


def test_training_prints_a_line_an_epoch_in_a_pipe(dltrain, digits) -> None:
    done = dltrain("train", digits)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    run = tal.get("digits-mlp")
    assert lines[0] == f"Run digits-mlp ({run.id[:6]}…) started."
    assert [line.split("  ")[0] for line in lines[1:3]] == ["epoch 1/2", "epoch 2/2"]
    assert "completed, epoch 2 of 2" in lines[3]
    assert len(lines) == 4
    assert (run.state, run.spec.executor, run.exact) == ("completed", "inline", True)


def test_the_document_of_a_training(dltrain, digits) -> None:
    done = dltrain("train", digits, "--json", "--set", "executor=thread")
    assert (done.code, done.err) == (0, "")
    document = strict(done.out)
    assert set(document) >= DOCUMENT
    assert [row["epoch"] for row in document["metrics"]] == [1, 2]
    assert {"step", "epoch", "kinds", "digest", "metrics", "path"} == set(document["checkpoints"][-1])
    assert strict(dltrain("show", "digits-mlp", "--json").out) == document


def test_options_go_before_set_and_set_before_the_file(dltrain, digits) -> None:
    done = dltrain(
        "train", digits, "--epochs", "1", "--set", "epochs=5", "--set", "seed=3", "model.hidden=[8]", "--name", "small",
        "--lr", "0.01",
    )  # fmt: skip
    assert done.code == 0, done.err
    spec = tal.get("small").spec
    assert (spec.epochs, spec.seed, spec.learning_rate) == (1, 3, 0.01)
    assert spec.model.config == {"hidden": [8]}


def test_a_run_without_a_name_is_called_like_its_file(dltrain, tmp_path) -> None:
    file = tmp_path / "wide-net.yaml"
    file.write_text("model: mlp\ndata: digits\n")
    assert dltrain("train", file, "--dry-run").out.startswith("name: wide-net\n")
    assert dltrain("train", file, "--dry-run", "--name", "other").out.startswith("name: other\n")


def test_a_dry_run_starts_nothing(dltrain, digits) -> None:
    done = dltrain("train", digits, "--dry-run")
    assert done.code == 0
    assert "batch_size: 32" in done.out
    assert tal.runs() == []


def test_all_that_is_wrong_with_a_file_is_said_at_once(dltrain, digits) -> None:
    done = dltrain("train", digits, "--dry-run", "--epochs", "0", "--set", "optimizer=adm", "--set", "seeed=1")
    assert (done.code, done.out) == (WRONG, "")
    assert [line.partition(".")[0] for line in done.err.splitlines()] == [
        "Error: Unknown key 'seeed'",
        "Error: epochs: expected greater than or equal to 1, got 0",
        "Error: Unknown optimizer 'adm'",
    ]


def test_a_failed_training(dltrain, digits) -> None:
    done = dltrain("train", digits, "--set", "optimizer=sgd", "--lr", "1e30")
    assert done.code == FAILED
    assert done.err.startswith("Error: The loss became ")
    assert len(done.err.splitlines()) == 1
    document = dltrain("train", digits, "--set", "optimizer=sgd", "--lr", "1e30", "--json")
    assert document.code == FAILED
    assert strict(document.out)["error"]["type"] == "NonFiniteLossError"


@pytest.mark.slow
def test_ctrl_c_suspends_and_resume_goes_on(started, in_process, digits) -> None:
    training_process = started("train", digits, "--epochs", "100000")
    until(lambda: tal.runs() and is_training("digits-mlp"), PATIENCE)
    training_process.send_signal(signal.SIGINT)
    out, err = training_process.communicate(timeout=PATIENCE)
    assert training_process.returncode == INTERRUPTED
    assert "suspended" in out.splitlines()[-1]
    assert err == "Resume it with: dltrain resume digits-mlp\n"
    run = tal.get("digits-mlp")
    step, epoch = run.step, run.epoch
    assert (run.state, run.last.record.step) == ("suspended", step)
    resumed = in_process("resume", "digits-mlp", "--wait", "--epochs", str(epoch + 1))
    assert (resumed.code, resumed.err) == (0, "")
    assert resumed.out.startswith(f"Resuming digits-mlp from step {step:,}…\n")
    assert f"completed, epoch {epoch + 1} of {epoch + 1}" in resumed.out.splitlines()[-1]
    assert run.record.spec.executor == "process"


@pytest.mark.slow
def test_a_detached_run_is_steered_from_other_commands(dltrain, digits, monkeypatch) -> None:
    # A busy machine may well take longer than a command waits.
    monkeypatch.setattr(commands, "_PATIENCE", PATIENCE)
    begun = dltrain("train", digits, "--detach", "--epochs", "100000")
    assert begun.code == 0
    assert begun.out.endswith("started.\n")
    until(lambda: is_training("digits-mlp"), PATIENCE)
    assert dltrain("pause", "digits-mlp").out.startswith("Paused at step")
    assert dltrain("status", "digits-mlp").out.startswith("digits-mlp (")
    assert dltrain("set", "digits-mlp", "learning_rate=1e-4").out.startswith("learning_rate 0.001 → 0.0001")
    assert dltrain("resume", "digits-mlp").out.startswith("Running from step")
    assert dltrain("checkpoint", "digits-mlp").code == 0
    assert dltrain("delete", "digits-mlp").code == WRONG
    assert dltrain("stop", "digits-mlp").out.startswith("Stopped at step")
    assert tal.get("digits-mlp").wait(PATIENCE).state == "stopped"
    assert dltrain("delete", "digits-mlp").out.startswith("Deleted digits-mlp")
    assert tal.runs() == []


@pytest.mark.slow
def test_a_process_is_followed_and_interrupting_suspends_it(dltrain, digits, monkeypatch) -> None:
    wait, once = tal.Run.wait, iter([KeyboardInterrupt])

    def interrupted(self, timeout=None):
        until(lambda: self.step > 0, PATIENCE)
        for interrupt in once:
            raise interrupt
        return wait(self, timeout)

    monkeypatch.setattr(training.Run, "wait", interrupted)
    done = dltrain("train", digits, "--executor", "process", "--epochs", "100000")
    assert done.err.startswith("Suspended at step")
    assert done.code == 0
    assert tal.get("digits-mlp").state == "suspended"


def test_interrupting_the_wait_for_a_resumed_run_leaves_it_going(dltrain, digits, monkeypatch) -> None:
    run = tal.train(config=digits, epochs=100_000, verbose=False)
    run.pause().wait(PATIENCE)

    def interrupted(self, timeout=None) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as while_waiting:
        while_waiting.setattr(training.Run, "wait", interrupted)
        done = dltrain("resume", "digits-mlp", "--wait")
    assert done.code == INTERRUPTED
    assert done.err == "Run 'digits-mlp' goes on; dltrain suspend digits-mlp suspends it.\n"
    until(lambda: run.state == "running")
    assert dltrain("stop", "digits-mlp").code == 0
    run.wait(PATIENCE)


@pytest.mark.parametrize("executor", ["thread", "inline"])
def test_a_trainer_that_would_end_with_the_command_is_refused(dltrain, trained, executor) -> None:
    done = dltrain("resume", "digits-mlp", "--epochs", "3", "--executor", executor)
    assert done.code == WRONG
    assert done.err == f"Error: executor: '{executor}' ends with this command; use process.\n"


def test_a_run_that_cannot_go_on_elsewhere_says_so(dltrain) -> None:
    lock = threading.Lock()

    def own_loss(outputs, targets):
        with lock:
            return torch.nn.functional.cross_entropy(outputs, targets)

    tal.train(model="mlp", data="digits", loss=own_loss, name="bound", epochs=1, verbose=False).wait(PATIENCE)
    done = dltrain("resume", "bound", "--epochs", "2")
    assert done.code == FAILED
    assert done.err.startswith("Error: The objects of this run were not kept")
    assert len(done.err.splitlines()) == 1


@pytest.mark.slow
def test_a_bar_on_a_terminal(digits) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*COMMAND, "train", digits], stdout=theirs, stderr=theirs, env=os.environ | WIDE)
    os.close(theirs)
    seen = b""
    # Linux says that nobody writes any more by an error.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 4096):
            seen += piece
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    text = seen.decode()
    assert "━" in text
    assert re.search(r"epoch 2/2  loss [\d.]+  best val_accuracy 0\.\d{4}  [\d,.]+ steps/s", text)
    assert "completed, epoch 2 of 2" in text.splitlines()[-1]


def test_lines_of_a_run_that_was_set_back(trained) -> None:
    said = []
    lines = Lines()
    lines._told = 5
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("click.echo", said.append)
        lines.update(trained)
        assert said == []
        lines._told = 1
        lines.update(trained)
    assert [line.split("  ")[0] for line in said] == ["epoch 2/2"]
