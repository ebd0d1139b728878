"""Whole ``%%dltrain`` cells in a real shell."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import DLTrainerError, IllegalControlError, TrainingFailed
from dltrainer_jupyter.magics import cell
from dltrainer_jupyter.magics.binding import identifier
from dltrainer_jupyter.tal import waiting

YAML = "model: mlp\ndata: digits\nmetrics: [accuracy]\n"
ENDLESS = 100_000


def test_a_cell_trains_and_binds_the_run(notebook) -> None:
    shown = notebook.run(f"%%dltrain digits-mlp --epochs 2 --no-panel\n{YAML}")
    assert shown.error is None
    run = notebook.names["run"]
    assert notebook.names["digits_mlp"] is run
    assert shown.lines == [f"Run digits-mlp ({run.id[:6]}…) started."]
    run.wait(60)
    assert (run.state, run.epoch, run.spec.executor) == ("completed", 2, "thread")
    assert run.metrics()["val_accuracy"].iloc[-1] > 0.5


def test_options_go_before_the_body(notebook) -> None:
    line = "%%dltrain named --epochs 1 --batch-size 64 --lr 0.01 --set model.hidden=[8] seed=3 --no-panel --wait"
    shown = notebook.run(f"{line}\n{YAML}name: other\nepochs: 50\n")
    spec = notebook.names["named"].spec
    assert (spec.name, spec.epochs, spec.batch_size, spec.learning_rate, spec.seed) == ("named", 1, 64, 0.01, 3)
    assert spec.model.config == {"hidden": [8]}
    assert shown.lines[-1].startswith("named (")
    assert "completed, epoch 1 of 1" in shown.lines[-1]


def test_a_training_step_in_the_cell_is_the_recipe(notebook) -> None:
    shown = notebook.run(
        "%%dltrain --epochs 1 --no-panel --wait\n"
        "import torch\n"
        "model, data = 'mlp', 'wine'\n"
        "def train_step(model, x, y, loss):\n"
        "    outputs = model(x)\n"
        "    return {'loss': loss(outputs, y), 'outputs': outputs, 'size': outputs.square().mean()}\n"
        "def eval_step(model, x, y):\n"
        "    return torch.nn.functional.cross_entropy(model(x), y)\n"
    )
    assert shown.error is None, shown.output
    run = notebook.names["run"]
    assert (run.state, run.spec.recipe.config) == ("completed", {"is": "train_step"})
    assert {"train_size", "val_loss"} <= set(run.metrics().columns)
    assert "val_size" not in run.metrics().columns
    assert "train_step" not in notebook.names


def test_an_error_in_a_training_step_shows_the_cells_line(notebook) -> None:
    body = "model, data = 'mlp', 'wine'\ndef train_step(model, x, y):\n    return model(x) @ x\n"
    shown = notebook.run(f"%%dltrain broken --no-panel --wait\n{body}")
    assert isinstance(shown.error, TrainingFailed)
    assert "return model(x) @ x" in shown.output
    assert "own_step.py" not in shown.output


def test_a_python_body_trains_the_persons_own_objects(notebook) -> None:
    notebook.names["x"] = np.random.default_rng(0).normal(size=(80, 4)).astype("float32")
    notebook.names["y"] = (notebook.names["x"].sum(axis=1) > 0).astype("int64")
    shown = notebook.run(
        "%%dltrain --epochs 2 --no-panel --wait\n"
        "import torch\n"
        "width = 5\n"
        "def own_loss(outputs, targets):\n"
        "    return torch.nn.functional.cross_entropy(outputs, targets) * 2\n"
        "model = torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.ReLU(), torch.nn.Linear(width, 2))\n"
        "data = (x, y)\n"
        "loss = own_loss\n"
        "metrics = ['accuracy']\n"
        "batch_size = 8\n"
    )
    assert shown.error is None, shown.output
    assert not {"torch", "width", "own_loss", "model", "data", "loss", "metrics", "batch_size"} & set(notebook.names)
    run = notebook.names["run"]
    assert (run.name, run.spec.batch_size, run.state) == ("run", 8, "completed")
    assert run.best.model()[0].weight.shape == (5, 4)


def test_yaml_takes_variables_of_the_notebook(notebook) -> None:
    notebook.names["x"] = np.zeros((20, 3), "float32")
    notebook.names["y"] = np.arange(20) % 2
    notebook.names["net"] = torch.nn.Linear(3, 2)
    shown = notebook.run("%%dltrain --epochs 1 --no-panel --wait\nmodel: $net\ndata: [$x, $y]\n")
    assert shown.error is None, shown.output
    assert notebook.names["run"].best.model().weight.shape == (2, 3)


def test_a_cell_without_a_body(notebook) -> None:
    shown = notebook.run("%%dltrain --set model=mlp data=digits epochs=1 --no-panel --wait")
    assert shown.error is None, shown.output
    assert notebook.names["run"].state == "completed"


def test_the_line_takes_variables_as_other_magics_do(notebook) -> None:
    notebook.names["number"] = 3
    notebook.run(f"%%dltrain try-{{number}} --epochs $number --dry-run\n{YAML}")
    shown = notebook.run(f"%%dltrain try-{{number}} --epochs $number --dry-run\n{YAML}")
    assert "name: try-3" in shown.output
    assert "epochs: 3" in shown.output


def test_a_second_run_of_a_name_waits_for_the_first(notebook) -> None:
    body = f"--epochs {ENDLESS} --no-panel\n{YAML}"
    notebook.run(f"%%dltrain again {body}")
    first = notebook.names["run"]
    refused = notebook.run(f"%%dltrain again {body}")
    assert isinstance(refused.error, IllegalControlError)
    assert len(refused.lines) == 1
    assert "%dltrain stop again" in refused.output
    assert "%dltrain panel again" in refused.output
    assert "--new" in refused.output
    assert notebook.names["run"] is first
    # A name in the body counts as well.
    assert "--new" in notebook.run(f"%%dltrain {body}name: again\n").output
    started = notebook.run(f"%%dltrain again --new {body}")
    assert started.error is None
    assert notebook.names["run"] != first
    assert len(tal.runs(name="again")) == 2


def test_the_body_of_a_refused_cell_is_not_run(notebook) -> None:
    notebook.run(f"%%dltrain again --epochs {ENDLESS} --no-panel\n{YAML}")
    notebook.names["log"] = []
    notebook.run("%%dltrain again\nlog.append(1)\nmodel = 1")
    assert notebook.names["log"] == []


def test_a_dry_run_shows_everything_and_starts_nothing(notebook) -> None:
    shown = notebook.run(f"%%dltrain digits --lr 0.5 --dry-run\n{YAML}")
    assert shown.error is None
    for expected in ("name: digits", "learning_rate: 0.5", "batch_size: 32", "'thread'", "Nothing was started."):
        assert expected in shown.output
    assert tal.runs() == []
    assert "run" not in notebook.names


def test_a_dry_run_finds_mistakes(notebook) -> None:
    shown = notebook.run("%%dltrain --dry-run\nmodel: mpl\ndata: digits\n")
    assert shown.lines == [
        (
            "Error: Unknown model 'mpl'. Did you mean 'mlp'? Known: cnn, detector, lstm, "
            "mlp, mobilenet_v2, resnet, stack, transformer, unet, vit, vit-tiny."
        )
    ]


@pytest.mark.parametrize("magic", ["%%dltrain --help", "%%dltrain --help\nmodel: cnn", "%%dltrain pause --help"])
def test_help_of_the_cell(notebook, magic) -> None:
    shown = notebook.run(magic)
    assert shown.error is None
    assert shown.lines[0] == "%%dltrain [NAME] [options]"
    assert "--batch-size N" in shown.output
    assert "  model: cnn" in shown.lines


@pytest.mark.parametrize(
    ("magic", "expected"),
    [
        ("%%dltrain --epoch 3\nmodel: cnn", "Unknown option '--epoch'. Did you mean '--epochs'?"),
        ("%%dltrain\nmodel: [cnn", "The YAML doesn't parse: line 2, column 8:"),
        ("%%dltrain\nmodel: $nte\ndata: digits", "model: the notebook has no variable 'nte'. Did you mean 'net'?"),
        ("%%dltrain\nmodel: mlp\ndata: digits\nepochs: -1", "epochs: expected greater than or equal to 1, got -1."),
        ("%%dltrain\nmodel: mlp\ndata: digits\nepoch: 1", "Unknown key 'epoch'. Did you mean 'epochs'?"),
        (
            "%%dltrain\nmodel: mlp\ndata: digits\noptimizer: {type: adam, lr: 0.01}",
            "Unknown key 'optimizer.lr'. The learning rate is set at the top level: learning_rate: 0.01 (option --lr).",
        ),
        ("%%dltrain\ndata = 3", "Key 'model' is missing."),
        (
            "%%dltrain\nmodell = net\ndata = 'digits'",
            "Key 'model' is missing. The cell assigns 'modell': did you mean 'model'?",
        ),
        ("%%dltrain z\n", "Keys 'model' and 'data' are missing."),
        ("%%dltrain a/b\nmodel: mlp\ndata: digits", "name: expected 1 to 120 characters"),
        ("%%dltrain --executor thred\nmodel: mlp\ndata: digits", "Unknown executor 'thred'. Did you mean 'thread'?"),
        ("%%dltrain\nmodel = (\n", "If it is meant to be Python: line 2: "),
    ],
)
def test_mistakes_are_one_line(notebook, magic, expected) -> None:
    notebook.names["net"] = object()
    shown = notebook.run(magic)
    assert isinstance(shown.error, DLTrainerError)
    assert len(shown.lines) == 1
    assert shown.lines[0].startswith("Error: ")
    assert expected in shown.lines[0]
    assert tal.runs() == []


def test_the_persons_own_exception_shows_the_persons_frames_alone(notebook) -> None:
    shown = notebook.run("%%dltrain digits\ndef build():\n    return 1 / 0\nmodel = build()\n")
    assert isinstance(shown.error, ZeroDivisionError)
    assert "<dltrain digits>" in shown.output
    assert "return 1 / 0" in shown.output
    assert "model = build()" in shown.output
    assert "magics" not in shown.output
    assert "run_cell_magic" not in shown.output


def test_a_package_that_an_extra_brings_is_missing_in_one_line(notebook, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)  # what Python says then has its name, as if it weren't installed
    shown = notebook.run("%%dltrain digits\nimport jax\nmodel = jax\n")
    assert isinstance(shown.error, ModuleNotFoundError)
    assert shown.output == "Error: The package 'jax' isn't installed: pip install \"dltrainer-jupyter[jax]\"\n"


def test_any_other_package_is_missing_as_python_says_it(notebook) -> None:
    shown = notebook.run("%%dltrain digits\nimport nobody_knows\n")
    assert "import nobody_knows" in shown.output
    assert "No module named 'nobody_knows'" in shown.output


def test_a_failed_training_that_was_waited_for(notebook) -> None:
    shown = notebook.run(f"%%dltrain --set optimizer=sgd --lr 1e30 --epochs 2 --no-panel --wait\n{YAML}")
    assert isinstance(shown.error, TrainingFailed)
    assert shown.lines[-1].startswith("Error: The loss became ")
    assert notebook.names["run"].state == "failed"


def test_the_persons_loss_that_fails_in_training_shows_where(notebook) -> None:
    shown = notebook.run(
        "%%dltrain own --epochs 1 --no-panel --wait\n"
        "model, data = 'mlp', 'digits'\n"
        "def loss(outputs, targets):\n"
        "    return outputs.no_such_thing\n"
    )
    assert isinstance(shown.error, TrainingFailed)
    assert "no_such_thing" in shown.output
    assert "<dltrain own>" in shown.output
    assert "dltrainer_jupyter" not in shown.output


def test_interrupting_the_wait_leaves_the_run_going(notebook, monkeypatch) -> None:
    def interrupted(self, timeout=None) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as while_waiting:
        while_waiting.setattr(cell.Run, "wait", interrupted)
        shown = notebook.run(f"%%dltrain long --epochs {ENDLESS} --no-panel --wait\n{YAML}")
    assert isinstance(shown.error, KeyboardInterrupt)
    assert shown.lines[-1] == "Run 'long' goes on; %dltrain pause long pauses it."
    assert tal.get("long").state in {"pending", "running"}


def test_a_variable_that_is_replaced_is_mentioned(notebook) -> None:
    notebook.names["digits"] = [1, 2]
    shown = notebook.run(f"%%dltrain digits --epochs 1 --no-panel\n{YAML}")
    assert "`digits` is the run now; it was a variable of type list." in shown.output
    again = notebook.run(f"%%dltrain digits --new --epochs 1 --no-panel\n{YAML}")
    assert "variable of type" not in again.output


def test_a_variable_called_run_that_is_replaced_is_mentioned(notebook) -> None:
    notebook.names["run"] = "mine"
    shown = notebook.run(f"%%dltrain digits --epochs 1 --no-panel\n{YAML}")
    assert "`run` is the run now; it was a variable of type str." in shown.output


@pytest.mark.parametrize("body", ["model: $net\ndata: [$x, $y]\n", "model = net\ndata = (x, y)\n"])
def test_a_variable_that_the_cell_reads_stays_so_that_it_can_be_run_again(notebook, body: str) -> None:
    net = notebook.names["net"] = torch.nn.Linear(3, 2)
    notebook.names["x"], notebook.names["y"] = np.zeros((20, 3), "float32"), np.arange(20) % 2
    for _ in range(2):
        shown = notebook.run(f"%%dltrain net --epochs 1 --no-panel --wait\n{body}")
        assert shown.error is None, shown.output
        assert "`net` stays the variable that this cell reads; the run is `run`, and tal.get('net')." in shown.output
        assert notebook.names["net"] is net
    assert notebook.names["run"].name == "net"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a b.c", "a_b_c"), ("class", "class_"), ("2nd", "_2nd"), ("größe", "größe"), ("-", "_"), ("ﬁt", "fit")],
)
def test_identifier(name, expected) -> None:
    assert identifier(name) == expected
    assert expected.isidentifier()


def test_without_the_widgets_a_line_stands_for_the_panel(notebook, monkeypatch) -> None:
    monkeypatch.setattr(cell.registry, "find", _without_faces(cell.registry.find))
    shown = notebook.run(f"%%dltrain --epochs 1\n{YAML}")
    assert shown.error is None
    assert shown.lines[-1].startswith("Run mlp-digits (")


class Panel:
    """Stands for the widgets: notes what it is asked."""

    def __init__(self) -> None:
        self.runs: list[tal.Run] = []

    def show(self, run: tal.Run) -> None:
        self.runs.append(run)


@pytest.fixture
def panel(monkeypatch) -> Panel:
    made, find = Panel(), cell.registry.find
    monkeypatch.setattr(cell.registry, "find", lambda kind, *rest: made.show if kind == "faces" else find(kind, *rest))
    return made


def test_the_panel_is_shown_for_the_run(notebook, panel) -> None:
    shown = notebook.run(f"%%dltrain --epochs {ENDLESS}\n{YAML}")
    assert shown.lines == []
    assert panel.runs == [notebook.names["run"]]


def test_a_refused_second_keeps_the_panel_of_the_first(notebook, panel) -> None:
    cell_text = f"%%dltrain again --epochs {ENDLESS}\n{YAML}"
    notebook.run(cell_text)
    first = notebook.names.pop("run")
    refused = notebook.run(cell_text)
    assert isinstance(refused.error, IllegalControlError)
    assert len(refused.lines) == 1
    assert panel.runs == [first, first]
    assert notebook.names["run"] == first


@pytest.mark.parametrize(
    ("options", "state"),
    [("--wait", "completed"), ("--wait --lr 1e30 --set optimizer=sgd", "failed"), ("--executor inline", "completed")],
)
def test_the_cell_ends_when_what_follows_the_end_is_done(notebook, monkeypatch, options, state) -> None:
    """A notebook that is executed as a whole may be saved the moment this cell ends."""
    done = []
    monkeypatch.setattr(waiting, "_sequels", [lambda store, run_id: done.append(store.run(run_id).state)])
    shown = notebook.run(f"%%dltrain --epochs 2 {options}\n{YAML}")
    assert (shown.error is None) == (state == "completed")
    assert done == [state]


def _without_faces(find):
    def found(kind, name, *rest):
        if kind == "faces":
            raise cell.UnknownNameError(kind, name, [])
        return find(kind, name, *rest)

    return found


def test_steps_of_ones_own_mean_the_same_in_yaml_in_python_and_as_arguments(notebook) -> None:
    notebook.run(
        "def tripled(inputs, factor=3):\n    return factor * inputs\n"
        "def halves(sample):\n    yield sample[:6]\n    yield sample[6:12]\n"
        "def sure(shares):\n    return shares.max(axis=1) > 0.5\n"
    )
    head = "%%dltrain own --epochs 1 --no-panel --wait\n"
    in_yaml = (
        "model: mlp\ndata: wine\npreprocessing: [{type: $tripled, factor: 2}, $halves]\n"
        "postprocessing: [temperature, $sure]\n"
    )
    in_python = (
        "model, data = 'mlp', 'wine'\npreprocessing = [{'type': tripled, 'factor': 2}, halves]\n"
        "postprocessing = ['temperature', sure]\n"
    )
    runs = []
    for body in (in_yaml, in_python):
        shown = notebook.run(head + body)
        assert shown.error is None, shown.output
        runs.append(notebook.names["run"])
    tripled, halves, sure = (notebook.names[name] for name in ("tripled", "halves", "sure"))
    steps = {"preprocessing": [{"type": tripled, "factor": 2}, halves], "postprocessing": ["temperature", sure]}
    runs.append(tal.train("mlp", "wine", epochs=1, name="own", verbose=False, **steps).wait(60))
    assert runs[0].spec.dump() | {"verbose": False} == runs[1].spec.dump() | {"verbose": False} == runs[2].spec.dump()
    assert len({run.last.record.digest for run in runs}) == 1
    assert runs[0].spec.preprocessing[0].config == {"is": "tripled", "factor": 2}
    assert runs[0].best.predict(np.zeros((3, 13))).dtype == bool
