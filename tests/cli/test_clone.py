"""``dltrain clone``."""

from __future__ import annotations

import json

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import INTERRUPTED, WRONG, training

PATIENCE = 60


@pytest.mark.slow
def test_a_clone_has_other_settings_and_the_weights_of_a_step(dltrain, digits) -> None:
    first = json.loads(dltrain("train", digits, "--json").out)
    done = dltrain("clone", "digits-mlp", "--step", "90", "name=after", "epochs=1", "--wait", "--json")
    after = json.loads(done.out)
    assert (done.code, after["name"], after["state"], after["epoch"]) == (0, "after", "completed", 1)
    assert after["metrics"][0]["train_loss"] < first["metrics"][-1]["train_loss"]
    assert tal.get("after").spec.executor == "process"
    [told] = [it.message for it in tal.get("after").store.events(after["id"]) if it.kind == "cloned"]
    assert told == f"Cloned from run 'digits-mlp' ({first['id']}), with the weights of its step 90."


def test_it_goes_on_without_the_command(dltrain, digits, monkeypatch) -> None:
    tal.train(config=digits, verbose=False).wait(PATIENCE)
    done = dltrain("clone", "digits-mlp", "name=long", "epochs=100000")
    run = tal.get("long")
    assert (done.code, done.out) == (0, f"Run long ({run.id[:6]}…) started.\n")

    def interrupted(self, timeout=None) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as while_waiting:
        while_waiting.setattr(training.Run, "wait", interrupted)
        done = dltrain("clone", "long", "name=longer", "--wait")
    assert (done.code, done.err) == (
        INTERRUPTED,
        "Run 'longer' goes on; dltrain suspend longer suspends it.\n",
    )
    for name in ("long", "longer"):
        tal.get(name).stop().wait(PATIENCE)
        tal.get(name).wait(PATIENCE)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["step=soon"], WRONG, "step: expected a whole number, got 'soon'."),
        (["--step", "7"], WRONG, "Run 'digits-mlp' has no checkpoint at step 7; there are: 0, 45, 90."),
        (["executor=thread"], WRONG, "executor: 'thread' ends with this command; use process."),
        (["modle=cnn"], WRONG, "Unknown key 'modle'. Did you mean 'model'?"),
        (["self=1"], WRONG, "Unknown key 'self'."),
        (["epochs"], WRONG, "Expected KEY=VALUE, got 'epochs'."),
    ],
)
def test_what_is_wrong_starts_nothing(dltrain, trained, given, code, said) -> None:
    done = dltrain("clone", "digits-mlp", *given)
    assert done.err.startswith(f"Error: {said}")
    assert (done.code, len(done.err.splitlines())) == (code, 1)
    assert len(tal.runs()) == 1
