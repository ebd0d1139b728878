"""``%dltrain form`` and ``%%dltrain --form``: the form begins with what a cell would start."""

from __future__ import annotations

import pytest

from dltrainer_jupyter import tal


def test_a_line_gives_a_form_of_its_settings(notebook) -> None:
    shown = notebook.run("%dltrain form model=cnn data=digits optimizer.type=adamw epochs=3")
    assert shown.error is None
    assert shown.value.yaml == "model: cnn\ndata: digits\noptimizer: {type: adamw}\nepochs: 3\n"
    assert tal.runs() == []


def test_a_line_takes_variables_of_the_notebook(notebook) -> None:
    notebook.run("def my_loss(outputs, targets):\n    return ((outputs - targets) ** 2).mean()")
    form = notebook.run("%dltrain form model=mlp data=diabetes loss=$my_loss").value
    assert form.yaml == "model: mlp\ndata: diabetes\nloss: $my_loss\n"
    assert form.settings["loss"] is notebook.names["my_loss"]


@pytest.mark.parametrize(
    "body",
    ["model: mlp\ndata: [$x, $y]\nepochs: 2", "model = 'mlp'\ndata = (x, y)\nepochs = 2"],
    ids=["yaml", "python"],
)
def test_a_cell_becomes_a_form_instead_of_a_run(notebook, body) -> None:
    notebook.run("x, y = [[0.0], [1.0]] * 20, [0, 1] * 20")
    form = notebook.run(f"%%dltrain mine --form --lr 0.1\n{body}\n").value
    assert form.yaml == "model: mlp\ndata: $data\nepochs: 2\nlearning_rate: 0.1\nname: mine\n"
    assert form.settings["data"] == (notebook.names["x"], notebook.names["y"])
    assert tal.runs() == []


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%dltrain form modle=cnn", "Error: Unknown key 'modle'. Did you mean 'model'?"),
        ("%dltrain form digits", "Error: Expected %dltrain form [KEY=VALUE …], got 'digits'."),
        ("%dltrain form data=$nobody", "Error: data: the notebook has no variable 'nobody'."),
        ("%%dltrain --form\nepoks: 3\n", "Error: Unknown key 'epoks'. Did you mean 'epochs'?"),
    ],
)
def test_what_has_no_place_in_a_form_is_said_in_one_sentence(notebook, cell, says) -> None:
    shown = notebook.run(cell)
    assert len(shown.lines) == 1
    assert shown.lines[0].startswith(says)


def test_settings_are_completed(notebook) -> None:
    assert "optimizer=" in notebook.offered("%dltrain form opt")
    assert "cnn" in notebook.offered("%dltrain form model=c")
