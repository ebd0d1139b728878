"""What the shell offers behind ``%dltrain``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dltrainer_jupyter.core.vocabulary import WORDS


@pytest.fixture(params=[True, False], ids=["jedi", "no jedi"])
def offered(notebook, request, monkeypatch):
    monkeypatch.setattr(notebook.shell.Completer, "use_jedi", request.param)
    return notebook.offered


def test_verbs(offered) -> None:
    assert set(WORDS) <= set(offered("%dltrain "))
    assert offered("%dltrain pau") == ["pause"]
    assert offered("%dltrain s") == ["suspend", "stop", "set", "sync", "status", "show", "schedulers"]


def test_what_a_clone_changes(offered, trained) -> None:
    assert offered("%dltrain clone digi") == ["digits-mlp"]
    assert offered("%dltrain clone digits-mlp opti") == ["optimizer=", "optimizer."]
    assert offered("%dltrain clone digits-mlp --st") == ["--step"]


def test_options_and_their_values(offered) -> None:
    assert {"--epochs", "--executor", "--dry-run"} <= set(offered("%%dltrain digits "))
    assert offered("%%dltrain digits --ep") == ["--epochs"]
    assert offered("%%dltrain digits --executor ") == ["inline", "process", "thread"]
    assert offered("%%dltrain digits --executor pr") == ["process"]
    assert offered("%%dltrain digits --executor=pr") == ["process"]
    assert offered("%%dltrain digits --framework py") == ["pytorch"]
    assert "--epochs" not in offered("%%dltrain --epochs 3 --")
    assert offered("%dltrain resume x --ep") == ["--epochs"]


def test_runs(offered, trained) -> None:
    assert offered("%dltrain pause dig") == ["digits-mlp"]
    assert offered("%dltrain sync dig") == ["digits-mlp"]
    assert offered("%%dltrain digits --track ml") == ["mlflow"]
    assert offered("%dltrain predict x --run dig") == ["digits-mlp"]
    assert offered("%dltrain set digits-mlp lea") == ["learning_rate="]
    assert offered("%dltrain set digits-mlp checkpoint.k") == ["checkpoint.keep="]
    assert offered("%dltrain predict x --checkpoint ") == ["best", "last"]
    assert offered("%dltrain compare digits-mlp dig") == []


def test_names_of_parts(offered) -> None:
    assert offered("%dltrain models c") == ["cnn"]
    assert {"adam", "adamw", "sgd"} <= set(offered("%dltrain optimizers "))


def test_in_an_assignment(offered) -> None:
    assert offered("p = %dltrain predict x --checkpoint b") == ["best"]


def test_names_in_a_yaml_body(notebook) -> None:
    def offered(body: str, below: str = "") -> list[str]:
        return notebook.offered(f"%%dltrain digits\n{body}", below)

    assert offered("model: c", "\ndata: digits") == ["cnn"]
    assert {"adam", "sgd"} <= set(offered("model: cnn\noptimizer: "))
    assert offered("data: dig") == ["digits"]
    assert "cnn" not in notebook.offered("model: c")
    assert offered("metrics: [acc") == ["accuracy"]
    assert offered("metrics: [accuracy, f") == ["f1"]
    assert offered("optimizer: {type: sg") == ["sgd"]


def test_keys_of_a_yaml_body(notebook) -> None:
    assert notebook.offered("%%dltrain digits\nmodel: cnn\nopt") == ["optimizer:"]
    assert notebook.offered("%%dltrain digits\nlea", "\ndata: digits") == ["learning_rate:"]
    python = notebook.offered("%%dltrain digits\nmodel = net\nopt")
    assert "optimizer:" not in python
    assert "optimizer:" not in notebook.offered("opt")


def test_in_a_cell_with_a_body(notebook) -> None:
    assert notebook.offered("%%dltrain digits --ep", "\nmodel: cnn\n") == ["--epochs"]


@pytest.mark.parametrize("store", ["nonsense://", "sqlite:////no/such/folder/x.db"])
def test_a_broken_store_offers_nothing_and_raises_nothing(offered, store) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DLTRAINER_STORE", store)
        assert "--help" not in offered("%dltrain pause ")


@pytest.mark.parametrize(
    "line", ["%dltrain", "%dltrain pause", "%dltrain nothing of ours ", "%dltrain --run", "%dltrain -"]
)
def test_any_line(offered, line) -> None:
    assert isinstance(offered(line), list)


def test_no_framework_is_imported() -> None:
    code = """
import sys
from dltrainer_jupyter.magics.completion import candidates
for line in ["%%dltrain --framework ", "%dltrain models ", "%dltrain optimizers "]:
    assert candidates(line, "", line)
assert candidates("%dltrain pause ", "", "%dltrain pause ") == []
print(sorted({"torch", "sklearn", "pandas", "ipywidgets"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("body", "offered"),
    [
        ("optimizer: {type: adamw, we", ["weight_decay:"]),
        ("optimizer: {type: adamw, betas: [0.9, 0.99], a", ["amsgrad:"]),
        ("optimizer: {type: adamw, amsgrad: ", ["true", "false"]),
        ("optimizer: {type: sg", ["sgd"]),
        ("optimizer:\n  type: sgd\n  nest", ["nesterov:"]),
        ("optimizer:\n  type: sgd\n  nesterov: t", ["true"]),
        ("optimizer:\n  ty", ["type:"]),
        ("model:\n  type: cnn\n  pooling: ", ["max", "average", "none"]),
        ("model: {type: cnn, preset: e", ["easy"]),
        ("model: {type: cnn, pre", ["preset:"]),
        ("metrics: [accuracy, {type: f1, average: m", ["macro", "micro"]),
        ("metrics:\n  - type: f1\n    av", ["average:"]),
        ("metrics:\n  - type: f1\n  - type: top5\n    av", []),
        ("track: {type: mlflow, checkpoints: b", ["best"]),
        ("precision: b", ["bf16-mixed"]),
        ("validation: {ex", ["examples:"]),
        ("checkpoint:\n  kee", ["keep:"]),
        ("verbose: ", ["true", "false"]),
        ("optimizer: {type: nothing, we", []),
        ("optimizer: {type: adamw, eps: ", []),
        ("optimizer: }{[", []),
        ("epochs: ", []),
    ],
)
def test_settings_of_the_chosen_part(notebook, body, offered) -> None:
    found = notebook.offered(f"%%dltrain digits\nmodel: cnn\n{body}", "\ndata: digits")
    # Where nothing of ours fits, whatever Python makes of it may stand there.
    assert [it for it in found if it.endswith(":") or offered] == offered


def test_settings_behind_set(notebook) -> None:
    def offered(line: str, body: str = "model: {type: cnn}\ndata: digits") -> list[str]:
        return notebook.offered(f"%%dltrain digits {line}", f"\n{body}")

    assert {"optimizer=", "optimizer.", "epochs=", "checkpoint."} <= set(offered("--set "))
    assert offered("--set optimizer.am") == ["optimizer.amsgrad="]
    assert offered("--set optimizer=sgd --set optimizer.nest") == ["optimizer.nesterov="]
    assert offered("--set epochs=3 optimizer.type=sgd optimizer.nest") == ["optimizer.nesterov="]
    assert offered("--set model.pooling=m") == ["max"]
    assert offered("--set model.preset=") == ["easy", "medium", "advanced"]
    assert offered("--set model.hid", "model:\n  type: mlp\ndata: digits") == ["model.hidden="]
    assert offered("--set model=ml") == ["mlp"]
    assert offered("--set checkpoint.k") == ["checkpoint.keep="]
    assert offered("--set precision=16") == ["16-mixed"]


ODD = ["a: {", "- ", "  - {", "x: [{a: ", "\t{", "{{{{", "- - -", "model:\n\n\n  ", ":", " : :", "}{[", "a.b.c="]


@pytest.mark.parametrize("text", ODD)
def test_any_body(notebook, text) -> None:
    assert isinstance(notebook.offered(f"%%dltrain digits\n{text}", "\nmodel: {type"), list)
